//! Calls to services of others: a TSA, a gateway. Whatever stands at the other end, such a call ends in time, takes no
//! more than so many octets, follows nothing and holds up no more than so many threads.

pub mod http;
pub mod notices;
mod url;

pub use url::Url;
