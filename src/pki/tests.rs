//! Uploads of every shape, good and bad, against [`crate::pki::chain::accept`].

pub mod command_line;
mod containers;
pub mod keys;
pub mod made;
mod malformed;
mod matrix;
mod mutation;
mod paths;
mod refusals;
mod world;
