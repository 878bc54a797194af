//! How mail is sent. Without it no code and no link reaches anybody by e-mail, and no configuration may ask for that.

use std::num::NonZeroU64;

pub use crate::outbound::SmtpUrl;
pub use crate::outbound::mail::Sender;

#[derive(Clone, Debug)]
pub struct Mail {
    /// `--smtp-url`, `COUNTERSIGN_SMTP_URL`; default none. Shown without user and password.
    pub url: SmtpUrl,
    /// `--mail-from`, `COUNTERSIGN_MAIL_FROM`; needed with it. Who the mail is from.
    pub from: Sender,
    /// `--smtp-timeout`, `COUNTERSIGN_SMTP_TIMEOUT`, in seconds; default 10. How long the mail server may take to be
    /// connected to, and for each answer.
    pub timeout: NonZeroU64,
}

impl Mail {
    pub const TIMEOUT: NonZeroU64 = NonZeroU64::new(10).unwrap();

    /// All else by default.
    pub fn by(url: SmtpUrl, from: Sender) -> Self {
        Self { url, from, timeout: Self::TIMEOUT }
    }
}
