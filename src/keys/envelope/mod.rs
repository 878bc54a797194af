//! The envelope: what lies encrypted, under which key, bound to which place.

mod aead;
mod levels;
mod master;

pub(in crate::keys) use aead::Key256;
pub use aead::Place;
pub use levels::{Dek, InstanceKey, PresentedKey, TenantKey};
pub use master::MasterKey;
