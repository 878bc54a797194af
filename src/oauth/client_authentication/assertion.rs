//! By an assertion that the client signed (RFC 7523, 3): private_key_jwt. No secret leaves the client, and what is
//! overheard is of no use: it is for this server, for minutes, and for once.

use std::sync::Arc;

use crate::keys::assertion::{self, Claims};
use crate::model::client::{AuthenticationMethod, Client};
use crate::model::error::Result;
use crate::model::id::ClientId;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::oauth::known_clients::KnownClient;
use crate::oauth::{OAuth, invalid_client};
use crate::store::used_assertions::{self, Use};

/// Seconds that a client's clock may be ahead of ours.
const CLOCK_SKEW: i64 = 30;
/// Seconds that an assertion may be good for, at most. There are libraries that give them an hour each (Authlib).
const LONGEST: i64 = 3600 + CLOCK_SKEW;
/// Seconds that it is remembered beyond its end: another node's clock may be behind the one whose job forgets it.
const REMEMBERED_BEYOND: i64 = 600;
/// In octets.
const LONGEST_JTI: usize = 256;
/// Keeps MACs of `jti`s apart from others under the same pepper.
const PURPOSE: &str = "client assertion";

/// An assertion that is good, but for its having been used before.
pub(super) struct Unspent {
    client: ClientId,
    jti: [u8; 32],
    expires_at: Timestamp,
}

/// The active client whose key signed the assertion, for this server and this time.
pub(super) fn find(
    oauth: &OAuth,
    id: &str,
    jwt: &SecretText,
    path: &str,
    now: Timestamp,
) -> Result<(Arc<KnownClient>, Unspent)> {
    let unknown = || invalid_client("no such client, or not an active one");
    let id = ClientId::parse(id).map_err(|_| unknown())?;
    // As with secrets: what is remembered is good for a yes only.
    if let Some(known) = oauth.clients.recall(&id)
        && let Ok(unspent) = check(oauth, &known.record, jwt, path, now)
    {
        return Ok((known, unspent));
    }
    let known = oauth.clients.read(&oauth.service.store, &id, now)?.ok_or_else(unknown)?;
    let unspent = check(oauth, &known.record, jwt, path, now).map_err(invalid_client)?;
    Ok((known, unspent))
}

/// Uses the assertion up. One insert decides who came first, on whichever node.
pub(super) fn spend(oauth: &OAuth, unspent: &Unspent, now: Timestamp) -> Result<()> {
    let (client, jti, until) = (unspent.client.clone(), unspent.jti, unspent.expires_at);
    match oauth.service.store.bookkeep(now, move |tx| used_assertions::claim(tx, &client, &jti, until))? {
        Use::First => Ok(()),
        Use::Again => Err(invalid_client("the assertion was used before")),
    }
}

fn check(
    oauth: &OAuth,
    client: &Client,
    jwt: &SecretText,
    path: &str,
    now: Timestamp,
) -> Result<Unspent, &'static str> {
    if client.authentication != AuthenticationMethod::PrivateKeyJwt {
        return Err("the client does not authenticate by assertions");
    }
    let jwks = client.jwks.as_ref().ok_or("the client has no keys")?;
    let claims = assertion::verify(jwks, jwt.expose())?;
    judge(&claims, &client.id, &oauth.service.public_url, path, now)?;
    let unique = format!("{} {}", client.id, claims.jti);
    Ok(Unspent {
        client: client.id.clone(),
        jti: oauth.service.vault.pepper().hash(PURPOSE, unique.as_bytes()),
        expires_at: Timestamp::from_seconds(claims.exp).plus_seconds(REMEMBERED_BEYOND),
    })
}

/// RFC 7523, 3. The audience is this server by its name or by an endpoint of its (RFC 9700, 4.5.2, and OpenID Connect).
fn judge(
    claims: &Claims,
    client: &ClientId,
    issuer: &str,
    path: &str,
    now: Timestamp,
) -> Result<(), &'static str> {
    let now = now.seconds();
    let latest = now.saturating_add(CLOCK_SKEW);
    let (token_endpoint, called) = (format!("{issuer}/oauth2/token"), format!("{issuer}{path}"));
    let faults = [
        (claims.iss != client.as_str() || claims.sub != client.as_str(), "iss and sub are not the client"),
        (!claims.aud.names_any(&[issuer, &token_endpoint, &called]), "aud is not this server"),
        (claims.exp <= now, "the assertion has expired"),
        (claims.exp > now.saturating_add(LONGEST), "exp is too far ahead"),
        (claims.iat.is_some_and(|iat| iat > latest), "iat is in the future"),
        (claims.nbf.is_some_and(|nbf| nbf > latest), "nbf is in the future"),
        (!(1..=LONGEST_JTI).contains(&claims.jti.len()), "jti is empty or too long"),
    ];
    faults.into_iter().find_map(|(is_one, why)| is_one.then_some(Err(why))).unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    /// The fault of good claims with one of them changed.
    fn fault(name: &str, value: Value) -> Option<&'static str> {
        let mut claims = json!({
            "iss": "acme", "sub": "acme", "aud": "https://sign.example", "exp": NOW + 60, "jti": "1",
        });
        claims[name] = value;
        let claims: Claims = serde_json::from_value(claims).unwrap();
        let client = ClientId::parse("acme").unwrap();
        judge(&claims, &client, "https://sign.example", "/oauth2/par", Timestamp::from_seconds(NOW)).err()
    }

    #[test]
    fn an_assertion_is_for_this_server_by_any_of_its_names() {
        for audience in [
            json!("https://sign.example"),
            json!("https://sign.example/oauth2/token"),
            json!("https://sign.example/oauth2/par"),
            json!(["https://other.example", "https://sign.example"]),
        ] {
            assert_eq!(fault("aud", audience), None);
        }
        for audience in
            [json!("https://sign.example/"), json!("https://sign.example/oauth2/revoke"), json!([])]
        {
            assert_eq!(fault("aud", audience), Some("aud is not this server"));
        }
    }

    #[test]
    fn an_assertion_is_about_its_client_and_for_now() {
        assert_eq!(fault("iss", json!("other")), Some("iss and sub are not the client"));
        assert_eq!(fault("sub", json!("other")), Some("iss and sub are not the client"));
        for (name, ahead, good) in [
            ("exp", 0, false),
            ("exp", 1, true),
            ("exp", 3630, true),
            ("exp", 3631, false),
            ("iat", 30, true),
            ("iat", 31, false),
            ("nbf", 30, true),
            ("nbf", 31, false),
        ] {
            assert_eq!(fault(name, json!(NOW + ahead)).is_none(), good, "{name} {ahead}");
        }
        assert!(fault("exp", json!(i64::MAX)).is_some());
        assert!(fault("jti", json!("")).is_some());
        assert!(fault("jti", json!("x".repeat(257))).is_some());
    }
}
