//! Which database holds the records.

use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretText;

#[derive(Clone, Debug)]
pub struct Database {
    /// `--database-url`, `COUNTERSIGN_DATABASE_URL`; default `sqlite:DIR/countersign.db`.
    pub url: DatabaseUrl,
    /// `--database-connections`, `COUNTERSIGN_DATABASE_CONNECTIONS`; default 8. Connections in the pool.
    pub connections: NonZeroU32,
}

/// `sqlite:PATH`, or `postgres://...` (`postgresql://...` is the same).
#[derive(Clone)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    /// The whole URL, which may hold a password: it is shown without user, password and parameters.
    Postgres(SecretText),
}

impl Database {
    pub fn in_directory(data: &Path) -> Self {
        Self {
            url: DatabaseUrl::Sqlite(data.join("countersign.db")),
            connections: const { NonZeroU32::new(8).unwrap() },
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    /// The refusal names the scheme only: the rest may hold a password.
    fn from_str(text: &str) -> Result<Self> {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
        match (scheme, text.strip_prefix("sqlite:")) {
            (_, Some("" | ":memory:" | "//" | "///")) => Err(refusal("sqlite: needs the path of a file")),
            (_, Some(path)) => Ok(Self::Sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))),
            ("postgres" | "postgresql", _) if text.contains("://") => {
                Ok(Self::Postgres(SecretText::new(text)))
            }
            ("", _) => Err(refusal("The database URL has no scheme")),
            (other, _) => Err(refusal(&format!("The scheme {other}: is not known"))),
        }
    }
}

/// Without user, password and parameters.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => write!(f, "postgres://{}", place(url.expose())),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Host, port and database of a URL. A password may hold an unescaped `@`, so the last one counts.
fn place(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    place.split(['?', '#']).next().unwrap_or_default()
}

fn refusal(what: &str) -> Error {
    Error::new(
        Code::InvalidRequest,
        format!("{what}: --database-url takes sqlite:PATH or postgres://USER@HOST/DATABASE."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides() {
        let path = |text: &str| match text.parse().unwrap() {
            DatabaseUrl::Sqlite(path) => path,
            DatabaseUrl::Postgres(_) => PathBuf::from("postgres"),
        };
        assert_eq!(path("sqlite:data/c.db"), Path::new("data/c.db"));
        assert_eq!(path("sqlite:/var/c.db"), Path::new("/var/c.db"));
        assert_eq!(path("sqlite:///var/c.db"), Path::new("/var/c.db"));
        assert_eq!(path("postgres://h/d"), Path::new("postgres"));
        assert_eq!(path("postgresql:///d?host=/run"), Path::new("postgres"));
    }

    #[test]
    fn any_other_scheme_is_refused_without_repeating_what_may_be_a_password() {
        for text in ["mysql://root:hunter2@h/d", "hunter2", "sqlite:", "postgres:hunter2", ""] {
            let said = text.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(said.contains("--database-url") && !said.contains("hunter2"), "{text}: {said}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://sign:hunter2@db:5432/c",
            "postgres://sign:hunter2@x@db:5432/c",
            "postgres://db:5432/c?user=sign&password=hunter2",
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(format!("{url} {url:?}"), "postgres://db:5432/c postgres://db:5432/c");
        }
    }
}
