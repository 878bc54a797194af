//! Who may act: a verified token becomes a caller only inside a transaction that saw its record standing.

use diesel::prelude::*;

use crate::model::client::ClientStatus;
use crate::model::credential::CredentialStatus;
use crate::model::error::{Code, Error, Result};
use crate::model::permission::{Permission, TenantReach};
use crate::model::tenant::TenantStatus;
use crate::model::token::{Caller, Principal, Proof, Signer, VerifiedToken};
use crate::model::user::UserStatus;
use crate::store::connection::Access;
use crate::store::dialect::first_for_share;
use crate::store::schema::tokens;
use crate::store::{
    Tx, authorizations, clients, credentials, dialect, enrolment_links, failure, sessions, tenants, users,
};

impl Tx<'_> {
    /// Admits a principal that has the permission and whose token is recorded, neither expired nor revoked. In a
    /// write transaction the token cannot be revoked until the transaction ends.
    pub fn admit(&mut self, principal: &Principal, permission: Permission) -> Result<Caller> {
        principal.require(permission)?;
        self.admit_any(principal)
    }

    /// As [`Tx::admit`], for changes that revoke tokens, which are made one at a time: each holds the caller's own token
    /// and writes those of others, so that two would wait for each other.
    pub fn admit_to_revoke(&mut self, principal: &Principal, permission: Permission) -> Result<Caller> {
        principal.require(permission)?;
        self.admit_any_to_revoke(principal)
    }

    /// As [`Tx::admit_to_revoke`], for what needs no permission of its own.
    pub fn admit_any_to_revoke(&mut self, principal: &Principal) -> Result<Caller> {
        dialect::lock_revocations(self.connection)?;
        self.admit_any(principal)
    }

    /// Admits a principal for what needs no permission of its own.
    pub fn admit_any(&mut self, principal: &Principal) -> Result<Caller> {
        match principal {
            Principal::Operator => Ok(Caller::standing(principal, TenantReach::All)),
            Principal::Token(token) => self.standing(token).map(|reach| Caller::standing(principal, reach)),
            Principal::Signer(signer) => {
                self.signer_stands(signer)?;
                Ok(Caller::standing(principal, TenantReach::one(signer.tenant.clone())))
            }
        }
    }

    fn signer_stands(&mut self, signer: &Signer) -> Result<()> {
        match &signer.proof {
            Proof::Session { session, client_version } => {
                let found = sessions::find(self, session)?;
                if found.is_none_or(|session| Some(&session.user) != signer.user.as_ref()) {
                    return Err(Error::new(Code::InvalidToken, "Nobody is signed in any more."));
                }
                match clients::version(self, &signer.client)? {
                    Some(version) if version == *client_version => Ok(()),
                    _ => Err(Error::conflict()),
                }
            }
            Proof::CredentialToken(sad_id) => self.credential_token_stands(signer, sad_id),
            Proof::EnrolmentLink(link) => self.enrolment_link_stands(signer, link),
        }
    }

    /// What would have revoked a service token makes a credential token worthless: it is looked at, since nothing
    /// revokes it.
    fn credential_token_stands(&mut self, signer: &Signer, sad_id: &[u8]) -> Result<()> {
        let unknown = || Error::new(Code::InvalidToken, "The access token is not known here, or is spent.");
        // Who spends it holds it, after the credential.
        let authorization = authorizations::seen(self, sad_id)?.ok_or_else(unknown)?;
        let user = authorization.user.as_ref().ok_or_else(unknown)?;
        if authorization.expires_at <= self.now {
            return Err(Error::new(Code::ExpiredToken, "The access token has expired."));
        }
        let client = clients::find(self, &authorization.client)?;
        let client = client.filter(|client| client.status == ClientStatus::Active);
        let user = users::find(self, user)?.filter(|user| user.status == UserStatus::Active);
        let tenant = tenants::find(self, &authorization.tenant)?;
        let stands = authorization.remaining > 0
            && authorization.client == signer.client
            && authorization.credential == signer.credential
            && client.is_some_and(|client| client.tenants.includes(&authorization.tenant))
            && user.is_some_and(|user| user.seats.contains(&signer.seat))
            && tenant.is_some_and(|tenant| tenant.status == TenantStatus::Active);
        if stands { Ok(()) } else { Err(unknown()) }
    }

    /// A link is good for as long as its credential waits for its factors, and the application that handed it out could
    /// do what it does.
    fn enrolment_link_stands(&mut self, signer: &Signer, id: &[u8]) -> Result<()> {
        let link = enrolment_links::find(self, id)?;
        let link = link.filter(|link| {
            link.finished_at.is_none() && link.expires_at > self.now && link.credential == signer.credential
        });
        let ended = || Error::new(Code::LinkExpired, "The link is not valid any more.");
        let link = link.ok_or_else(ended)?;
        let credential = credentials::known(self, &link.credential)?;
        let client = clients::find(self, &link.client)?;
        let client = client.filter(|client| client.status == ClientStatus::Active);
        let tenant = tenants::find(self, &credential.tenant)?;
        let stands = credential.status == CredentialStatus::Created
            && client.is_some_and(|client| client.tenants.includes(&credential.tenant))
            && tenant.is_some_and(|tenant| tenant.status == TenantStatus::Active);
        if stands { Ok(()) } else { Err(ended()) }
    }

    fn standing(&mut self, token: &VerifiedToken) -> Result<TenantReach> {
        let query = tokens::table.filter(tokens::id.eq(token.id.as_str())).select((
            tokens::expires_at,
            tokens::revoked_at,
            tokens::reach,
        ));
        let found: QueryResult<(i64, Option<i64>, String)> = match self.access {
            Access::Read => query.get_result(self.connection),
            Access::Write => first_for_share!(self.connection, query),
        };
        let (expires_at, revoked_at, reach) = found
            .optional()?
            .ok_or_else(|| Error::new(Code::InvalidToken, "The access token is not known here."))?;
        if revoked_at.is_some() {
            return Err(Error::new(Code::ExpiredToken, "The access token was revoked."));
        }
        if expires_at <= self.now.micros() {
            return Err(Error::new(Code::ExpiredToken, "The access token has expired."));
        }
        serde_json::from_str(&reach).map_err(|_| failure::corrupt("token"))
    }
}
