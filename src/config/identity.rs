//! What this service calls itself, and which CSC v2 it says that it speaks: what info tells to everybody.

use std::fmt;
use std::str::FromStr;

use crate::model::error::{Code, Error};

#[derive(Clone, Debug)]
pub struct Identity {
    /// `--csc-specs`, `COUNTERSIGN_CSC_SPECS`; default `2.2.0.0`. What v2's info says; v1's is 1.0.4.0 always.
    pub specs: Specs,
    /// `--service-name`, `COUNTERSIGN_SERVICE_NAME`; default `countersign`.
    pub name: Wording,
    /// `--service-description`, `COUNTERSIGN_SERVICE_DESCRIPTION`.
    pub description: Wording,
    /// `--service-region`, `COUNTERSIGN_SERVICE_REGION`; default `EU`.
    pub region: Region,
}

impl Identity {
    pub const NAME: &str = "countersign";
    pub const DESCRIPTION: &str = "Remote signing with keys that only their signers can use";
    pub const REGION: &str = "EU";
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            specs: Specs::default(),
            name: Wording(Self::NAME.to_owned()),
            description: Wording(Self::DESCRIPTION.to_owned()),
            region: Region(Self::REGION.to_owned()),
        }
    }
}

/// A version of the CSC API v2. What is sent is the same in all of them: clients of the older ones pass over what is
/// new, and some of the newest serve nobody who says anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Specs {
    V2_0_0_0,
    V2_0_0_2,
    V2_1_0_1,
    #[default]
    V2_2_0_0,
}

impl Specs {
    pub const ALL: [Self; 4] = [Self::V2_0_0_0, Self::V2_0_0_2, Self::V2_1_0_1, Self::V2_2_0_0];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2_0_0_0 => "2.0.0.0",
            Self::V2_0_0_2 => "2.0.0.2",
            Self::V2_1_0_1 => "2.1.0.1",
            Self::V2_2_0_0 => "2.2.0.0",
        }
    }
}

impl FromStr for Specs {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|specs| specs.as_str() == text);
        found.ok_or_else(|| unfit(format!("one of {}", Self::ALL.map(Self::as_str).join(", "))))
    }
}

/// A text of 1 to 255 characters, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording(String);

impl Wording {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Wording {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if !(1..=255).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(unfit("1 to 255 characters in one line"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A country (ISO 3166-1 alpha-2), or EU, which that standard reserves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region(String);

impl Region {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase()) {
            return Ok(Self(text.to_owned()));
        }
        Err(unfit("two capital letters (ISO 3166-1 alpha-2), such as DE or EU"))
    }
}

impl fmt::Display for Specs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn unfit(expected: impl Into<String>) -> Error {
    Error::new(Code::InvalidRequest, expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_could_not_read_is_refused() {
        for specs in Specs::ALL {
            assert_eq!(specs.to_string().parse::<Specs>().unwrap(), specs);
        }
        assert!("1.0.4.0".parse::<Specs>().is_err());
        assert_eq!(" Acme ".parse::<Wording>().unwrap().as_str(), "Acme");
        for odd in ["", "  ", "a\nb", &"é".repeat(256)] {
            assert!(odd.parse::<Wording>().is_err(), "{odd:?}");
        }
        for odd in ["", "de", "DEU", "D1"] {
            assert!(odd.parse::<Region>().is_err(), "{odd:?}");
        }
        let defaults = Identity::default();
        assert_eq!(Identity::NAME.parse::<Wording>().unwrap(), defaults.name);
        assert_eq!(Identity::DESCRIPTION.parse::<Wording>().unwrap(), defaults.description);
        assert_eq!(Identity::REGION.parse::<Region>().unwrap(), defaults.region);
    }
}
