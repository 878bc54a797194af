//! `/api/v1/credentials`: looking at credentials, and destroying them.

use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::credential::{Progress, destroy, show};
use crate::http::access::Bearer;
use crate::http::blocking;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::reply::{Done, Found, Listing};
use crate::model::algorithm::KeyAlgorithm;
use crate::model::credential::CredentialStatus;
use crate::model::error::{Error, Result};
use crate::model::id::CredentialId;
use crate::model::name::{SeatName, TenantName};
use crate::model::time::Timestamp;
use crate::pki::certificate::{CertificateFacts, facts};
use crate::store::credentials::CredentialFilter;
use crate::store::page::Page;

/// A credential, and what it waits for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Credential)]
pub struct CredentialBody {
    credential_id: String,
    tenant: String,
    seat: String,
    /// created, protected, awaiting_certificate, active, suspended, expired, revoked or destroyed.
    status: &'static str,
    /// add_second_factor, confirm_otp, generate_key_pair or add_certificate.
    next_step: Option<&'static str>,
    required_second_factors: Vec<&'static str>,
    second_factors: Vec<FactorBody>,
    authorization_configuration: String,
    multi_signature: u32,
    description: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The end of the attached certificate.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// A second factor that was added.
#[derive(Serialize, ToSchema)]
#[schema(as = SecondFactorState)]
pub struct FactorBody {
    #[serde(rename = "type")]
    kind: &'static str,
    confirmed: bool,
}

/// What a certificate says.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Certificate)]
pub struct CertificateBody {
    /// RFC 4514.
    subject: String,
    issuer: String,
    /// Hex.
    serial_number: String,
    #[schema(value_type = String, format = DateTime)]
    not_before: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    not_after: Timestamp,
    /// Lower-case hex.
    fingerprint_sha256: String,
}

/// A credential with its key and chain.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CredentialDetails {
    #[serde(flatten)]
    credential: CredentialBody,
    key_algorithm: Option<&'static str>,
    key_length: Option<u32>,
    /// The subject of the CSR, RFC 4514.
    subject: Option<String>,
    chain: Option<Vec<CertificateBody>>,
}

/// Show a credential
#[utoipa::path(get, path = "/api/v1/credentials/{id}", tag = "credentials",
    params(("id" = String, Path, description = "The credential's id")), security(("bearer" = [])),
    responses((status = 200, body = CredentialDetails)))]
pub async fn show(
    app: Data<App>,
    bearer: Bearer,
    id: Path<String>,
) -> Result<Found<CredentialDetails>, Problem> {
    let id = CredentialId::parse(&id)?;
    let call = bearer.call;
    let details = blocking::run(&app, move |app| {
        let shown = show::show(&app.service, &call, &id)?;
        let certificates = shown.chain.map(|chain| {
            chain
                .certificates
                .iter()
                .map(|der| facts(der).map(CertificateBody::from))
                .collect::<Result<Vec<_>>>()
        });
        Ok(CredentialDetails {
            credential: CredentialBody::from(&shown.progress),
            key_algorithm: shown.key.as_ref().map(|key| key.algorithm.family()),
            key_length: shown.key.as_ref().and_then(|key| key_length(key.algorithm)),
            subject: shown.key.map(|key| key.subject),
            chain: certificates.transpose()?,
        })
    })
    .await?;
    Ok(Found(details))
}

/// Which credentials are meant.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CredentialQuery {
    tenant: Option<String>,
    seat: Option<String>,
    /// created, protected, awaiting_certificate, active, suspended, expired, revoked or destroyed.
    status: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<u16>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// List credentials
#[utoipa::path(get, path = "/api/v1/credentials", tag = "credentials", params(CredentialQuery),
    security(("bearer" = [])), responses((status = 200, body = Listing<CredentialBody>)))]
pub async fn list(
    app: Data<App>,
    bearer: Bearer,
    query: Query<CredentialQuery>,
) -> Result<Found<Listing<CredentialBody>>, Problem> {
    let Query(query) = query;
    let unknown_status = || {
        Error::field(
            "/status",
            "created, protected, awaiting_certificate, active, suspended, expired, revoked or destroyed",
        )
    };
    let filter = CredentialFilter {
        tenant: query.tenant.as_deref().map(TenantName::parse).transpose()?,
        seat: query.seat.as_deref().map(SeatName::parse).transpose()?,
        statuses: query
            .status
            .iter()
            .map(|status| CredentialStatus::parse(status).ok_or_else(unknown_status))
            .collect::<Result<_>>()?,
    };
    let page = Page::new(query.limit, query.cursor)?;
    let call = bearer.call;
    let found = blocking::run(&app, move |app| show::list(&app.service, &call, &filter, &page)).await?;
    Ok(Found(Listing::of(found, |progress| CredentialBody::from(&progress))))
}

/// Destroy a credential
///
/// Every wrap of the private key is overwritten; the record stays for the audit.
#[utoipa::path(delete, path = "/api/v1/credentials/{id}", tag = "credentials",
    params(("id" = String, Path, description = "The credential's id")), security(("bearer" = [])),
    responses((status = 204)))]
pub async fn destroy(app: Data<App>, bearer: Bearer, id: Path<String>) -> Result<Done, Problem> {
    let id = CredentialId::parse(&id)?;
    let call = bearer.call;
    blocking::run(&app, move |app| destroy::destroy(&app.service, &call, &id)).await?;
    Ok(Done)
}

/// A length where the algorithm has one to choose.
pub(super) fn key_length(algorithm: KeyAlgorithm) -> Option<u32> {
    (algorithm != KeyAlgorithm::Ed25519).then(|| algorithm.bits())
}

impl From<&Progress> for CredentialBody {
    fn from(progress: &Progress) -> Self {
        let credential = &progress.credential;
        Self {
            credential_id: credential.id.to_string(),
            tenant: credential.tenant.to_string(),
            seat: credential.seat.to_string(),
            status: progress.status.as_str(),
            next_step: progress.next_step.map(|step| step.as_str()),
            required_second_factors: progress.required().iter().map(|kind| kind.as_str()).collect(),
            second_factors: progress
                .added
                .iter()
                .map(|factor| FactorBody { kind: factor.kind.as_str(), confirmed: factor.confirmed })
                .collect(),
            authorization_configuration: credential.configuration.to_string(),
            multi_signature: credential.multi_signature,
            description: credential.description.clone(),
            created_at: credential.created_at,
            expires_at: credential.expires_at,
        }
    }
}

impl From<CertificateFacts> for CertificateBody {
    fn from(facts: CertificateFacts) -> Self {
        Self {
            subject: facts.subject,
            issuer: facts.issuer,
            serial_number: facts.serial_number,
            not_before: facts.not_before,
            not_after: facts.not_after,
            fingerprint_sha256: facts.fingerprint_sha256,
        }
    }
}
