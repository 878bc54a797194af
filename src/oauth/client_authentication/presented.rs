//! What a request says about its client, unchecked: by HTTP Basic or in the body (RFC 6749, 2.3.1), or by an assertion
//! (RFC 7523, 2.2). One method at a time.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::keys::assertion::unverified_subject;
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretText;
use crate::oauth::invalid_client;

/// The one kind of assertion that clients send.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The parameters that speak of the client, as they came.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    /// The header.
    pub authorization: Option<&'a str>,
    pub client_id: Option<&'a str>,
    pub client_secret: Option<&'a SecretText>,
    pub client_assertion_type: Option<&'a str>,
    pub client_assertion: Option<&'a SecretText>,
    /// The path that was called, for which an assertion may be made.
    pub path: &'a str,
    /// Where the request comes from.
    pub address: IpAddr,
}

/// Who a client says it is, and how it means to show that.
#[derive(Clone)]
pub struct Presented {
    pub(super) client: String,
    pub(super) proof: Proof,
    pub(super) address: IpAddr,
}

#[derive(Clone)]
pub(super) enum Proof {
    /// One, or two spellings of one where it is not clear which was meant.
    Secrets(Vec<SecretText>),
    Assertion {
        jwt: SecretText,
        /// Of the endpoint that was called.
        path: String,
    },
    /// It only names itself, as public clients do.
    Nothing,
}

impl Presented {
    /// Two methods at once are refused, whichever they are (RFC 6749, 2.3).
    pub fn parse(sent: Sent<'_>) -> Result<Self> {
        let by_assertion = sent.client_assertion.is_some() || sent.client_assertion_type.is_some();
        let methods = [sent.authorization.is_some(), sent.client_secret.is_some(), by_assertion];
        if methods.into_iter().filter(|sent| *sent).count() > 1 {
            return Err(Error::new(
                Code::InvalidRequest,
                "The request authenticates the client twice; use HTTP Basic, the body or an assertion.",
            ));
        }
        let presented = match (sent.authorization, sent.client_secret, sent.client_id) {
            (Some(authorization), ..) => Self::basic(authorization, sent.address)?,
            (None, Some(secret), Some(id)) => sent.by(id, Proof::Secrets(vec![secret.clone()])),
            _ if by_assertion => Self::assertion(&sent)?,
            (None, None, Some(id)) => sent.by(id, Proof::Nothing),
            (None, _, None) => return Err(invalid_client("no client authentication was sent")),
        };
        match sent.client_id {
            Some(id) if id != presented.client => Err(Error::new(
                Code::InvalidRequest,
                "client_id in the body is another client than the one that authenticates.",
            )),
            _ => Ok(presented),
        }
    }

    /// An `Authorization` header. RFC 6749 has id and secret form-encoded inside of Basic; many clients send them raw, so
    /// both are tried.
    pub fn basic(authorization: &str, address: IpAddr) -> Result<Self> {
        let odd = || invalid_client("the Authorization header is not Basic with an id and a secret");
        let (scheme, encoded) = authorization.split_once(' ').ok_or_else(odd)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(odd());
        }
        let decoded = STANDARD.decode(encoded.trim()).map_err(|_| odd())?;
        let pair = SecretText::new(String::from_utf8(decoded).map_err(|_| odd())?);
        let (client, secret) = pair.expose().split_once(':').ok_or_else(odd)?;
        let mut secrets = vec![SecretText::new(secret)];
        if let Some(unescaped) = form_decoded(secret) {
            secrets.push(unescaped);
        }
        let client = form_decoded(client).map_or_else(|| client.to_owned(), |id| id.expose().to_owned());
        Ok(Self { client, proof: Proof::Secrets(secrets), address })
    }

    /// Where the request comes from.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The client is the one that the assertion is about; whether it is its own is seen later.
    fn assertion(sent: &Sent<'_>) -> Result<Self> {
        if sent.client_assertion_type != Some(ASSERTION_TYPE) {
            return Err(invalid_client("client_assertion_type is not jwt-bearer"));
        }
        let jwt = sent.client_assertion.ok_or_else(|| invalid_client("no client_assertion was sent"))?;
        let subject = unverified_subject(jwt.expose())
            .ok_or_else(|| invalid_client("client_assertion is not a JWT with a sub"))?;
        Ok(sent.by(&subject, Proof::Assertion { jwt: jwt.clone(), path: sent.path.to_owned() }))
    }
}

impl Sent<'_> {
    fn by(&self, client: &str, proof: Proof) -> Presented {
        Presented { client: client.to_owned(), proof, address: self.address }
    }
}

/// `application/x-www-form-urlencoded` undone; `None` when that changes nothing or is not what the text is.
fn form_decoded(text: &str) -> Option<SecretText> {
    if !text.contains(['%', '+']) {
        return None;
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'+' => b' ',
            b'%' => {
                let digit = |octet: Option<u8>| char::from(octet?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(octets).ok().map(SecretText::new)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const NOTHING: Sent<'_> = Sent {
        authorization: None,
        client_id: None,
        client_secret: None,
        client_assertion_type: None,
        client_assertion: None,
        path: "/oauth2/token",
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    fn spellings(presented: &Presented) -> Vec<&str> {
        match &presented.proof {
            Proof::Secrets(secrets) => secrets.iter().map(SecretText::expose).collect(),
            Proof::Assertion { .. } | Proof::Nothing => Vec::new(),
        }
    }

    fn refusal(sent: Sent<'_>) -> Option<Code> {
        Presented::parse(sent).err().map(|error| error.code())
    }

    #[test]
    fn basic_is_taken_raw_and_percent_encoded() {
        let presented =
            Presented::parse(Sent { authorization: Some(&basic("acme:a%2Bb+c:d")), ..NOTHING }).unwrap();
        assert_eq!(
            (presented.client.as_str(), spellings(&presented)),
            ("acme", vec!["a%2Bb+c:d", "a+b c:d"])
        );
        let header = basic("acme:100%");
        let raw = Sent { authorization: Some(&header), client_id: Some("acme"), ..NOTHING };
        assert_eq!(spellings(&Presented::parse(raw).unwrap()), ["100%"]);
    }

    #[test]
    fn two_methods_at_once_are_refused() {
        let (header, secret) = (basic("acme:s"), SecretText::new("s"));
        let basic = Sent { authorization: Some(&header), ..NOTHING };
        let body = Sent { client_id: Some("acme"), client_secret: Some(&secret), ..NOTHING };
        let assertion = Sent { client_assertion_type: Some(ASSERTION_TYPE), ..NOTHING };
        for sent in [
            Sent { client_secret: Some(&secret), ..basic },
            Sent { client_id: Some("other"), ..basic },
            Sent { client_assertion: Some(&secret), ..basic },
            Sent { client_assertion: Some(&secret), ..body },
            Sent { client_secret: Some(&secret), ..assertion },
        ] {
            assert_eq!(refusal(sent), Some(Code::InvalidRequest));
        }
    }

    #[test]
    fn an_assertion_names_its_client_and_an_id_alone_proves_nothing() {
        let jwt = SecretText::new(format!("e30.{}.e30", URL_SAFE_NO_PAD.encode(r#"{"sub":"acme"}"#)));
        let sent =
            Sent { client_assertion: Some(&jwt), client_assertion_type: Some(ASSERTION_TYPE), ..NOTHING };
        let presented = Presented::parse(Sent { client_id: Some("acme"), ..sent }).unwrap();
        assert_eq!(presented.client, "acme");
        assert!(matches!(presented.proof, Proof::Assertion { path, .. } if path == "/oauth2/token"));
        assert_eq!(refusal(Sent { client_id: Some("other"), ..sent }), Some(Code::InvalidRequest));

        let named = Presented::parse(Sent { client_id: Some("spa"), ..NOTHING }).unwrap();
        assert_eq!(named.client, "spa");
        assert!(matches!(named.proof, Proof::Nothing));
    }

    #[test]
    fn what_is_no_authentication_is_an_invalid_client() {
        let text = SecretText::new("e30.e30.e30");
        let assertion = Sent { client_assertion: Some(&text), ..NOTHING };
        for sent in [
            NOTHING,
            Sent { authorization: Some("Bearer x"), ..NOTHING },
            Sent { authorization: Some("Basic ?"), ..NOTHING },
            Sent { client_secret: Some(&text), ..NOTHING },
            assertion,
            Sent { client_assertion_type: Some(ASSERTION_TYPE), ..NOTHING },
            Sent { client_assertion_type: Some("urn:x"), ..assertion },
            Sent { client_assertion_type: Some(ASSERTION_TYPE), ..assertion },
        ] {
            assert_eq!(refusal(sent), Some(Code::InvalidClient));
        }
    }
}
