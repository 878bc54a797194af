//! Which credential is meant, and who acts on it: the signer who is signed in, for the application that asks.

use crate::model::authorization_request::SignaturesAsked;
use crate::model::client::ClientStatus;
use crate::model::configuration::ConfigurationType;
use crate::model::credential::Credential;
use crate::model::error::{Code, Error, Result};
use crate::model::id::{ClientId, CredentialId};
use crate::model::permission::{Permission, Permissions};
use crate::model::time::Timestamp;
use crate::model::token::{Proof, Signer};
use crate::model::user::User;
use crate::service::Service;
use crate::store::{Tx, clients, configurations, credentials, sessions, users};

/// Who authorises what was asked: a session's user on a credential of one of their seats, or on their only one where
/// none is named. Another's credential is as unknown as one that never was.
pub fn choose(
    service: &Service,
    at: Timestamp,
    session: &[u8],
    client: &ClientId,
    asked: &SignaturesAsked,
) -> Result<Signer> {
    service.store.read(at, |tx| {
        let user = signed_in(tx, session)?;
        let client_version = admit_client(tx, client, &user)?;
        let credential = match (&asked.credential, &asked.qualifier) {
            (Some(id), _) => named(tx, &user, id)?,
            (None, Some(_)) => {
                return Err(Error::new(
                    Code::InvalidRequest,
                    "No credential has a signatureQualifier here: name one by its credentialID.",
                ));
            }
            (None, None) => sole(tx, &user)?,
        };
        Ok(Signer {
            client: client.clone(),
            user: Some(user.id),
            tenant: credential.tenant,
            seat: credential.seat,
            credential: credential.id,
            permissions: Permissions::from([Permission::CredentialsUse]),
            proof: Proof::Session { session: session.to_vec(), client_version },
        })
    })
}

fn signed_in(tx: &mut Tx, session: &[u8]) -> Result<User> {
    let nobody = || Error::new(Code::InvalidToken, "Nobody is signed in any more.");
    let session = sessions::find(tx, session)?.ok_or_else(nobody)?;
    users::find(tx, &session.user)?.ok_or_else(nobody)
}

/// The version of an application that may use credentials, for itself or for this user.
fn admit_client(tx: &mut Tx, id: &ClientId, user: &User) -> Result<i64> {
    let client = clients::find(tx, id)?.filter(|client| client.status == ClientStatus::Active);
    let client = client.filter(|client| client.tenants.includes(&user.tenant));
    let may_use = |permissions: Permissions| permissions.contains(&Permission::CredentialsUse);
    match client {
        Some(client) if may_use(client.effective_permissions()) || may_use(client.permissions_for(user)) => {
            Ok(client.version)
        }
        _ => Err(Error::new(
            Code::UnauthorizedClient,
            "The application may not use credentials of this user's tenant.",
        )),
    }
}

fn named(tx: &mut Tx, user: &User, id: &CredentialId) -> Result<Credential> {
    let credential = credentials::find(tx, id)?
        .filter(|credential| credential.tenant == user.tenant && user.seats.contains(&credential.seat));
    credential.ok_or_else(Error::not_found)
}

fn sole(tx: &mut Tx, user: &User) -> Result<Credential> {
    let mut found = Vec::new();
    for credential in credentials::active_of_seats(tx, &user.tenant, &user.seats)? {
        if configurations::known(tx, &credential.configuration)?.kind == ConfigurationType::Oauth2 {
            found.push(credential);
        }
    }
    match <[Credential; 1]>::try_from(found) {
        Ok([credential]) => Ok(credential),
        Err(found) if found.is_empty() => {
            Err(Error::new(Code::InvalidRequest, "The signer has no credential that can be authorised here."))
        }
        Err(_) => Err(Error::new(
            Code::InvalidRequest,
            "The signer has several credentials: name one by its credentialID.",
        )),
    }
}
