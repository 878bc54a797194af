//! Whom mail is sent to and whom it comes from. What parses here cannot begin another header or another command.

use std::fmt;
use std::str::FromStr;

use lettre::Address;
use lettre::message::Mailbox;

use crate::model::error::{Code, Error, Result};

/// An address without a name, in ASCII; its domain in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAddress(pub(super) Address);

/// `ADDRESS`, or `NAME <ADDRESS>`.
#[derive(Clone, Debug)]
pub struct Sender(pub(super) Mailbox);

/// Octets (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const LONGEST: usize = 254;

impl MailAddress {
    /// None for what is no address, or one of the forms that only mail programs love: quoted, with comments, with an IP
    /// address in brackets.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST || !text.bytes().all(is_plain) {
            return None;
        }
        let (user, domain) = text.rsplit_once('@')?;
        Address::new(user, domain.to_ascii_lowercase()).ok().map(Self)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }
}

fn is_plain(octet: u8) -> bool {
    octet.is_ascii_graphic() && !b"\"(),:;<>[\\]".contains(&octet)
}

impl Sender {
    pub(super) fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

impl FromStr for Sender {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refusal = || {
            let detail =
                "A sender is an address, or a name and an address: Acme Signing <signing@acme.example>.";
            Error::new(Code::InvalidRequest, detail)
        };
        if text.chars().any(char::is_control) {
            return Err(refusal());
        }
        let Mailbox { name, email } = text.parse().map_err(|_| refusal())?;
        let MailAddress(email) = MailAddress::parse(email.as_ref()).ok_or_else(refusal)?;
        Ok(Self(Mailbox { name, email }))
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_lower_cased_and_users_are_not() {
        let address = MailAddress::parse("J.Doe+sign@ACME.Example").unwrap();
        assert_eq!(address.as_str(), "J.Doe+sign@acme.example");
    }

    #[test]
    fn nothing_gets_past_an_address() {
        for text in [
            "",
            "@",
            "jdoe",
            "jdoe@",
            "@acme.example",
            "a@b@acme.example",
            "j doe@acme.example",
            "jdoe@acme.example\r\nBcc: eve@globex.example",
            "jdoe@acme.example\nRCPT TO:<eve@globex.example>",
            "jdoe\r\n@acme.example",
            "jdoe@acme.example>",
            "<jdoe@acme.example>",
            "John <jdoe@acme.example>",
            "jdoe@acme.example,eve@globex.example",
            "jdoe@acme.example;eve@globex.example",
            "\"j doe\"@acme.example",
            "jdoe(a)@acme.example",
            "jdoe@[127.0.0.1]",
            "jdoe@acme..example",
            ".jdoe@acme.example",
            "jdoe@-acme.example",
            "jdö@acme.example",
            "jdoe@acme.example\0",
            &format!("{}@acme.example", "a".repeat(65)),
            &format!("a@{}.example", "a.".repeat(130)),
        ] {
            assert_eq!(MailAddress::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_sender_may_have_a_name() {
        for text in ["signing@acme.example", "Acme Signing <signing@acme.example>"] {
            assert_eq!(text.parse::<Sender>().unwrap().domain(), "acme.example", "{text}");
        }
        for text in ["", "Acme", "Acme <a@b>\r\nBcc: <c@d>", "a@b, c@d"] {
            assert!(text.parse::<Sender>().is_err(), "{text:?}");
        }
    }
}
