//! The room of the keys: who may open what, and the cryptography that holds them to it.
//!
//! The hierarchy, from the top: the [`envelope::MasterKey`] wraps each tenant's [`envelope::TenantKey`] and the
//! [`envelope::InstanceKey`]; a tenant key has a hand in every wrap of an [`envelope::Dek`]; a DEK wraps one PKCS#8.
//! [`pin`] and [`sad`] say how a DEK is carried so that nobody signs without the signer.

pub mod envelope;
pub mod pin;
pub mod sad;

pub mod opened;
pub mod pool;
pub mod software;

pub mod account_token;
pub mod argon;
pub mod assertion;
pub mod otp;
pub mod sent_code;
pub mod token_key;
pub mod vault;

pub mod mac;
pub mod process;
pub mod random;
