//! One-time passwords that are sent: sendOTP of both versions, and v2's getChallenge, which is the same by another name.

use actix_web::HttpResponse;
use actix_web::web::Data;
use utoipa::ToSchema;

use super::auth_data::OTP_ID;
use super::bearer::Bearer;
use super::fault::{self, Fault, Refusals};
use super::fields::Fields;
use super::parameters::{AUTH_OBJECT_ID, CLIENT_DATA, CREDENTIAL_ID, LANG};
use super::posted::Posted;
use super::version::{V1, V2};
use crate::app::App;
use crate::credential::send_otp;
use crate::http::blocking;
use crate::http::problem::Problem;
use crate::model::error::{Code, Result};
use crate::model::id::CredentialId;
use crate::model::language::Language;
use crate::model::token::Call;

/// Whether this node can send any; what is no such method is there in any case.
pub fn is_there(app: &App, method: &str) -> bool {
    !matches!(method, "credentials/sendOTP" | "credentials/getChallenge")
        || app.service.outbound.mailer.is_some()
        || !app.config.webhooks.hosts.is_empty()
}

#[derive(ToSchema)]
#[schema(as = CscSendOtpRequest, rename_all = "camelCase")]
pub struct SendOtpRequest {
    #[schema(rename = "credentialID")]
    pub credential_id: String,
    /// The language of the message (RFC 5646): English or Spanish.
    pub lang: Option<String>,
    pub client_data: Option<String>,
}

/// Send the signer a one-time password (CSC v1 credentials/sendOTP)
///
/// Of credentials whose `OTP.type` is `online`. It is good for 5 minutes, once, and replaces the one before. At most 3
/// are sent in a minute and 10 in an hour.
#[utoipa::path(post, path = "/csc/v1/credentials/sendOTP", tag = "csc", security(("bearer" = [])),
    request_body = SendOtpRequest,
    responses((status = 204, description = "It is on its way"), Refusals),
)]
pub async fn v1(bearer: Bearer<V1>, app: Data<App>, body: Posted<V1>) -> Result<HttpResponse, Fault<V1>> {
    let asked = Asked::read(&body.fields()?)?;
    Ok(answer(app, bearer.call, asked).await?)
}

/// Send the signer a one-time password (CSC v2 credentials/sendOTP)
///
/// As credentials/getChallenge does.
#[utoipa::path(post, path = "/csc/v2/credentials/sendOTP", tag = "csc", security(("bearer" = [])),
    request_body = SendOtpRequest,
    responses((status = 204, description = "It is on its way"), Refusals),
)]
pub async fn v2(bearer: Bearer<V2>, app: Data<App>, body: Posted<V2>) -> Result<HttpResponse, Fault<V2>> {
    let asked = Asked::read(&body.fields()?)?;
    Ok(answer(app, bearer.call, asked).await?)
}

#[derive(ToSchema)]
#[schema(as = CscChallengeRequest, rename_all = "camelCase")]
pub struct ChallengeRequest {
    #[schema(rename = "credentialID")]
    pub credential_id: String,
    /// Of the auth object whose type is `ChallengeResponse`.
    #[schema(rename = "authObjectID", example = "OTP")]
    pub auth_object_id: String,
    /// The language of the message (RFC 5646): English or Spanish.
    pub lang: Option<String>,
    pub client_data: Option<String>,
}

/// Send the signer the one-time password of an auth object (CSC v2 credentials/getChallenge)
///
/// Of objects of type `ChallengeResponse`. It is good for 5 minutes, once, and replaces the one before. At most 3 are
/// sent in a minute and 10 in an hour.
#[utoipa::path(post, path = "/csc/v2/credentials/getChallenge", tag = "csc", security(("bearer" = [])),
    request_body = ChallengeRequest,
    responses((status = 204, description = "It is on its way"), Refusals),
)]
pub async fn challenge(
    bearer: Bearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    let fields = body.fields()?;
    fields.required_text(CREDENTIAL_ID)?;
    let object = fields.required_text(AUTH_OBJECT_ID)?;
    let asked = Asked::read(&fields)?;
    let no_such_object = || fault::invalid(AUTH_OBJECT_ID.name());
    if object != OTP_ID {
        return Err(no_such_object().into());
    }
    match answer(app, bearer.call, asked).await {
        Err(problem) if problem.error().code() == Code::FactorNotRequired => Err(no_such_object().into()),
        answered => Ok(answered?),
    }
}

struct Asked {
    credential: CredentialId,
    language: Language,
}

impl Asked {
    fn read(fields: &Fields) -> Result<Self> {
        let credential = fields.required_text(CREDENTIAL_ID)?;
        let language = Language::of(fields.optional_text(LANG)?);
        fields.optional_text(CLIENT_DATA)?;
        Ok(Self { credential: CredentialId::parse(credential)?, language })
    }
}

async fn answer(app: Data<App>, call: Call, asked: Asked) -> Result<HttpResponse, Problem> {
    let sent = blocking::run(&app, move |app| {
        send_otp::send(&app.service, &call, &asked.credential, asked.language)
    });
    sent.await?;
    Ok(HttpResponse::NoContent().finish())
}
