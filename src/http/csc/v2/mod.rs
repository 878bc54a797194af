//! CSC API v2, with what versions 2.1 and 2.2 add to it.

pub mod info;
pub mod service_token;

pub mod credentials;
pub mod enrolment;
pub mod sign_polling;
pub mod signatures;

pub mod auth;
pub mod credential_info;
pub mod operation_mode;
