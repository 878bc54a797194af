//! countersign keeps people's signing keys so that only they can use them.

pub mod keys;
pub mod model;
pub mod pki;
pub mod service;
pub mod store;
