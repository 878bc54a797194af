//! The master key, and RSA keys made ahead of their use.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::model::algorithm::{KeyAlgorithm, TokenAlgorithm};
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretText;

#[derive(Clone, Debug)]
pub struct Keys {
    pub master: MasterKey,
    /// `--rsa-pool`, `COUNTERSIGN_RSA_POOL`; default `2048=4,3072=1,4096=0`.
    pub rsa_pool: RsaPool,
    /// `--token-algorithm`, `COUNTERSIGN_TOKEN_ALGORITHM`; default `EdDSA`. What signs access tokens; another one takes
    /// over an hour after its key was published.
    pub token_algorithm: TokenAlgorithm,
}

/// Where the key above all others comes from.
#[derive(Clone)]
pub enum MasterKey {
    /// `--master-key-file`, `COUNTERSIGN_MASTER_KEY_FILE`; default `DIR/master.key`. Mode 0600, made at `init`.
    File(PathBuf),
    /// `COUNTERSIGN_MASTER_KEY`: the key itself. There is no flag for it, since others can read command lines.
    Environment(SecretText),
}

/// How many RSA keys of each size are kept ready, in memory only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RsaPool {
    pub rsa_2048: usize,
    pub rsa_3072: usize,
    pub rsa_4096: usize,
}

/// A ready RSA-4096 key costs seconds of a core; more than this is a mistyped number.
const MOST_READY: usize = 1000;

impl Keys {
    pub fn in_directory(data: &Path) -> Self {
        Self {
            master: MasterKey::File(data.join("master.key")),
            rsa_pool: RsaPool::default(),
            token_algorithm: TokenAlgorithm::default(),
        }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Environment(_) => f.write_str("Environment"),
        }
    }
}

impl Default for RsaPool {
    fn default() -> Self {
        Self { rsa_2048: 4, rsa_3072: 1, rsa_4096: 0 }
    }
}

impl RsaPool {
    /// The sizes and how many of each, smallest first.
    pub fn sizes(&self) -> [(KeyAlgorithm, usize); 3] {
        [
            (KeyAlgorithm::Rsa2048, self.rsa_2048),
            (KeyAlgorithm::Rsa3072, self.rsa_3072),
            (KeyAlgorithm::Rsa4096, self.rsa_4096),
        ]
    }
}

impl FromStr for RsaPool {
    type Err = Error;

    /// `2048=4,3072=1`: sizes that are not named get none.
    fn from_str(text: &str) -> Result<Self> {
        let mut pool = Self { rsa_2048: 0, rsa_3072: 0, rsa_4096: 0 };
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (bits, count) = part.split_once('=').ok_or_else(|| refusal(part))?;
            let count =
                count.parse().ok().filter(|count| *count <= MOST_READY).ok_or_else(|| refusal(part))?;
            match bits {
                "2048" => pool.rsa_2048 = count,
                "3072" => pool.rsa_3072 = count,
                "4096" => pool.rsa_4096 = count,
                _ => return Err(refusal(part)),
            }
        }
        Ok(pool)
    }
}

impl fmt::Display for RsaPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "2048={},3072={},4096={}", self.rsa_2048, self.rsa_3072, self.rsa_4096)
    }
}

fn refusal(part: &str) -> Error {
    Error::new(
        Code::InvalidRequest,
        format!(
            "{part:?} in --rsa-pool: give SIZE=COUNT, SIZE one of 2048, 3072, 4096 and COUNT at most {MOST_READY}, such as {}.",
            RsaPool::default()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_read_as_it_is_written() {
        let default = RsaPool::default();
        assert_eq!(default.to_string().parse::<RsaPool>().unwrap(), default);
        assert_eq!("4096=2".parse::<RsaPool>().unwrap(), RsaPool { rsa_2048: 0, rsa_3072: 0, rsa_4096: 2 });
        for text in ["1024=1", "2048", "2048=x", "2048=-1", "2048=1001"] {
            assert!(text.parse::<RsaPool>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_master_key_is_never_shown() {
        let master = MasterKey::Environment(SecretText::new("hunter2"));
        assert_eq!(format!("{master:?}"), "Environment");
    }
}
