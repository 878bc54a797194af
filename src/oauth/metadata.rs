//! What this authorization server can do (RFC 8414): the truth only, so it grows with the grants.

use serde::Serialize;
use utoipa::ToSchema;

use crate::keys::assertion::ALGORITHMS;
use crate::model::client::{AuthenticationMethod, GrantType};
use crate::model::error::Result;
use crate::model::language::Language;
use crate::model::time::Timestamp;
use crate::oauth::OAuth;
use crate::oauth::authorization::signatures::DETAILS_TYPES;
use crate::oauth::openid::CLAIMS;
use crate::service::Service;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    /// RFC 9126.
    pub pushed_authorization_request_endpoint: String,
    pub token_endpoint: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub jwks_uri: String,
    pub service_documentation: String,
    pub grant_types_supported: Vec<&'static str>,
    pub response_types_supported: Vec<&'static str>,
    pub response_modes_supported: Vec<&'static str>,
    /// PKCE (RFC 7636).
    pub code_challenge_methods_supported: Vec<&'static str>,
    /// RFC 9207.
    pub authorization_response_iss_parameter_supported: bool,
    pub ui_locales_supported: Vec<&'static str>,
    /// The types of RFC 9396 authorization_details.
    pub authorization_details_types_supported: Vec<&'static str>,
    pub prompt_values_supported: Vec<&'static str>,
    /// `seat:<value>` and `tenant:<value>` are scopes too, of which no list can be made.
    pub scopes_supported: Vec<&'static str>,
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
}

/// The same for OpenID Connect (Discovery 1.0, section 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OpenIdConfiguration {
    #[serde(flatten)]
    pub server: Metadata,
    pub userinfo_endpoint: String,
    pub subject_types_supported: Vec<&'static str>,
    /// Those of the keys that sign now or are next.
    pub id_token_signing_alg_values_supported: Vec<&'static str>,
    pub claim_types_supported: Vec<&'static str>,
    pub claims_supported: Vec<&'static str>,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    /// Of requests as JWTs (RFC 9101); the `request_uri` of a pushed request is taken.
    pub request_uri_parameter_supported: bool,
}

/// The grants of the token endpoint: those that have a file under `grants/`.
pub const GRANTS: [GrantType; 4] = [
    GrantType::ClientCredentials,
    GrantType::AuthorizationCode,
    GrantType::RefreshToken,
    GrantType::Password,
];

pub fn metadata(service: &Service) -> Metadata {
    let issuer = &service.public_url;
    let methods: Vec<&str> = AuthenticationMethod::ALL.iter().map(|method| method.as_str()).collect();
    // Nobody asks about a token without showing who it is.
    let public = AuthenticationMethod::None.as_str();
    let authenticating = methods.iter().copied().filter(|method| *method != public).collect();
    Metadata {
        issuer: issuer.clone(),
        authorization_endpoint: format!("{issuer}/oauth2/authorize"),
        pushed_authorization_request_endpoint: format!("{issuer}/oauth2/pushed_authorize"),
        token_endpoint: format!("{issuer}/oauth2/token"),
        introspection_endpoint: format!("{issuer}/oauth2/introspect"),
        revocation_endpoint: format!("{issuer}/oauth2/revoke"),
        jwks_uri: format!("{issuer}/oauth2/jwks"),
        service_documentation: format!("{issuer}/docs"),
        grant_types_supported: GrantType::ALL.iter().map(|grant| grant.as_str()).collect(),
        response_types_supported: vec!["code", "token"],
        response_modes_supported: vec!["query", "fragment"],
        code_challenge_methods_supported: vec!["S256"],
        authorization_response_iss_parameter_supported: true,
        ui_locales_supported: Language::ALL.iter().map(|language| language.tag()).collect(),
        authorization_details_types_supported: DETAILS_TYPES.to_vec(),
        prompt_values_supported: vec!["none", "login", "consent", "select_account"],
        scopes_supported: vec!["openid", "profile", "email", "service", "credential"],
        token_endpoint_auth_methods_supported: methods.clone(),
        token_endpoint_auth_signing_alg_values_supported: ALGORITHMS.to_vec(),
        introspection_endpoint_auth_methods_supported: authenticating,
        introspection_endpoint_auth_signing_alg_values_supported: ALGORITHMS.to_vec(),
        revocation_endpoint_auth_methods_supported: methods,
        revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS.to_vec(),
    }
}

pub fn openid_configuration(oauth: &OAuth, now: Timestamp) -> Result<OpenIdConfiguration> {
    let server = metadata(&oauth.service);
    Ok(OpenIdConfiguration {
        userinfo_endpoint: format!("{}/oauth2/userinfo", server.issuer),
        server,
        subject_types_supported: vec!["public"],
        id_token_signing_alg_values_supported: oauth.keyring.algorithms(&oauth.service, now)?,
        claim_types_supported: vec!["normal"],
        claims_supported: CLAIMS.to_vec(),
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
    })
}
