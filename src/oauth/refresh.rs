//! Refresh tokens (RFC 6749, 6; RFC 9700, 4.14): each is used once, for an access token and its successor. The successor
//! is derived from the token, so that only hashes are stored and yet a retry gets the very same one. Whoever comes with
//! a used one later holds a copy, and nobody can tell which of the two is the thief: the whole family ends.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::identity::sign_in;
use crate::keys::mac::Pepper;
use crate::keys::random;
use crate::model::client::GrantType;
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::id::FamilyId;
use crate::model::name::UserName;
use crate::model::refresh_token::{FamilyOrigin, Presentation, RefreshToken, TokenFamily};
use crate::model::scope::RequestedScope;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::model::user::User;
use crate::oauth::known_clients::KnownClient;
use crate::oauth::openid::{self, Authentication};
use crate::oauth::token::{self, Granted, IssuedToken};
use crate::oauth::{OAuth, Request};
use crate::service::id_octets;
use crate::store::{refresh_tokens, tokens};

/// Seconds that a refresh token lasts unused, where the client's record does not say.
pub const DEFAULT_VALIDITY: u32 = 30 * 86_400;

/// A family that is not recorded yet.
pub(super) struct Begun {
    pub(super) family: TokenFamily,
    pub(super) first: RefreshToken,
    pub(super) refresh_token: SecretText,
}

/// A new family for what was granted.
pub(super) fn begin(
    oauth: &OAuth,
    client: &KnownClient,
    granted: &Granted,
    origin: FamilyOrigin,
    at: Timestamp,
) -> Result<Begun> {
    let refresh_token = random::token(PREFIX)?;
    let mut family = family(client, granted, origin, at)?;
    let first = record(oauth, client, &refresh_token, family.id.clone(), at);
    family.expires_at = first.expires_at;
    Ok(Begun { family, first, refresh_token })
}

/// A new family that lasts as long as one access token.
pub(super) fn family(
    client: &KnownClient,
    granted: &Granted,
    origin: FamilyOrigin,
    at: Timestamp,
) -> Result<TokenFamily> {
    Ok(TokenFamily {
        id: FamilyId::new(at, id_octets()?),
        origin,
        client: client.record.id.clone(),
        user: granted.user.as_ref().map(|user| user.name.clone()),
        tenant: granted.tenant.clone(),
        seat: granted.seat.clone(),
        scope: granted.scope.clone(),
        reach: granted.reach.clone(),
        issued_at: at,
        expires_at: at.plus_seconds(i64::from(client.record.access_token_validity)),
        revoked_at: None,
        signed_in_at: None,
    })
}

/// An access token and the next refresh token for one that is good, in one write. `scope` may only leave out what was
/// granted.
///
/// [`Code::InvalidGrant`] for one that is not this client's, or not good any more; one that was used before ends its
/// family.
pub(super) fn exchange(
    oauth: &OAuth,
    client: &KnownClient,
    request: &Request,
    presented: &SecretText,
    scope: Option<&str>,
) -> Result<IssuedToken> {
    let store = &oauth.service.store;
    let pepper = oauth.service.vault.pepper();
    let hash = hash(pepper, presented);
    let (token, family) = store
        .read(request.at, |tx| refresh_tokens::find(tx, &hash))?
        .filter(|(_, family)| family.client == client.record.id)
        .ok_or_else(|| no_good("no refresh token of this client"))?;
    ended(token.presentation(&family, request.at))?;

    let granted = Granted {
        grant: GrantType::RefreshToken,
        user: family.user.as_ref().map(|name| still_there(oauth, &family, name, request.at)).transpose()?,
        scope: narrowed(&family, scope)?,
        seat: family.seat,
        tenant: family.tenant,
        // Whatever of it the client lost since has ended the family.
        reach: family.reach,
        refresh: None,
    };
    let signed = token::sign(oauth, client, &granted, Some(family.id.clone()), request.at)?;
    let next = successor(pepper, presented);
    let next_record = record(oauth, client, &next, family.id, request.at);
    let mut issued = signed.issued(Some(next));
    // OpenID Connect Core, 12.2: the same person, who signed in then.
    if let Some((user, at)) = granted.user.as_ref().zip(family.signed_in_at) {
        let authentication = Authentication { at, nonce: None };
        issued.id_token = openid::id_token(oauth, &signed.record, user, &authentication)?;
    }
    let (seen, user, client_data) = (client.seen(), granted.seen(), request.client_data.clone());
    let outcome = store.write(granted.actor(client, request), move |tx| {
        seen.stands(tx)?;
        user.as_ref().map_or(Ok(()), |user| user.stands(tx))?;
        let found = refresh_tokens::find(tx, &hash)?;
        let (token, family) = found.ok_or_else(|| no_good("the refresh token was forgotten meanwhile"))?;
        let presentation = token.presentation(&family, tx.now());
        ended(presentation)?;
        if presentation == Presentation::Replay {
            let revoked = refresh_tokens::revoke(tx, &family.id)?;
            return Ok(Audited::new(None, replayed(&family, revoked)));
        }
        if presentation == Presentation::First {
            refresh_tokens::rotate(tx, &token, &next_record)?;
        }
        tokens::insert(tx, &signed.record)?;
        Ok(Audited::new(Some(issued.clone()), signed.event(client_data.as_deref())))
    })?;
    outcome.ok_or_else(|| no_good("the refresh token was used before; its family is ended"))
}

/// The family that a refresh token is of, whatever became of it.
pub(super) fn family_of(oauth: &OAuth, token: &SecretText, now: Timestamp) -> Result<Option<TokenFamily>> {
    let hash = hash(oauth.service.vault.pepper(), token);
    let found = oauth.service.store.read(now, |tx| refresh_tokens::find(tx, &hash))?;
    Ok(found.map(|(_, family)| family))
}

/// The one refusal of a refresh token; the cause goes to the log.
pub(super) fn no_good(cause: &str) -> Error {
    Error::new(Code::InvalidGrant, "Invalid parameter refresh_token").caused_by(cause)
}

/// What a refresh token begins with.
const PREFIX: &str = "rt";
/// Keeps MACs of refresh tokens, and what follows them, apart from others under the same pepper.
const PURPOSE: &str = "refresh token";
const SUCCESSION: &str = "refresh token's successor";

fn hash(pepper: &Pepper, token: &SecretText) -> [u8; 32] {
    pepper.hash(PURPOSE, token.expose().as_bytes())
}

fn successor(pepper: &Pepper, token: &SecretText) -> SecretText {
    let octets = pepper.hash(SUCCESSION, token.expose().as_bytes());
    SecretText::new(format!("{PREFIX}_{}", URL_SAFE_NO_PAD.encode(octets)))
}

fn record(
    oauth: &OAuth,
    client: &KnownClient,
    token: &SecretText,
    family: FamilyId,
    at: Timestamp,
) -> RefreshToken {
    let validity = client.record.refresh_token_validity.unwrap_or(DEFAULT_VALIDITY);
    RefreshToken {
        hash: hash(oauth.service.vault.pepper(), token).to_vec(),
        family,
        issued_at: at,
        expires_at: at.plus_seconds(i64::from(validity)),
        used_at: None,
    }
}

fn ended(presentation: Presentation) -> Result<()> {
    match presentation {
        Presentation::First | Presentation::Again | Presentation::Replay => Ok(()),
        Presentation::Expired => Err(Error::new(Code::InvalidGrant, "Refresh token expired")),
        Presentation::Revoked => Err(no_good("the refresh token was revoked")),
    }
}

/// The user as of now: what the next token carries is worked out anew.
fn still_there(oauth: &OAuth, family: &TokenFamily, name: &UserName, at: Timestamp) -> Result<User> {
    let user = match &family.tenant {
        Some(tenant) => sign_in::who_may_still(&oauth.service, tenant, name, at)?,
        None => None,
    };
    // Whatever of it the user lost since has ended the family, too.
    user.filter(|user| family.seat.as_ref().is_none_or(|seat| user.seats.contains(seat)))
        .ok_or_else(|| no_good("the user may not sign in any more, or lost the seat"))
}

/// Seat and tenant bound what a token may do, so leaving them out takes nothing away: they stay. Others than the
/// family's are more than was granted.
fn narrowed(family: &TokenFamily, scope: Option<&str>) -> Result<String> {
    let Some(asked) = scope.map(RequestedScope::parse).transpose()? else {
        return Ok(family.scope.clone());
    };
    let within = |asked: Option<&str>, granted: Option<&str>| asked.is_none() || asked == granted;
    let seat = family.seat.as_ref();
    let tenant = family.tenant.as_ref();
    if asked.credential
        || !within(asked.seat.as_ref().map(|name| name.as_str()), seat.map(|name| name.as_str()))
        || !within(asked.tenant.as_ref().map(|name| name.as_str()), tenant.map(|name| name.as_str()))
    {
        return Err(Error::new(Code::InvalidScope, "The scope goes beyond what the refresh token is for."));
    }
    let granted = RequestedScope::parse(&family.scope)?;
    Ok(asked.within(&granted).granted(seat, tenant))
}

fn replayed(family: &TokenFamily, revoked: usize) -> Event {
    let mut event = Event::refused("token.replay", format!("family:{}", family.id))
        .with("client", family.client.as_str())
        .with("tokensRevoked", revoked);
    event.tenant.clone_from(&family.tenant);
    event
}
