//! What a client was refused.

use crate::model::client::GrantType;
use crate::model::error::Error;
use crate::model::event::{Audited, Event};
use crate::oauth::known_clients::KnownClient;
use crate::oauth::{OAuth, Request};

/// Leaves an event of a refusal, unless the client changed meanwhile: then the refusal is for a state that is no more.
/// Nothing is written for whoever did not show who it is: a public client's id may be anybody's.
pub(super) fn remember(
    oauth: &OAuth,
    client: &KnownClient,
    request: &Request,
    grant: GrantType,
    scope: Option<&str>,
    refusal: Error,
) -> Error {
    let id = &client.record.id;
    let asked: String = scope.unwrap_or_default().chars().take(200).collect();
    let reason = refusal.cause().unwrap_or_else(|| refusal.detail()).to_owned();
    let code = refusal.code().as_str();
    let target = format!("client:{id}");
    let tenant = client.record.tenants.sole().cloned();
    let seen = client.seen();
    if !client.record.is_confidential() {
        let stands = oauth.service.store.read(request.at, |tx| seen.stands(tx));
        return stands.err().unwrap_or(refusal);
    }
    let kept = oauth.service.store.write(request.actor(id), move |tx| {
        seen.stands(tx)?;
        let mut event = Event::refused("token.issue", target.clone())
            .with("grant", grant.as_str())
            .with("code", code)
            .with("reason", reason.as_str())
            .with("scope", asked.as_str());
        event.tenant.clone_from(&tenant);
        Ok(Audited::new((), event))
    });
    kept.err().unwrap_or(refusal)
}
