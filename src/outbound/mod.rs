//! Calls to services of others: a TSA, a mail server, a gateway. Whatever stands at the other end, such a call ends in time, takes no
//! more than so many octets, follows nothing and holds up no more than so many threads.

pub mod http;
pub mod notices;
mod url;

pub mod mail;
pub mod mail_address;
mod smtp_url;

pub mod gateway;

pub use smtp_url::SmtpUrl;
pub use url::Url;

/// What reaches signers and those who serve them.
pub struct Outbound {
    /// None: this node sends no mail.
    pub mailer: Option<mail::Mailer>,
    pub gateways: gateway::Gateways,
}
