//! Distinguished names (RFC 4514, RFC 5280 section 4.1.2.4).

use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::model::error::{Error, Result};

/// A distinguished name to be put into a CSR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(Vec<u8>);

impl Subject {
    /// From the text of RFC 4514. Its last RDN comes first in DER.
    pub fn parse(_text: &str) -> Result<Self> {
        Err(Error::internal("not written yet"))
    }

    /// `CN=cn,O=organization`.
    pub fn simple(_common_name: &str, _organization: &str) -> Self {
        Self(Vec::new())
    }

    /// The DER of the `Name`.
    pub fn der(&self) -> Vec<u8> {
        self.0.clone()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("")
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| serde::de::Error::custom(error.detail()))
    }
}
