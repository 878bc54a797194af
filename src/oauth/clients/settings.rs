//! What a client's record says, and how it may be changed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::keys::assertion;
use crate::model::client::{AuthenticationMethod, Client, ClientStatus, GrantType, Pkce};
use crate::model::error::{Code, Error, Result};
use crate::model::id::ClientId;
use crate::model::patch::Patch;
use crate::model::permission::{Permissions, Role, TenantReach};
use crate::model::redirect_uri;
use crate::model::scope::RequestedScope;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::oauth::token::LONGEST_VALIDITY;
use crate::service::Service;

/// Every field that may be set, both when a client is registered and afterwards.
#[derive(Clone, Default)]
pub struct ClientSettings {
    pub display_name: Patch<String>,
    pub status: Patch<ClientStatus>,
    pub authentication: Patch<AuthenticationMethod>,
    pub pkce: Patch<Pkce>,
    pub grant_types: Patch<Vec<GrantType>>,
    pub roles: Patch<Vec<Role>>,
    pub tenants: Patch<TenantReach>,
    pub permissions: Patch<Permissions>,
    /// Seconds.
    pub access_token_validity: Patch<i64>,
    /// Seconds.
    pub refresh_token_validity: Patch<i64>,
    pub redirect_uris: Patch<Vec<String>>,
    pub role_permissions: Patch<BTreeMap<String, Permissions>>,
    pub default_scope: Patch<String>,
    pub jwks: Patch<Value>,
    pub account_token_key: Patch<SecretText>,
}

pub const DEFAULT_VALIDITY: u32 = 3600;
pub const DEFAULT_AUTHENTICATION: AuthenticationMethod = AuthenticationMethod::ClientSecretBasic;
/// In octets.
const LONGEST_ACCOUNT_TOKEN_KEY: usize = 256;
const MOST_KEYS: usize = 20;

/// A client with every field at its default.
pub(super) fn blank(id: ClientId, tenants: TenantReach, now: Timestamp) -> Client {
    Client {
        id,
        display_name: None,
        status: ClientStatus::Active,
        authentication: DEFAULT_AUTHENTICATION,
        pkce: Pkce::Required,
        grant_types: vec![GrantType::ClientCredentials],
        roles: vec![Role::Application],
        tenants,
        permissions: Permissions::new(),
        access_token_validity: DEFAULT_VALIDITY,
        refresh_token_validity: None,
        redirect_uris: Vec::new(),
        role_permissions: BTreeMap::new(),
        default_scope: None,
        jwks: None,
        wrapped_account_token_key: None,
        created_at: now,
        version: 0,
    }
}

impl ClientSettings {
    /// What is stored of the account token key, for [`ClientSettings::apply`]: made before any transaction.
    pub(super) fn wrap_account_token_key(&self, service: &Service, id: &ClientId) -> Result<Patch<Vec<u8>>> {
        self.account_token_key.clone().try_map(|key| {
            if !(1..=LONGEST_ACCOUNT_TOKEN_KEY).contains(&key.expose().len()) {
                let detail = format!("1 to {LONGEST_ACCOUNT_TOKEN_KEY} octets");
                return Err(Error::field("/accountTokenKey", detail));
            }
            service.vault.wrap_account_token_key(id, &key)
        })
    }

    /// The record after the change. `default_tenants` are those of a record that names none.
    pub(super) fn apply(
        self,
        before: Client,
        account_token_key: Patch<Vec<u8>>,
        default_tenants: impl FnOnce() -> Result<TenantReach>,
    ) -> Result<Client> {
        let blank = blank(before.id.clone(), before.tenants.clone(), before.created_at);
        let tenants = match self.tenants {
            Patch::Keep => before.tenants,
            Patch::Reset => default_tenants()?,
            Patch::Set(tenants) => tenants,
        };
        let access = self.access_token_validity.try_map(|s| validity("/accessTokenValidity", s))?;
        let refresh = self.refresh_token_validity.try_map(|s| validity("/refreshTokenValidity", s))?;
        let after = Client {
            display_name: Patch::optional(self.display_name).apply(before.display_name, || None),
            status: self.status.apply(before.status, || ClientStatus::Active),
            authentication: self.authentication.apply(before.authentication, || blank.authentication),
            pkce: self.pkce.apply(before.pkce, || blank.pkce),
            grant_types: distinct(self.grant_types.apply(before.grant_types, || blank.grant_types)),
            roles: distinct(self.roles.apply(before.roles, || blank.roles)),
            tenants,
            permissions: self.permissions.apply(before.permissions, Permissions::new),
            access_token_validity: access.apply(before.access_token_validity, || DEFAULT_VALIDITY),
            refresh_token_validity: Patch::optional(refresh).apply(before.refresh_token_validity, || None),
            redirect_uris: self.redirect_uris.apply(before.redirect_uris, Vec::new),
            role_permissions: self.role_permissions.apply(before.role_permissions, BTreeMap::new),
            default_scope: Patch::optional(self.default_scope).apply(before.default_scope, || None),
            jwks: Patch::optional(self.jwks).apply(before.jwks, || None),
            wrapped_account_token_key: Patch::optional(account_token_key)
                .apply(before.wrapped_account_token_key, || None),
            id: before.id,
            created_at: before.created_at,
            version: before.version,
        };
        check(&after)?;
        Ok(after)
    }

    /// The names of the fields that are set, for the audit.
    pub(super) fn named(&self) -> Vec<&'static str> {
        [
            ("displayName", self.display_name.is_kept()),
            ("status", self.status.is_kept()),
            ("tokenEndpointAuthMethod", self.authentication.is_kept()),
            ("pkce", self.pkce.is_kept()),
            ("authorizedGrantTypes", self.grant_types.is_kept()),
            ("roles", self.roles.is_kept()),
            ("tenants", self.tenants.is_kept()),
            ("permissions", self.permissions.is_kept()),
            ("accessTokenValidity", self.access_token_validity.is_kept()),
            ("refreshTokenValidity", self.refresh_token_validity.is_kept()),
            ("redirectUris", self.redirect_uris.is_kept()),
            ("rolePermissions", self.role_permissions.is_kept()),
            ("defaultScope", self.default_scope.is_kept()),
            ("jwks", self.jwks.is_kept()),
            ("accountTokenKey", self.account_token_key.is_kept()),
        ]
        .into_iter()
        .filter_map(|(name, kept)| (!kept).then_some(name))
        .collect()
    }
}

fn validity(pointer: &str, seconds: i64) -> Result<u32> {
    let fits = u32::try_from(seconds).ok().filter(|seconds| (1..=LONGEST_VALIDITY).contains(seconds));
    fits.ok_or_else(|| {
        let detail = format!("A validity is 1 to {LONGEST_VALIDITY} seconds, not {seconds}.");
        Error::new(Code::InvalidValidity, detail).at(pointer)
    })
}

fn check(client: &Client) -> Result<()> {
    let odd_name =
        |name: &String| !(1..=255).contains(&name.chars().count()) || name.chars().any(char::is_control);
    if client.display_name.as_ref().is_some_and(odd_name) {
        return Err(Error::field("/displayName", "1 to 255 characters without control characters"));
    }
    if client.redirect_uris.len() > 50 {
        return Err(Error::field("/redirectUris", "at most 50"));
    }
    for (index, uri) in client.redirect_uris.iter().enumerate() {
        if let Some(fault) = redirect_uri::fault(uri) {
            return Err(Error::field(format!("/redirectUris/{index}"), fault));
        }
    }
    if client.role_permissions.keys().any(|role| !(1..=128).contains(&role.chars().count())) {
        return Err(Error::field("/rolePermissions", "a role's name is 1 to 128 characters"));
    }
    if let Some(scope) = &client.default_scope {
        RequestedScope::parse(scope).map_err(|error| Error::field("/defaultScope", error.detail()))?;
    }
    client.jwks.as_ref().map_or(Ok(()), public_keys)?;
    match client.authentication {
        AuthenticationMethod::ClientSecretBasic | AuthenticationMethod::ClientSecretPost => Ok(()),
        AuthenticationMethod::PrivateKeyJwt => has_usable_key(client.jwks.as_ref()),
        AuthenticationMethod::None => is_within_a_public_client(client),
    }
}

fn has_usable_key(jwks: Option<&Value>) -> Result<()> {
    let keys = jwks.and_then(|jwks| jwks.get("keys")).and_then(Value::as_array);
    if keys.is_some_and(|keys| keys.iter().any(assertion::is_usable)) {
        return Ok(());
    }
    let detail =
        "private_key_jwt needs a key for signatures: RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519";
    Err(Error::field("/jwks", detail))
}

/// Who may be anybody gets nothing that is a client's own, and proves with PKCE that it began what it ends.
fn is_within_a_public_client(client: &Client) -> Result<()> {
    let not_for_it = [GrantType::ClientCredentials, GrantType::Password];
    if let Some(grant) = not_for_it.iter().find(|grant| client.grant_types.contains(grant)) {
        let detail = format!(
            "a public client (tokenEndpointAuthMethod none) has no {}: name authorization_code, refresh_token or implicit",
            grant.as_str()
        );
        return Err(Error::field("/authorizedGrantTypes", detail));
    }
    if client.pkce == Pkce::Optional {
        return Err(Error::field("/pkce", "required, for a public client (tokenEndpointAuthMethod none)"));
    }
    Ok(())
}

/// A JWK Set (RFC 7517, 5) of public keys only.
fn public_keys(jwks: &Value) -> Result<()> {
    let keys = jwks.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or_else(|| Error::field("/jwks", "an object with the array `keys` (RFC 7517)"))?;
    if keys.len() > MOST_KEYS {
        return Err(Error::field("/jwks/keys", format!("at most {MOST_KEYS}")));
    }
    for (index, key) in keys.iter().enumerate() {
        let pointer = format!("/jwks/keys/{index}");
        let asymmetric = key.get("kty").and_then(Value::as_str).is_some_and(|kty| kty != "oct");
        if !asymmetric {
            return Err(Error::field(pointer, "a public key with `kty` RSA, EC or OKP"));
        }
        if ["d", "p", "q", "k"].iter().any(|private| key.get(private).is_some()) {
            return Err(Error::field(pointer, "this key has a private part; send the public key only"));
        }
    }
    Ok(())
}

/// Without repetitions, in a fixed order.
fn distinct<T: Ord>(values: Vec<T>) -> Vec<T> {
    values.into_iter().collect::<BTreeSet<T>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn applied(settings: ClientSettings) -> Result<Client> {
        let id = ClientId::parse("acme").unwrap();
        let before = blank(id, TenantReach::All, Timestamp::from_seconds(0));
        settings.apply(before, Patch::Keep, || Ok(TenantReach::All))
    }

    #[test]
    fn validities_out_of_range_are_named() {
        for seconds in [0, -1, 31_536_001, i64::MAX] {
            let settings =
                ClientSettings { access_token_validity: Patch::Set(seconds), ..ClientSettings::default() };
            let error = applied(settings).unwrap_err();
            assert_eq!(
                (error.code(), error.fields()[0].pointer.as_str()),
                (Code::InvalidValidity, "/accessTokenValidity")
            );
        }
        let settings = ClientSettings { access_token_validity: Patch::Reset, ..ClientSettings::default() };
        assert_eq!(applied(settings).unwrap().access_token_validity, DEFAULT_VALIDITY);
    }

    #[test]
    fn a_jwks_with_a_private_key_is_refused() {
        public_keys(&json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]})).unwrap();
        for jwks in [
            json!({}),
            json!({"keys": [{"kty": "oct", "k": "AA"}]}),
            json!({"keys": [{"kty": "EC", "d": "AA"}]}),
        ] {
            assert!(public_keys(&jwks).is_err(), "{jwks}");
        }
    }
}
