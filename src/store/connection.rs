//! One connection type over both databases, and how connections are made.

use std::fmt;

use diesel::connection::SimpleConnection;
use diesel::r2d2::R2D2Connection;
use diesel::{Connection, PgConnection, SqliteConnection};

use crate::model::error::{Code, Error, Result};

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file on this machine.
    Sqlite(String),
    /// A libpq connection URL.
    Postgres(String),
}

impl DatabaseUrl {
    /// `sqlite:PATH` or `postgres://...`; anything else is refused.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !path.is_empty() {
                return Ok(Self::Sqlite(path.to_owned()));
            }
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(Error::new(
            Code::InvalidRequest,
            "The database URL is sqlite:PATH or postgres://USER@HOST/DATABASE; other schemes are not supported.",
        ))
    }
}

/// Without the password that a URL may hold.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{path}"),
            Self::Postgres(_) => f.write_str("postgres://..."),
        }
    }
}

#[derive(diesel::MultiConnection)]
pub(super) enum AnyConnection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// What a connection is for: SQLite has one writer and many readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Durable (synchronous=FULL), write-ahead logged; freed pages are overwritten, since they held wrapped keys.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000;";
/// The log is checkpointed every so many pages (16 MiB), not at every thousandth.
const SQLITE_WRITER_SETTINGS: &str = "PRAGMA wal_autocheckpoint = 4000;";

impl AnyConnection {
    pub(super) fn open(url: &DatabaseUrl, access: Access) -> Result<Self, diesel::ConnectionError> {
        match url {
            DatabaseUrl::Postgres(url) => PgConnection::establish(url).map(Self::Postgres),
            DatabaseUrl::Sqlite(path) => {
                let mut connection = SqliteConnection::establish(path)?;
                let settings = match access {
                    Access::Read => format!("{SQLITE_SETTINGS} PRAGMA query_only = ON;"),
                    Access::Write => format!("{SQLITE_SETTINGS} {SQLITE_WRITER_SETTINGS}"),
                };
                connection
                    .batch_execute(&settings)
                    .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
                Ok(Self::Sqlite(connection))
            }
        }
    }
}

/// Makes the pool's connections.
pub(super) struct Manager {
    pub(super) url: DatabaseUrl,
    pub(super) access: Access,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum ManagerError {
    #[error("cannot connect: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("connection lost: {0}")]
    Lost(#[from] diesel::result::Error),
}

impl r2d2::ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = ManagerError;

    fn connect(&self) -> Result<AnyConnection, ManagerError> {
        Ok(AnyConnection::open(&self.url, self.access)?)
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), ManagerError> {
        Ok(connection.ping()?)
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        connection.is_broken()
    }
}
