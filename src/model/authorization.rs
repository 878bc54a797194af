//! The record behind a SAD: what it was given for, what is left of it, and what has been signed.

use crate::model::algorithm::Digest;
use crate::model::error::{Code, Error, Result};
use crate::model::id::{AuthorizationId, ClientId, CredentialId, UserId};
use crate::model::name::{SeatName, TenantName};
use crate::model::time::Timestamp;

#[derive(Clone, Debug)]
pub struct Authorization {
    pub id: AuthorizationId,
    /// HKDF(SAD, "id"): finds the record, opens nothing. Of a pending one it is the handle's.
    pub sad_id: Vec<u8>,
    /// Whether the signer's approval is waited for: nothing is signed before the handle was exchanged for a SAD.
    pub pending: bool,
    pub credential: CredentialId,
    pub tenant: TenantName,
    /// The seat of the token that authorised; none when the token named none.
    pub seat: Option<SeatName>,
    pub client: ClientId,
    /// Who authorised in the browser, where that was: then the SAD is a credential-scope access token.
    pub user: Option<UserId>,
    /// Signatures that are left.
    pub remaining: u32,
    pub hashes: AuthorizedHashes,
    /// The data key wrapped under the SAD; empty once spent.
    pub wrapped_data_key: Vec<u8>,
    pub expires_at: Timestamp,
    /// No extension outlives this.
    pub ends_at: Timestamp,
    pub created_at: Timestamp,
    /// Counts the changes of this record; every change is conditional on it.
    pub version: i64,
}

/// The hashes that a SAD is tied to: occurrences, not a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizedHashes {
    /// SCAL 1 without hashes: any hash, up to the number.
    Any,
    /// Every occurrence may be signed once.
    Exactly { digest: Option<Digest>, left: Vec<Vec<u8>> },
}

impl Authorization {
    /// Takes the hashes of one request off what is left, or refuses and leaves everything as it was.
    pub fn spend(&mut self, hashes: &[Vec<u8>], digest: Option<Digest>) -> Result<()> {
        let wanted = u32::try_from(hashes.len()).unwrap_or(u32::MAX);
        if self.remaining == 0 {
            return Err(Error::new(Code::SadInvalid, "The SAD is spent."));
        }
        let Some(remaining) = self.remaining.checked_sub(wanted) else {
            return Err(Error::new(
                Code::TooManySignatures,
                format!("{wanted} hashes, but {} signatures are left on this SAD.", self.remaining),
            ));
        };
        let left = self.hashes.without(hashes, digest)?;
        self.hashes = left;
        self.remaining = remaining;
        if remaining == 0 {
            self.wrapped_data_key.clear();
        }
        Ok(())
    }
}

impl AuthorizedHashes {
    fn without(&self, hashes: &[Vec<u8>], used: Option<Digest>) -> Result<Self> {
        let Self::Exactly { digest, left } = self else {
            return Ok(Self::Any);
        };
        if let (Some(authorized), Some(used)) = (digest, used)
            && *authorized != used
        {
            return Err(Error::new(
                Code::HashNotAuthorized,
                "The hashes were authorised for another digest algorithm.",
            ));
        }
        let mut left = left.clone();
        for hash in hashes {
            let Some(at) = left.iter().position(|candidate| candidate == hash) else {
                return Err(Error::new(
                    Code::HashNotAuthorized,
                    "A hash was not authorised, or each of its occurrences is signed already.",
                ));
            };
            left.swap_remove(at);
        }
        Ok(Self::Exactly { digest: *digest, left })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authorization(hashes: AuthorizedHashes, remaining: u32) -> Authorization {
        Authorization {
            id: AuthorizationId::stored("a".into()),
            sad_id: vec![],
            pending: false,
            credential: CredentialId::stored("c".into()),
            tenant: TenantName::stored("t".into()),
            seat: None,
            client: ClientId::stored("app".into()),
            user: None,
            remaining,
            hashes,
            wrapped_data_key: vec![1],
            expires_at: Timestamp::from_seconds(1),
            ends_at: Timestamp::from_seconds(1),
            created_at: Timestamp::from_seconds(0),
            version: 0,
        }
    }

    #[test]
    fn the_same_hash_twice_is_two_occurrences() {
        let hashes = AuthorizedHashes::Exactly { digest: None, left: vec![vec![1], vec![1]] };
        let mut authorization = authorization(hashes, 2);
        authorization.spend(&[vec![1]], None).unwrap();
        authorization.spend(&[vec![1]], None).unwrap();
        assert_eq!(authorization.spend(&[vec![1]], None).unwrap_err().code(), Code::SadInvalid);
        assert!(authorization.wrapped_data_key.is_empty());
    }

    #[test]
    fn a_refusal_leaves_everything_as_it_was() {
        let hashes = AuthorizedHashes::Exactly { digest: None, left: vec![vec![1], vec![2]] };
        let mut authorization = authorization(hashes.clone(), 2);
        assert_eq!(
            authorization.spend(&[vec![1], vec![3]], None).unwrap_err().code(),
            Code::HashNotAuthorized
        );
        assert_eq!((authorization.hashes, authorization.remaining), (hashes, 2));
    }

    #[test]
    fn any_hash_counts() {
        let mut authorization = authorization(AuthorizedHashes::Any, 1);
        let refused = authorization.spend(&[vec![1], vec![2]], None).unwrap_err();
        assert_eq!(refused.code(), Code::TooManySignatures);
        authorization.spend(&[vec![1]], None).unwrap();
    }
}
