//! `/api/v1/certificate-requests`: what waits for a certificate, for CA operators.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::credential::show;
use crate::http::access::Bearer;
use crate::http::blocking;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::reply::{Found, Listing};
use crate::model::name::{SeatName, TenantName};
use crate::model::time::Timestamp;
use crate::pki::csr;
use crate::store::page::Page;

/// A credential that waits for its certificate.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateRequest {
    credential_id: String,
    tenant: String,
    seat: String,
    /// RFC 4514.
    subject: String,
    /// PEM (RFC 2986).
    csr: String,
    key_algorithm: &'static str,
    key_length: Option<u32>,
    #[schema(value_type = String, format = DateTime)]
    requested_at: Timestamp,
}

/// Which requests are meant.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RequestQuery {
    tenant: Option<String>,
    seat: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<u16>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// List what waits for a certificate
#[utoipa::path(get, path = "/api/v1/certificate-requests", tag = "enrolment", params(RequestQuery),
    security(("bearer" = [])), responses((status = 200, body = Listing<CertificateRequest>)))]
pub async fn list(
    app: Data<App>,
    bearer: Bearer,
    query: Query<RequestQuery>,
) -> Result<Found<Listing<CertificateRequest>>, Problem> {
    let Query(query) = query;
    let tenant = query.tenant.as_deref().map(TenantName::parse).transpose()?;
    let seat = query.seat.as_deref().map(SeatName::parse).transpose()?;
    let page = Page::new(query.limit, query.cursor)?;
    let call = bearer.call;
    let found = blocking::run(&app, move |app| {
        show::certificate_requests(&app.service, &call, tenant.clone(), seat.clone(), &page)
    })
    .await?;
    Ok(Found(Listing::of(found, |(credential, key)| CertificateRequest {
        credential_id: credential.id.to_string(),
        tenant: credential.tenant.to_string(),
        seat: credential.seat.to_string(),
        subject: key.subject,
        csr: csr::pem(&key.csr),
        key_algorithm: key.algorithm.family(),
        key_length: super::credentials::key_length(key.algorithm),
        requested_at: key.created_at,
    })))
}
