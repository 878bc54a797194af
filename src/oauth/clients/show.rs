//! Clients as they are read; never with a secret.

use crate::model::client::Client;
use crate::model::error::Result;
use crate::model::id::ClientId;
use crate::model::permission::Permission;
use crate::model::token::Call;
use crate::oauth::clients::authority;
use crate::service::Service;
use crate::store::clients;
use crate::store::page::{Listed, Page};

/// Those whose tenants the caller covers, by id.
pub fn list(service: &Service, call: &Call, page: &Page) -> Result<Listed<Client>> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::ClientsRead)?;
        clients::list(tx, caller.reach(), page)
    })
}

pub fn show(service: &Service, call: &Call, id: &ClientId) -> Result<Client> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::ClientsRead)?;
        authority::visible(tx, &caller, id)
    })
}
