//! The versions of the CSC API, as far as they word the same things differently. What they share is generic over
//! [`Version`]; what only one of them has lies in its folder.

use std::fmt;

use super::fields::Parameter;
use super::parameters;
use super::words::Words;
use crate::model::error::{Code, Error};

/// One of the versions; never a value.
pub trait Version: sealed::Sealed + fmt::Debug + 'static {
    /// What the paths of its methods begin with.
    const BASE: &'static str;
    /// The digest algorithm of hashes, by the name that refusals use.
    const HASH_ALGO: Parameter;
    /// Those of OAuth's endpoints that the version knows, by CSC's names.
    const OAUTH: &'static [&'static str];
    /// Whether descriptions of refusals are also there as `errorDescription`, which some clients of this version read.
    const REPEATS_DESCRIPTION: bool;

    /// What is wrong with a factor: one that is missing, wrong or locked.
    fn factor(error: &Error) -> Words<'static>;

    /// The certificate has expired whose subject's O and CN these are.
    fn expired_certificate(subject: &str) -> Words<'static>;
}

/// CSC API v1.0.4.0.
#[derive(Debug)]
pub enum V1 {}

/// CSC API v2.
#[derive(Debug)]
pub enum V2 {}

impl Version for V1 {
    const BASE: &'static str = "/csc/v1/";
    const HASH_ALGO: Parameter = parameters::HASH_ALGO;
    const OAUTH: &'static [&'static str] = &["oauth2/authorize", "oauth2/token", "oauth2/revoke"];
    const REPEATS_DESCRIPTION: bool = false;

    fn factor(error: &Error) -> Words<'static> {
        let factor = error.subject().unwrap_or_default();
        match error.code() {
            Code::FactorMissing => {
                Words::invalid_request(format!("Missing (or invalid type) string parameter {factor}"))
            }
            Code::InvalidPin => Words::new("invalid_pin", "The PIN is invalid"),
            Code::InvalidOtp => Words::new("invalid_otp", "The OTP is invalid"),
            _ => Words::invalid_request(format!("{factor} locked")),
        }
    }

    fn expired_certificate(subject: &str) -> Words<'static> {
        Words::invalid_request(format!("Signing certificate '{subject}' is expired"))
    }
}

impl Version for V2 {
    const BASE: &'static str = "/csc/v2/";
    const HASH_ALGO: Parameter = parameters::HASH_ALGORITHM_OID;
    const OAUTH: &'static [&'static str] =
        &["oauth2/authorize", "oauth2/pushed_authorize", "oauth2/token", "oauth2/revoke"];
    const REPEATS_DESCRIPTION: bool = true;

    /// Version 2 does not tell which factor it is.
    fn factor(error: &Error) -> Words<'static> {
        match error.code() {
            Code::FactorMissing | Code::InvalidPin | Code::InvalidOtp => {
                Words::new("invalid_authentication_data", "The authentication data is invalid")
            }
            _ => Words::invalid_request("Credential locked"),
        }
    }

    fn expired_certificate(_: &str) -> Words<'static> {
        Words::invalid_request("Signing certificate is expired")
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::V1 {}
    impl Sealed for super::V2 {}
}
