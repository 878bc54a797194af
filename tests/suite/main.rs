//! The integration tests: one binary, since every further file directly under `tests/` links the whole
//! program again.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod administration;
mod architecture;
mod csc;
mod docs;
mod idempotency;
mod oauth;
mod server;
mod support;
