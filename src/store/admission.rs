//! Who may act: a verified token becomes a caller only inside a transaction that saw its record standing.

use diesel::prelude::*;

use crate::model::error::{Code, Error, Result};
use crate::model::permission::{Permission, TenantReach};
use crate::model::token::{Caller, Principal, VerifiedToken};
use crate::store::connection::Access;
use crate::store::dialect::first_for_share;
use crate::store::schema::tokens;
use crate::store::{Tx, dialect, failure};

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
        }
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
