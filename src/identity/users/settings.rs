//! What a user's record says, and how it may be changed.

use std::collections::BTreeSet;

use crate::identity::email;
use crate::model::error::{Error, Result};
use crate::model::id::UserId;
use crate::model::name::{SeatName, TenantName, UserName};
use crate::model::patch::Patch;
use crate::model::time::Timestamp;
use crate::model::user::{OtpStanding, User, UserStatus};

/// Every field that may be set, both when a user is made and afterwards.
#[derive(Clone, Debug, Default)]
pub struct UserSettings {
    pub first_name: Patch<String>,
    pub last_name: Patch<String>,
    pub email: Patch<String>,
    pub groups: Patch<Vec<String>>,
    pub roles: Patch<Vec<String>>,
    pub seats: Patch<Vec<SeatName>>,
    pub status: Patch<UserStatus>,
}

/// A user with every field at its default.
pub(super) fn blank(id: UserId, tenant: TenantName, name: UserName, now: Timestamp) -> User {
    User {
        id,
        tenant,
        name,
        first_name: None,
        last_name: None,
        email: None,
        groups: BTreeSet::new(),
        roles: BTreeSet::new(),
        seats: BTreeSet::new(),
        status: UserStatus::Active,
        password: None,
        otp: OtpStanding::None,
        created_at: now,
        version: 0,
    }
}

impl UserSettings {
    /// The record after the change.
    pub(super) fn apply(self, before: User) -> Result<User> {
        let after = User {
            first_name: Patch::optional(self.first_name).apply(before.first_name, || None),
            last_name: Patch::optional(self.last_name).apply(before.last_name, || None),
            email: Patch::optional(self.email).apply(before.email, || None),
            groups: set(self.groups).apply(before.groups, BTreeSet::new),
            roles: set(self.roles).apply(before.roles, BTreeSet::new),
            seats: set(self.seats).apply(before.seats, BTreeSet::new),
            status: self.status.apply(before.status, || UserStatus::Active),
            ..before
        };
        check(&after)?;
        Ok(after)
    }

    /// The names of the fields that are set, for the audit.
    pub(super) fn named(&self) -> Vec<&'static str> {
        [
            ("firstName", self.first_name.is_kept()),
            ("lastName", self.last_name.is_kept()),
            ("email", self.email.is_kept()),
            ("groups", self.groups.is_kept()),
            ("roles", self.roles.is_kept()),
            ("seats", self.seats.is_kept()),
            ("status", self.status.is_kept()),
        ]
        .into_iter()
        .filter_map(|(name, kept)| (!kept).then_some(name))
        .collect()
    }
}

/// Groups, roles or seats of one user.
const MOST_NAMES: usize = 100;

fn check(user: &User) -> Result<()> {
    for (pointer, name) in [("/firstName", &user.first_name), ("/lastName", &user.last_name)] {
        if name.as_deref().is_some_and(|name| !is_line(name, 255)) {
            return Err(Error::field(pointer, "1 to 255 characters without control characters"));
        }
    }
    user.email.as_deref().map_or(Ok(()), email)?;
    for (pointer, names) in [("/groups", &user.groups), ("/roles", &user.roles)] {
        if names.len() > MOST_NAMES || !names.iter().all(|name| is_line(name, 128)) {
            let detail =
                format!("at most {MOST_NAMES} names, each of 1 to 128 characters without control characters");
            return Err(Error::field(pointer, detail));
        }
    }
    if user.seats.len() > MOST_NAMES {
        return Err(Error::field("/seats", format!("at most {MOST_NAMES}")));
    }
    Ok(())
}

fn is_line(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn set<T: Ord>(patch: Patch<Vec<T>>) -> Patch<BTreeSet<T>> {
    match patch {
        Patch::Keep => Patch::Keep,
        Patch::Reset => Patch::Reset,
        Patch::Set(values) => Patch::Set(values.into_iter().collect()),
    }
}
