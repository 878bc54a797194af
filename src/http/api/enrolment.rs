//! Enrolment, step by step: create, second factors, key pair, certificate.

use actix_web::http::header::{ACCEPT, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::credentials::{CertificateBody, CredentialBody, key_length};
use crate::app::App;
use crate::credential::approval_factors::NewApprovalFactor;
use crate::credential::second_factors::{NewFactor, Shown};
use crate::credential::sent_factors::NewSentFactor;
use crate::credential::{Progress, certificate, confirm_otp, create, key_pair, second_factors, show};
use crate::http::access::Bearer;
use crate::http::blocking;
use crate::http::body::{Body, Upload};
use crate::http::idempotency::{Answer, Once};
use crate::http::problem::Problem;
use crate::http::reply::{Created, Found};
use crate::keys::otp;
use crate::model::algorithm::{CsrSignatureAlgorithm, KeyAlgorithm};
use crate::model::configuration::OtpRules;
use crate::model::error::{Error, Result};
use crate::model::factor::FactorType;
use crate::model::id::{ConfigurationId, CredentialId};
use crate::model::language::Language;
use crate::model::name::{SeatName, TenantName};
use crate::model::secret::SecretText;
use crate::pki::csr;
use crate::pki::name::Subject;

/// What step 2 of enrolment asks for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewCredential)]
pub struct NewCredentialBody {
    /// The id of an authorization configuration of the tenant.
    authorization_configuration: String,
    /// Signatures per authorisation, 1 to 1000.
    #[schema(default = 1, minimum = 1, maximum = 1000)]
    multi_signature: Option<i64>,
    /// May be left out when the token's scope names it.
    #[schema(value_type = Option<String>, example = "jdoe@acme")]
    seat: Option<String>,
    /// May be left out when the token reaches only one.
    #[schema(value_type = Option<String>, example = "acme")]
    tenant: Option<String>,
    /// At most 255 characters.
    description: Option<String>,
}

/// Where a credential stands: part of every answer of the pipeline.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    credential_id: String,
    status: &'static str,
    next_step: Option<&'static str>,
}

/// Create a credential
#[utoipa::path(post, path = "/api/v1/credentials", tag = "enrolment", request_body = NewCredentialBody,
    params(("Idempotency-Key" = Option<String>, Header)),
    security(("bearer" = [])), responses((status = 201, body = CredentialBody)))]
pub async fn create(
    app: Data<App>,
    bearer: Bearer,
    once: Once,
    body: Body<NewCredentialBody>,
) -> Result<Answer, Problem> {
    let raw = body.raw.clone();
    let body = body.into_inner();
    let new = create::NewCredential {
        configuration: create::Choice::This(ConfigurationId::parse(&body.authorization_configuration)?),
        multi_signature: body.multi_signature.map(|n| u32::try_from(n).unwrap_or(0)),
        seat: body.seat.as_deref().map(SeatName::parse).transpose()?,
        tenant: body.tenant.as_deref().map(TenantName::parse).transpose()?,
        description: body.description,
        subject: None,
        client_data: None,
    };
    once.answer(&app, bearer.call, raw, &[], move |app, call| {
        let progress = create::create(&app.service, call, new)?;
        let path = format!("/api/v1/credentials/{}", progress.credential.id);
        Ok(Created::at(path, CredentialBody::from(&progress)))
    })
    .await
}

/// The second factor to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSecondFactor {
    /// PIN, OTP, EMAIL_OTP, SMS_OTP, EMAIL_LINK or PUSH, as far as the authorization configuration asks for it.
    #[serde(rename = "type")]
    #[schema(example = "PIN")]
    kind: String,
    /// The PIN. An OTP's secret is made by the server, as are codes that are sent, so they take none.
    #[schema(value_type = Option<String>, format = Password)]
    value: Option<SecretText>,
    /// Where codes or links are sent: an e-mail address (EMAIL_OTP and EMAIL_LINK; the seat's when left out), a telephone
    /// number with its plus sign (SMS_OTP), or what the tenant's gateway knows the signer by (PUSH; the seat when left
    /// out).
    #[schema(example = "jdoe@acme.example")]
    address: Option<String>,
    /// The language of the first message (RFC 5646): English or Spanish.
    #[schema(example = "es")]
    lang: Option<String>,
}

/// A second factor as it was added. The secret of an OTP is shown this once; the code of EMAIL_OTP and SMS_OTP is on
/// its way.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddedSecondFactor {
    #[serde(flatten)]
    standing: Standing,
    #[serde(rename = "type")]
    kind: &'static str,
    confirmed: bool,
    #[serde(flatten)]
    otp: Option<ShownOtp>,
    #[serde(flatten)]
    sent: Option<SentCode>,
}

/// Of EMAIL_OTP, SMS_OTP, EMAIL_LINK and PUSH.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentCode {
    /// Where the code or link was sent, in part.
    #[schema(example = "j***@acme.example")]
    address: String,
    /// Seconds that it is good for.
    expires_in: u32,
}

/// What an authenticator needs (RFC 6238).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownOtp {
    /// Base32.
    secret: String,
    issuer: String,
    user: String,
    algorithm: &'static str,
    digits: u8,
    /// Seconds.
    period: u16,
    /// `otpauth://totp/...`
    uri: String,
    /// `data:image/png;base64,...`
    qr_code: String,
}

/// Add a PIN or a one-time password
///
/// EMAIL_OTP and SMS_OTP send a code, with which the factor is then confirmed; adding one again before that sends
/// another code, perhaps to another address. EMAIL_LINK and PUSH send a link, by which the signer confirms that the
/// address is theirs; until then `nextStep` is `confirm_approval`. At most 3 are sent in a minute and 10 in an hour.
#[utoipa::path(post, path = "/api/v1/credentials/{id}/second-factors", tag = "enrolment",
    params(("id" = String, Path, description = "The credential's id"), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewSecondFactor,
    security(("bearer" = [])), responses((status = 201, body = AddedSecondFactor)))]
pub async fn add_second_factor(
    app: Data<App>,
    bearer: Bearer,
    id: Path<String>,
    once: Once,
    body: Body<NewSecondFactor>,
) -> Result<Answer, Problem> {
    let raw = body.raw.clone();
    let new = new_factor(body.into_inner())?;
    let id = CredentialId::parse(&id)?;
    once.answer(&app, bearer.call, raw, &["value"], move |app, call| {
        let added = second_factors::add(&app.service, call, &id, new)?;
        Ok(Created::nowhere(AddedSecondFactor::from(added)))
    })
    .await
}

fn new_factor(body: NewSecondFactor) -> Result<NewFactor> {
    let NewSecondFactor { kind, value, address, lang } = body;
    let kind = FactorType::parse(&kind)
        .ok_or_else(|| Error::field("/type", "PIN, OTP, EMAIL_OTP, SMS_OTP, EMAIL_LINK or PUSH"))?;
    if address.is_some() && kind.channel().is_none() {
        return Err(Error::field("/address", "only codes that are sent have one; leave the field out"));
    }
    match (kind, kind.channel(), value) {
        (FactorType::Pin, _, Some(value)) => Ok(NewFactor::Pin(value)),
        (FactorType::Pin, _, None) => Err(Error::field("/value", "the PIN is missing")),
        (_, _, Some(_)) => {
            Err(Error::field("/value", "secrets and codes are made by the server; leave the field out"))
        }
        (FactorType::EmailLink | FactorType::Push, Some(channel), None) => {
            let language = Language::of(lang.as_deref());
            Ok(NewFactor::Approval(NewApprovalFactor { kind, channel, address, language }))
        }
        (_, Some(channel), None) => {
            let language = Language::of(lang.as_deref());
            Ok(NewFactor::Sent(NewSentFactor { channel, address, language }))
        }
        (_, None, None) => Ok(NewFactor::Otp),
    }
}

/// The authenticator's current code, or the one that was sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OtpCode {
    #[schema(value_type = String, example = "123456")]
    value: SecretText,
}

impl OtpCode {
    pub(super) fn into_value(self) -> SecretText {
        self.value
    }
}

/// Whether a factor is confirmed now.
#[derive(Serialize, ToSchema)]
pub struct ConfirmedFactor {
    #[serde(flatten)]
    standing: Standing,
    #[serde(rename = "type")]
    kind: &'static str,
    confirmed: bool,
}

/// Confirm the one-time password with its first code
#[utoipa::path(post, path = "/api/v1/credentials/{id}/second-factors/otp/confirm", tag = "enrolment",
    params(("id" = String, Path, description = "The credential's id")), request_body = OtpCode,
    security(("bearer" = [])), responses((status = 200, body = ConfirmedFactor)))]
pub async fn confirm(
    app: Data<App>,
    bearer: Bearer,
    id: Path<String>,
    body: Body<OtpCode>,
) -> Result<Found<ConfirmedFactor>, Problem> {
    let id = CredentialId::parse(&id)?;
    let code = body.into_inner().into_value();
    let call = bearer.call;
    let progress =
        blocking::run(&app, move |app| confirm_otp::confirm(&app.service, &call, &id, &code)).await?;
    let kind = progress.required().iter().find(|kind| kind.is_one_time_password());
    Ok(Found(ConfirmedFactor {
        standing: Standing::from(&progress),
        kind: kind.unwrap_or(&FactorType::Otp).as_str(),
        confirmed: true,
    }))
}

/// The key pair to generate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewKeyPair {
    /// RSA, EC or Ed25519.
    #[schema(example = "RSA")]
    key_algorithm: String,
    /// RSA: 2048, 3072 or 4096. EC: 256, 384 or 521. Ed25519: none.
    #[schema(example = 2048)]
    key_length: Option<u32>,
    /// In the Java spelling (SHA256withRSA), OpenSSL's, or an OID; the fitting one with SHA-256 (or the curve's) when
    /// left out.
    #[schema(example = "SHA256withRSA")]
    csr_signature_algorithm: Option<String>,
    /// An RFC 4514 string, or an object of CN, O, OU, C, L, ST, serialNumber, givenName, surname, email.
    #[schema(value_type = Option<Object>, example = "CN=John Doe,O=Acme")]
    subject: Option<Subject>,
}

/// The public half of a key pair, and its certificate request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyPair {
    #[serde(flatten)]
    standing: Standing,
    /// PEM (RFC 2986).
    csr: String,
    /// PEM, SubjectPublicKeyInfo.
    public_key: String,
    key_algorithm: &'static str,
    key_length: Option<u32>,
    csr_signature_algorithm: String,
}

/// Generate the key pair and its CSR
#[utoipa::path(post, path = "/api/v1/credentials/{id}/key-pair", tag = "enrolment",
    params(("id" = String, Path, description = "The credential's id"), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewKeyPair,
    security(("bearer" = [])), responses((status = 201, body = KeyPair)))]
pub async fn generate_key_pair(
    app: Data<App>,
    bearer: Bearer,
    id: Path<String>,
    once: Once,
    body: Body<NewKeyPair>,
) -> Result<Answer, Problem> {
    let id = CredentialId::parse(&id)?;
    let raw = body.raw.clone();
    let body = body.into_inner();
    let algorithm = KeyAlgorithm::from_request(&body.key_algorithm, body.key_length)?;
    let csr_algorithm = body
        .csr_signature_algorithm
        .map(|name| CsrSignatureAlgorithm::parse(&name, algorithm))
        .transpose()?;
    let new = key_pair::NewKeyPair { algorithm, csr_algorithm, subject: body.subject };
    let path = format!("/api/v1/credentials/{id}/csr");
    once.answer(&app, bearer.call, raw, &[], move |app, call| {
        let made = key_pair::generate(&app.service, call, &id, new)?;
        Ok(Created::at(path, KeyPair::from(made)))
    })
    .await
}

/// The CSR again, as PEM or, by `Accept: application/pkcs10`, DER
#[utoipa::path(get, path = "/api/v1/credentials/{id}/csr", tag = "enrolment",
    params(("id" = String, Path, description = "The credential's id")), security(("bearer" = [])),
    responses((status = 200, content((String = "application/x-pem-file"), (Vec<u8> = "application/pkcs10")))))]
pub async fn csr(
    app: Data<App>,
    bearer: Bearer,
    id: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = CredentialId::parse(&id)?;
    let call = bearer.call;
    let key = blocking::run(&app, move |app| show::certificate_request(&app.service, &call, &id)).await?;
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut answer = HttpResponse::Ok();
    Ok(if accept.contains("application/pkcs10") {
        answer.insert_header((CONTENT_TYPE, "application/pkcs10")).body(key.csr)
    } else {
        answer.insert_header((CONTENT_TYPE, "application/x-pem-file")).body(csr::pem(&key.csr))
    })
}

/// The chain as JSON; it may also come as the body itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateUpload {
    /// PEM or base64.
    pkcs7: String,
}

/// An attached chain.
#[derive(Serialize, ToSchema)]
pub struct AttachedCertificate {
    #[serde(flatten)]
    standing: Standing,
    /// End entity first, root last.
    chain: Vec<CertificateBody>,
    /// What the upload held beside it.
    ignored: Vec<IgnoredBody>,
}

/// The media types of a PKCS#7 as the body.
const PKCS7_TYPES: &[&str] = &[
    "application/pkcs7-mime",
    "application/x-pkcs7-mime",
    "application/x-pkcs7-certificates",
    "application/x-pem-file",
    "application/pem-certificate-chain",
    "application/octet-stream",
];

/// Attach the certificate chain
///
/// PKCS#7 (DER, BER or PEM), plain PEM certificates or base64; as the body, or as JSON. The order and the container
/// mean nothing: the end entity is found by its key.
#[utoipa::path(put, path = "/api/v1/credentials/{id}/certificate", tag = "enrolment",
    params(("id" = String, Path, description = "The credential's id")),
    request_body(content((CertificateUpload = "application/json"), (Vec<u8> = "application/pkcs7-mime"),
        (Vec<u8> = "application/x-pkcs7-certificates"), (String = "application/x-pem-file"),
        (Vec<u8> = "application/octet-stream"))),
    security(("bearer" = [])), responses((status = 200, body = AttachedCertificate)))]
pub async fn attach_certificate(
    app: Data<App>,
    bearer: Bearer,
    id: Path<String>,
    upload: Upload,
) -> Result<Found<AttachedCertificate>, Problem> {
    let id = CredentialId::parse(&id)?;
    upload.require(PKCS7_TYPES)?;
    let octets = match upload.json::<CertificateUpload>() {
        Some(body) => body?.pkcs7.into_bytes(),
        None => upload.bytes.to_vec(),
    };
    let call = bearer.call;
    let attached =
        blocking::run(&app, move |app| certificate::attach(&app.service, &call, &id, &octets)).await?;
    Ok(Found(AttachedCertificate {
        standing: Standing::from(&attached.progress),
        chain: attached.chain.into_iter().map(CertificateBody::from).collect(),
        ignored: attached
            .ignored
            .into_iter()
            .map(|ignored| IgnoredBody { subject: ignored.subject, reason: ignored.reason })
            .collect(),
    }))
}

/// Something in an upload that was not used, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = Ignored)]
pub struct IgnoredBody {
    subject: String,
    reason: String,
}

impl From<&Progress> for Standing {
    fn from(progress: &Progress) -> Self {
        Self {
            credential_id: progress.credential.id.to_string(),
            status: progress.status.as_str(),
            next_step: progress.next_step.map(|step| step.as_str()),
        }
    }
}

impl From<second_factors::AddedSecondFactor> for AddedSecondFactor {
    fn from(added: second_factors::AddedSecondFactor) -> Self {
        let (otp, sent) = match added.shown {
            Shown::Nothing => (None, None),
            Shown::Otp(otp) => (Some(ShownOtp::of(&otp.enrolment, otp.issuer, otp.user, &otp.rules)), None),
            Shown::Sent { address, expires_in } => (None, Some(SentCode { address, expires_in })),
        };
        let standing = Standing::from(&added.progress);
        Self { standing, kind: added.kind.as_str(), confirmed: added.confirmed, otp, sent }
    }
}

impl ShownOtp {
    pub(super) fn of(enrolment: &otp::Enrolment, issuer: String, user: String, rules: &OtpRules) -> Self {
        Self {
            secret: enrolment.secret.expose().to_owned(),
            issuer,
            user,
            algorithm: rules.algorithm.as_str(),
            digits: rules.digits,
            period: rules.period,
            uri: enrolment.uri.expose().to_owned(),
            qr_code: enrolment.qr_code.expose().to_owned(),
        }
    }
}

impl From<key_pair::MadeKeyPair> for KeyPair {
    fn from(made: key_pair::MadeKeyPair) -> Self {
        let key = made.key;
        Self {
            standing: Standing::from(&made.progress),
            csr: csr::pem(&key.csr),
            public_key: csr::public_key_pem(&key.spki),
            key_algorithm: key.algorithm.family(),
            key_length: key_length(key.algorithm),
            csr_signature_algorithm: key.csr_algorithm.java_name(),
        }
    }
}
