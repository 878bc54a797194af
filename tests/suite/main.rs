//! The integration tests: one binary, since every further file directly under `tests/` links the whole
//! program again.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod abuse;
mod access;
mod account_token;
mod administration;
mod approval_page;
mod approvals;
mod architecture;
mod asynchronous;
mod attacks;
mod client_authentication;
mod clients;
mod code_flow;
mod conformance;
mod csc;
mod csc_v2;
mod delivery;
mod demo;
mod docs;
mod enrolment_link;
mod idempotency;
mod implicit;
mod login;
mod nodes;
mod oauth;
mod oauth2code;
mod openid;
mod par;
mod password;
mod pipeline;
mod refresh;
mod secrets;
mod server;
mod sign;
mod sign_in;
mod signatures_page;
mod states;
mod support;
mod timestamp;
mod users;
mod versions;
