//! A certification authority in memory: for the demo, for development and for tests.

use crate::model::error::{Error, Result};
use crate::model::time::Timestamp;

/// A root, its intermediates and their keys.
pub struct Authority;

impl Authority {
    /// A root called `name` and `intermediates` CAs below it.
    pub fn new(_name: &str, _intermediates: usize, _now: Timestamp) -> Result<Self> {
        Err(Error::internal("not written yet"))
    }

    /// An end entity's certificate (DER) for a CSR, valid from `now` for `days`.
    pub fn issue(&self, _csr_der: &[u8], _days: u32, _now: Timestamp) -> Result<Vec<u8>> {
        Err(Error::internal("not written yet"))
    }

    /// The end entity and all CAs as a certs-only SignedData.
    pub fn pkcs7_der(&self, _end_entity: &[u8]) -> Vec<u8> {
        Vec::new()
    }

    /// The same as PEM (`PKCS7`).
    pub fn pkcs7_pem(&self, _end_entity: &[u8]) -> String {
        String::new()
    }

    pub fn root_pem(&self) -> String {
        String::new()
    }
}
