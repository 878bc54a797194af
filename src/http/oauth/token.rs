//! `POST /oauth2/token`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::client::presented;
use super::form::Form;
use super::refusal::{OAuthError, Refused};
use super::{granted, request};
use crate::app::App;
use crate::http::blocking;
use crate::model::client::GrantType;
use crate::model::error::{Code, Error, Result};
use crate::model::id::CredentialId;
use crate::model::secret::SecretText;
use crate::oauth::grants::authorization_code::{Redemption, authorization_code};
use crate::oauth::grants::client_credentials::client_credentials;
use crate::oauth::grants::password::{UserLogin, password};
use crate::oauth::grants::refresh_token::refresh_token;
use crate::oauth::metadata::GRANTS;

/// The parameters of a token request.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form in the OpenAPI document")]
pub struct TokenForm {
    /// `client_credentials`, `authorization_code`, `refresh_token` or `password`.
    #[schema(example = "client_credentials")]
    grant_type: String,
    /// For the grant `authorization_code`: what came back from `/oauth2/authorize`. It is good once, for a minute.
    code: Option<String>,
    /// For the grant `authorization_code`: the one of the authorization request, if that had one.
    redirect_uri: Option<String>,
    /// For the grant `authorization_code`: what the request's `code_challenge` is the hash of (RFC 7636).
    code_verifier: Option<String>,
    /// For the grant `refresh_token`. It is good once: the answer holds the next one.
    refresh_token: Option<String>,
    /// For the grant `password`: the user's name or e-mail address.
    username: Option<String>,
    password: Option<String>,
    /// For the grant `password`: the one-time password of a user who has an authenticator.
    otp: Option<String>,
    /// `seat:<value>` and `tenant:<value>` in any order, and `service`. A refresh may leave out `service`. Of a user's
    /// token the seat is one of the user's, and the only one if none is named.
    #[schema(example = "seat:jdoe@acme tenant:acme")]
    scope: Option<String>,
    /// Beside `client_secret`, where HTTP Basic is not used; alone, of a public client.
    client_id: Option<String>,
    client_secret: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`, beside `client_assertion` (RFC 7523, 2.2).
    client_assertion_type: Option<String>,
    /// A JWT that the client signed, for this server, for ten minutes at most and for once.
    client_assertion: Option<String>,
    /// Kept with the audit event.
    #[schema(rename = "clientData")]
    client_data: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct TokenBody<'a> {
    access_token: &'a str,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 3600)]
    expires_in: u32,
    /// What was granted.
    #[schema(example = "seat:jdoe@acme tenant:acme")]
    scope: &'a str,
    /// With the grants that give one.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    /// With scope `openid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    /// Of a credential-scope token that was asked for by RFC 9396: what it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<&'a Value>,
    /// Of a credential-scope token: the credential, where the request left that to the server.
    #[serde(rename = "credentialID", skip_serializing_if = "Option::is_none")]
    credential: Option<&'a str>,
}

/// Get an access token
///
/// The client authenticates as its record says: by HTTP Basic or by `client_id` and `client_secret` in the body, by
/// `client_assertion_type` and `client_assertion`, or, being a public one, by `client_id` alone. `password` is for
/// clients whose record lists it.
#[utoipa::path(post, path = "/oauth2/token", tag = "oauth",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = TokenBody<'static>),
        (status = 400, description = "Refused (RFC 6749, 5.2)", body = OAuthError),
        (status = 401, description = "Client authentication failed", body = OAuthError),
        (status = 429, description = "Too many failed attempts", body = OAuthError),
        (status = 503, description = "Busy", body = OAuthError),
    ))]
pub async fn issue(app: Data<App>, http: HttpRequest, form: Form) -> Result<HttpResponse, Refused> {
    let presented = presented(&http, &form)?;
    let asked = form.required("grant_type")?.expose();
    let grant = GrantType::parse(asked).filter(|grant| GRANTS.contains(grant)).ok_or_else(unsupported)?;
    let request = request(&app, form.text("clientData"));
    let issued = blocking::run(&app, move |app| {
        let (oauth, scope) = (&app.oauth, form.text("scope"));
        match grant {
            GrantType::ClientCredentials => client_credentials(oauth, &request, &presented, scope),
            GrantType::RefreshToken => {
                refresh_token(oauth, &request, &presented, form.required("refresh_token")?, scope)
            }
            GrantType::Password => password(oauth, &request, &presented, &user_login(&form)?, scope),
            GrantType::AuthorizationCode => {
                authorization_code(oauth, &request, &presented, &redemption(&form)?)
            }
            GrantType::Implicit => Err(unsupported()),
        }
    })
    .await?;
    app.metrics.token_issued(grant.as_str());
    Ok(granted(&TokenBody {
        access_token: issued.access_token.expose(),
        token_type: issued.token_type,
        expires_in: issued.expires_in,
        scope: &issued.scope,
        refresh_token: issued.refresh_token.as_ref().map(SecretText::expose),
        id_token: issued.id_token.as_ref().map(SecretText::expose),
        authorization_details: issued.authorization_details.as_ref(),
        credential: issued.credential.as_ref().map(CredentialId::as_str),
    }))
}

fn redemption(form: &Form) -> Result<Redemption> {
    Ok(Redemption {
        code: form.required("code")?.clone(),
        redirect_uri: form.text("redirect_uri").map(str::to_owned),
        verifier: form.secret("code_verifier").cloned(),
    })
}

fn user_login(form: &Form) -> Result<UserLogin> {
    Ok(UserLogin {
        name: form.required("username")?.expose().to_owned(),
        password: form.required("password")?.clone(),
        otp: form.secret("otp").cloned(),
    })
}

fn unsupported() -> Error {
    let names: Vec<&str> = GRANTS.iter().map(|grant| grant.as_str()).collect();
    let detail = format!("grant_type is one of {}.", names.join(", "));
    Error::new(Code::UnsupportedGrantType, detail)
}
