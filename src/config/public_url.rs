//! The base of every URL that is handed out, and the issuer of tokens.

use std::fmt;
use std::str::FromStr;

use crate::model::error::{Code, Error, Result};

/// `http://` or `https://`, a host, perhaps a port and a path; no query, no fragment, no slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl FromStr for PublicUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim_end_matches('/');
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let clean = text
            .chars()
            .all(|c| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '@' | '"' | '<' | '>' | '\\'));
        if host.is_empty() || !clean {
            return Err(Error::new(
                Code::InvalidRequest,
                "The public URL is http:// or https://, a host, perhaps a port and a path, such as https://sign.example.org; without user, query or fragment.",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_is_no_part_of_it() {
        assert_eq!(
            "https://sign.example.org/".parse::<PublicUrl>().unwrap().as_str(),
            "https://sign.example.org"
        );
    }

    #[test]
    fn what_cannot_be_a_base_is_refused() {
        for text in [
            "",
            "sign.example.org",
            "ftp://x",
            "https://",
            "https:///x",
            "https://x?y",
            "https://u@x",
            "https://x y",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text:?}");
        }
    }
}
