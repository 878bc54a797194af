//! `/api/v1/tenants`, and the roots that a tenant trusts.

use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::configurations::PageQuery;
use crate::app::App;
use crate::http::access::Bearer;
use crate::http::blocking;
use crate::http::body::{Body, Upload};
use crate::http::idempotency::{Answer, Once};
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::reply::{Created, Done, Found, Listing};
use crate::identity::tenants::{self, NewTenant, TenantChange};
use crate::identity::trust_anchors;
use crate::model::error::{Error, Result};
use crate::model::id::ConfigurationId;
use crate::model::name::TenantName;
use crate::model::patch::Patch;
use crate::model::tenant::{SubjectRule, Tenant, TenantStatus, TrustAnchor};
use crate::model::time::Timestamp;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewTenant)]
pub struct NewTenantBody {
    /// 1 to 63 characters from a-z, 0-9 and -; lower-cased.
    #[schema(example = "acme")]
    name: String,
    /// The name, when left out.
    #[schema(example = "Acme Ltd")]
    display_name: Option<String>,
    /// What authenticators show as the issuer; the display name when left out.
    otp_issuer: Option<String>,
    /// Whether the CA may set another subject than the CSR's.
    #[schema(default = true)]
    ca_sets_subject: Option<bool>,
}

/// What is left out stays, null is the default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = TenantChange)]
pub struct TenantChangeBody {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    display_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    otp_issuer: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    ca_sets_subject: Patch<bool>,
    /// active or suspended. A suspended tenant gets no tokens and signs nothing; its tokens are revoked.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "suspended")]
    status: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<CscCreation>)]
    csc_creation: Patch<CscCreation>,
    /// What passes text messages on to signers (SMS_OTP), and push messages to the tenant's own app (PUSH). Setting it,
    /// again too, makes a new secret.
    #[serde(default)]
    #[schema(value_type = Option<GatewayBody>)]
    gateway: Patch<GatewayBody>,
}

/// The tenant's own service, which gets a POST for each message to a signer.
///
/// The body is JSON: `type` (`otp`), `to` (the telephone number), `text` (to be passed on as it is), `code`, `lang`,
/// `tenant` and `expiresIn` (seconds). The request is signed as the Standard Webhooks specification has it:
/// `webhook-signature` is `v1,` and the base64 of HMAC-SHA-256 over `webhook-id`, a dot, `webhook-timestamp`, a dot and
/// the body, with the octets that are base64-encoded behind `whsec_` in the secret. An answer of 2xx within 10 seconds
/// says that the message was taken; everything else, a redirect too, that it was not.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Gateway)]
pub struct GatewayBody {
    /// https, on a host that the operator allows (`--webhook-host`).
    #[schema(example = "https://sms.acme.example/countersign")]
    url: String,
}

/// A tenant as it is after a change.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChangedTenant)]
pub struct ChangedTenantBody {
    #[serde(flatten)]
    tenant: TenantBody,
    /// When the change set a gateway: what its requests are signed with, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    gateway_secret: Option<String>,
}

/// What CSC clients may create credentials under (credentials/create); by default nothing.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CscCreation {
    /// The ids of authorization configurations of the tenant.
    configurations: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tenant)]
pub struct TenantBody {
    name: String,
    display_name: String,
    otp_issuer: Option<String>,
    ca_sets_subject: bool,
    /// active or suspended.
    status: &'static str,
    gateway: Option<GatewayBody>,
    csc_creation: CscCreation,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Create a tenant
///
/// For tokens that may act for all tenants.
#[utoipa::path(post, path = "/api/v1/tenants", tag = "administration", request_body = NewTenantBody,
    params(("Idempotency-Key" = Option<String>, Header)),
    security(("bearer" = [])), responses((status = 201, body = TenantBody)))]
pub async fn create(
    app: Data<App>,
    bearer: Bearer,
    once: Once,
    body: Body<NewTenantBody>,
) -> Result<Answer, Problem> {
    let raw = body.raw.clone();
    let body = body.into_inner();
    let new = NewTenant {
        name: TenantName::parse(&body.name).map_err(|e| at(e, "/name"))?,
        display_name: body.display_name,
        otp_issuer: body.otp_issuer,
        subject_rule: body.ca_sets_subject.map(subject_rule),
    };
    once.answer(&app, bearer.call, raw, &[], move |app, call| {
        let made = tenants::create(&app.service, call, new)?;
        Ok(Created::at(format!("/api/v1/tenants/{}", made.name), TenantBody::from(made)))
    })
    .await
}

/// List tenants
#[utoipa::path(get, path = "/api/v1/tenants", tag = "administration", params(PageQuery), security(("bearer" = [])),
    responses((status = 200, body = Listing<TenantBody>)))]
pub async fn list(
    app: Data<App>,
    bearer: Bearer,
    query: Query<PageQuery>,
) -> Result<Found<Listing<TenantBody>>, Problem> {
    let Query(query) = query;
    let page = query.page()?;
    let found = blocking::run(&app, move |app| tenants::list(&app.service, &bearer.call, &page)).await?;
    Ok(Found(Listing::of(found, TenantBody::from)))
}

/// Show a tenant
#[utoipa::path(get, path = "/api/v1/tenants/{name}", tag = "administration",
    params(("name" = String, Path, description = "The tenant's name")), security(("bearer" = [])),
    responses((status = 200, body = TenantBody)))]
pub async fn show(app: Data<App>, bearer: Bearer, name: Path<String>) -> Result<Found<TenantBody>, Problem> {
    let name = named(&name)?;
    let found = blocking::run(&app, move |app| tenants::show(&app.service, &bearer.call, &name)).await?;
    Ok(Found(TenantBody::from(found)))
}

/// Change a tenant
///
/// For tokens that may act for all tenants. Suspending a tenant revokes its tokens in the same step.
#[utoipa::path(patch, path = "/api/v1/tenants/{name}", tag = "administration", request_body = TenantChangeBody,
    params(("name" = String, Path, description = "The tenant's name")), security(("bearer" = [])),
    responses((status = 200, body = ChangedTenantBody)))]
pub async fn change(
    app: Data<App>,
    bearer: Bearer,
    name: Path<String>,
    body: Body<TenantChangeBody>,
) -> Result<Found<ChangedTenantBody>, Problem> {
    let name = named(&name)?;
    let body = body.into_inner();
    let change = TenantChange {
        display_name: body.display_name,
        otp_issuer: body.otp_issuer,
        subject_rule: body.ca_sets_subject.try_map(|sets| Ok::<_, Error>(subject_rule(sets)))?,
        status: body.status.try_map(|status| {
            TenantStatus::parse(&status).ok_or_else(|| Error::field("/status", "active or suspended"))
        })?,
        gateway: body.gateway.try_map(|gateway| Ok::<_, Error>(gateway.url))?,
        csc_configurations: body.csc_creation.try_map(|creation| {
            let ids = creation.configurations.iter().map(|id| ConfigurationId::parse(id));
            ids.collect::<Result<_>>().map_err(|_| {
                Error::field("/cscCreation/configurations", "ids of authorization configurations")
            })
        })?,
    };
    let changed =
        blocking::run(&app, move |app| tenants::change(&app.service, &bearer.call, &name, change)).await?;
    Ok(Found(ChangedTenantBody {
        tenant: TenantBody::from(changed.tenant),
        gateway_secret: changed.gateway_secret.map(|secret| secret.expose().to_owned()),
    }))
}

/// A CA certificate to pin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTrustAnchor {
    /// PEM, or the base64 of DER.
    certificate: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TrustAnchor)]
pub struct TrustAnchorBody {
    /// SHA-256 over the certificate, lower-case hexadecimal.
    fingerprint_sha256: String,
    /// RFC 4514.
    #[schema(example = "CN=Acme Root,O=Acme")]
    subject: String,
}

const CERTIFICATE_TYPES: [&str; 3] =
    ["application/x-pem-file", "application/pkix-cert", "application/octet-stream"];

/// Pin a root
///
/// From the first one on, only chains to a pinned root are accepted. The body is the certificate, PEM or DER, or JSON.
#[utoipa::path(post, path = "/api/v1/tenants/{name}/trust-anchors", tag = "administration",
    params(("name" = String, Path, description = "The tenant's name"), ("Idempotency-Key" = Option<String>, Header)),
    request_body(content(
        (NewTrustAnchor = "application/json"), (String = "application/x-pem-file"),
        (Vec<u8> = "application/pkix-cert"), (Vec<u8> = "application/octet-stream"),
    )),
    security(("bearer" = [])), responses((status = 201, body = TrustAnchorBody)))]
pub async fn pin(
    app: Data<App>,
    bearer: Bearer,
    once: Once,
    name: Path<String>,
    upload: Upload,
) -> Result<Answer, Problem> {
    let name = named(&name)?;
    upload.require(&CERTIFICATE_TYPES)?;
    let certificate = match upload.json::<NewTrustAnchor>() {
        Some(body) => body?.certificate.into_bytes(),
        None => upload.bytes.to_vec(),
    };
    once.answer(&app, bearer.call, upload.bytes, &[], move |app, call| {
        let pinned = trust_anchors::pin(&app.service, call, &name, &certificate)?;
        Ok(Created::nowhere(TrustAnchorBody::from(pinned)))
    })
    .await
}

/// List the pinned roots
#[utoipa::path(get, path = "/api/v1/tenants/{name}/trust-anchors", tag = "administration",
    params(("name" = String, Path, description = "The tenant's name"), PageQuery), security(("bearer" = [])),
    responses((status = 200, body = Listing<TrustAnchorBody>)))]
pub async fn anchors(
    app: Data<App>,
    bearer: Bearer,
    name: Path<String>,
    query: Query<PageQuery>,
) -> Result<Found<Listing<TrustAnchorBody>>, Problem> {
    let Query(query) = query;
    let (name, page) = (named(&name)?, query.page()?);
    let found = blocking::run(&app, move |app| trust_anchors::list(&app.service, &bearer.call, &name, &page));
    Ok(Found(Listing::of(found.await?, TrustAnchorBody::from)))
}

/// Show a pinned root
#[utoipa::path(get, path = "/api/v1/tenants/{name}/trust-anchors/{fingerprint}", tag = "administration",
    params(
        ("name" = String, Path, description = "The tenant's name"),
        ("fingerprint" = String, Path, description = "SHA-256 over the certificate, hexadecimal"),
    ),
    security(("bearer" = [])), responses((status = 200, body = TrustAnchorBody)))]
pub async fn anchor(
    app: Data<App>,
    bearer: Bearer,
    path: Path<(String, String)>,
) -> Result<Found<TrustAnchorBody>, Problem> {
    let (name, fingerprint) = path.into_inner();
    let (name, fingerprint) = (named(&name)?, fingerprint.to_ascii_lowercase());
    let shown =
        blocking::run(&app, move |app| trust_anchors::show(&app.service, &bearer.call, &name, &fingerprint));
    Ok(Found(TrustAnchorBody::from(shown.await?)))
}

/// Unpin a root
#[utoipa::path(delete, path = "/api/v1/tenants/{name}/trust-anchors/{fingerprint}", tag = "administration",
    params(
        ("name" = String, Path, description = "The tenant's name"),
        ("fingerprint" = String, Path, description = "SHA-256 over the certificate, hexadecimal"),
    ),
    security(("bearer" = [])), responses((status = 204)))]
pub async fn unpin(app: Data<App>, bearer: Bearer, path: Path<(String, String)>) -> Result<Done, Problem> {
    let (name, fingerprint) = path.into_inner();
    let (name, fingerprint) = (named(&name)?, fingerprint.to_ascii_lowercase());
    if !fingerprint.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Error::not_found().into());
    }
    blocking::run(&app, move |app| trust_anchors::unpin(&app.service, &bearer.call, &name, &fingerprint))
        .await?;
    Ok(Done)
}

/// A tenant in a path: what cannot be a name is simply not there.
pub(super) fn named(text: &str) -> Result<TenantName> {
    TenantName::parse(text).map_err(|_| Error::not_found())
}

/// The same fault, of another field.
pub(super) fn at(error: Error, pointer: &str) -> Error {
    let faults = error.fields();
    Error::field(pointer, faults.first().map_or(error.detail(), |fault| &fault.detail))
}

fn subject_rule(ca_sets_subject: bool) -> SubjectRule {
    if ca_sets_subject { SubjectRule::CaSets } else { SubjectRule::AsRequested }
}

impl From<Tenant> for TenantBody {
    fn from(tenant: Tenant) -> Self {
        Self {
            name: tenant.name.to_string(),
            display_name: tenant.display_name,
            otp_issuer: tenant.otp_issuer,
            ca_sets_subject: tenant.subject_rule == SubjectRule::CaSets,
            status: tenant.status.as_str(),
            gateway: tenant.gateway.map(|gateway| GatewayBody { url: gateway.url }),
            csc_creation: CscCreation {
                configurations: tenant.csc_configurations.iter().map(ToString::to_string).collect(),
            },
            created_at: tenant.created_at,
        }
    }
}

impl From<TrustAnchor> for TrustAnchorBody {
    fn from(anchor: TrustAnchor) -> Self {
        Self { fingerprint_sha256: anchor.fingerprint, subject: anchor.subject }
    }
}
