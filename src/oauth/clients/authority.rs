//! Nobody gives what they do not have: a record's permissions and tenants are within those of whoever writes it.

use crate::model::client::{Client, ClientStatus};
use crate::model::error::{Code, Error, Result};
use crate::model::id::ClientId;
use crate::model::permission::{Permissions, TenantReach};
use crate::model::token::Caller;
use crate::store::{Tx, clients, tenants};

/// The record, when the caller's tenants cover all of its own; otherwise it is as if it were not there.
pub(super) fn visible(tx: &mut Tx, caller: &Caller, id: &ClientId) -> Result<Client> {
    let found = clients::find(tx, id)?.filter(|client| client.status != ClientStatus::Deleted);
    found.filter(|client| caller.reach().covers(&client.tenants)).ok_or_else(Error::not_found)
}

/// Whether the caller may hand out all that a record holds: asked of what it was before a change and of what it is after.
pub(super) fn may_hand_out(caller: &Caller, client: &Client) -> Result<()> {
    if !caller.reach().covers(&client.tenants) {
        return Err(refused("tenants", "its tenants are not within those that the token may act for"));
    }
    if !caller.may_give(&held(client)) {
        return Err(refused("permissions", "it would have permissions that the token does not carry"));
    }
    Ok(())
}

/// Whether a change takes away something that tokens issued before it may carry, or the way in which the client got them.
pub(super) fn narrows(before: &Client, after: &Client) -> bool {
    let lost_status = before.status == ClientStatus::Active && after.status != ClientStatus::Active;
    lost_status
        || !before.authentication.asks_as(after.authentication)
        || !after.effective_permissions().is_superset(&before.effective_permissions())
        || !before.roles.iter().all(|role| after.roles.contains(role))
        || !after.tenants.covers(&before.tenants)
        || !before.grant_types.iter().all(|grant| after.grant_types.contains(grant))
        || before.role_permissions.iter().any(|(role, permissions)| {
            !after.role_permissions.get(role).is_some_and(|kept| kept.is_superset(permissions))
        })
}

/// The tenants of a record that names none: the only one that the caller may act for.
pub(super) fn default_tenants(tx: &mut Tx, caller: &Caller) -> Result<TenantReach> {
    let sole = match caller.reach() {
        TenantReach::All => tenants::sole(tx)?,
        reach => reach.sole().cloned(),
    };
    sole.map(TenantReach::one).ok_or_else(|| {
        Error::field("/tenants", "the token reaches several tenants: name those that are meant")
    })
}

/// Every tenant that a record names is there.
pub(super) fn tenants_exist(tx: &mut Tx, reach: &TenantReach) -> Result<()> {
    let TenantReach::Only(names) = reach else { return Ok(()) };
    for name in names {
        if tenants::find(tx, name)?.is_none() {
            return Err(Error::field("/tenants", format!("there is no tenant {name}")));
        }
    }
    Ok(())
}

/// All that a client's record hands out: to itself, and to its users.
fn held(client: &Client) -> Permissions {
    let to_users = client.role_permissions.values().flatten().copied();
    client.effective_permissions().into_iter().chain(to_users).collect()
}

fn refused(field: &str, why: &str) -> Error {
    Error::new(Code::InsufficientPermission, format!("This client is beyond the token: {why}."))
        .at(format!("/{field}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::client::{AuthenticationMethod, GrantType};
    use crate::model::permission::Role;
    use crate::model::time::Timestamp;
    use crate::oauth::clients::settings;

    #[test]
    fn only_what_takes_something_away_narrows() {
        let id = ClientId::parse("acme").unwrap();
        let before = settings::blank(id, TenantReach::All, Timestamp::from_seconds(0));
        let changed = |change: &dyn Fn(&mut Client)| {
            let mut after = before.clone();
            change(&mut after);
            narrows(&before, &after)
        };
        assert!(!changed(&|client| client.display_name = Some("Acme".into())));
        assert!(!changed(&|client| client.authentication = AuthenticationMethod::ClientSecretPost));
        assert!(!changed(&|client| client.roles.push(Role::Auditor)));
        assert!(changed(&|client| client.authentication = AuthenticationMethod::PrivateKeyJwt));
        assert!(!changed(&|client| client.grant_types.push(GrantType::Password)));
        assert!(changed(&|client| client.roles = vec![Role::Auditor]));
        assert!(changed(&|client| client.grant_types.clear()));
        assert!(changed(&|client| client.status = ClientStatus::Disabled));
        assert!(changed(&|client| client.tenants = TenantReach::parse(&["acme".into()]).unwrap()));
    }
}
