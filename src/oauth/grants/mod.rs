//! The ways to a token, one per file.

pub mod client_credentials;
