//! Identifiers: opaque strings of at most 64 characters from `[A-Za-z0-9_-]`, each kind a type of its own.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::error::{Error, Result};
use crate::model::time::Timestamp;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub struct $name(String);

        impl $name {
            /// A new identifier, ordered by time (UUIDv7, RFC 9562).
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                Self(time_ordered(now, random))
            }

            /// An identifier that somebody gave us; what cannot be one is simply not found.
            pub fn parse(text: &str) -> Result<Self> {
                if is_id(text) { Ok(Self(text.to_owned())) } else { Err(Error::not_found()) }
            }

            /// An identifier out of the database, or a token that we signed.
            pub fn stored(text: String) -> Self {
                Self(text)
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(|e| serde::de::Error::custom(e.detail()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    CredentialId
    ConfigurationId
    FactorId
    KeyId
    ChainId
    /// The record behind a SAD; never the SAD itself.
    AuthorizationId
    /// The record behind a responseID; never the responseID itself.
    SignResponseId
    /// The `jti` of an access token.
    TokenId
    /// What one sign-in gave: refresh tokens and the access tokens that they gave.
    FamilyId
    SecretId
    UserId
}

/// The name by which a client authenticates: chosen by whoever registers it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ClientId(String);

impl ClientId {
    pub fn parse(text: &str) -> Result<Self> {
        if is_id(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::field("/clientId", "1 to 64 characters from A-Z, a-z, 0-9, _ and -"))
    }

    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|e| serde::de::Error::custom(e.detail()))
    }
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn time_ordered(now: Timestamp, random: [u8; 10]) -> String {
    let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().as_simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time() {
        let early = CredentialId::new(Timestamp::from_seconds(1), [255; 10]);
        let late = CredentialId::new(Timestamp::from_seconds(2), [0; 10]);
        assert!(early < late);
    }

    #[test]
    fn what_cannot_be_an_id_is_not_found() {
        for text in ["", "a/b", "..", "é", &"x".repeat(65)] {
            assert!(CredentialId::parse(text).is_err(), "{text}");
        }
    }
}
