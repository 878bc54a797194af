//! The ways to a token, one per file.

pub mod authorization_code;
pub mod client_credentials;
pub mod password;
pub mod refresh_token;

mod refusal;
