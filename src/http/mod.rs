//! The door: the only actix code. A handler parses into types, hops off the async threads once, calls a verb and
//! renders what comes back.

pub mod routes;

pub mod access;
pub mod access_log;
pub mod api;
pub mod blocking;
pub mod body;
pub mod client_address;
pub mod idempotency;
pub mod idempotency_key;
pub mod problem;
pub mod query;
pub mod reply;
pub mod request_id;
pub mod server;
pub mod tls;

pub mod csc;
pub mod oauth;

pub mod pages;

pub mod documents;
pub mod health;
pub mod metrics;
pub mod openapi;
