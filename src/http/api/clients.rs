//! `/api/v1/clients`: applications.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::configurations::PageQuery;
use crate::app::App;
use crate::http::access::Bearer;
use crate::http::blocking;
use crate::http::body::{self, Body, Upload};
use crate::http::idempotency::{Answer, Once};
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::reply::{Created, Done, Found, Listing};
use crate::model::client::{AuthenticationMethod, Client, ClientStatus, GrantType, Pkce};
use crate::model::error::{Error, Result};
use crate::model::id::ClientId;
use crate::model::patch::Patch;
use crate::model::permission::{Permissions, Role, TenantReach};
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::oauth::clients::change::ClientChange;
use crate::oauth::clients::create::{CreatedClient, NewClient};
use crate::oauth::clients::settings::ClientSettings;
use crate::oauth::clients::{change, create, delete, secrets, show};

/// A request that may set every field of a client's record; some requests have more.
macro_rules! client_request {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $kind:ty,)* }) => {
        #[derive(Deserialize, ToSchema)]
        $(#[$about])*
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        pub struct $name {
            $($(#[$doc])* $field: $kind,)*
            /// client_secret_basic (the default) or client_secret_post: by a secret, in either place; private_key_jwt: by
            /// assertions that a key of `jwks` signs (RFC 7523); none: a public client, that its id only names.
            #[serde(default)]
            #[schema(value_type = Option<String>, example = "client_secret_basic")]
            token_endpoint_auth_method: Patch<AuthenticationMethod>,
            /// required (the default) or optional: whether the grant authorization_code wants a code challenge. For a
            /// public client it does.
            #[serde(default)]
            #[schema(value_type = Option<String>, example = "required")]
            pkce: Patch<Pkce>,
            /// A list, or a text with spaces or commas between; client_credentials by default. A public client has neither
            /// client_credentials nor password.
            #[serde(default)]
            #[schema(value_type = Option<GrantTypesSchema>, example = "client_credentials")]
            authorized_grant_types: Patch<GrantTypes>,
            /// Seconds, 1 to 31536000; 3600 by default.
            #[serde(default)]
            #[schema(value_type = Option<i64>, example = 3600)]
            access_token_validity: Patch<i64>,
            /// Seconds, 1 to 31536000.
            #[serde(default)]
            #[schema(value_type = Option<i64>)]
            refresh_token_validity: Patch<i64>,
            /// application (the default), ca_operator, administrator, auditor.
            #[serde(default)]
            #[schema(value_type = Option<Vec<String>>, example = json!(["application"]))]
            roles: Patch<Vec<Role>>,
            /// The tenants it may act for, or `["*"]` for all; the caller's only one by default.
            #[serde(default)]
            #[schema(value_type = Option<Vec<String>>, example = json!(["acme"]))]
            tenants: Patch<TenantReach>,
            /// Permissions beside those of the roles.
            #[serde(default)]
            #[schema(value_type = Option<Vec<String>>)]
            permissions: Patch<Permissions>,
            /// Absolute URIs without a fragment and without a user. Compared as texts, but for the port of 127.0.0.1 and
            /// [::1].
            #[serde(default)]
            #[schema(value_type = Option<Vec<String>>)]
            redirect_uris: Patch<Vec<String>>,
            /// What the application grants to its users' roles and groups.
            #[serde(default)]
            #[schema(value_type = Option<BTreeMap<String, Vec<String>>>)]
            role_permissions: Patch<BTreeMap<String, Permissions>>,
            /// The scope of a token request that names neither seat nor tenant.
            #[serde(default)]
            #[schema(value_type = Option<String>, example = "tenant:acme")]
            default_scope: Patch<String>,
            /// Public keys (RFC 7517). For private_key_jwt one at least is RSA of 2048 to 8192 bits, P-256, P-384 or
            /// Ed25519, for signatures.
            #[serde(default)]
            #[schema(value_type = Option<Object>)]
            jwks: Patch<Value>,
            /// What the client's account tokens (CSC, oauth2/authorize) are signed with: 1 to 256 octets. Never shown.
            #[serde(default)]
            #[schema(value_type = Option<String>)]
            account_token_key: Patch<SecretText>,
            #[serde(default)]
            #[schema(value_type = Option<String>, example = "Acme's document portal")]
            display_name: Patch<String>,
            /// active or disabled.
            #[serde(default)]
            #[schema(value_type = Option<String>, example = "active")]
            status: Patch<String>,
        }

        impl $name {
            fn settings(&mut self) -> Result<ClientSettings> {
                use std::mem::take;
                Ok(ClientSettings {
                    display_name: take(&mut self.display_name),
                    status: take(&mut self.status).try_map(status)?,
                    grant_types: take(&mut self.authorized_grant_types).try_map(|g| Ok::<_, Error>(g.0))?,
                    roles: take(&mut self.roles),
                    tenants: take(&mut self.tenants),
                    permissions: take(&mut self.permissions),
                    access_token_validity: take(&mut self.access_token_validity),
                    refresh_token_validity: take(&mut self.refresh_token_validity),
                    redirect_uris: take(&mut self.redirect_uris),
                    role_permissions: take(&mut self.role_permissions),
                    default_scope: take(&mut self.default_scope),
                    jwks: take(&mut self.jwks),
                    authentication: take(&mut self.token_endpoint_auth_method),
                    pkce: take(&mut self.pkce),
                    account_token_key: take(&mut self.account_token_key),
                })
            }
        }
    };
}

client_request! {
    /// A client to register.
    #[schema(as = NewClient)]
    NewClientBody {
        /// 1 to 64 of `[A-Za-z0-9_-]`.
        #[schema(example = "acme")]
        client_id: String,
        /// Left out, the server makes one of 256 bits and shows it in the answer, this once; for a client that
        /// authenticates by it.
        #[schema(value_type = Option<String>, example = "acme_password")]
        client_secret: Option<SecretText>,
    }
}

client_request! {
    /// What is left out stays, null is the default. Taking something away revokes the client's tokens.
    #[schema(as = ClientChange)]
    ClientChangeBody {
        /// Only for a client that begins to authenticate by it; `POST /api/v1/clients/{clientId}/secrets` makes others.
        #[schema(value_type = Option<String>)]
        client_secret: Option<SecretText>,
    }
}

/// The grants of a client, in either spelling.
pub struct GrantTypes(Vec<GrantType>);

#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = GrantTypes)]
pub enum GrantTypesSchema {
    Text(String),
    List(Vec<String>),
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Client)]
pub struct ClientBody {
    client_id: String,
    /// Only when the server made it, and only this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    display_name: Option<String>,
    /// active or disabled.
    status: &'static str,
    token_endpoint_auth_method: &'static str,
    pkce: &'static str,
    authorized_grant_types: Vec<&'static str>,
    roles: Vec<&'static str>,
    tenants: Vec<String>,
    permissions: Vec<&'static str>,
    /// Seconds.
    access_token_validity: u32,
    /// Seconds.
    refresh_token_validity: Option<u32>,
    redirect_uris: Vec<String>,
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    role_permissions: BTreeMap<String, Permissions>,
    default_scope: Option<String>,
    #[schema(value_type = Option<Object>)]
    jwks: Option<Value>,
    has_account_token_key: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// The members of a request that must leave no trace.
const SECRETS: &[&str] = &["clientSecret", "accountTokenKey"];

/// Register a client
#[utoipa::path(post, path = "/api/v1/clients", tag = "administration", request_body = NewClientBody,
    params(("Idempotency-Key" = Option<String>, Header)),
    security(("bearer" = [])), responses((status = 201, body = ClientBody)))]
pub async fn create(
    app: Data<App>,
    bearer: Bearer,
    once: Once,
    body: Body<NewClientBody>,
) -> Result<Answer, Problem> {
    let raw = body.raw.clone();
    let mut body = body.into_inner();
    let new = NewClient {
        id: ClientId::parse(&body.client_id)?,
        secret: body.client_secret.take(),
        settings: body.settings()?,
    };
    once.answer(&app, bearer.call, raw, SECRETS, move |app, call| {
        let CreatedClient { client, secret } = create::create(&app.service, call, new)?;
        let path = format!("/api/v1/clients/{}", client.id);
        let client_secret = secret.map(|secret| secret.expose().to_owned());
        Ok(Created::at(path, ClientBody { client_secret, ..ClientBody::from(client) }))
    })
    .await
}

/// List clients
#[utoipa::path(get, path = "/api/v1/clients", tag = "administration", params(PageQuery), security(("bearer" = [])),
    responses((status = 200, body = Listing<ClientBody>)))]
pub async fn list(
    app: Data<App>,
    bearer: Bearer,
    query: Query<PageQuery>,
) -> Result<Found<Listing<ClientBody>>, Problem> {
    let Query(query) = query;
    let page = query.page()?;
    let found = blocking::run(&app, move |app| show::list(&app.service, &bearer.call, &page)).await?;
    Ok(Found(Listing::of(found, ClientBody::from)))
}

/// Show a client
#[utoipa::path(get, path = "/api/v1/clients/{clientId}", tag = "administration",
    params(("clientId" = String, Path, description = "The client's id")), security(("bearer" = [])),
    responses((status = 200, body = ClientBody)))]
pub async fn show(app: Data<App>, bearer: Bearer, id: Path<String>) -> Result<Found<ClientBody>, Problem> {
    let id = identified(&id)?;
    let found = blocking::run(&app, move |app| show::show(&app.service, &bearer.call, &id)).await?;
    Ok(Found(ClientBody::from(found)))
}

/// Change a client
#[utoipa::path(patch, path = "/api/v1/clients/{clientId}", tag = "administration", request_body = ClientChangeBody,
    params(("clientId" = String, Path, description = "The client's id")), security(("bearer" = [])),
    responses((status = 200, body = ClientBody)))]
pub async fn change(
    app: Data<App>,
    bearer: Bearer,
    id: Path<String>,
    body: Body<ClientChangeBody>,
) -> Result<Found<ClientBody>, Problem> {
    let id = identified(&id)?;
    let mut body = body.into_inner();
    let asked = ClientChange { secret: body.client_secret.take(), settings: body.settings()? };
    let changed =
        blocking::run(&app, move |app| change::change(&app.service, &bearer.call, &id, asked)).await?;
    Ok(Found(ClientBody::from(changed)))
}

/// Delete a client
///
/// Its secrets and tokens end with it. Its id is not given again.
#[utoipa::path(delete, path = "/api/v1/clients/{clientId}", tag = "administration",
    params(("clientId" = String, Path, description = "The client's id")), security(("bearer" = [])),
    responses((status = 204)))]
pub async fn delete(app: Data<App>, bearer: Bearer, id: Path<String>) -> Result<Done, Problem> {
    let id = identified(&id)?;
    blocking::run(&app, move |app| delete::delete(&app.service, &bearer.call, &id)).await?;
    Ok(Done)
}

/// When the old secrets of a client end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SecretRequest {
    /// Seconds until the old secrets end; 0 ends them at once.
    #[schema(default = 86400)]
    expires_in: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewSecret)]
pub struct SecretBody {
    client_id: String,
    /// Shown this once.
    client_secret: String,
    /// Until then the old secrets work beside it.
    #[schema(value_type = String, format = DateTime)]
    old_secrets_end_at: Timestamp,
}

/// Make a new client secret
///
/// It works beside the old ones until those end. For clients that authenticate by secrets.
#[utoipa::path(post, path = "/api/v1/clients/{clientId}/secrets", tag = "administration", request_body = SecretRequest,
    params(("clientId" = String, Path, description = "The client's id"), ("Idempotency-Key" = Option<String>, Header)),
    security(("bearer" = [])), responses((status = 201, body = SecretBody)))]
pub async fn add_secret(
    app: Data<App>,
    bearer: Bearer,
    once: Once,
    id: Path<String>,
    upload: Upload,
) -> Result<Answer, Problem> {
    let id = identified(&id)?;
    // There may be no body at all: every field has a default.
    let expires_in = if upload.bytes.is_empty() {
        None
    } else {
        upload.require(&[])?;
        body::parse::<SecretRequest>(&upload.bytes)?.expires_in
    };
    once.answer(&app, bearer.call, upload.bytes, &[], move |app, call| {
        let made = secrets::add(&app.service, call, &id, expires_in)?;
        Ok(Created::nowhere(SecretBody {
            client_id: made.client.to_string(),
            client_secret: made.secret.expose().to_owned(),
            old_secrets_end_at: made.old_end_at,
        }))
    })
    .await
}

/// A client in a path: what cannot be an id is simply not there.
fn identified(text: &str) -> Result<ClientId> {
    ClientId::parse(text).map_err(|_| Error::not_found())
}

fn status(text: String) -> Result<ClientStatus> {
    let settable = ClientStatus::parse(&text).filter(|status| *status != ClientStatus::Deleted);
    settable.ok_or_else(|| Error::field("/status", "active or disabled"))
}

impl<'de> Deserialize<'de> for GrantTypes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a text or a list of texts")]
        enum Spelling {
            Text(String),
            List(Vec<String>),
        }
        let names = match Spelling::deserialize(deserializer)? {
            Spelling::Text(text) => text.split([',', ' ']).map(str::to_owned).collect(),
            Spelling::List(names) => names,
        };
        let parsed = names.iter().filter(|name| !name.is_empty()).map(|name| {
            let known: Vec<&str> = GrantType::ALL.iter().map(|grant| grant.as_str()).collect();
            GrantType::parse(name).ok_or_else(|| {
                serde::de::Error::custom(format!("a grant type is one of {}", known.join(", ")))
            })
        });
        parsed.collect::<Result<_, D::Error>>().map(Self)
    }
}

impl From<Client> for ClientBody {
    fn from(client: Client) -> Self {
        Self {
            client_id: client.id.to_string(),
            client_secret: None,
            display_name: client.display_name,
            status: client.status.as_str(),
            token_endpoint_auth_method: client.authentication.as_str(),
            pkce: client.pkce.as_str(),
            authorized_grant_types: client.grant_types.iter().map(|grant| grant.as_str()).collect(),
            roles: client.roles.iter().map(|role| role.as_str()).collect(),
            tenants: client.tenants.names(),
            permissions: client.permissions.iter().map(|permission| permission.as_str()).collect(),
            access_token_validity: client.access_token_validity,
            refresh_token_validity: client.refresh_token_validity,
            redirect_uris: client.redirect_uris,
            role_permissions: client.role_permissions,
            default_scope: client.default_scope,
            jwks: client.jwks,
            has_account_token_key: client.wrapped_account_token_key.is_some(),
            created_at: client.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grant_types_come_as_a_text_or_as_a_list() {
        let both = vec![GrantType::ClientCredentials, GrantType::RefreshToken];
        for text in [
            r#""client_credentials,refresh_token""#,
            r#""client_credentials, refresh_token""#,
            r#"["client_credentials","refresh_token"]"#,
        ] {
            assert_eq!(serde_json::from_str::<GrantTypes>(text).unwrap().0, both, "{text}");
        }
        assert!(serde_json::from_str::<GrantTypes>(r#""none""#).is_err());
    }
}
