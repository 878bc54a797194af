//! Where this service calls out to on a caller's word: only to hosts that the operator allows.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

use crate::model::error::{Code, Error, Result};

/// The hosts that a caller's or a tenant's URL may name; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookHosts(Vec<WebhookHost>);

/// `HOST` or `HOST:PORT`. Without a port it is the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookHost {
    host: Host,
    https_port: u16,
    http_port: u16,
}

/// A URL whose host is allowed: https, or http to this machine; without user, password or fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl(Url);

/// Octets of a URL.
const LONGEST: usize = 2048;

impl WebhookHosts {
    pub fn new(hosts: impl IntoIterator<Item = WebhookHost>) -> Self {
        Self(hosts.into_iter().collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The URL that somebody gave, if it may be called.
    pub fn admit(&self, text: &str) -> Option<WebhookUrl> {
        // What parsers drop without a word, or read as something else, is in no honest program's URL.
        if text.len() > LONGEST || !text.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'\\') {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        (plain && self.0.iter().any(|host| host.is_of(&url))).then_some(WebhookUrl(url))
    }
}

impl WebhookHost {
    fn is_of(&self, url: &Url) -> bool {
        let port = match url.scheme() {
            "https" => self.https_port,
            "http" if is_loopback(&self.host) => self.http_port,
            _ => return false,
        };
        url.host().is_some_and(|host| host == self.host) && url.port_or_known_default() == Some(port)
    }
}

impl FromStr for WebhookHost {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refusal = || {
            let detail = format!(
                "{text:?} is no host: give HOST or HOST:PORT, such as hooks.example.org or 127.0.0.1:8090."
            );
            Error::new(Code::InvalidRequest, detail)
        };
        let clean = |octet: u8| octet.is_ascii_graphic() && !b"/\\?#@%*".contains(&octet);
        if !text.bytes().all(clean) {
            return Err(refusal());
        }
        let parsed = |scheme: &str| Url::parse(&format!("{scheme}://{text}/")).ok();
        let (https, http) = parsed("https").zip(parsed("http")).ok_or_else(refusal)?;
        let host = https.host().ok_or_else(refusal)?.to_owned();
        let ports = https.port_or_known_default().zip(http.port_or_known_default());
        let (https_port, http_port) = ports.ok_or_else(refusal)?;
        Ok(Self { host, https_port, http_port })
    }
}

impl WebhookUrl {
    /// As the parser understood it: whoever connects has to go by this, not by what the caller wrote.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Host and port, for logs and events: paths and queries are the caller's own.
    pub fn authority(&self) -> &str {
        self.0.authority()
    }
}

impl fmt::Display for WebhookHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.https_port == self.http_port {
            write!(f, "{}:{}", self.host, self.https_port)
        } else {
            write!(f, "{}", self.host)
        }
    }
}

fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => name.as_ref() == "localhost",
        Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(texts: &[&str]) -> WebhookHosts {
        WebhookHosts::new(texts.iter().map(|text| text.parse().unwrap()))
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        assert_eq!(WebhookHosts::default().admit("https://hooks.example.org/"), None);
    }

    #[test]
    fn https_to_an_allowed_host_and_its_port() {
        let hosts = hosts(&["hooks.example.org", "Other.Example.org:8443", "[2001:db8::1]"]);
        for url in [
            "https://hooks.example.org/signed?order=1",
            "https://HOOKS.example.org:443/",
            "https://other.example.org:8443/a",
            "https://[2001:db8::1]/a",
        ] {
            assert!(hosts.admit(url).is_some(), "{url}");
        }
        for url in [
            "http://hooks.example.org/",
            "https://hooks.example.org:8443/",
            "https://other.example.org/",
            "https://hooks.example.org.evil.example/",
            "https://evil.example/?https://hooks.example.org/",
            "https://hooks.example.org@evil.example/",
            "https://u@hooks.example.org/",
            "https://u:p@hooks.example.org/",
            "https://hooks.example.org\\@evil.example/",
            "https://evil.example\\.hooks.example.org/",
            "https://hooks.example.org/#f",
            "https://hooks.\texample.org/",
            " https://hooks.example.org/",
            "https://sub.hooks.example.org/",
            "https://hooks.example.org./",
            "ftp://hooks.example.org/",
            "hooks.example.org",
            "//hooks.example.org/",
            "",
            &format!("https://hooks.example.org/{}", "a".repeat(LONGEST)),
        ] {
            assert_eq!(hosts.admit(url), None, "{url}");
        }
    }

    #[test]
    fn http_to_this_machine_only() {
        let hosts = hosts(&["127.0.0.1:8090", "localhost", "[::1]:8090", "10.0.0.1:8090"]);
        for url in [
            "http://127.0.0.1:8090/a",
            "http://localhost/",
            "http://[::1]:8090/",
            "http://0x7f000001:8090/",
            "https://10.0.0.1:8090/",
        ] {
            assert!(hosts.admit(url).is_some(), "{url}");
        }
        for url in ["http://127.0.0.1:8091/", "http://localhost:443/", "http://10.0.0.1:8090/"] {
            assert_eq!(hosts.admit(url), None, "{url}");
        }
    }

    #[test]
    fn what_is_admitted_is_what_the_parser_understood() {
        let url = hosts(&["127.0.0.1:8090"]).admit("http://0x7f000001:8090/a/../b?c=d").unwrap();
        assert_eq!((url.as_str(), url.authority()), ("http://127.0.0.1:8090/b?c=d", "127.0.0.1:8090"));
    }

    #[test]
    fn a_host_is_read_as_it_is_written() {
        for text in ["hooks.example.org", "127.0.0.1:8090", "[::1]:443", "example.org:80"] {
            assert_eq!(text.parse::<WebhookHost>().unwrap().to_string(), text);
        }
        for text in
            ["", "a b", "https://a", "a/b", "u@a", "a:b", "a:99999", "a?b", "a#b", "*.a", ":80", "a\\b"]
        {
            assert!(text.parse::<WebhookHost>().is_err(), "{text}");
        }
    }
}
