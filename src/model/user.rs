//! Users: people who sign in, each of one tenant.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::client::Client;
use crate::model::factor::OtpMaterial;
use crate::model::id::{FactorId, UserId};
use crate::model::name::{SeatName, TenantName, UserName};
use crate::model::permission::Permissions;
use crate::model::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStatus {
    Active,
    /// Cannot sign in.
    Disabled,
    /// The record stays for the audit; the name is not given again.
    Deleted,
}

impl UserStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Disabled, Self::Deleted].into_iter().find(|s| s.as_str() == text)
    }
}

#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub tenant: TenantName,
    /// Of one user of the tenant only, for ever.
    pub name: UserName,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// As it was written; among the users of the tenant it is told apart by its lower case.
    pub email: Option<String>,
    pub groups: BTreeSet<String>,
    /// Free names; what they mean is said by each application's `rolePermissions`.
    pub roles: BTreeSet<String>,
    /// The seats of the tenant that the user's tokens may name.
    pub seats: BTreeSet<SeatName>,
    pub status: UserStatus,
    /// Without one the user cannot sign in.
    pub password: Option<PasswordVerifier>,
    /// Written by itself: see [`UserOtp`].
    pub otp: OtpStanding,
    pub created_at: Timestamp,
    /// Counts the changes of what the user's tokens depend on. Every change is conditional on it, and so is every token.
    pub version: i64,
}

/// Argon2id, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordVerifier(String);

/// Whether a one-time password is asked for at sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtpStanding {
    None,
    /// Made, but no code of it was seen yet: not asked for.
    Unconfirmed,
    Confirmed,
}

/// The authenticator of a user. Its steps are spent without a change of the user's version.
#[derive(Clone, Debug)]
pub struct UserOtp {
    pub id: FactorId,
    pub user: UserId,
    pub material: OtpMaterial,
    pub confirmed: bool,
}

impl User {
    /// Whether a name or an e-mail address is this user's.
    pub fn is_called(&self, typed: &str) -> bool {
        let typed = identifier(typed);
        let email = self.email.as_deref().map(identifier);
        typed == self.name.as_str() || email.is_some_and(|email| email == typed)
    }

    /// First and last name, else the name.
    pub fn display_name(&self) -> String {
        let parts: Vec<&str> =
            [&self.first_name, &self.last_name].into_iter().flatten().map(String::as_str).collect();
        if parts.is_empty() { self.name.to_string() } else { parts.join(" ") }
    }
}

impl Client {
    /// What this application's record grants to the user's roles and groups, and nothing else.
    pub fn permissions_for(&self, user: &User) -> Permissions {
        let names = user.roles.iter().chain(&user.groups);
        names.filter_map(|name| self.role_permissions.get(name)).flatten().copied().collect()
    }
}

impl PasswordVerifier {
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordVerifier")
    }
}

/// What may stand in the name field of a sign-in, as it is looked up: a name or an e-mail address, in lower case.
pub fn identifier(typed: &str) -> String {
    typed.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::client::{AuthenticationMethod, ClientStatus, GrantType, Pkce};
    use crate::model::id::ClientId;
    use crate::model::permission::{Permission, Role, TenantReach};

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn user(roles: &[&str], groups: &[&str]) -> User {
        let now = Timestamp::from_seconds(0);
        User {
            id: UserId::new(now, [0; 10]),
            tenant: TenantName::parse("acme").unwrap(),
            name: UserName::parse("JDoe").unwrap(),
            first_name: None,
            last_name: None,
            email: None,
            groups: names(groups),
            roles: names(roles),
            seats: BTreeSet::new(),
            status: UserStatus::Active,
            password: Some(PasswordVerifier::new("$argon2id$secret".into())),
            otp: OtpStanding::None,
            created_at: now,
            version: 0,
        }
    }

    fn application(grants: &[(&str, &[Permission])]) -> Client {
        let grants = grants.iter().map(|(name, given)| ((*name).to_owned(), given.iter().copied().collect()));
        Client {
            id: ClientId::parse("portal").unwrap(),
            display_name: None,
            status: ClientStatus::Active,
            authentication: AuthenticationMethod::ClientSecretBasic,
            pkce: Pkce::Required,
            grant_types: vec![GrantType::Password],
            roles: vec![Role::Administrator],
            tenants: TenantReach::All,
            permissions: Permissions::from([Permission::AuditRead]),
            access_token_validity: 1,
            refresh_token_validity: None,
            redirect_uris: Vec::new(),
            role_permissions: grants.collect::<BTreeMap<_, _>>(),
            default_scope: None,
            jwks: None,
            wrapped_account_token_key: None,
            created_at: Timestamp::from_seconds(0),
            version: 0,
        }
    }

    #[test]
    fn a_user_has_what_the_application_grants_to_roles_and_groups_and_nothing_else() {
        use Permission::*;
        let portal = application(&[
            ("signer", &[CredentialsUse, CredentialsRead]),
            ("staff", &[CredentialsRead, SeatsRead]),
            ("boss", &[AuditRead]),
        ]);
        let granted = |roles: &[&str], groups: &[&str]| portal.permissions_for(&user(roles, groups));
        assert_eq!(
            granted(&["signer"], &["staff"]),
            Permissions::from([CredentialsUse, CredentialsRead, SeatsRead])
        );
        assert_eq!(granted(&["unknown"], &[]), Permissions::new());
        // Neither the application's own permissions, nor roles by a name that is a built-in one's.
        assert_eq!(granted(&[], &[]), Permissions::new());
        assert_eq!(granted(&["administrator", "application"], &["*"]), Permissions::new());
        // A name is the same name as a role and as a group.
        assert_eq!(granted(&["staff"], &["staff"]), granted(&[], &["staff"]));
        assert_eq!(granted(&["Staff"], &[]), Permissions::new());
    }

    #[test]
    fn what_is_shown_of_a_user_holds_no_verifier() {
        let shown = format!("{:?}", user(&[], &[]));
        assert!(!shown.contains("argon2"), "{shown}");
    }

    #[test]
    fn the_display_name_is_made_of_what_is_there() {
        let mut user = user(&[], &[]);
        assert_eq!(user.display_name(), "jdoe");
        user.last_name = Some("Doe".into());
        assert_eq!(user.display_name(), "Doe");
        user.first_name = Some("John".into());
        assert_eq!(user.display_name(), "John Doe");
    }
}
