//! Making a user.

use crate::identity::passwords;
use crate::identity::users::settings::{UserSettings, blank};
use crate::identity::users::{authority, described, target};
use crate::model::error::Result;
use crate::model::event::{Audited, Event};
use crate::model::id::UserId;
use crate::model::name::{TenantName, UserName};
use crate::model::permission::Permission;
use crate::model::secret::SecretText;
use crate::model::token::{Call, Caller};
use crate::model::user::User;
use crate::service::{Service, id_octets};
use crate::store::{Tx, tenants, users};

#[derive(Clone)]
pub struct NewUser {
    pub name: UserName,
    /// May be left out when the token reaches only one.
    pub tenant: Option<TenantName>,
    /// Without one the user cannot sign in until it is set.
    pub password: Option<SecretText>,
    pub settings: UserSettings,
}

pub fn create(service: &Service, call: &Call, new: NewUser) -> Result<User> {
    let id = UserId::new(call.at, id_octets()?);
    let draft = Draft { id, name: new.name, tenant: new.tenant, settings: new.settings };
    // Before Argon2id runs, so that nobody has it run who may not make this user.
    let user = service.store.read(call.at, |tx| draft.user(tx, call).map(|(_, user)| user))?;
    let password = new.password.map(|password| passwords::verifier(service, &user, &password)).transpose()?;
    let call = call.clone();
    service.store.write(call.actor(), move |tx| {
        let (caller, user) = draft.user(tx, &call)?;
        let user = User { password: password.clone(), ..user };
        users::insert(tx, &user)?;
        authority::seat(tx, &caller, &user)?;
        let event = described(Event::done("user.create", target(&user.id)), &user)
            .with("withPassword", user.password.is_some());
        Ok(Audited::new(user, event))
    })
}

struct Draft {
    id: UserId,
    name: UserName,
    tenant: Option<TenantName>,
    settings: UserSettings,
}

impl Draft {
    /// The user to be, if the caller may make it and its names are free.
    fn user(&self, tx: &mut Tx, call: &Call) -> Result<(Caller, User)> {
        let caller = tx.admit(&call.principal, Permission::UsersCreate)?;
        let tenant = tenants::meant(tx, &caller, self.tenant.as_ref())?;
        let blank = blank(self.id.clone(), tenant, self.name.clone(), call.at);
        let user = self.settings.clone().apply(blank)?;
        authority::may_create(tx, &caller, &user)?;
        authority::identifiers_are_free(tx, &user)?;
        Ok((caller, user))
    }
}
