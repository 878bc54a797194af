//! Mail, by SMTP: short plain texts to one address each.

use std::fmt;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use lettre::message::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{SmtpTransport, Transport};
use tokio::sync::Semaphore;

use super::SmtpUrl;
pub use super::mail_address::{MailAddress, Sender};
use super::smtp_url::Security;
use crate::model::error::{Error, Result};
use crate::model::secret::SecretText;

/// Sends by one mail server, over connections that stay open for a minute. TLS trusts the system's authorities, or
/// those of `SSL_CERT_FILE`.
pub struct Mailer {
    transport: SmtpTransport,
    from: Sender,
    places: Semaphore,
}

/// What is sent.
pub struct Letter<'a> {
    /// No other letter's: the local part of its `Message-ID` (RFC 5322, section 3.6.4).
    pub id: &'a str,
    pub to: &'a MailAddress,
    pub subject: &'a str,
    /// It may hold a code.
    pub text: &'a SecretText,
}

/// Why a letter did not go out. What it shows is for the log; it may repeat what the mail server said.
#[derive(Debug)]
pub enum Failure {
    /// As many letters as may be are under way already; nothing was sent.
    Busy,
    Broken(String),
}

/// Letters under way at once: each holds a thread.
const LETTERS: NonZeroUsize = NonZeroUsize::new(8).unwrap();

impl Mailer {
    /// `timeout`, in seconds, is for connecting and for each answer of the mail server.
    pub fn new(url: &SmtpUrl, from: Sender, timeout: NonZeroU64) -> Result<Self> {
        let tls = || TlsParameters::builder(url.host.clone()).build().map_err(Error::internal);
        let tls = match url.security {
            Security::None => Tls::None,
            Security::StartTls => Tls::Required(tls()?),
            Security::Tls => Tls::Wrapper(tls()?),
        };
        let mut builder = SmtpTransport::builder_dangerous(url.host.clone())
            .port(url.port)
            .tls(tls)
            .hello_name(ClientId::Domain(from.domain().to_owned()))
            .timeout(Some(Duration::from_secs(timeout.get())))
            .pool_config(PoolConfig::new().max_size(u32::try_from(LETTERS.get()).unwrap_or(u32::MAX)));
        if let Some((user, password)) = &url.login {
            let credentials = Credentials::new(user.expose().to_owned(), password.expose().to_owned());
            builder = builder.credentials(credentials);
        }
        Ok(Self { transport: builder.build(), from, places: Semaphore::new(LETTERS.get()) })
    }

    /// Blocks until the mail server has taken the letter, or has not.
    pub fn send(&self, letter: &Letter) -> Result<(), Failure> {
        let _place = self.places.try_acquire().map_err(|_| Failure::Busy)?;
        let message = self.written(letter).map_err(|error| Failure::Broken(error.to_string()))?;
        self.transport.send(&message).map_err(|error| Failure::Broken(error.to_string()))?;
        Ok(())
    }

    fn written(&self, letter: &Letter) -> Result<Message, lettre::error::Error> {
        let mut message = Message::builder()
            .from(self.from.0.clone())
            .to(letter.to.0.clone().into())
            .subject(letter.subject)
            .message_id(Some(format!("<{}@{}>", letter.id, self.from.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.expose().to_owned())?;
        // RFC 3834: nobody's absence is to answer it.
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
        Ok(message)
    }
}

impl Drop for Mailer {
    fn drop(&mut self) {
        self.transport.shutdown();
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("as many letters as may be are under way"),
            Self::Broken(cause) => f.write_str(cause),
        }
    }
}
