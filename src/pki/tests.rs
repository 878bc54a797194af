//! Uploads of every shape, good and bad, against [`crate::pki::chain::accept`].

mod containers;
pub mod keys;
mod made;
mod malformed;
mod matrix;
mod mutation;
mod paths;
mod refusals;
mod world;
