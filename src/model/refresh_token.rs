//! Refresh tokens as they are recorded. What one sign-in gave is a family: its refresh tokens, each of which is used
//! once and followed by the next, and the access tokens that they gave. A family ends as a whole.

use crate::model::id::{ClientId, FamilyId};
use crate::model::name::{SeatName, TenantName, UserName};
use crate::model::permission::TenantReach;
use crate::model::time::Timestamp;

/// What all tokens of one sign-in have in common. It never changes but to end.
#[derive(Clone, Debug)]
pub struct TokenFamily {
    pub id: FamilyId,
    pub origin: FamilyOrigin,
    pub client: ClientId,
    /// The name of the user who signed in, who is the tenant's.
    pub user: Option<UserName>,
    pub tenant: Option<TenantName>,
    pub seat: Option<SeatName>,
    /// Space-separated, as granted; an access token may have less.
    pub scope: String,
    /// The tenants that its access tokens may act for.
    pub reach: TenantReach,
    pub issued_at: Timestamp,
    /// When the user signed in, where that was at a page of this server.
    pub signed_in_at: Option<Timestamp>,
    /// When its youngest refresh token expires.
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// Where a family began, which decides where it may be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FamilyOrigin {
    /// CSC's auth/login: renewed there without client authentication.
    Login,
    /// A grant at the token endpoint: renewed there, by the client that authenticates.
    Grant,
}

impl FamilyOrigin {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Grant => "grant",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Login, Self::Grant].into_iter().find(|origin| origin.as_str() == text)
    }
}

/// What is kept of a refresh token. The token itself is only its holder's.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// A MAC under the instance's pepper.
    pub hash: Vec<u8>,
    pub family: FamilyId,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// When it was used first.
    pub used_at: Option<Timestamp>,
}

/// What it amounts to when a refresh token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presentation {
    First,
    /// Soon after the first time: a retry, or a parallel request of the same holder. It gets the same successor.
    Again,
    /// Long after the first time: somebody has a copy.
    Replay,
    Expired,
    Revoked,
}

/// How long after its first use a refresh token may come again, in seconds.
pub const GRACE_SECONDS: i64 = 30;

impl RefreshToken {
    pub fn presentation(&self, family: &TokenFamily, now: Timestamp) -> Presentation {
        if family.revoked_at.is_some() {
            return Presentation::Revoked;
        }
        match self.used_at {
            // Before its expiry: who replays an old token has a copy, and its successors may well be young.
            Some(used_at) if now >= used_at.plus_seconds(GRACE_SECONDS) => Presentation::Replay,
            Some(_) => Presentation::Again,
            None if now >= self.expires_at => Presentation::Expired,
            None => Presentation::First,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_once_and_may_come_again_for_a_moment() {
        let at = Timestamp::from_seconds;
        let mut family = TokenFamily {
            id: FamilyId::stored("f".to_owned()),
            origin: FamilyOrigin::Login,
            client: ClientId::stored("acme".to_owned()),
            user: None,
            tenant: None,
            seat: None,
            scope: String::new(),
            reach: TenantReach::All,
            issued_at: at(0),
            signed_in_at: None,
            expires_at: at(100),
            revoked_at: None,
        };
        let id = family.id.clone();
        let mut token =
            RefreshToken { hash: vec![], family: id, issued_at: at(0), expires_at: at(100), used_at: None };
        assert_eq!(token.presentation(&family, at(99)), Presentation::First);
        assert_eq!(token.presentation(&family, at(100)), Presentation::Expired);
        token.used_at = Some(at(90));
        // Another node's clock may be behind.
        for (now, expected) in [
            (89, Presentation::Again),
            (119, Presentation::Again),
            (120, Presentation::Replay),
            (500, Presentation::Replay),
        ] {
            assert_eq!(token.presentation(&family, at(now)), expected, "{now}");
        }
        family.revoked_at = Some(at(91));
        assert_eq!(token.presentation(&family, at(92)), Presentation::Revoked);
    }
}
