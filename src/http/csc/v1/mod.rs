//! CSC API v1.0.4.0.

pub mod info;
pub mod service_token;

pub mod credentials;
pub mod signatures;

pub mod credential_info;
