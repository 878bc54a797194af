//! Access tokens as they are recorded, and those who call with them.

use std::sync::Arc;

use crate::model::error::{Code, Error, Result};
use crate::model::event::{Actor, actor_name};
use crate::model::id::{ClientId, CredentialId, FamilyId, TokenId, UserId};
use crate::model::name::{SeatName, TenantName, UserName};
use crate::model::permission::{Permission, Permissions, Role, TenantReach, insufficient};
use crate::model::time::Timestamp;

/// What is kept of a service access token. The token itself is a JWT that only its holder has.
#[derive(Clone, Debug)]
pub struct TokenRecord {
    pub id: TokenId,
    pub client: ClientId,
    /// The name of the user whom the client acts for, who is the tenant's.
    pub user: Option<UserName>,
    pub tenant: Option<TenantName>,
    pub seat: Option<SeatName>,
    /// Space-separated, as granted.
    pub scope: String,
    pub permissions: Permissions,
    /// The tenants that the token may act for.
    pub reach: TenantReach,
    /// What a refresh token came with, or gave.
    pub family: Option<FamilyId>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// A token whose signature and claims were checked. Whether it still stands is only known inside a transaction:
/// [`crate::store::Tx::admit`] turns a principal into a [`Caller`].
#[derive(Clone, Debug)]
pub struct VerifiedToken {
    pub id: TokenId,
    pub client: ClientId,
    /// Whom the client acts for, if not for itself.
    pub user: Option<TokenUser>,
    pub tenant: Option<TenantName>,
    pub seat: Option<SeatName>,
    pub scope: String,
    /// The client's, when it acts for itself. What a user's roles are called means nothing here.
    pub roles: Vec<Role>,
    pub permissions: Permissions,
    pub audience: Vec<String>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What a token says of its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenUser {
    pub id: UserId,
    pub name: UserName,
    pub roles: Vec<String>,
}

/// Who asks, before it is known whether they still may.
#[derive(Clone, Debug)]
pub enum Principal {
    Token(Arc<VerifiedToken>),
    Signer(Arc<Signer>),
    /// Whoever runs the command line beside the database.
    Operator,
}

/// Somebody who acts on one credential, and on nothing else, without a service access token: the signer in the browser,
/// or an application by what the signer gave it there.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The application that it is done for.
    pub client: ClientId,
    /// Who signed in, where somebody did.
    pub user: Option<UserId>,
    pub tenant: TenantName,
    pub seat: SeatName,
    pub credential: CredentialId,
    pub permissions: Permissions,
    pub proof: Proof,
}

/// What a signer is admitted by, which the store looks for in every transaction.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Somebody is signed in: the session's id. The user is as they were then, and the client is at this version.
    Session { session: Vec<u8>, client_version: i64 },
    /// A credential-scope access token: the id of the SAD that it is.
    CredentialToken(Vec<u8>),
    /// The signer sets up the credential: the id of the link by which.
    EnrolmentLink(Vec<u8>),
}

/// One call: who asks, when, and under which request.
#[derive(Clone, Debug)]
pub struct Call {
    pub principal: Principal,
    pub request_id: Option<String>,
    pub at: Timestamp,
}

impl Call {
    /// What completes the audit event of a change that this call makes.
    pub fn actor(&self) -> Actor {
        Actor { name: self.principal.actor(), request_id: self.request_id.clone(), at: self.at }
    }
}

/// Who asks, and still may: the token stood when the transaction looked.
#[derive(Clone, Debug)]
pub struct Caller {
    principal: Principal,
    reach: TenantReach,
}

impl Principal {
    /// Decided before any record is looked up.
    pub fn require(&self, permission: Permission) -> Result<()> {
        match self {
            Self::Operator => Ok(()),
            Self::Token(token) if token.permissions.contains(&permission) => Ok(()),
            Self::Signer(signer) if signer.permissions.contains(&permission) => Ok(()),
            Self::Token(_) | Self::Signer(_) => Err(insufficient(permission)),
        }
    }

    /// The name that audit events carry.
    pub fn actor(&self) -> String {
        match self {
            Self::Token(token) => actor_name(&token.client, token.user.as_ref().map(|user| &user.id)),
            Self::Signer(signer) => match &signer.proof {
                // The application has no part in it.
                Proof::EnrolmentLink(_) => "enrolment-link".to_owned(),
                Proof::Session { .. } | Proof::CredentialToken(_) => {
                    actor_name(&signer.client, signer.user.as_ref())
                }
            },
            Self::Operator => "operator".to_owned(),
        }
    }

    pub fn client(&self) -> Option<&ClientId> {
        match self {
            Self::Token(token) => Some(&token.client),
            Self::Signer(signer) => Some(&signer.client),
            Self::Operator => None,
        }
    }

    /// The id of the link by which a signer sets up a credential.
    pub fn enrolment_link(&self) -> Option<&[u8]> {
        match self {
            Self::Signer(signer) => match &signer.proof {
                Proof::EnrolmentLink(link) => Some(link),
                Proof::Session { .. } | Proof::CredentialToken(_) => None,
            },
            Self::Token(_) | Self::Operator => None,
        }
    }

    /// The seat that the token's scope names.
    pub fn seat(&self) -> Option<&SeatName> {
        match self {
            Self::Token(token) => token.seat.as_ref(),
            Self::Signer(signer) => Some(&signer.seat),
            Self::Operator => None,
        }
    }
}

impl Caller {
    /// Only the store says so, after it saw the token's record.
    pub fn standing(principal: &Principal, reach: TenantReach) -> Self {
        Self { principal: principal.clone(), reach }
    }

    pub fn reach(&self) -> &TenantReach {
        &self.reach
    }

    pub fn actor(&self) -> String {
        self.principal.actor()
    }

    pub fn client(&self) -> Option<&ClientId> {
        self.principal.client()
    }

    pub fn has(&self, permission: Permission) -> bool {
        self.principal.require(permission).is_ok()
    }

    /// Nobody gives what they do not have. An administrator runs everything in its tenants, and so hands out what the
    /// applications there need without being one.
    pub fn may_give(&self, permissions: &Permissions) -> bool {
        self.is_administrator() || permissions.iter().all(|permission| self.has(*permission))
    }

    pub fn is_administrator(&self) -> bool {
        match &self.principal {
            Principal::Token(token) => token.roles.contains(&Role::Administrator),
            Principal::Signer(_) => false,
            Principal::Operator => true,
        }
    }

    /// The seat that the token's scope names.
    pub fn seat(&self) -> Option<&SeatName> {
        self.principal.seat()
    }

    /// The tenant that the token's scope names.
    pub fn tenant(&self) -> Option<&TenantName> {
        match &self.principal {
            Principal::Token(token) => token.tenant.as_ref(),
            Principal::Signer(signer) => Some(&signer.tenant),
            Principal::Operator => None,
        }
    }

    pub fn is_operator(&self) -> bool {
        matches!(self.principal, Principal::Operator)
    }

    /// A tenant that is out of reach answers exactly like one that does not exist.
    pub fn reaches(&self, tenant: &TenantName) -> Result<()> {
        if self.reach.includes(tenant) { Ok(()) } else { Err(Error::not_found()) }
    }

    /// Whether records of this tenant and seat are visible: a scope that names a seat sees that seat only.
    pub fn sees(&self, tenant: &TenantName, seat: &SeatName) -> bool {
        self.reach.includes(tenant) && self.seat().is_none_or(|own| own == seat)
    }

    /// The one credential that a signer acts on.
    pub fn sole_credential(&self) -> Option<&CredentialId> {
        match &self.principal {
            Principal::Signer(signer) => Some(&signer.credential),
            Principal::Token(_) | Principal::Operator => None,
        }
    }

    /// Whether this is the signer, who is signed in here, rather than an application.
    pub fn is_signed_in(&self) -> bool {
        matches!(&self.principal, Principal::Signer(signer) if matches!(signer.proof, Proof::Session { .. }))
    }

    /// The id of the SAD that the caller's credential-scope token is, if it is one.
    pub fn credential_token(&self) -> Option<&[u8]> {
        match &self.principal {
            Principal::Signer(signer) => match &signer.proof {
                Proof::CredentialToken(sad_id) => Some(sad_id),
                Proof::Session { .. } | Proof::EnrolmentLink(_) => None,
            },
            Principal::Token(_) | Principal::Operator => None,
        }
    }

    /// The tenant meant by a request that may leave it out: the scope's, else the only one in reach.
    pub fn tenant_or_sole(&self, asked: Option<&TenantName>) -> Result<TenantName> {
        if let (Some(asked), Some(own)) = (asked, self.tenant())
            && asked != own
        {
            return Err(Error::new(
                Code::InsufficientScope,
                format!("The token's scope names the tenant {own}, not {asked}."),
            ));
        }
        asked.or(self.tenant()).or(self.reach.sole()).cloned().ok_or_else(|| {
            Error::field("/tenant", "the token reaches several tenants: name the one that is meant")
        })
    }
}
