//! What the tests stand on: a PostgreSQL server of their own, nodes, and an HTTP client that shows what came back.

pub mod browser;
pub mod gateway;
pub mod http;
pub mod mail;
pub mod node;
pub mod pages;
pub mod people;
pub mod postgres;
pub mod process;
pub mod scene;
pub mod tsa;
pub mod world;
