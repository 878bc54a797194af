//! Mail, by SMTP: short plain texts to one address each.

use std::fmt;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::{Arc, mpsc};
use std::thread;
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
    places: Arc<Semaphore>,
    longest: Duration,
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

/// However many answers a letter takes: signers wait for it, and the attempts at their other factors are held meanwhile.
const LONGEST: Duration = Duration::from_secs(30);

impl Mailer {
    /// `timeout`, in seconds, is for connecting and for each answer of the mail server. Each of the letters that may be
    /// under way `at_once` holds a thread.
    pub fn new(url: &SmtpUrl, from: Sender, timeout: NonZeroU64, at_once: NonZeroUsize) -> Result<Self> {
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
            .pool_config(PoolConfig::new().max_size(u32::try_from(at_once.get()).unwrap_or(u32::MAX)));
        if let Some((user, password)) = &url.login {
            let credentials = Credentials::new(user.expose().to_owned(), password.expose().to_owned());
            builder = builder.credentials(credentials);
        }
        let places = Arc::new(Semaphore::new(at_once.get()));
        Ok(Self { transport: builder.build(), from, places, longest: LONGEST })
    }

    /// Blocks until the mail server has taken the letter, or has not, or has taken too long. Then the letter keeps its
    /// place until the server is done with it, one way or the other.
    pub fn send(&self, letter: &Letter) -> Result<(), Failure> {
        let broken = |error: &dyn fmt::Display| Failure::Broken(error.to_string());
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Failure::Busy)?;
        let message = self.written(letter).map_err(|error| broken(&error))?;
        let transport = self.transport.clone();
        let (tell, told) = mpsc::sync_channel(1);
        let send = move || {
            let sent = transport.send(&message).map(drop);
            drop(place);
            // Nobody listens any more to a letter that took too long.
            let _ = tell.send(sent);
        };
        thread::Builder::new().name("letter".to_owned()).spawn(send).map_err(|error| broken(&error))?;
        match told.recv_timeout(self.longest) {
            Ok(sent) => sent.map_err(|error| broken(&error)),
            Err(_) => Err(broken(&format_args!("the mail server took longer than {:?}", self.longest))),
        }
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;

    /// A mail server that answers in time, an octet at a time, and never ends.
    fn dribble() -> SmtpUrl {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.write_all(b"220-x\r\n").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
            let _ = stream.read(&mut [0]);
        });
        format!("smtp://127.0.0.1:{port}").parse().unwrap()
    }

    #[test]
    fn a_letter_takes_no_longer_than_the_longest_however_many_answers_come() {
        let sender: Sender = "sign@example.org".parse().unwrap();
        let mut mailer =
            Mailer::new(&dribble(), sender, NonZeroU64::new(10).unwrap(), NonZeroUsize::MIN).unwrap();
        mailer.longest = Duration::from_millis(300);
        let to = MailAddress::parse("jdoe@example.org").unwrap();
        let letter = Letter { id: "1", to: &to, subject: "x", text: &SecretText::new("x") };
        let start = Instant::now();
        let Err(Failure::Broken(cause)) = mailer.send(&letter) else { panic!("it was sent") };
        assert!(cause.contains("took longer"), "{cause}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
