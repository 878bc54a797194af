//! Access tokens: what they say (RFC 9068), how one is issued, and how one is read back.

use serde::{Deserialize, Serialize};

use crate::identity::sign_in::Seen;
use crate::keys::token_key::{Expected, TokenVerifier};
use crate::model::client::GrantType;
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Actor, Audited, Event};
use crate::model::id::{ClientId, CredentialId, FamilyId, TokenId, UserId};
use crate::model::name::{SeatName, TenantName, UserName};
use crate::model::permission::{Permissions, Role, TenantReach};
use crate::model::refresh_token::FamilyOrigin;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::model::token::{TokenRecord, TokenUser, VerifiedToken};
use crate::model::user::User;
use crate::oauth::known_clients::KnownClient;
use crate::oauth::{OAuth, Request, refresh, user_access};
use crate::service::id_octets;
use crate::store::{refresh_tokens, tokens};

/// The header's `typ` (RFC 9068, 2.1).
pub const TYP: &str = "at+jwt";
/// No token lives longer, in seconds.
pub const LONGEST_VALIDITY: u32 = 31_536_000;

/// What a grant decided that a client gets.
#[derive(Clone, Debug)]
pub struct Granted {
    pub grant: GrantType,
    /// Whom the client acts for, if not for itself.
    pub user: Option<User>,
    pub seat: Option<SeatName>,
    pub tenant: Option<TenantName>,
    /// Space-separated.
    pub scope: String,
    pub reach: TenantReach,
    /// Where it may be renewed, if a refresh token goes with it.
    pub refresh: Option<FamilyOrigin>,
}

/// A token on its way to the client.
#[derive(Clone)]
pub struct IssuedToken {
    pub access_token: SecretText,
    /// Seconds.
    pub expires_in: u32,
    pub scope: String,
    pub refresh_token: Option<SecretText>,
    /// `Bearer`, but for credential-scope tokens of CSC v1.
    pub token_type: &'static str,
    /// With scope `openid`, from the grants that somebody signed in for.
    pub id_token: Option<SecretText>,
    /// Of a credential-scope token that was asked for by RFC 9396: what it is for.
    pub authorization_details: Option<serde_json::Value>,
    /// Of a credential-scope token: the credential, where the request did not name it.
    pub credential: Option<CredentialId>,
}

/// Signs a token and records it, with its event, in one write that also finds the client and the user unchanged; so too
/// the refresh token that goes with it.
pub fn issue(
    oauth: &OAuth,
    client: &KnownClient,
    request: &Request,
    granted: Granted,
) -> Result<IssuedToken> {
    let begun = granted
        .refresh
        .map(|origin| refresh::begin(oauth, client, &granted, origin, request.at))
        .transpose()?;
    let family = begun.as_ref().map(|begun| begun.family.id.clone());
    let signed = sign(oauth, client, &granted, family, request.at)?;
    let issued = signed.issued(begun.as_ref().map(|begun| begun.refresh_token.clone()));
    let (seen, user, client_data) = (client.seen(), granted.seen(), request.client_data.clone());
    oauth.service.store.write(granted.actor(client, request), move |tx| {
        seen.stands(tx)?;
        user.as_ref().map_or(Ok(()), |user| user.stands(tx))?;
        if let Some(begun) = &begun {
            refresh_tokens::begin(tx, &begun.family, &begun.first)?;
        }
        tokens::insert(tx, &signed.record)?;
        Ok(Audited::new(issued.clone(), signed.event(client_data.as_deref())))
    })
}

impl Granted {
    /// The state of the user that this is granted to.
    pub(super) fn seen(&self) -> Option<Seen> {
        self.user.as_ref().map(Seen::of)
    }

    pub(super) fn actor(&self, client: &KnownClient, request: &Request) -> Actor {
        request.actor_for(&client.record.id, self.user.as_ref().map(|user| &user.id))
    }

    fn permissions(&self, client: &KnownClient) -> Permissions {
        match &self.user {
            Some(user) => user_access::permissions(&client.record, user, self.seat.as_ref()),
            None => client.permissions.clone(),
        }
    }
}

/// An access token that is not recorded yet, so that it is worth nothing.
pub(super) struct Signed {
    pub(super) record: TokenRecord,
    access_token: SecretText,
    grant: GrantType,
    expires_in: u32,
}

/// Signs an access token; done before any transaction.
pub(super) fn sign(
    oauth: &OAuth,
    client: &KnownClient,
    granted: &Granted,
    family: Option<FamilyId>,
    at: Timestamp,
) -> Result<Signed> {
    let service = &oauth.service;
    let validity = client.record.access_token_validity;
    let record = TokenRecord {
        id: TokenId::new(at, id_octets()?),
        client: client.record.id.clone(),
        user: granted.user.as_ref().map(|user| user.name.clone()),
        tenant: granted.tenant.clone(),
        seat: granted.seat.clone(),
        scope: granted.scope.clone(),
        permissions: granted.permissions(client),
        reach: granted.reach.clone(),
        family,
        issued_at: at,
        expires_at: Timestamp::from_seconds(at.seconds()).plus_seconds(i64::from(validity)),
        revoked_at: None,
    };
    let mut claims = Claims::of(&service.public_url, &client.record.roles, &record);
    if let Some(user) = &granted.user {
        claims = claims.about(user);
    }
    let access_token = SecretText::new(oauth.keyring.sign(service, TYP, &claims, at)?);
    Ok(Signed { record, access_token, grant: granted.grant, expires_in: validity })
}

impl Signed {
    /// What the client gets once the record is on disk.
    pub(super) fn issued(&self, refresh_token: Option<SecretText>) -> IssuedToken {
        IssuedToken {
            access_token: self.access_token.clone(),
            expires_in: self.expires_in,
            scope: self.record.scope.clone(),
            refresh_token,
            token_type: "Bearer",
            id_token: None,
            authorization_details: None,
            credential: None,
        }
    }

    pub(super) fn event(&self, client_data: Option<&str>) -> Event {
        let record = &self.record;
        let mut event = Event::done("token.issue", format!("token:{}", record.id))
            .with("grant", self.grant.as_str())
            .with("scope", record.scope.as_str())
            .with("expiresAt", record.expires_at.to_string());
        if let Some(family) = &record.family {
            event = event.with("family", family.as_str());
        }
        if let Some(data) = client_data {
            event = event.with("clientData", data);
        }
        event.tenant.clone_from(&record.tenant);
        event
    }
}

/// What a token says, when the key signed it and we are its issuer and audience. Its age is left to the caller.
pub(super) fn verify(key: &TokenVerifier, issuer: &str, token: &str) -> Result<VerifiedToken> {
    // No token is expired at the beginning of time.
    let expected = Expected { typ: TYP, issuer, audience: issuer, now: Timestamp::from_seconds(0) };
    key.verify::<Claims>(token, &expected).map(VerifiedToken::from).map_err(|_| not_recognised())
}

pub(super) fn not_recognised() -> Error {
    Error::new(Code::InvalidToken, "The access token was not recognised; get a new one.")
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    exp: i64,
    aud: Vec<String>,
    sub: String,
    client_id: String,
    iat: i64,
    jti: String,
    scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seat: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    roles: Vec<String>,
    permissions: Permissions,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

/// What a user's token has besides, in the shape that clients of the older service read.
#[derive(Serialize, Deserialize)]
struct Context {
    user: ContextUser,
    scopes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct ContextUser {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    groups: Vec<String>,
}

impl Claims {
    fn of(issuer: &str, roles: &[Role], record: &TokenRecord) -> Self {
        Self {
            iss: issuer.to_owned(),
            exp: record.expires_at.seconds(),
            aud: vec![issuer.to_owned()],
            // Without a user the client acts for itself (RFC 9068, 2.2).
            sub: record.client.to_string(),
            client_id: record.client.to_string(),
            iat: record.issued_at.seconds(),
            jti: record.id.to_string(),
            scope: record.scope.clone(),
            seat: record.seat.as_ref().map(ToString::to_string),
            tenant: record.tenant.as_ref().map(ToString::to_string),
            roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
            permissions: record.permissions.clone(),
            context: None,
        }
    }

    fn about(self, user: &User) -> Self {
        let scopes = self.scope.split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let context = ContextUser {
            name: user.name.to_string(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            groups: user.groups.iter().cloned().collect(),
        };
        Self {
            sub: user.id.to_string(),
            roles: user.roles.iter().cloned().collect(),
            context: Some(Context { user: context, scopes }),
            ..self
        }
    }
}

impl From<Claims> for VerifiedToken {
    fn from(claims: Claims) -> Self {
        // A user's roles are free names: one that is called like a client's is not one.
        let (roles, user) = match claims.context {
            Some(context) => {
                let name = UserName::stored(context.user.name);
                (Vec::new(), Some(TokenUser { id: UserId::stored(claims.sub), name, roles: claims.roles }))
            }
            None => (claims.roles.iter().filter_map(|role| Role::parse(role)).collect(), None),
        };
        Self {
            id: TokenId::stored(claims.jti),
            client: ClientId::stored(claims.client_id),
            user,
            tenant: claims.tenant.map(TenantName::stored),
            seat: claims.seat.map(SeatName::stored),
            scope: claims.scope,
            roles,
            permissions: claims.permissions,
            audience: claims.aud,
            issued_at: Timestamp::from_seconds(claims.iat),
            expires_at: Timestamp::from_seconds(claims.exp),
        }
    }
}
