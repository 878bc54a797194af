//! Deleting a client: its record stays for the audit, and its id is not given again.

use crate::model::client::ClientStatus;
use crate::model::error::Result;
use crate::model::event::{Audited, Event};
use crate::model::id::ClientId;
use crate::model::permission::{Permission, TenantReach};
use crate::model::token::Call;
use crate::oauth::clients::create::described;
use crate::oauth::clients::{authority, target};
use crate::service::Service;
use crate::store::tokens::{self, TokenFilter};
use crate::store::{clients, consents};

/// Ends a client, its secrets and its tokens.
pub fn delete(service: &Service, call: &Call, id: &ClientId) -> Result<()> {
    let (principal, id) = (call.principal.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit_to_revoke(&principal, Permission::ClientsWrite)?;
        let mut client = authority::visible(tx, &caller, &id)?;
        authority::may_hand_out(&caller, &client)?;
        client.status = ClientStatus::Deleted;
        client.wrapped_account_token_key = None;
        clients::update(tx, &client)?;
        clients::end_secrets(tx, &id, tx.now())?;
        consents::forget_those_of_client(tx, &id)?;
        let all_of_it = TokenFilter { client: Some(id.clone()), ..TokenFilter::default() };
        let revoked = tokens::revoke_matching(tx, &all_of_it, &TenantReach::All)?;
        let event =
            described(Event::done("client.delete", target(&id)), &client).with("tokensRevoked", revoked);
        Ok(Audited::new((), event))
    })
}
