//! The person's decision: once for each request, by one conditional update, together with what it gives.

use std::collections::BTreeSet;

use crate::identity::sign_in::unless_changed_meanwhile;
use crate::keys::sad::Sad;
use crate::model::authorization_code::{AuthorizationCode, Given, LIFETIME_SECONDS};
use crate::model::authorization_request::{AuthorizationRequest, ResponseType};
use crate::model::error::{Error, Result};
use crate::model::event::{Actor, Audited, Event, actor_name};
use crate::model::secret::SecretText;
use crate::model::session::Session;
use crate::oauth::OAuth;
use crate::oauth::authorization::answer::{Answer, Refusal};
use crate::oauth::authorization::{Visit, gone, next, signed_out, waiting};
use crate::oauth::known_clients::KnownClient;
use crate::oauth::token::{self, Granted};
use crate::store::{Tx, authorization_codes, authorization_requests, consents, sessions, tokens};

/// What a person can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// With the id of the user whom the page named, if it says: nobody allows in one tab what another tab's sign-in made
    /// somebody else's.
    Allow {
        shown_to: Option<String>,
    },
    Refuse,
}

/// Decides what a page asked.
pub fn decide(oauth: &OAuth, visit: &Visit, decision: Decision) -> Result<Answer> {
    unless_changed_meanwhile(|| try_to(oauth, visit, &decision))
}

fn try_to(oauth: &OAuth, visit: &Visit, decision: &Decision) -> Result<Answer> {
    let waiting = waiting(oauth, visit)?;
    let Decision::Allow { shown_to } = decision else {
        let refusal = Refusal::new("access_denied", "The person refused.");
        return refuse(oauth, visit, &waiting.request, &refusal);
    };
    // Signatures are authorised by factors, not by a word.
    if waiting.request.asked.signatures.is_some() {
        return Err(gone());
    }
    let (session, user) = next::who(&waiting, visit.at).ok_or_else(signed_out)?;
    if shown_to.as_deref().is_some_and(|shown_to| shown_to != user.id.as_str()) {
        return Err(signed_out());
    }
    let granted = next::granted(&waiting.request.asked, user)?;
    give(oauth, visit, &waiting.request, &waiting.client, session, granted)
}

/// Gives what was asked, and remembers that it was allowed.
pub(super) fn give(
    oauth: &OAuth,
    visit: &Visit,
    request: &AuthorizationRequest,
    client: &KnownClient,
    session: &Session,
    granted: Granted,
) -> Result<Answer> {
    let answer = Answer::to(&request.asked, &oauth.service.public_url);
    match request.asked.response {
        ResponseType::Code => {
            let (text, _, code) = new_code(oauth, visit, request, session)?;
            settle(oauth, visit, request, client, session, granted, move |tx| {
                authorization_codes::insert(tx, &code)
            })?;
            Ok(answer.with("code", text.expose()))
        }
        ResponseType::Token => {
            let signed = token::sign(oauth, client, &granted, None, visit.at)?;
            let issued = signed.issued(None);
            settle(oauth, visit, request, client, session, granted, move |tx| {
                tokens::insert(tx, &signed.record)
            })?;
            Ok(answer
                .with("access_token", issued.access_token.expose())
                .with("token_type", "Bearer")
                .with("expires_in", issued.expires_in.to_string())
                .with("scope", issued.scope))
        }
    }
}

/// Nothing is given; the application is told why.
pub(super) fn refuse(
    oauth: &OAuth,
    visit: &Visit,
    request: &AuthorizationRequest,
    refusal: &Refusal,
) -> Result<Answer> {
    let id = request.id.clone();
    let event = Event::refused("authorization.allow", format!("client:{}", request.client))
        .with("reason", refusal.error);
    let actor = Actor { name: "nobody".to_owned(), request_id: visit.request_id.clone(), at: visit.at };
    oauth.service.store.write(actor, move |tx| {
        if !authorization_requests::take(tx, &id)? {
            return Err(gone());
        }
        Ok(Audited::new((), event.clone()))
    })?;
    Ok(Answer::to(&request.asked, &oauth.service.public_url).refused(refusal))
}

/// What an authorization code begins with.
pub(in crate::oauth) const CODE_PREFIX: &str = "ac_";
/// Keeps MACs of codes apart from others under the same pepper.
const PURPOSE: &str = "authorization code";

/// What a code is found by.
pub(in crate::oauth) fn code_hash(oauth: &OAuth, code: &SecretText) -> [u8; 32] {
    oauth.service.vault.pepper().hash(PURPOSE, code.expose().as_bytes())
}

/// A code, and what is kept of it. Its octets, between, are a SAD's, so that it can carry what signs.
pub(super) fn new_code(
    oauth: &OAuth,
    visit: &Visit,
    request: &AuthorizationRequest,
    session: &Session,
) -> Result<(SecretText, Sad, AuthorizationCode)> {
    let octets = Sad::generate()?;
    let text = SecretText::new(format!("{CODE_PREFIX}{}", octets.text().expose()));
    let asked = &request.asked;
    let code = AuthorizationCode {
        hash: code_hash(oauth, &text).to_vec(),
        client: request.client.clone(),
        user: session.user.clone(),
        user_version: session.user_version,
        given: Given {
            redirect_uri: asked.redirect_uri.clone(),
            names_redirect_uri: asked.names_redirect_uri,
            code_challenge: asked.code_challenge.clone(),
            scope: asked.scope.clone(),
            nonce: asked.nonce.clone(),
            signed_in_at: session.signed_in_at.seconds(),
            client_data: asked.client_data.clone(),
            signatures: None,
        },
        authorization: None,
        family: None,
        expires_at: visit.at.plus_seconds(LIFETIME_SECONDS),
        used_at: None,
    };
    Ok((text, octets, code))
}

/// One write: the request is decided, for a client, a session and a user who are still as they were.
fn settle(
    oauth: &OAuth,
    visit: &Visit,
    request: &AuthorizationRequest,
    client: &KnownClient,
    session: &Session,
    granted: Granted,
    give: impl Fn(&mut Tx) -> Result<()> + Send + 'static,
) -> Result<()> {
    let seen = client.seen();
    let (id, session) = (request.id.clone(), session.clone());
    let client = client.record.id.clone();
    let actor = visit.actor(actor_name(&client, Some(&session.user)));
    oauth.service.store.write(actor, move |tx| {
        seen.stands(tx)?;
        sessions::find(tx, &session.id)?.ok_or_else(Error::conflict)?;
        if !authorization_requests::take(tx, &id)? {
            return Err(gone());
        }
        let before = consents::find(tx, &session.user, &client)?.unwrap_or_default();
        consents::put(tx, &session.user, &client, &both(&before, &granted.scope))?;
        give(tx)?;
        let mut event = Event::done("authorization.allow", format!("client:{client}"))
            .with("scope", granted.scope.as_str())
            .with("grant", granted.grant.as_str());
        event.tenant.clone_from(&granted.tenant);
        Ok(Audited::new((), event))
    })
}

/// The scopes of both, each once.
fn both(before: &str, now: &str) -> String {
    let all: BTreeSet<&str> =
        before.split(' ').chain(now.split(' ')).filter(|part| !part.is_empty()).collect();
    all.into_iter().collect::<Vec<_>>().join(" ")
}
