//! Deleting a user: the record stays for the audit, and its name is not given again. What only signing in needs goes:
//! password, authenticator and e-mail address, which somebody else may have then.

use crate::identity::users::{authority, described, end_what_was_given, target};
use crate::model::error::Result;
use crate::model::event::{Audited, Event};
use crate::model::id::UserId;
use crate::model::permission::Permission;
use crate::model::token::Call;
use crate::model::user::UserStatus;
use crate::service::Service;
use crate::store::users;

pub fn delete(service: &Service, call: &Call, id: &UserId) -> Result<()> {
    let (principal, id) = (call.principal.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit_to_revoke(&principal, Permission::UsersWrite)?;
        let mut user = authority::visible(tx, &caller, &id)?;
        authority::may_hand_out(tx, &caller, &user)?;
        user.status = UserStatus::Deleted;
        user.password = None;
        user.email = None;
        users::update(tx, &user)?;
        users::identify_anew(tx, &user)?;
        users::remove_otp(tx, &id)?;
        let revoked = end_what_was_given(tx, &user)?;
        let event = described(Event::done("user.delete", target(&id)), &user).with("tokensRevoked", revoked);
        Ok(Audited::new((), event))
    })
}
