//! countersign keeps people's signing keys so that only they can use them.
//!
//! # The map
//! ```text
//!  main ─ cli ┐                                                         nouns know nobody
//!        http ┼─► credential · oauth · identity ─► service ─► audit ─► store · keys · pki · outbound ─► model
//!        jobs ┘         (verbs, synchronous)
//! ```
//! * [`model`]: the nouns, pure: ids, time, secrets, errors, and everything that is stored.
//! * [`credential`], [`oauth`], [`identity`]: the verbs, one file per step, in the order in which they happen.
//! * [`timestamp`]: time-stamps from a TSA, for those who may use credentials.
//! * [`service`]: what every verb works with.
//! * [`audit`]: the events that every change leaves behind.
//! * [`store`]: the two doors to the database; diesel lives here and nowhere else.
//! * [`outbound`]: calls to other services, bounded in time, size and number.
//! * [`keys`], [`pki`]: private keys and the envelope around them; CSRs, PKCS#7 and chains.
//! * [`http`]: the only actix code. Every route is in one table ([`http::routes`]), every status in one match
//!   ([`http::problem`]), and there is one hop off the async threads ([`http::blocking`]).
//! * [`jobs`]: clock-driven housekeeping, leased, so that one node at a time does it.
//! * [`cli`]: one file per command, calling the same verbs as `http`; the only clap code.
//!
//! Beside the rooms: [`app`] puts one node together, [`config`] is how it is set up, [`logs`] and [`metrics`] are what
//! is seen of it from outside. They know the model and nobody above it, except `app`, which knows everybody.

pub mod app;
pub mod audit;
pub mod cli;
pub mod config;
pub mod credential;
pub mod http;
pub mod identity;
pub mod jobs;
pub mod keys;
pub mod logs;
pub mod metrics;
pub mod model;
pub mod oauth;
pub mod outbound;
pub mod pki;
pub mod service;
pub mod store;
pub mod timestamp;
