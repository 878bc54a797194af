//! An authorization code for tokens (RFC 6749, 4.1.3), by the client that it was given to, once. Whoever comes with a
//! used one holds a copy, and nobody can tell which of the two is the thief: what the code gave ends.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::credential::oauth2code::redeem::{self, Prepared};
use crate::identity::sign_in::Seen;
use crate::keys::mac;
use crate::keys::sad::Sad;
use crate::model::authorization_code::{AuthorizationCode, Presentation};
use crate::model::client::GrantType;
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::refresh_token::FamilyOrigin;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::oauth::authorization::decide::{CODE_PREFIX, code_hash};
use crate::oauth::client_authentication::{Presented, on_behalf};
use crate::oauth::grants::refusal::remember;
use crate::oauth::known_clients::KnownClient;
use crate::oauth::openid::{self, Authentication};
use crate::oauth::token::{self, IssuedToken};
use crate::oauth::{OAuth, Request, refresh, user_access};
use crate::store::{authorization_codes, refresh_tokens, tokens, users};

/// What a client sends for its tokens.
pub struct Redemption {
    pub code: SecretText,
    pub redirect_uri: Option<String>,
    /// What the request's `code_challenge` is the hash of.
    pub verifier: Option<SecretText>,
}

/// Authenticates the client and gives what the code stands for. [`Code::InvalidGrant`] for every fault of the code's.
pub fn authorization_code(
    oauth: &OAuth,
    request: &Request,
    presented: &Presented,
    redemption: &Redemption,
) -> Result<IssuedToken> {
    on_behalf(oauth, presented, request.at, |client| {
        exchange_code(oauth, client, request, redemption).map_err(|error| match error.code() {
            Code::UnauthorizedClient | Code::InvalidGrant => {
                remember(oauth, client, request, GrantType::AuthorizationCode, None, error)
            }
            _ => error,
        })
    })
}

fn exchange_code(
    oauth: &OAuth,
    client: &KnownClient,
    request: &Request,
    redemption: &Redemption,
) -> Result<IssuedToken> {
    client.may_use(GrantType::AuthorizationCode)?;
    let hash = code_hash(oauth, &redemption.code);
    let code = oauth.service.store.read(request.at, |tx| authorization_codes::find(tx, &hash))?;
    // Another client learns nothing about a code, and does nothing to it.
    let code = code
        .filter(|code| code.client == client.record.id)
        .ok_or_else(|| no_good("no code of this client"))?;
    match code.presentation(request.at) {
        Presentation::First => {}
        Presentation::Expired => return Err(no_good("the code has expired")),
        Presentation::Replay => return Err(replayed(oauth, client, request, code)?),
    }
    check(&code, redemption)?;
    match &code.authorization {
        Some(authorization) => {
            let octets = redemption.code.expose().strip_prefix(CODE_PREFIX).unwrap_or_default();
            let octets = Sad::parse(&SecretText::new(octets))?;
            let prepared =
                redeem::prepare(&oauth.service, request.at, &client.record.id, &octets, authorization)?;
            credential_token(oauth, client, request, code, prepared)
        }
        None => exchange(oauth, client, request, code),
    }
}

/// Whether whoever sends the code is whoever asked for it.
fn check(code: &AuthorizationCode, redemption: &Redemption) -> Result<()> {
    let given = &code.given;
    match &redemption.redirect_uri {
        Some(sent) if *sent == given.redirect_uri => {}
        None if !given.names_redirect_uri => {}
        _ => return Err(Error::new(Code::InvalidGrant, "redirect_uri parameter does not match")),
    }
    match (&given.code_challenge, &redemption.verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if is_hash_of(challenge, verifier) => Ok(()),
        (Some(_), Some(_)) => Err(no_good("the code_verifier does not match")),
        (Some(_), None) => Err(Error::new(Code::InvalidGrant, "Missing parameter code_verifier")),
        // RFC 9700, 4.8.2: somebody stripped the challenge off the request.
        (None, Some(_)) => Err(no_good("a code_verifier, but there was no code_challenge")),
    }
}

/// RFC 7636, 4.6, with 43 to 128 unreserved characters.
fn is_hash_of(challenge: &str, verifier: &SecretText) -> bool {
    let text = verifier.expose();
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let hash = URL_SAFE_NO_PAD.encode(mac::sha256(text.as_bytes()));
    (43..=128).contains(&text.len())
        && text.bytes().all(unreserved)
        && mac::equal(hash.as_bytes(), challenge.as_bytes())
}

/// Tokens for a code that is good, in one write that spends it.
fn exchange(
    oauth: &OAuth,
    client: &KnownClient,
    request: &Request,
    code: AuthorizationCode,
) -> Result<IssuedToken> {
    let store = &oauth.service.store;
    let user = store.read(request.at, |tx| users::find(tx, &code.user))?;
    let user = user.filter(|user| user.version == code.user_version);
    let user = user.ok_or_else(|| no_good("the user changed since"))?;
    if !client.acts_for(&user.tenant) {
        return Err(no_good("the tenant is suspended, or the client's no more"));
    }
    let mut granted = user_access::granted(GrantType::AuthorizationCode, user, &code.given.scope)?;
    let renewable = client.record.grant_types.contains(&GrantType::RefreshToken);
    granted.refresh = renewable.then_some(FamilyOrigin::Grant);
    let begun = granted
        .refresh
        .map(|origin| refresh::begin(oauth, client, &granted, origin, request.at))
        .transpose()?;
    let mut family = match &begun {
        Some(begun) => begun.family.clone(),
        None => refresh::family(client, &granted, FamilyOrigin::Grant, request.at)?,
    };
    let signed = token::sign(oauth, client, &granted, Some(family.id.clone()), request.at)?;
    let mut issued = signed.issued(begun.as_ref().map(|begun| begun.refresh_token.clone()));
    let signed_in_at = Timestamp::from_seconds(code.given.signed_in_at);
    family.signed_in_at = Some(signed_in_at);
    if let Some(user) = &granted.user {
        let authentication = Authentication { at: signed_in_at, nonce: code.given.nonce.as_deref() };
        issued.id_token = openid::id_token(oauth, &signed.record, user, &authentication)?;
    }
    let (seen, actor) = (client.seen(), granted.actor(client, request));
    let user = Seen { user: code.user.clone(), version: code.user_version };
    let client_data = request.client_data.clone().or(code.given.client_data);
    store.write(actor, move |tx| {
        seen.stands(tx)?;
        user.stands(tx)?;
        authorization_codes::spend(tx, &code.hash, Some(&family.id))?;
        match &begun {
            Some(begun) => refresh_tokens::begin(tx, &family, &begun.first)?,
            None => refresh_tokens::begin_without(tx, &family)?,
        }
        tokens::insert(tx, &signed.record)?;
        Ok(Audited::new(issued.clone(), signed.event(client_data.as_deref())))
    })
}

/// A credential-scope token, which is the SAD of what waited for the code; in one write that spends both.
fn credential_token(
    oauth: &OAuth,
    client: &KnownClient,
    request: &Request,
    code: AuthorizationCode,
    prepared: Prepared,
) -> Result<IssuedToken> {
    let given = code.given.signatures.ok_or_else(|| Error::internal("a code for nothing"))?;
    let (seen, user) = (client.seen(), Seen { user: code.user.clone(), version: code.user_version });
    let actor = request.actor_for(&client.record.id, Some(&code.user));
    let client_data = request.client_data.clone().or(code.given.client_data);
    let settled = prepared.clone();
    oauth.service.store.write(actor, move |tx| {
        seen.stands(tx)?;
        user.stands(tx)?;
        authorization_codes::spend(tx, &code.hash, None)?;
        let mut event = settled.commit(tx)?;
        if let Some(data) = &client_data {
            event = event.with("clientData", data.as_str());
        }
        Ok(Audited::new((), event))
    })?;
    let credential = given.names_credential.then(|| prepared.credential().clone());
    let authorized = prepared.release(&oauth.service);
    Ok(IssuedToken {
        access_token: authorized.sad,
        expires_in: authorized.expires_in,
        scope: "credential".to_owned(),
        refresh_token: None,
        token_type: given.token_type.as_str(),
        id_token: None,
        authorization_details: given.details,
        credential,
    })
}

/// Ends what a code gave that comes again.
fn replayed(
    oauth: &OAuth,
    client: &KnownClient,
    request: &Request,
    code: AuthorizationCode,
) -> Result<Error> {
    let seen = client.seen();
    let id = client.record.id.clone();
    let ended = oauth.service.store.write(request.actor(&id), move |tx| {
        seen.stands(tx)?;
        let ended = match &code.authorization {
            Some(authorization) => redeem::end(tx, authorization)?,
            None => None,
        };
        let revoked = match &code.family {
            Some(family) => refresh_tokens::revoke(tx, family)?,
            None => 0,
        };
        let event = Event::refused("authorization_code.replay", format!("client:{id}"))
            .with("user", code.user.as_str())
            .with("tokensRevoked", revoked + usize::from(ended.is_some()));
        Ok(Audited::new(ended, event))
    })?;
    if let Some(ended) = ended {
        redeem::forget(&oauth.service, &ended);
    }
    Ok(no_good("the code was used before; what it gave is ended"))
}

/// The one refusal of a code; the cause goes to the log.
fn no_good(cause: &str) -> Error {
    Error::new(Code::InvalidGrant, "Authorization code is invalid or expired").caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_is_the_one_of_rfc_7636_s_appendix_b() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let is_one = |text: &str| is_hash_of(challenge, &SecretText::new(text));
        assert!(is_one("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        for other in ["", challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"] {
            assert!(!is_one(other), "{other}");
        }
    }
}
