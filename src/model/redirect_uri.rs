//! Where the authorization endpoint sends the browser back to: only ever where the client's record says.

use crate::model::client::Client;
use crate::model::error::{Code, Error, Result};

/// In octets.
const LONGEST: usize = 2048;
/// Schemes that run something, or that read what is here.
const DANGEROUS: [&str; 7] = ["javascript", "data", "vbscript", "file", "about", "blob", "filesystem"];

impl Client {
    /// The redirect URI of a request: the one that was sent, when it is registered; the only registered one, when none
    /// was sent (RFC 6749, 3.1.2.3). URIs are compared as the texts that they are (RFC 9700, 2.1), but for the port of a
    /// loopback address, which the application learns only when it starts (RFC 8252, 7.3).
    pub fn redirect(&self, sent: Option<&str>) -> Result<String> {
        chosen(&self.redirect_uris, sent)
    }
}

/// What is wrong with a URI that is to be registered, if anything is.
pub fn fault(uri: &str) -> Option<&'static str> {
    const NOT_ABSOLUTE: &str = "an absolute URI without a fragment (RFC 6749, 3.1.2)";
    let Some((scheme, rest)) = uri.split_once(':') else { return Some(NOT_ABSOLUTE) };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    // Browsers take a backslash for a slash, which no URI has (RFC 3986, 2).
    let is_uri = uri.len() <= LONGEST && uri.chars().all(|c| c.is_ascii_graphic() && !r#"#\"<>"#.contains(c));
    if !is_scheme || rest.is_empty() || !is_uri {
        return Some(NOT_ABSOLUTE);
    }
    if DANGEROUS.iter().any(|bad| scheme.eq_ignore_ascii_case(bad)) {
        return Some("a scheme that an application answers");
    }
    // Whoever is on the way would read the code (RFC 9700, 2.6). There is no way where the application is on this machine.
    if scheme.eq_ignore_ascii_case("http") && loopback(uri).is_none() && !is_localhost(uri) {
        return Some("https, or http://127.0.0.1, http://[::1] or http://localhost");
    }
    let authority = rest.strip_prefix("//").map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Some("a URI without a user before its host");
    }
    None
}

fn chosen(registered: &[String], sent: Option<&str>) -> Result<String> {
    let refused = |detail: &str| Err(Error::new(Code::InvalidRequest, detail));
    match (sent, registered) {
        (None, [only]) => Ok(only.clone()),
        (None, []) => refused("The client's record has no redirect URI."),
        (None, _) => refused("The client has several redirect URIs; send redirect_uri."),
        (Some(sent), _) if registered.iter().any(|one| is_the_same(one, sent)) => Ok(sent.to_owned()),
        (Some(_), _) => refused("redirect_uri is not one of the client's redirectUris."),
    }
}

/// One text, or one but for the port of a loopback address.
fn is_the_same(registered: &str, sent: &str) -> bool {
    registered == sent || loopback(registered).is_some_and(|one| loopback(sent) == Some(one))
}

/// The address, and what follows the port, of a URI of this very machine. `localhost` may be looked up elsewhere, and is
/// compared like any other name (RFC 8252, 8.3).
fn loopback(uri: &str) -> Option<(&'static str, &str)> {
    ["http://127.0.0.1", "http://[::1]"].into_iter().find_map(|host| Some((host, beyond_port(host, uri)?)))
}

fn is_localhost(uri: &str) -> bool {
    beyond_port("http://localhost", uri).is_some()
}

/// What follows the host and its port, if it is this host.
fn beyond_port<'a>(host: &str, uri: &'a str) -> Option<&'a str> {
    let rest = uri.strip_prefix(host)?;
    let path = match rest.strip_prefix(':') {
        None => rest,
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (port, path) = rest.split_at_checked(end)?;
            port.parse::<u16>().ok()?;
            path
        }
    };
    (path.is_empty() || path.starts_with(['/', '?'])).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_the_same_as_texts_or_on_another_loopback_port() {
        for (registered, sent, same) in [
            ("https://app.example/cb", "https://app.example/cb", true),
            ("https://app.example/cb", "https://app.example/cb/", false),
            ("https://app.example/cb", "https://APP.example/cb", false),
            ("https://app.example/cb", "https://app.example/cb?x=1", false),
            ("https://app.example/cb", "https://app.example:443/cb", false),
            ("https://app.example", "https://app.example.evil.example", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true),
            ("http://127.0.0.1:1/cb?a", "http://127.0.0.1:2/cb?a", true),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1/cb", true),
            ("http://127.0.0.1", "http://127.0.0.1:8080", true),
            ("http://[::1]/cb", "http://[::1]:51004/cb", true),
            ("http://127.0.0.1/cb", "http://[::1]:51004/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/other", false),
            ("http://127.0.0.1/cb", "https://127.0.0.1:51004/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:70000/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb", false),
            ("http://127.0.0.1", "http://127.0.0.1:80@evil.example", false),
            ("http://127.0.0.1", "http://127.0.0.1.evil.example", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb", false),
            ("http://localhost/cb", "http://localhost:51004/cb", false),
            ("http://localhost/cb", "http://localhost/cb", true),
            ("com.example.app:/cb", "com.example.app:/cb", true),
        ] {
            assert_eq!(is_the_same(registered, sent), same, "{registered} {sent}");
        }
    }

    #[test]
    fn a_request_may_leave_it_out_when_there_is_one_only() {
        let redirect = |registered: &[&str], sent| {
            let registered: Vec<String> = registered.iter().map(|uri| (*uri).to_owned()).collect();
            chosen(&registered, sent).ok()
        };
        let (one, two) = ("https://app.example/1", "https://app.example/2");
        assert_eq!(redirect(&[one], None).as_deref(), Some(one));
        assert_eq!(redirect(&[one, two], Some(two)).as_deref(), Some(two));
        for (registered, sent) in
            [(&[][..], None), (&[one, two], None), (&[one], Some(two)), (&[], Some(one))]
        {
            assert_eq!(redirect(registered, sent), None, "{registered:?} {sent:?}");
        }
    }

    #[test]
    fn what_may_be_registered_is_absolute_and_harmless() {
        for (uri, fits) in [
            ("https://app.example/cb?x=1", true),
            ("https://app.example/@user?to=a@b", true),
            ("com.example.app:/cb", true),
            ("myapp://cb", true),
            ("http://127.0.0.1/cb", true),
            ("http://[::1]:8080/cb", true),
            ("http://localhost:8080/cb", true),
            ("http://app.example/cb", false),
            ("HTTP://app.example/cb", false),
            ("http:app.example/cb", false),
            ("http://localhost.evil.example/cb", false),
            ("http://localhost:80@evil.example/cb", false),
            ("/cb", false),
            ("https://app.example/#f", false),
            ("https://user@app.example/cb", false),
            ("https://app.example\\@evil.example/cb", false),
            ("https://app.example/ b", false),
            ("https://app.example/ä", false),
            ("https:", false),
            ("JavaScript:alert(1)", false),
            ("data:text/html,x", false),
            ("file:///etc/passwd", false),
            ("about:blank", false),
            ("blob:https://app.example/x", false),
            ("filesystem:https://app.example/x", false),
        ] {
            assert_eq!(fault(uri).is_none(), fits, "{uri}");
        }
    }
}
