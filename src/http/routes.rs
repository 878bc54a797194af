//! Every route, in one table: what actix serves, what `/openapi.json` describes and what the access tests walk.
//!
//! A row is `METHOD "path" module::handler [codes]`: the codes are the refusals of this handler beyond those that any
//! route may give (`openapi.rs` adds them to the document). Where two paths match, the earlier row wins. Handlers of
//! rows in `documented` carry `#[utoipa::path]` with the same method and path; a test compares them.

use actix_web::guard::{self, Guard, GuardContext};
use actix_web::http::Method;
use actix_web::web::{self, Data, PathConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError, Route};
use utoipa::OpenApi;

use super::api::{
    audit_events, certificate_requests, clients, configurations, credentials, enrolment, enrolment_links,
    seats, tenants, tokens, user_secrets, users,
};
use super::csc::v1::{
    credentials as csc_v1_credentials, info as csc_v1_info, service_token as csc_v1_auth,
    signatures as csc_v1_signatures,
};
use super::csc::v2::{
    credentials as csc_v2_credentials, enrolment as csc_v2_enrolment, info as csc_v2_info,
    service_token as csc_v2_auth, sign_polling as csc_v2_sign_polling, signatures as csc_v2_signatures,
};
use super::csc::{self, logo as csc_logo, send_otp as csc_send_otp, timestamp as csc_timestamp};
use super::oauth::{
    authorize, check_token, introspect, jwks, metadata, older, pushed_authorize, revoke, token, userinfo,
};
use super::pages::{approval, authorization, enrolment as enrolment_page, sign_out};
use super::problem::Problem;
use super::{documents, health, metrics};
use crate::app::App;
use crate::model::error::{Code, Error};

/// One row of the table.
pub struct Endpoint {
    pub method: Method,
    /// The pattern, with parameters in braces.
    pub path: &'static str,
    /// Module and handler, `tenants_create`: OpenAPI's `operationId`.
    pub name: &'static str,
    /// The refusals that are this route's own.
    pub refusals: &'static [Code],
    pub listener: Listener,
    route: fn() -> Route,
}

/// Which port answers a route when there are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    Public,
    /// For operators: on the public port only when there is no `--service-listen`.
    Service,
}

/// The pattern of the route that answers a request, for the log and the metrics.
pub(super) struct Pattern(pub(super) &'static str);

macro_rules! table {
    (
        documented { $($method:ident $path:literal $module:ident::$handler:ident $([$($code:ident),*])?;)* }
        service { $($s_method:ident $s_path:literal $s_module:ident::$s_handler:ident;)* }
        undocumented { $($u_method:ident $u_path:literal $u_module:ident::$u_handler:ident;)* }
    ) => {
        /// The annotations of all documented handlers.
        #[derive(OpenApi)]
        #[openapi(paths($($module::$handler,)* $($s_module::$s_handler),*))]
        pub(super) struct Annotated;

        /// The whole table.
        pub const TABLE: &[Endpoint] = &[
            $(Endpoint {
                method: Method::$method,
                path: $path,
                name: concat!(stringify!($module), "_", stringify!($handler)),
                refusals: &[$($(Code::$code),*)?],
                listener: Listener::Public,
                route: || web::to($module::$handler),
            },)*
            $(Endpoint {
                method: Method::$s_method,
                path: $s_path,
                name: concat!(stringify!($s_module), "_", stringify!($s_handler)),
                refusals: &[],
                listener: Listener::Service,
                route: || web::to($s_module::$s_handler),
            },)*
            $(Endpoint {
                method: Method::$u_method,
                path: $u_path,
                name: concat!(stringify!($u_module), "_", stringify!($u_handler)),
                refusals: &[],
                listener: Listener::Public,
                route: || web::to($u_module::$u_handler),
            },)*
        ];

        #[cfg(test)]
        const UNDOCUMENTED: &[&str] = &[$($u_path),*];
    };
}

table! {
    documented {
        POST "/api/v1/credentials" enrolment::create [NotFound, InsufficientScope, InvalidMultiSignature];
        GET "/api/v1/credentials" credentials::list [InvalidRequest];
        GET "/api/v1/credentials/{id}" credentials::show [NotFound];
        DELETE "/api/v1/credentials/{id}" credentials::destroy [NotFound, InvalidState];
        POST "/api/v1/credentials/{id}/second-factors" enrolment::add_second_factor [NotFound, InvalidState, AlreadyExists, FactorNotRequired, WeakPin];
        POST "/api/v1/credentials/{id}/second-factors/otp/confirm" enrolment::confirm [NotFound, InvalidState, OtpMismatch, FactorLocked, CredentialLocked];
        POST "/api/v1/credentials/{id}/enrolment-link" enrolment_links::create [NotFound, InvalidState, FactorNotRequired];
        POST "/api/v1/credentials/{id}/key-pair" enrolment::generate_key_pair [NotFound, InvalidState, UnsupportedAlgorithm];
        GET "/api/v1/credentials/{id}/csr" enrolment::csr [NotFound, InvalidState];
        PUT "/api/v1/credentials/{id}/certificate" enrolment::attach_certificate [
            NotFound, InvalidState, MalformedPkcs7, UnexpectedPkcs7Content, NoCertificates, MalformedCertificate,
            PublicKeyMismatch, ExplicitEcParameters, InvalidSignature, IntermediateMissing, RootMissing, UntrustedRoot,
            NotACa, PathLengthExceeded, CertificateExpired, CertificateNotYetValid, KeyUsage, WeakKey, WeakSignature,
            SubjectMismatch, CertificateRevoked, NameConstraints, SelfTestFailed
        ];
        GET "/api/v1/certificate-requests" certificate_requests::list [InvalidRequest];
        POST "/api/v1/authorization-configurations" configurations::create [NotFound, AlreadyExists, NoSecondFactor, NotSupportedYet];
        GET "/api/v1/authorization-configurations" configurations::list [InvalidRequest];
        GET "/api/v1/authorization-configurations/{id}" configurations::show [NotFound];
        GET "/api/v1/audit-events" audit_events::list [InvalidRequest];

        POST "/api/v1/tenants" tenants::create [AlreadyExists];
        GET "/api/v1/tenants" tenants::list [InvalidRequest];
        GET "/api/v1/tenants/{name}" tenants::show [NotFound];
        PATCH "/api/v1/tenants/{name}" tenants::change [NotFound];
        POST "/api/v1/tenants/{name}/trust-anchors" tenants::pin [NotFound, MalformedCertificate, NotACa];
        GET "/api/v1/tenants/{name}/trust-anchors" tenants::anchors [NotFound, InvalidRequest];
        GET "/api/v1/tenants/{name}/trust-anchors/{fingerprint}" tenants::anchor [NotFound];
        DELETE "/api/v1/tenants/{name}/trust-anchors/{fingerprint}" tenants::unpin [NotFound];
        POST "/api/v1/tenants/{name}/seats" seats::create [NotFound, AlreadyExists];
        GET "/api/v1/tenants/{name}/seats" seats::list [NotFound, InvalidRequest];
        GET "/api/v1/tenants/{name}/seats/{seat}" seats::show [NotFound];
        POST "/api/v1/clients" clients::create [AlreadyExists, InvalidValidity];
        GET "/api/v1/clients" clients::list [InvalidRequest];
        GET "/api/v1/clients/{clientId}" clients::show [NotFound];
        PATCH "/api/v1/clients/{clientId}" clients::change [NotFound, InvalidValidity];
        DELETE "/api/v1/clients/{clientId}" clients::delete [NotFound];
        POST "/api/v1/clients/{clientId}/secrets" clients::add_secret [NotFound, InvalidValidity];
        POST "/api/v1/users" users::create [NotFound, AlreadyExists, WeakPassword];
        GET "/api/v1/users" users::list [InvalidRequest];
        GET "/api/v1/users/{id}" users::show [NotFound];
        PATCH "/api/v1/users/{id}" users::change [NotFound, AlreadyExists];
        DELETE "/api/v1/users/{id}" users::delete [NotFound];
        POST "/api/v1/users/{id}/password" user_secrets::set_password [NotFound, WeakPassword];
        POST "/api/v1/users/{id}/otp" user_secrets::add_otp [NotFound, AlreadyExists];
        POST "/api/v1/users/{id}/otp/confirm" user_secrets::confirm_otp [NotFound, InvalidState, OtpMismatch];
        DELETE "/api/v1/users/{id}/otp" user_secrets::remove_otp [NotFound];
        GET "/api/v1/tokens" tokens::list [InvalidRequest];
        POST "/api/v1/tokens/revoke" tokens::revoke_matching;
        DELETE "/api/v1/tokens/{tokenId}" tokens::revoke [NotFound];

        GET "/oauth2/authorize" authorize::get;
        POST "/oauth2/authorize" authorize::post;
        GET "/oauth2/authorize/{handle}" authorization::show [NotFound];
        POST "/oauth2/authorize/{handle}" authorization::decided [NotFound, CrossSiteRequest];
        POST "/oauth2/pushed_authorize" pushed_authorize::push_request;
        GET "/oauth2/sign-out" sign_out::ask;
        POST "/oauth2/sign-out" sign_out::leave [CrossSiteRequest];
        POST "/oauth2/token" token::issue;
        POST "/oauth2/check_token" check_token::check;
        POST "/oauth2/introspect" introspect::token;
        POST "/oauth2/revoke" revoke::token;
        GET "/oauth2/userinfo" userinfo::get;
        POST "/oauth2/userinfo" userinfo::post;
        GET "/oauth2/jwks" jwks::list;
        GET "/.well-known/oauth-authorization-server" metadata::show;
        GET "/.well-known/openid-configuration" metadata::openid;

        GET "/csc/v1/info" csc_v1_info::get;
        POST "/csc/v1/info" csc_v1_info::post;
        GET "/csc/v1/auth/login" csc_v1_auth::get_login;
        POST "/csc/v1/auth/login" csc_v1_auth::login;
        POST "/csc/v1/auth/revoke" csc_v1_auth::revoke;
        POST "/csc/v1/credentials/list" csc_v1_credentials::list;
        POST "/csc/v1/credentials/info" csc_v1_credentials::info;
        POST "/csc/v1/credentials/authorize" csc_v1_credentials::authorize;
        POST "/csc/v1/credentials/sendOTP" csc_send_otp::v1;
        POST "/csc/v1/credentials/extendTransaction" csc_v1_credentials::extend_transaction;
        POST "/csc/v1/signatures/signHash" csc_v1_signatures::sign_hash;
        POST "/csc/v1/signatures/timestamp" csc_timestamp::v1;
        GET "/csc/v2/info" csc_v2_info::get;
        POST "/csc/v2/info" csc_v2_info::post;
        GET "/csc/v2/auth/login" csc_v2_auth::get_login;
        POST "/csc/v2/auth/login" csc_v2_auth::login;
        POST "/csc/v2/auth/revoke" csc_v2_auth::revoke;
        POST "/csc/v2/credentials/list" csc_v2_credentials::list;
        POST "/csc/v2/credentials/info" csc_v2_credentials::info;
        POST "/csc/v2/credentials/authorize" csc_v2_credentials::authorize;
        POST "/csc/v2/credentials/authorizeCheck" csc_v2_credentials::authorize_check;
        POST "/csc/v2/credentials/sendOTP" csc_send_otp::v2;
        POST "/csc/v2/credentials/getChallenge" csc_send_otp::challenge;
        POST "/csc/v2/credentials/extendTransaction" csc_v2_credentials::extend_transaction;
        POST "/csc/v2/credentials/create" csc_v2_enrolment::create;
        POST "/csc/v2/credentials/delete" csc_v2_enrolment::delete;
        POST "/csc/v2/signatures/signHash" csc_v2_signatures::sign_hash;
        POST "/csc/v2/signatures/signPolling" csc_v2_sign_polling::sign_polling;
        POST "/csc/v2/signatures/timestamp" csc_timestamp::v2;
        GET "/csc/logo.png" csc_logo::show;

        GET "/approvals/{token}" approval::show [NotFound, ApprovalDecided];
        POST "/approvals/{token}" approval::decide [NotFound, ApprovalDecided, UnsupportedMediaType];
        GET "/enrolment/{token}" enrolment_page::show [NotFound, LinkExpired, LinkUsed, LinkInUse, FactorLocked, CredentialLocked];
        POST "/enrolment/{token}" enrolment_page::step [
            NotFound, LinkExpired, LinkUsed, LinkInUse, CrossSiteRequest, WeakPin, OtpMismatch, FactorLocked, CredentialLocked
        ];

        GET "/health/live" health::live;
        GET "/openapi.json" documents::openapi;
        GET "/problems/{code}" documents::problem [NotFound];
    }
    service {
        GET "/health/ready" health::ready;
        GET "/metrics" metrics::scrape;
    }
    undocumented {
        GET "/oauth/authorize" older::authorize;
        POST "/oauth/authorize" older::post_authorize;
        GET "/csc/v1/oauth2/authorize" older::csc_v1_authorize;
        POST "/csc/v1/oauth2/authorize" older::csc_v1_post_authorize;
        GET "/csc/v2/oauth2/authorize" older::csc_v2_authorize;
        POST "/csc/v2/oauth2/authorize" older::csc_v2_post_authorize;
        POST "/csc/v1/oauth2/pushed_authorize" older::csc_v1_push_request;
        POST "/csc/v2/oauth2/pushed_authorize" older::csc_v2_push_request;
        POST "/oauth/token" older::token;
        POST "/oauth/check_token" older::check_token;
        POST "/oauth/revoke" older::revoke;
        POST "/revoke" older::csc_revoke;
        POST "/csc/v1/oauth2/token" older::csc_v1_token;
        POST "/csc/v1/oauth2/revoke" older::csc_v1_revoke;
        POST "/csc/v2/oauth2/token" older::csc_v2_token;
        POST "/csc/v2/oauth2/revoke" older::csc_v2_revoke;
        GET "/" documents::landing;
        GET "/docs" documents::docs;
        GET "/docs/" documents::docs_index;
        GET "/docs/{file}" documents::docs_file;
    }
}

/// Serves the routes of these listeners, and refuses everything else as a problem.
pub fn configure(config: &mut ServiceConfig, listeners: &[Listener]) {
    config.app_data(PathConfig::default().error_handler(|_, _| Problem::from(Error::not_found()).into()));
    let rows: Vec<&Endpoint> = TABLE.iter().filter(|row| listeners.contains(&row.listener)).collect();
    let mut done: Vec<&str> = Vec::new();
    for row in &rows {
        if !done.contains(&row.path) {
            done.push(row.path);
            let same_path: Vec<&Endpoint> =
                rows.iter().copied().filter(|other| other.path == row.path).collect();
            config.service(resource(row.path, &same_path));
        }
    }
    config.default_service(web::to(unknown));
}

fn resource(path: &'static str, rows: &[&Endpoint]) -> Resource {
    let mut allow: Vec<&str> = rows.iter().map(|row| row.method.as_str()).collect();
    if allow.contains(&"GET") {
        allow.push("HEAD");
    }
    let allow = allow.join(", ");
    let refuse = move || {
        let problem = Problem::method_not_allowed(&allow);
        std::future::ready(if csc::owns(path) {
            csc::fault::refuse(path, problem)
        } else {
            problem.error_response()
        })
    };
    let is_there = guard::fn_guard(move |context| is_there(context, path));
    let mut resource = web::resource(path).app_data(Pattern(path)).guard(is_there);
    for row in rows {
        resource = resource.route((row.route)().guard(answering(row.method.clone())));
    }
    resource.default_service(web::to(refuse))
}

/// What is not configured is like any other path that does not exist.
fn is_there(context: &GuardContext<'_>, path: &str) -> bool {
    context.app_data::<Data<App>>().is_none_or(|app| csc_timestamp::is_there(app, path))
}

/// Whoever answers GET answers HEAD (RFC 9110, section 9.3.2); actix leaves the body out.
fn answering(method: Method) -> impl Guard {
    guard::fn_guard(move |context| {
        let asked = &context.head().method;
        *asked == method || (*asked == Method::HEAD && method == Method::GET)
    })
}

async fn unknown(request: HttpRequest) -> HttpResponse {
    if csc::owns(request.path()) {
        return csc::fault::not_implemented(request.path());
    }
    let detail = "There is no such path. /openapi.json lists the paths that there are.";
    Problem::from(Error::new(Code::NotFound, detail)).error_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::openapi;

    #[test]
    fn the_table_and_the_document_have_the_same_routes() {
        let document = serde_json::to_value(openapi::document()).unwrap();
        let mut described = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                described.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
        let served: BTreeSet<String> = TABLE
            .iter()
            .filter(|row| !UNDOCUMENTED.contains(&row.path))
            .map(|row| format!("{} {}", row.method, row.path))
            .collect();
        assert_eq!(described, served);
    }

    #[test]
    fn no_route_is_there_twice() {
        let mut seen = BTreeSet::new();
        for row in TABLE {
            assert!(seen.insert(format!("{} {}", row.method, row.path)), "{} {}", row.method, row.path);
        }
    }
}
