//! What an application gets for a user who signed in: the user's tenant, one of the user's seats, and what the
//! application's record grants to the user's roles and groups.

use crate::model::client::{Client, GrantType};
use crate::model::error::{Code, Error, Result};
use crate::model::name::SeatName;
use crate::model::permission::{Permission, Permissions, TenantReach};
use crate::model::scope::RequestedScope;
use crate::model::user::User;
use crate::oauth::token::Granted;

/// What is granted of what was asked. A scope that names no seat means the user's only one.
pub(super) fn granted(grant: GrantType, user: User, asked: &RequestedScope) -> Result<Granted> {
    let seat = match &asked.seat {
        Some(seat) if user.seats.contains(seat) => Some(seat.clone()),
        Some(_) => return Err(invalid("The scope names a seat that is not the user's.")),
        None if user.seats.len() == 1 => user.seats.first().cloned(),
        None => None,
    };
    let tenant = user.tenant.clone();
    if asked.tenant.as_ref().is_some_and(|asked| *asked != tenant) {
        return Err(invalid("The scope names a tenant that is not the user's."));
    }
    Ok(Granted {
        grant,
        scope: asked.granted(seat.as_ref(), Some(&tenant)),
        seat,
        reach: TenantReach::one(tenant.clone()),
        tenant: Some(tenant),
        user: Some(user),
        refresh: None,
    })
}

/// A token without a seat reaches the credentials of all seats, which are not the user's: it carries nothing about
/// credentials, unless the user may use any.
pub(super) fn permissions(application: &Client, user: &User, seat: Option<&SeatName>) -> Permissions {
    let mut permissions = application.permissions_for(user);
    if seat.is_none() && !permissions.contains(&Permission::CredentialsUseAnySeat) {
        permissions.retain(|permission| !is_of_credentials(*permission));
    }
    permissions
}

fn is_of_credentials(permission: Permission) -> bool {
    use Permission::*;
    matches!(
        permission,
        CredentialsRead
            | CredentialsProvision
            | CredentialsUse
            | CertificatesRead
            | CertificatesAttach
            | CertificatesSuspend
            | CertificatesRevoke
    )
}

fn invalid(detail: &str) -> Error {
    Error::new(Code::InvalidScope, detail)
}
