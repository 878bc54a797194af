//! Which credentials there are, what one is like, and how its signer authorises signatures.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use super::credential_info::CredentialInfo;
use crate::app::App;
use crate::credential::{authorize, extend, show};
use crate::http::blocking;
use crate::http::csc::authorization::{SadAnswer, authorize_asked, extend_asked, sad_answer};
use crate::http::csc::bearer::{Bearer, SignerBearer};
use crate::http::csc::certified::info_asked;
use crate::http::csc::fault::{Fault, Refusals};
use crate::http::csc::listing::ListAsked;
use crate::http::csc::posted::Posted;
use crate::http::csc::version::V1;
use crate::model::id::CredentialId;

#[derive(ToSchema)]
#[schema(as = CscListRequest, rename_all = "camelCase")]
pub struct ListRequest {
    /// The seat whose credentials are meant: needed with a token whose scope names no seat, and refused with any other.
    #[schema(rename = "userID")]
    pub user_id: Option<String>,
    /// The longest page that is wanted; the server's own limit applies beyond 200.
    pub max_results: Option<u32>,
    /// `nextPageToken` of the page before.
    pub page_token: Option<String>,
    pub client_data: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscList)]
#[serde(rename_all = "camelCase")]
pub struct List {
    #[serde(rename = "credentialIDs")]
    #[schema(value_type = Vec<String>)]
    credential_ids: Vec<CredentialId>,
    /// There when there is another page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// The credentials that can be, or could be, signed with (CSC v1 credentials/list)
#[utoipa::path(post, path = "/csc/v1/credentials/list", tag = "csc", security(("bearer" = [])),
    request_body = Option<ListRequest>,
    responses((status = 200, body = List), Refusals),
)]
pub async fn list(
    Bearer { call, .. }: Bearer<V1>,
    app: Data<App>,
    body: Posted<V1>,
) -> Result<HttpResponse, Fault<V1>> {
    let asked = ListAsked::read(&body.fields()?, &call)?;
    let found = blocking::run(&app, move |app| {
        let whose = show::Whose { seat: asked.seat()?, only_active: false };
        show::usable_ids(&app.service, &call, &whose, &asked.page)
    });
    let found = found.await?;
    Ok(HttpResponse::Ok().json(List { credential_ids: found.items, next_page_token: found.next }))
}

#[derive(ToSchema)]
#[schema(as = CscInfoRequest, rename_all = "camelCase")]
pub struct InfoRequest {
    #[schema(rename = "credentialID")]
    pub credential_id: String,
    /// `none`, `single` (the default) or `chain`.
    pub certificates: Option<String>,
    /// Whether the certificate's names, number and dates are told.
    pub cert_info: Option<bool>,
    /// Whether it is told what the signer is asked for.
    pub auth_info: Option<bool>,
    pub lang: Option<String>,
    pub client_data: Option<String>,
}

/// One credential (CSC v1 credentials/info)
#[utoipa::path(post, path = "/csc/v1/credentials/info", tag = "csc", security(("bearer" = [])),
    request_body = InfoRequest,
    responses((status = 200, body = CredentialInfo), Refusals),
)]
pub async fn info(
    SignerBearer { call, .. }: SignerBearer<V1>,
    app: Data<App>,
    body: Posted<V1>,
) -> Result<HttpResponse, Fault<V1>> {
    let (id, parts) = info_asked(&body.fields()?)?;
    let told =
        blocking::run(&app, move |app| CredentialInfo::of(show::usable(&app.service, &call, &id)?, parts));
    Ok(HttpResponse::Ok().json(told.await?))
}

#[derive(ToSchema)]
#[schema(as = CscAuthorizeRequest, rename_all = "camelCase")]
pub struct AuthorizeBody {
    #[schema(rename = "credentialID")]
    pub credential_id: String,
    /// How many signatures the SAD is to be good for, at most the credential's `multisign`.
    #[schema(minimum = 1)]
    pub num_signatures: u32,
    /// The hashes to be signed, base64-encoded; needed when the credential's `SCAL` is 2. There may be fewer than
    /// `numSignatures`: extendTransaction brings the others.
    pub hash: Option<Vec<String>>,
    #[schema(rename = "PIN")]
    pub pin: Option<String>,
    #[schema(rename = "OTP")]
    pub otp: Option<String>,
    /// What is being signed, in words; at most 500 characters.
    pub description: Option<String>,
    pub client_data: Option<String>,
}

/// The signer's factors for a SAD (CSC v1 credentials/authorize)
#[utoipa::path(post, path = "/csc/v1/credentials/authorize", tag = "csc", security(("bearer" = [])),
    request_body = AuthorizeBody,
    responses((status = 200, body = SadAnswer), Refusals),
)]
pub async fn authorize(
    Bearer { call, .. }: Bearer<V1>,
    app: Data<App>,
    body: Posted<V1>,
) -> Result<HttpResponse, Fault<V1>> {
    let request = authorize_asked::<V1>(&body.fields()?)?;
    let done = blocking::run(&app, move |app| authorize::authorize(&app.service, &call, request)).await?;
    Ok(sad_answer(&done))
}

#[derive(ToSchema)]
#[schema(as = CscExtendRequest, rename_all = "camelCase")]
pub struct ExtendBody {
    #[schema(rename = "credentialID")]
    pub credential_id: String,
    #[schema(rename = "SAD")]
    pub sad: String,
    /// The next hashes, in place of those that were authorised; needed when the credential's `SCAL` is 2.
    pub hash: Option<Vec<String>>,
    pub client_data: Option<String>,
}

/// The next SAD for what is left of one (CSC v1 credentials/extendTransaction)
///
/// The former SAD is worth nothing afterwards.
#[utoipa::path(post, path = "/csc/v1/credentials/extendTransaction", tag = "csc", security(("bearer" = [])),
    request_body = ExtendBody,
    responses((status = 200, body = SadAnswer), Refusals),
)]
pub async fn extend_transaction(
    Bearer { call, .. }: Bearer<V1>,
    app: Data<App>,
    body: Posted<V1>,
) -> Result<HttpResponse, Fault<V1>> {
    let request = extend_asked::<V1>(&body.fields()?)?;
    let done = blocking::run(&app, move |app| extend::extend(&app.service, &call, request)).await?;
    Ok(sad_answer(&done))
}
