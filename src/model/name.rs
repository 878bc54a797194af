//! Tenants, seats and users, by name. Names are made canonical (lower case) once, at the door, and are types from there on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::error::{Error, Result};

/// `a-z0-9-`, 1 to 63 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct TenantName(String);

/// `[a-z0-9._@+-]`, 1 to 128 characters, not `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct SeatName(String);

/// The name by which a user signs in: the same alphabet as a seat's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct UserName(String);

impl TenantName {
    pub fn parse(text: &str) -> Result<Self> {
        let fits =
            (1..=63).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(Error::field("/tenant", "a tenant's name is 1 to 63 characters from a-z, 0-9 and -"))
    }
}

impl SeatName {
    pub fn parse(text: &str) -> Result<Self> {
        let fits = (1..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@+-".contains(&b))
            && text != "."
            && text != "..";
        if fits {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(Error::field(
            "/seat",
            "a seat is 1 to 128 characters from A-Z, a-z, 0-9 and . _ @ + -, and not . or ..",
        ))
    }
}

impl UserName {
    pub fn parse(text: &str) -> Result<Self> {
        let seat = SeatName::parse(text).map_err(|_| {
            Error::field(
                "/name",
                "a user's name is 1 to 128 characters from A-Z, a-z, 0-9 and . _ @ + -, and not . or ..",
            )
        })?;
        Ok(Self(seat.0))
    }
}

macro_rules! names {
    ($($name:ident)*) => {$(
        impl $name {
            /// A name out of the database, or out of a token that we signed: canonical already.
            pub fn stored(text: String) -> Self {
                Self(text)
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(|e| serde::de::Error::custom(e.detail()))
            }
        }
    )*};
}

names! { TenantName SeatName UserName }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_cased_once() {
        assert_eq!(SeatName::parse("JDoe@Acme").unwrap(), SeatName::parse("jdoe@acme").unwrap());
    }

    #[test]
    fn names_that_reach_elsewhere_are_refused() {
        for text in ["", ".", "..", "a/b", "a%2fb", "а@acme", "a b"] {
            assert!(SeatName::parse(text).is_err(), "{text}");
        }
        assert!(TenantName::parse("a.b").is_err());
    }
}
