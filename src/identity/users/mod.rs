//! Users: people of a tenant who sign in, as administrators and applications run them.

pub mod change;
pub mod create;
pub mod delete;
pub mod otp;
pub mod password;
pub mod settings;
pub mod show;

mod authority;

use std::collections::BTreeSet;

use crate::model::error::Result;
use crate::model::event::Event;
use crate::model::id::UserId;
use crate::model::user::User;
use crate::store::{Tx, authorization_codes, consents, sessions, tokens};

pub(super) fn target(id: &UserId) -> String {
    format!("user:{id}")
}

/// What an event tells of a user's record.
fn described(event: Event, user: &User) -> Event {
    let listed = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>();
    let seats: Vec<String> = user.seats.iter().map(ToString::to_string).collect();
    event
        .of(&user.tenant)
        .with("name", user.name.as_str())
        .with("roles", listed(&user.roles))
        .with("groups", listed(&user.groups))
        .with("seats", seats)
}

/// Ends all that a user was given by signing in; how much that was. Whatever else a sign-in comes to give ends here too.
fn end_what_was_given(tx: &mut Tx, user: &User) -> Result<usize> {
    sessions::end_those_of_user(tx, &user.id)?;
    authorization_codes::forget_those_of_user(tx, &user.id)?;
    consents::forget_those_of_user(tx, &user.id)?;
    tokens::revoke_those_of_user(tx, &user.tenant, &user.name)
}
