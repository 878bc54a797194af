//! How a client shows who it is (RFC 6749, 2.3.1): HTTP Basic, or its id and secret in the body.
//!
//! What the server made has a prefix and 256 bits, and is only ever checked by HMAC; what somebody chose is only ever
//! checked by Argon2id. So the time a check takes depends on what was sent, never on who exists.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::identity::slow_check::Owner;
use crate::keys::mac::Pepper;
use crate::keys::random;
use crate::model::client::SecretVerifier;
use crate::model::error::{Code, Error, Result};
use crate::model::id::ClientId;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::oauth::known_clients::KnownClient;
use crate::oauth::{OAuth, invalid_client};

/// What a server-made client secret begins with.
pub const SECRET_PREFIX: &str = "cs_";

/// What a request says about its client, unchecked.
#[derive(Clone)]
pub struct Presented {
    client: String,
    /// One, or two spellings of one where it is not clear which was meant.
    secrets: Vec<SecretText>,
    /// Where the request comes from.
    address: IpAddr,
}

/// A new server-made secret of 256 bits.
pub fn new_secret() -> Result<SecretText> {
    random::token(SECRET_PREFIX.trim_end_matches('_'))
}

pub fn is_server_made(secret: &SecretText) -> bool {
    secret.expose().starts_with(SECRET_PREFIX)
}

/// What is stored of a server-made secret.
pub fn verifier(pepper: &Pepper, secret: &SecretText) -> SecretVerifier {
    SecretVerifier::Mac(pepper.hash(PURPOSE, secret.expose().as_bytes()).to_vec())
}

impl Presented {
    /// Out of the `Authorization` header and the body's parameters; two methods at once are refused.
    pub fn parse(
        authorization: Option<&str>,
        client_id: Option<&str>,
        client_secret: Option<&SecretText>,
        address: IpAddr,
    ) -> Result<Self> {
        let Some(authorization) = authorization else {
            return match (client_id, client_secret) {
                (Some(id), Some(secret)) => {
                    Ok(Self { client: id.to_owned(), secrets: vec![secret.clone()], address })
                }
                (Some(_), None) => {
                    Err(invalid_client("client_id without a secret: there are no public clients"))
                }
                (None, _) => Err(invalid_client("no client authentication was sent")),
            };
        };
        if client_secret.is_some() {
            return Err(Error::new(
                Code::InvalidRequest,
                "The request authenticates the client twice; use either HTTP Basic or the body.",
            ));
        }
        let presented = Self::basic(authorization, address)?;
        match client_id {
            Some(id) if id != presented.client => Err(Error::new(
                Code::InvalidRequest,
                "client_id in the body is another client than the Authorization header's.",
            )),
            _ => Ok(presented),
        }
    }

    /// Where the request comes from.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// RFC 6749 has id and secret form-encoded inside of Basic; many clients send them raw, so both are tried.
    fn basic(authorization: &str, address: IpAddr) -> Result<Self> {
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
        Ok(Self { client, secrets, address })
    }
}

/// Finds the active client whose secret was presented.
///
/// [`Code::InvalidClient`] for every fault alike; [`Code::RateLimited`] and [`Code::Busy`] where nothing was checked.
pub fn authenticate(oauth: &OAuth, presented: &Presented, now: Timestamp) -> Result<Arc<KnownClient>> {
    let id = ClientId::parse(&presented.client).ok();
    // What is remembered is good for a yes only: whoever acts on it asks the database whether it still stands.
    if let Some(known) = id.as_ref().and_then(|id| oauth.clients.recall(id))
        && presented.secrets.iter().any(|secret| passes_at_once(oauth, &known, secret, now))
    {
        return Ok(known);
    }
    let known = match &id {
        Some(id) => oauth.clients.read(&oauth.service.store, id, now)?,
        None => None,
    };
    let service = &oauth.service;
    let owner = known.as_ref().map_or_else(
        || Owner::unknown_client(service.vault.pepper(), &presented.client),
        |known| Owner::client(&known.record.id),
    );
    let stored: Vec<&str> = known.iter().flat_map(|known| known.chosen(now)).collect();
    let mut attempt = oauth.slow_checks.attempt(service, owner, presented.address, now);
    for secret in &presented.secrets {
        let passed = if is_server_made(secret) {
            passes_mac(oauth, known.as_deref(), secret, now)
        } else {
            attempt.passes(&stored, secret)?
        };
        if let (true, Some(known)) = (passed, &known) {
            return Ok(Arc::clone(known));
        }
    }
    Err(invalid_client(if known.is_some() {
        "wrong client secret"
    } else {
        "no such client, or not an active one"
    }))
}

/// Does `work` for the client that authenticates, and once more when the client changed under it.
pub fn on_behalf<T>(
    oauth: &OAuth,
    presented: &Presented,
    now: Timestamp,
    work: impl Fn(&KnownClient) -> Result<T>,
) -> Result<T> {
    while_it_stands(oauth, || authenticate(oauth, presented, now), work)
}

/// The same for a client that does not authenticate: something that it was given speaks for it.
pub fn on_behalf_of<T>(
    oauth: &OAuth,
    id: &ClientId,
    now: Timestamp,
    work: impl Fn(&KnownClient) -> Result<T>,
) -> Result<T> {
    let find = || match oauth.clients.recall(id) {
        Some(known) => Ok(known),
        None => oauth
            .clients
            .read(&oauth.service.store, id, now)?
            .ok_or_else(|| invalid_client("no such client, or not an active one")),
    };
    while_it_stands(oauth, find, work)
}

/// Keeps MACs of client secrets apart from others under the same pepper.
const PURPOSE: &str = "client secret";
const ATTEMPTS: usize = 3;

fn while_it_stands<T>(
    oauth: &OAuth,
    find: impl Fn() -> Result<Arc<KnownClient>>,
    work: impl Fn(&KnownClient) -> Result<T>,
) -> Result<T> {
    let mut outcome = Err(Error::conflict());
    for _ in 0..ATTEMPTS {
        let client = find()?;
        outcome = work(&client);
        match &outcome {
            Err(error) if error.code() == Code::Conflict => oauth.clients.forget(&client.record.id),
            _ => break,
        }
    }
    outcome
}

/// The fast checks: the MAC, and what passed Argon2id on this node before.
fn passes_at_once(oauth: &OAuth, known: &KnownClient, secret: &SecretText, now: Timestamp) -> bool {
    if is_server_made(secret) {
        return passes_mac(oauth, Some(known), secret, now);
    }
    let owner = Owner::client(&known.record.id);
    known.chosen(now).any(|phc| oauth.slow_checks.passed(&owner, phc, secret))
}

fn passes_mac(oauth: &OAuth, known: Option<&KnownClient>, secret: &SecretText, now: Timestamp) -> bool {
    let pepper = oauth.service.vault.pepper();
    let stored: Vec<&[u8]> = known
        .into_iter()
        .flat_map(|known| known.verifiers(now))
        .filter_map(|verifier| match verifier {
            SecretVerifier::Mac(mac) => Some(mac.as_slice()),
            SecretVerifier::Argon2id(_) => None,
        })
        .collect();
    if stored.is_empty() {
        // As long as it takes for a client that is there.
        pepper.matches(PURPOSE, secret.expose().as_bytes(), &[0; 32]);
        return false;
    }
    stored.into_iter().any(|mac| pepper.matches(PURPOSE, secret.expose().as_bytes(), mac))
}

impl KnownClient {
    /// How the secrets that work now are checked.
    fn verifiers(&self, now: Timestamp) -> impl Iterator<Item = &SecretVerifier> {
        let current = self.secrets.iter().filter(move |secret| secret.ends_at.is_none_or(|end| end > now));
        current.map(|secret| &secret.verifier)
    }

    /// The PHC strings of those that somebody chose.
    fn chosen(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        self.verifiers(now).filter_map(|verifier| match verifier {
            SecretVerifier::Argon2id(phc) => Some(phc.as_str()),
            SecretVerifier::Mac(_) => None,
        })
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

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    fn spellings(presented: &Presented) -> Vec<&str> {
        presented.secrets.iter().map(SecretText::expose).collect()
    }

    #[test]
    fn basic_is_taken_raw_and_percent_encoded() {
        let presented = Presented::parse(Some(&basic("acme:a%2Bb+c:d")), None, None, HERE).unwrap();
        assert_eq!(
            (presented.client.as_str(), spellings(&presented)),
            ("acme", vec!["a%2Bb+c:d", "a+b c:d"])
        );
        let raw = Presented::parse(Some(&basic("acme:100%")), Some("acme"), None, HERE).unwrap();
        assert_eq!(spellings(&raw), ["100%"]);
    }

    #[test]
    fn two_methods_at_once_are_refused() {
        let secret = SecretText::new("s");
        for (id, secret) in [(None, Some(&secret)), (Some("other"), None)] {
            let error = Presented::parse(Some(&basic("acme:s")), id, secret, HERE).err().unwrap();
            assert_eq!(error.code(), Code::InvalidRequest);
        }
    }

    #[test]
    fn what_is_no_authentication_is_an_invalid_client() {
        for (authorization, id) in
            [(None, None), (None, Some("acme")), (Some("Bearer x"), None), (Some("Basic ?"), None)]
        {
            let error = Presented::parse(authorization, id, None, HERE).err().unwrap();
            assert_eq!(error.code(), Code::InvalidClient);
        }
    }
}
