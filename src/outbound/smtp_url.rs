//! Which mail server is used. A user and password in its URL are taken out at once and never shown.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Url;

use super::url::percent_decoded;
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretText;

/// `smtps://` (TLS from the first octet), `smtp+starttls://` (TLS, or nothing is sent), or `smtp://` to this machine;
/// perhaps `USER:PASSWORD@`, a host, perhaps a port.
#[derive(Clone)]
pub struct SmtpUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    /// User and password.
    pub(super) login: Option<(SecretText, SecretText)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// Only where nobody is on the way.
    None,
    StartTls,
    Tls,
}

impl FromStr for SmtpUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let read = read(text).ok_or_else(|| {
            refusal(
                "A mail server is smtps://, smtp+starttls:// or smtp://, perhaps USER:PASSWORD@, a host and perhaps a \
                 port, such as smtp+starttls://mail.example.org:587, and nothing behind. Special characters of user \
                 and password are percent-encoded.",
            )
        })?;
        if read.security == Security::None && !is_this_machine(&read.host) {
            return Err(refusal(
                "smtp:// without TLS is for a mail server on this machine only: others on the way could read the \
                 codes. Use smtp+starttls:// or smtps://.",
            ));
        }
        Ok(read)
    }
}

/// Without user and password.
impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bracketed = self.host.contains(':');
        let (open, close) = if bracketed { ("[", "]") } else { ("", "") };
        write!(f, "{}://{open}{}{close}:{}", self.security.scheme(), self.host, self.port)
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Security {
    const fn scheme(self) -> &'static str {
        match self {
            Self::None => "smtp",
            Self::StartTls => "smtp+starttls",
            Self::Tls => "smtps",
        }
    }

    /// RFC 5321 (section 4.5.4.2), RFC 6409 and RFC 8314.
    const fn port(self) -> u16 {
        match self {
            Self::None => 25,
            Self::StartTls => 587,
            Self::Tls => 465,
        }
    }
}

fn read(text: &str) -> Option<SmtpUrl> {
    let url = Url::parse(text).ok()?;
    let all = [Security::None, Security::StartTls, Security::Tls];
    let security = all.into_iter().find(|security| security.scheme() == url.scheme())?;
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let is_host = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b));
    let nothing_behind = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if !is_host || !nothing_behind || url.port() == Some(0) {
        return None;
    }
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        (user, password) => Some((decoded(user)?, decoded(password?)?)),
    };
    Some(SmtpUrl { port: url.port().unwrap_or(security.port()), host, security, login })
}

fn decoded(text: &str) -> Option<SecretText> {
    let text = String::from_utf8(percent_decoded(text)?).ok()?;
    (!text.is_empty() && !text.contains('\0')).then(|| SecretText::new(text))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn refusal(detail: &str) -> Error {
    Error::new(Code::InvalidRequest, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_a_kind_of_tls_and_a_port() {
        for (text, shown) in [
            ("smtp://localhost", "smtp://localhost:25"),
            ("smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525"),
            ("smtp://[::1]:2525/", "smtp://[::1]:2525"),
            ("smtp+starttls://Mail.example.org", "smtp+starttls://mail.example.org:587"),
            ("smtps://mail.example.org", "smtps://mail.example.org:465"),
        ] {
            assert_eq!(text.parse::<SmtpUrl>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn user_and_password_are_decoded_and_shown_nowhere() {
        let url: SmtpUrl = "smtps://si%40gn:hunter%3A2@mail.example.org".parse().unwrap();
        let (user, password) = url.login.as_ref().unwrap();
        assert_eq!((user.expose(), password.expose()), ("si@gn", "hunter:2"));
        assert_eq!(format!("{url} {url:?}"), "smtps://mail.example.org:465 smtps://mail.example.org:465");
    }

    #[test]
    fn what_is_none_is_refused_without_being_repeated() {
        for text in [
            "",
            "hunter2",
            "http://u:hunter2@x",
            "smtp://",
            "smtps://u@x",
            "smtps://:hunter2@x",
            "smtps://u:hunter2%zz@x",
            "smtps://u:hunter2@x:0",
            "smtps://u:hunter2@x/hello",
            "smtps://u:hunter2@x?tls=opportunistic",
            "smtps://u:hunter2@x#f",
            "smtps://u:hunter2@x%0d%0ay",
        ] {
            let refused = text.parse::<SmtpUrl>().unwrap_err();
            assert!(!refused.to_string().contains("hunter2"), "{text:?}: {refused}");
        }
    }

    #[test]
    fn without_tls_to_this_machine_only() {
        for text in ["smtp://u:hunter2@mail.example.org", "smtp://10.0.0.1", "smtp://localhost.example.org"] {
            let said = text.parse::<SmtpUrl>().unwrap_err().to_string();
            assert!(said.contains("smtp+starttls://") && !said.contains("hunter2"), "{text}: {said}");
        }
    }
}
