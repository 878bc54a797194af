//! Changing a client's record.

use crate::model::client::Client;
use crate::model::error::Result;
use crate::model::event::{Audited, Event};
use crate::model::id::ClientId;
use crate::model::permission::{Permission, TenantReach};
use crate::model::token::Call;
use crate::oauth::clients::create::described;
use crate::oauth::clients::settings::ClientSettings;
use crate::oauth::clients::{authority, target};
use crate::service::Service;
use crate::store::clients;
use crate::store::tokens::{self, TokenFilter};

/// Changes what the settings name and leaves the rest. A change that takes something away revokes the client's tokens.
pub fn change(service: &Service, call: &Call, id: &ClientId, settings: ClientSettings) -> Result<Client> {
    let (principal, id) = (call.principal.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit_to_revoke(&principal, Permission::ClientsWrite)?;
        let before = authority::visible(tx, &caller, &id)?;
        authority::may_hand_out(&caller, &before)?;
        let after = settings.clone().apply(before.clone(), || authority::default_tenants(tx, &caller))?;
        authority::may_hand_out(&caller, &after)?;
        authority::tenants_exist(tx, &after.tenants)?;
        clients::update(tx, &after)?;
        let mut event =
            described(Event::done("client.change", target(&id)), &after).with("changed", settings.named());
        if after.status != before.status {
            event = event.with("status", after.status.as_str());
        }
        if authority::narrows(&before, &after) {
            let all_of_it = TokenFilter { client: Some(id.clone()), ..TokenFilter::default() };
            event = event.with("tokensRevoked", tokens::revoke_matching(tx, &all_of_it, &TenantReach::All)?);
        }
        Ok(Audited::new(after, event))
    })
}
