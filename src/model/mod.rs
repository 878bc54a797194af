//! The nouns, pure: no I/O and no framework.

pub mod algorithm;
pub mod error;
pub mod secret;
pub mod time;
