//! Setting a user's password. Whoever was signed in by the old one is not any more.

use crate::identity::passwords;
use crate::identity::slow_check::throttle::{self, Owner};
use crate::identity::users::{authority, end_what_was_given, target};
use crate::model::error::Result;
use crate::model::event::{Audited, Event};
use crate::model::id::UserId;
use crate::model::permission::Permission;
use crate::model::secret::SecretText;
use crate::model::token::Call;
use crate::service::Service;
use crate::store::users;

pub fn set(service: &Service, call: &Call, id: &UserId, password: &SecretText) -> Result<()> {
    // Before Argon2id runs, so that nobody has it run who may not set this password.
    let user = service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::UsersWrite)?;
        let user = authority::visible(tx, &caller, id)?;
        authority::may_hand_out(tx, &caller, &user)?;
        Ok(user)
    })?;
    let verifier = passwords::verifier(service, &user, password)?;
    let (principal, user_id) = (call.principal.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit_to_revoke(&principal, Permission::UsersWrite)?;
        let mut user = authority::visible(tx, &caller, &user_id)?;
        authority::may_hand_out(tx, &caller, &user)?;
        user.password = Some(verifier.clone());
        users::update(tx, &user)?;
        // The failures were at another password.
        throttle::forget(tx, &Owner::user(&user_id))?;
        let revoked = end_what_was_given(tx, &user)?;
        let event = Event::done("user.set_password", target(&user_id))
            .of(&user.tenant)
            .with("tokensRevoked", revoked);
        Ok(Audited::new((), event))
    })
}
