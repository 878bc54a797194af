//! Which database holds the records.

use std::num::NonZeroU32;
use std::path::Path;

pub use crate::store::DatabaseUrl;

#[derive(Clone, Debug)]
pub struct Database {
    /// `--database-url`, `COUNTERSIGN_DATABASE_URL`; default `sqlite:DIR/countersign.db`. Shown without its password.
    pub url: DatabaseUrl,
    /// `--database-connections`, `COUNTERSIGN_DATABASE_CONNECTIONS`; default 8. Connections in the pool.
    pub connections: NonZeroU32,
}

impl Database {
    pub fn in_directory(data: &Path) -> Self {
        Self {
            url: DatabaseUrl::Sqlite(data.join("countersign.db").to_string_lossy().into_owned()),
            connections: const { NonZeroU32::new(8).unwrap() },
        }
    }
}
