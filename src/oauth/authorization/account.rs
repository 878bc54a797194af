//! Whom the application expects to sign in, and nobody else: it says so by an account token (CSC, oauth2/authorize). It
//! stands for no password; it is for minutes and for once.

use crate::keys::account_token::{self, Claims};
use crate::model::error::Error;
use crate::model::id::ClientId;
use crate::model::name::TenantName;
use crate::model::time::Timestamp;
use crate::oauth::OAuth;
use crate::oauth::authorization::answer::Refusal;
use crate::oauth::authorization::sign_in;
use crate::oauth::known_clients::KnownClient;
use crate::store::used_assertions::{self, Use};
use crate::store::{Tx, users};

/// An account token that is good, but for its having been used before.
#[derive(Clone)]
pub struct Unspent {
    client: ClientId,
    jti: [u8; 32],
    expires_at: Timestamp,
}

/// Seconds that an account token is good for.
const LIFETIME_SECONDS: i64 = 600;
/// Seconds that a client's clock may be ahead of ours.
const CLOCK_SKEW: i64 = 30;
/// In octets, of `sub` and of `jti`.
const LONGEST: usize = 256;
/// Keeps MACs of `jti`s apart from others under the same pepper.
const PURPOSE: &str = "account token";

/// The name or e-mail address that the token says, and what is to be spent before anybody is asked.
pub(super) fn expected(
    oauth: &OAuth,
    known: &KnownClient,
    tenant: Option<&TenantName>,
    jwt: &str,
    now: Timestamp,
) -> Result<(String, Unspent), Refusal> {
    let client = &known.record;
    let vault = &oauth.service.vault;
    // What is meant to say who the signer is must not be overlooked.
    let Some(key) = vault.account_token_key(client)? else {
        let description = "account_token is not taken: the client's record has no accountTokenKey";
        return Err(Refusal::invalid_request(description));
    };
    let claims = account_token::verify(&key, jwt).map_err(Refusal::invalid_request)?;
    judge(&claims, &client.id, now).map_err(Refusal::invalid_request)?;
    let reach = sign_in::tenants(known, tenant)?;
    let meant = oauth.service.store.read(now, |tx| users::identified(tx, &reach, &claims.sub))?;
    if meant.len() > 1 {
        let description = "sub of account_token names users of several tenants: name one in the scope";
        return Err(Refusal::invalid_request(description));
    }
    let unique = format!("{} {}", client.id, claims.jti);
    let unspent = Unspent {
        client: client.id.clone(),
        jti: vault.pepper().hash(PURPOSE, unique.as_bytes()),
        // Another node's clock may be behind the one whose job forgets it.
        expires_at: Timestamp::from_seconds(claims.iat).plus_seconds(2 * LIFETIME_SECONDS),
    };
    Ok((claims.sub, unspent))
}

fn judge(claims: &Claims, client: &ClientId, now: Timestamp) -> Result<(), &'static str> {
    let now = now.seconds();
    let is_sized = |text: &str| (1..=LONGEST).contains(&text.len());
    let faults = [
        (claims.iat > now.saturating_add(CLOCK_SKEW), "iat of account_token is in the future"),
        (claims.iat < now.saturating_sub(LIFETIME_SECONDS), "account_token is older than ten minutes"),
        (
            claims.azp.as_deref().is_some_and(|azp| azp != client.as_str()),
            "azp of account_token is not client_id",
        ),
        (!is_sized(claims.sub.trim()), "sub of account_token is empty or too long"),
        (!is_sized(&claims.jti), "jti of account_token is empty or too long"),
    ];
    faults.into_iter().find_map(|(is_one, why)| is_one.then_some(Err(why))).unwrap_or(Ok(()))
}

impl Unspent {
    /// Uses it up. One insert decides who came first, on whichever node.
    pub(super) fn spend(&self, tx: &mut Tx) -> Result<Use, Error> {
        used_assertions::claim(tx, &self.client, &self.jti, self.expires_at)
    }
}

/// What the application is told when it comes with one again.
pub(super) fn used() -> Refusal {
    Refusal::invalid_request("account_token was used before")
}
