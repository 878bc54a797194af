//! What the tests stand on: a PostgreSQL server of their own, and an HTTP client that shows what came back.

pub mod http;
pub mod postgres;
