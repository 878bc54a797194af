//! The Cloud Signature Consortium's API: what its versions share, and a folder for each version.

pub mod v1;
pub mod v2;

pub mod bearer;
pub mod fields;
pub mod hashes;
pub mod parameters;
pub mod posted;

pub mod service_token;

pub mod auth_data;
pub mod authorization;
pub mod certified;
pub mod factor_entry;
pub mod listing;
pub mod methods;
pub mod send_otp;
pub mod service_info;
pub mod sign_hash;
pub mod timestamp;

pub mod fault;
pub mod version;
pub mod words;

pub mod language;
pub mod logo;

/// Whether a path is CSC's, where refusals have CSC's form.
pub fn owns(path: &str) -> bool {
    path == "/csc" || path.starts_with("/csc/")
}
