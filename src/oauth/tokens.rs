//! Access tokens as administrators see and end them.

use crate::model::error::{Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::id::TokenId;
use crate::model::permission::Permission;
use crate::model::token::{Call, TokenRecord};
use crate::service::Service;
use crate::store::page::{Listed, Page};
pub use crate::store::tokens::{Standing, TokenFilter};
use crate::store::{authorization_codes, sessions, tokens, users};

/// By time of issue; those whose tenants the caller covers.
pub fn list(
    service: &Service,
    call: &Call,
    filter: &TokenFilter,
    page: &Page,
) -> Result<Listed<TokenRecord>> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::TokensRead)?;
        tokens::list(tx, filter, caller.reach(), page)
    })
}

/// Ends one token. Ending it again changes nothing.
pub fn revoke(service: &Service, call: &Call, id: &TokenId) -> Result<()> {
    let (principal, id) = (call.principal.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit_to_revoke(&principal, Permission::TokensRevoke)?;
        let record = tokens::find(tx, &id)?.filter(|record| caller.reach().covers(&record.reach));
        let record = record.ok_or_else(Error::not_found)?;
        let stood = tokens::revoke(tx, &id)?;
        let mut event = Event::done("token.revoke", format!("token:{id}"))
            .with("client", record.client.as_str())
            .with("revoked", i64::from(stood));
        event.tenant = record.tenant;
        Ok(Audited::new((), event))
    })
}

/// Ends every active token that matches and whose tenants the caller covers; how many. A user who is named is signed out
/// of every browser too, or the next token would be a click away.
pub fn revoke_matching(service: &Service, call: &Call, filter: TokenFilter) -> Result<usize> {
    let names_nothing =
        filter.client.is_none() && filter.tenant.is_none() && filter.seat.is_none() && filter.user.is_none();
    if names_nothing {
        return Err(Error::field("", "name one or more of clientId, tenant, seat and user"));
    }
    let principal = call.principal.clone();
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit_to_revoke(&principal, Permission::TokensRevoke)?;
        let revoked = tokens::revoke_matching(tx, &filter, caller.reach())?;
        if let Some(user) = &filter.user {
            for user in users::named(tx, caller.reach(), filter.tenant.as_ref(), user)? {
                sessions::end_those_of_user(tx, &user)?;
                authorization_codes::forget_those_of_user(tx, &user)?;
            }
        }
        let text = |value: Option<String>| serde_json::Value::from(value);
        let mut event = Event::done("token.revoke_matching", "tokens:*")
            .with("client", text(filter.client.as_ref().map(ToString::to_string)))
            .with("seat", text(filter.seat.as_ref().map(ToString::to_string)))
            .with("user", text(filter.user.clone()))
            .with("revoked", revoked);
        event.tenant = filter.tenant.clone().or_else(|| caller.reach().sole().cloned());
        Ok(Audited::new(revoked, event))
    })
}
