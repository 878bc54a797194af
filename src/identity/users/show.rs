//! Users as they are read; never with what their secrets are checked against.

use crate::identity::users::authority;
use crate::model::error::Result;
use crate::model::id::UserId;
use crate::model::permission::Permission;
use crate::model::token::Call;
use crate::model::user::User;
use crate::service::Service;
use crate::store::page::{Listed, Page};
use crate::store::users;
pub use crate::store::users::UserFilter;

/// Those of the tenants within reach, by time of creation.
pub fn list(service: &Service, call: &Call, filter: &UserFilter, page: &Page) -> Result<Listed<User>> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::UsersRead)?;
        users::list(tx, filter, caller.reach(), page)
    })
}

pub fn show(service: &Service, call: &Call, id: &UserId) -> Result<User> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::UsersRead)?;
        authority::visible(tx, &caller, id)
    })
}
