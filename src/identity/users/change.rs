//! Changing a user's record.

use crate::identity::users::settings::UserSettings;
use crate::identity::users::{authority, described, end_what_was_given, target};
use crate::model::error::Result;
use crate::model::event::{Audited, Event};
use crate::model::id::UserId;
use crate::model::permission::Permission;
use crate::model::token::Call;
use crate::model::user::User;
use crate::service::Service;
use crate::store::users;

/// Changes what the settings name and leaves the rest. A change of what the user may do ends what the user was given.
pub fn change(service: &Service, call: &Call, id: &UserId, settings: UserSettings) -> Result<User> {
    let (principal, id) = (call.principal.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit_to_revoke(&principal, Permission::UsersWrite)?;
        let before = authority::visible(tx, &caller, &id)?;
        authority::may_hand_out(tx, &caller, &before)?;
        let after = settings.clone().apply(before.clone())?;
        authority::may_hand_out(tx, &caller, &after)?;
        authority::identifiers_are_free(tx, &after)?;
        users::update(tx, &after)?;
        if after.email != before.email {
            users::identify_anew(tx, &after)?;
        }
        authority::seat(tx, &caller, &after)?;
        let mut event =
            described(Event::done("user.change", target(&id)), &after).with("changed", settings.named());
        if after.status != before.status {
            event = event.with("status", after.status.as_str());
        }
        if may_do(&after) != may_do(&before) {
            event = event.with("tokensRevoked", end_what_was_given(tx, &after)?);
        }
        Ok(Audited::new(User { version: after.version.saturating_add(1), ..after }, event))
    })
}

/// What decides what a user may do.
fn may_do(user: &User) -> impl PartialEq + '_ {
    (user.status, &user.roles, &user.groups, &user.seats)
}
