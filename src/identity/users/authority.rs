//! Nobody gives what they do not have. Roles and groups are names that the tenant's applications give a meaning to, so
//! what a user could do is what any of those applications would let it do; whoever writes the user's record, or sets the
//! password, has to have all of that.

use crate::model::error::{Code, Error, Result};
use crate::model::id::UserId;
use crate::model::permission::{Permission, Permissions, insufficient};
use crate::model::tenant::Seat;
use crate::model::token::Caller;
use crate::model::user::{User, UserStatus};
use crate::store::{Tx, clients, seats, users};

/// The record, when its tenant is within the caller's reach; otherwise it is as if it were not there.
pub(super) fn visible(tx: &mut Tx, caller: &Caller, id: &UserId) -> Result<User> {
    let found = users::find(tx, id)?.filter(|user| user.status != UserStatus::Deleted);
    found.filter(|user| caller.reach().includes(&user.tenant)).ok_or_else(Error::not_found)
}

/// Whether the caller may make users that can do all that this one can: asked before a change and after it.
pub(super) fn may_hand_out(tx: &mut Tx, caller: &Caller, user: &User) -> Result<()> {
    if user.roles.is_empty() && user.groups.is_empty() {
        return Ok(());
    }
    let applications = clients::granting_in(tx, &user.tenant)?;
    let held: Permissions = applications.iter().flat_map(|client| client.permissions_for(user)).collect();
    if caller.may_give(&held) {
        return Ok(());
    }
    Err(Error::new(
        Code::InsufficientPermission,
        "This user is beyond the token: at some application its roles and groups have permissions that the token does \
         not carry.",
    )
    .at("/roles"))
}

/// With `users:create` alone, users without roles and groups, and without the seats of others.
pub(super) fn may_create(tx: &mut Tx, caller: &Caller, user: &User) -> Result<()> {
    may_hand_out(tx, caller, user)?;
    if caller.has(Permission::UsersWrite) {
        return Ok(());
    }
    for (pointer, names) in [("/roles", &user.roles), ("/groups", &user.groups)] {
        if !names.is_empty() {
            return Err(insufficient(Permission::UsersWrite).at(pointer));
        }
    }
    for seat in &user.seats {
        if !caller.has(Permission::SeatsCreate) {
            return Err(insufficient(Permission::SeatsCreate).at("/seats"));
        }
        if seats::find(tx, &user.tenant, seat)?.is_some() {
            return Err(insufficient(Permission::UsersWrite).at("/seats"));
        }
    }
    Ok(())
}

/// Makes the seats of a user that are not there yet, as the first credential of a seat would. A caller who may not give
/// seats that others may have makes them all, or fails.
pub(super) fn seat(tx: &mut Tx, caller: &Caller, user: &User) -> Result<()> {
    for name in &user.seats {
        let seat = Seat {
            tenant: user.tenant.clone(),
            name: name.clone(),
            display_name: None,
            email: None,
            created_at: tx.now(),
        };
        if caller.has(Permission::UsersWrite) {
            seats::ensure(tx, &seat)?;
        } else {
            seats::insert(tx, &seat)?;
        }
    }
    Ok(())
}

/// Whether what the user may be called is still free. The database refuses what happens at the same time.
pub(super) fn identifiers_are_free(tx: &mut Tx, user: &User) -> Result<()> {
    let names = [("/name", Some(user.name.as_str())), ("/email", user.email.as_deref())];
    for (pointer, name) in names.into_iter().filter_map(|(pointer, name)| Some((pointer, name?))) {
        let holder = users::identifier_holder(tx, &user.tenant, name)?;
        if holder.is_some_and(|holder| holder != user.id) {
            let detail = "Another user of the tenant has it, as a name or as an e-mail address; names of deleted users \
                          are not given again.";
            return Err(Error::new(Code::AlreadyExists, detail).at(pointer));
        }
    }
    Ok(())
}
