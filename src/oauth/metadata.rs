//! What this authorization server can do (RFC 8414): the truth only, so it grows with the grants.

use serde::Serialize;
use utoipa::ToSchema;

use crate::keys::assertion::ALGORITHMS;
use crate::model::client::{AuthenticationMethod, GrantType};
use crate::service::Service;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Metadata {
    pub issuer: String,
    pub token_endpoint: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub jwks_uri: String,
    pub service_documentation: String,
    pub grant_types_supported: Vec<&'static str>,
    /// Required by RFC 8414; empty without an authorization endpoint.
    pub response_types_supported: Vec<&'static str>,
    /// `seat:<value>` and `tenant:<value>` are scopes too, of which no list can be made.
    pub scopes_supported: Vec<&'static str>,
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
}

/// The grants that have a file under `grants/`.
pub const GRANTS: [GrantType; 3] =
    [GrantType::ClientCredentials, GrantType::RefreshToken, GrantType::Password];

pub fn metadata(service: &Service) -> Metadata {
    let issuer = &service.public_url;
    let methods: Vec<&str> = AuthenticationMethod::ALL.iter().map(|method| method.as_str()).collect();
    // Nobody asks about a token without showing who it is.
    let public = AuthenticationMethod::None.as_str();
    let authenticating = methods.iter().copied().filter(|method| *method != public).collect();
    Metadata {
        issuer: issuer.clone(),
        token_endpoint: format!("{issuer}/oauth2/token"),
        introspection_endpoint: format!("{issuer}/oauth2/introspect"),
        revocation_endpoint: format!("{issuer}/oauth2/revoke"),
        jwks_uri: format!("{issuer}/oauth2/jwks"),
        service_documentation: format!("{issuer}/docs"),
        grant_types_supported: GRANTS.iter().map(|grant| grant.as_str()).collect(),
        response_types_supported: Vec::new(),
        scopes_supported: vec!["service"],
        token_endpoint_auth_methods_supported: methods.clone(),
        token_endpoint_auth_signing_alg_values_supported: ALGORITHMS.to_vec(),
        introspection_endpoint_auth_methods_supported: authenticating,
        introspection_endpoint_auth_signing_alg_values_supported: ALGORITHMS.to_vec(),
        revocation_endpoint_auth_methods_supported: methods,
        revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS.to_vec(),
    }
}
