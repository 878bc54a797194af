//! The client that `init` makes: there is no default client and no default secret.

use crate::model::error::{Error, Result};
use crate::model::event::Actor;
use crate::model::id::ClientId;
use crate::model::patch::Patch;
use crate::model::permission::{Role, TenantReach};
use crate::model::secret::SecretText;
use crate::model::token::{Call, Principal};
use crate::oauth::clients::create::{NewClient, create};
use crate::oauth::clients::settings::ClientSettings;
use crate::service::Service;

const ID: &str = "admin";

/// Makes an administrator of all tenants; its secret is shown this once.
pub fn first_administrator(service: &Service, actor: Actor) -> Result<(ClientId, SecretText)> {
    let call = Call { principal: Principal::Operator, request_id: actor.request_id, at: actor.at };
    let settings = ClientSettings {
        display_name: Patch::Set("First administrator".to_owned()),
        roles: Patch::Set(vec![Role::Administrator]),
        tenants: Patch::Set(TenantReach::All),
        ..ClientSettings::default()
    };
    let new = NewClient { id: ClientId::parse(ID)?, secret: None, settings };
    let created = create(service, &call, new)?;
    let secret = created.secret.ok_or_else(|| Error::internal("the server made no secret"))?;
    Ok((created.client.id, secret))
}
