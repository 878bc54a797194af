//! Where a call goes. A user and password in a URL are taken out of it at once and never shown.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ureq::http::Uri;
use ureq::http::uri::Scheme;

use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretText;

/// `http://` or `https://`, perhaps `user:password@`, a host, perhaps a port, a path and a query; no fragment.
#[derive(Clone)]
pub struct Url {
    /// Without user and password. The query may hold a key, so it is not shown either.
    address: SecretText,
    shown: String,
    /// The value of `Authorization` (RFC 7617), where the URL had a user.
    authorization: Option<SecretText>,
    secure: bool,
}

impl Url {
    pub fn is_https(&self) -> bool {
        self.secure
    }

    pub(super) fn address(&self) -> &str {
        self.address.expose()
    }

    pub(super) fn authorization(&self) -> Option<&str> {
        self.authorization.as_ref().map(SecretText::expose)
    }
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        read(text).ok_or_else(|| {
            Error::new(
                Code::InvalidRequest,
                "A URL to call is http:// or https://, perhaps USER:PASSWORD@, a host, perhaps a port, a path and a \
                 query, such as https://tsa.example.org/tsr; without a fragment. Special characters of user and \
                 password are percent-encoded.",
            )
        })
    }
}

/// Scheme, host and port only.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn read(text: &str) -> Option<Url> {
    if text.contains('#') {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let address = format!("{scheme}://{host}{path}");
    let uri: Uri = address.parse().ok()?;
    let secure = match uri.scheme()? {
        scheme if *scheme == Scheme::HTTPS => true,
        scheme if *scheme == Scheme::HTTP => false,
        _ => return None,
    };
    // A port that is no number would be overlooked.
    let named = uri.host()?.len() + uri.port().map_or(0, |port| 1 + port.as_str().len());
    if uri.host()?.is_empty() || host.len() != named {
        return None;
    }
    let authorization = match user {
        Some(user) => Some(basic(user)?),
        None => None,
    };
    Some(Url {
        shown: format!("{}://{}", uri.scheme_str()?, uri.authority()?),
        address: SecretText::new(address),
        authorization,
        secure,
    })
}

fn basic(user: &str) -> Option<SecretText> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let name = percent_decoded(name)?;
    // RFC 7617, section 2: the first colon ends the name.
    if name.contains(&b':') {
        return None;
    }
    let plain = zeroize::Zeroizing::new([name, b":".to_vec(), percent_decoded(password)?].concat());
    Some(SecretText::new(format!("Basic {}", STANDARD.encode(&*plain))))
}

pub(super) fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'%' => nibble(rest.next()?)? << 4 | nibble(rest.next()?)?,
            byte => byte,
        });
    }
    Some(decoded)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_becomes_a_header_and_is_shown_nowhere() {
        let url: Url = "https://si%40gn:p%3Aw@tsa.example.org:8443/tsr?key=k".parse().unwrap();
        assert_eq!(url.address(), "https://tsa.example.org:8443/tsr?key=k");
        assert_eq!(url.authorization(), Some(format!("Basic {}", STANDARD.encode("si@gn:p:w")).as_str()));
        assert_eq!(format!("{url} {url:?}"), "https://tsa.example.org:8443 https://tsa.example.org:8443");
        assert!(url.is_https());
        let plain: Url = "http://127.0.0.1".parse().unwrap();
        assert_eq!((plain.authorization(), plain.is_https()), (None, false));
    }

    #[test]
    fn what_cannot_be_called_is_refused_without_being_repeated() {
        for text in [
            "",
            "hunter2",
            "ftp://u:hunter2@x/",
            "https://",
            "https://u:hunter2@",
            "https:///hunter2",
            "https://x/#hunter2",
            "https://u:%zz@x",
            "https://a%3Ab:hunter2@x",
            "https://x y/",
            "https://u:hunter2@x:port/",
        ] {
            let refused = text.parse::<Url>().unwrap_err();
            assert!(!refused.to_string().contains("hunter2"), "{text:?}: {refused}");
        }
    }
}
