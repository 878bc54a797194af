//! Who may do what: permissions, the roles that bundle them, and the tenants that they reach.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::error::{Code, Error, Result};
use crate::model::name::TenantName;

macro_rules! permissions {
    ($($variant:ident $text:literal)*) => {
        /// One thing that a token may be good for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Permission { $(#[serde(rename = $text)] $variant),* }

        impl Permission {
            pub const ALL: &[Permission] = &[$(Permission::$variant),*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Permission::$variant => $text),* }
            }
        }
    };
}

permissions! {
    CredentialsRead "credentials:read"
    CredentialsProvision "credentials:provision"
    CredentialsUse "credentials:use"
    CredentialsUseAnySeat "credentials:use-any-seat"
    CertificatesRead "certificates:read"
    CertificatesAttach "certificates:attach"
    CertificatesSuspend "certificates:suspend"
    CertificatesRevoke "certificates:revoke"
    ConfigurationsRead "configurations:read"
    ConfigurationsWrite "configurations:write"
    SeatsRead "seats:read"
    SeatsCreate "seats:create"
    SeatsWrite "seats:write"
    ClientsRead "clients:read"
    ClientsCreate "clients:create"
    ClientsWrite "clients:write"
    UsersRead "users:read"
    UsersCreate "users:create"
    UsersWrite "users:write"
    TokensRead "tokens:read"
    TokensRevoke "tokens:revoke"
    AuditRead "audit:read"
    TenantsRead "tenants:read"
    TenantsWrite "tenants:write"
}

pub type Permissions = BTreeSet<Permission>;

/// A bundle of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Application,
    CaOperator,
    Administrator,
    Auditor,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::CaOperator => "ca_operator",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Application, Self::CaOperator, Self::Administrator, Self::Auditor];
        all.into_iter().find(|role| role.as_str() == text)
    }

    /// Administrators run tenants; they do not use credentials.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission::*;
        match self {
            Self::Application => &[
                CredentialsRead,
                CredentialsProvision,
                CredentialsUse,
                CertificatesAttach,
                ConfigurationsRead,
            ],
            Self::CaOperator => {
                &[CertificatesRead, CertificatesAttach, CertificatesSuspend, CertificatesRevoke]
            }
            Self::Administrator => &[
                CredentialsRead,
                ConfigurationsRead,
                ConfigurationsWrite,
                SeatsRead,
                SeatsCreate,
                SeatsWrite,
                ClientsRead,
                ClientsCreate,
                ClientsWrite,
                UsersRead,
                UsersCreate,
                UsersWrite,
                TokensRead,
                TokensRevoke,
                AuditRead,
                TenantsRead,
                TenantsWrite,
            ],
            Self::Auditor => &[AuditRead],
        }
    }
}

/// The tenants that a client, a token or a caller may act for. On the wire `["*"]` or a list of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantReach {
    All,
    Only(BTreeSet<TenantName>),
}

impl TenantReach {
    pub fn one(tenant: TenantName) -> Self {
        Self::Only(BTreeSet::from([tenant]))
    }

    pub fn parse(names: &[String]) -> Result<Self> {
        if names.iter().any(|name| name == "*") {
            if names.len() == 1 {
                return Ok(Self::All);
            }
            return Err(Error::field("/tenants", "\"*\" means all tenants and stands alone"));
        }
        if names.is_empty() {
            return Err(Error::field("/tenants", "name at least one tenant, or leave the field out"));
        }
        names
            .iter()
            .map(|name| TenantName::parse(name))
            .collect::<Result<_>>()
            .map(Self::Only)
            .map_err(|e| Error::field("/tenants", e.detail()))
    }

    pub fn names(&self) -> Vec<String> {
        match self {
            Self::All => vec!["*".to_owned()],
            Self::Only(names) => names.iter().map(ToString::to_string).collect(),
        }
    }

    pub fn includes(&self, tenant: &TenantName) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(tenant),
        }
    }

    /// Whether everything that `other` reaches is reached by this one.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Only(_), Self::All) => false,
            (Self::Only(mine), Self::Only(theirs)) => theirs.is_subset(mine),
        }
    }

    /// The tenant, where there is only one.
    pub fn sole(&self) -> Option<&TenantName> {
        match self {
            Self::Only(names) if names.len() == 1 => names.first(),
            _ => None,
        }
    }
}

impl Serialize for TenantReach {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.names().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TenantReach {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Self::parse(&names).map_err(|e| serde::de::Error::custom(e.detail()))
    }
}

/// The refusal of a caller whose token is good, but not for this.
pub fn insufficient(permission: Permission) -> Error {
    Error::new(
        Code::InsufficientPermission,
        format!("This needs the permission {}, which the token does not carry.", permission.as_str()),
    )
}
