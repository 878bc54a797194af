//! Certificates and what surrounds them: names, CSRs, PKCS#7 uploads, chains. No function here touches a private key of
//! a signer, and none ever uses the network.

pub mod authority;
pub mod certificate;
pub mod chain;
pub mod container;
pub mod csr;
pub mod name;
pub mod pem;
pub mod pss;
pub mod timestamp;
pub mod verify;

mod armor;
mod ber;
mod key;
mod strict;

#[cfg(test)]
mod tests;
