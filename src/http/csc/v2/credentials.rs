//! Which credentials there are, what one is like, and how its signer authorises signatures.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use super::credential_info::{CredentialInfo, ListedCredential};
use crate::app::App;
use crate::credential::{authorize, extend, redeem, show};
use crate::http::blocking;
use crate::http::csc::authorization::{
    HandleAnswer, SadAnswer, authorize_asked, extend_asked, given_answer, sad_answer,
};
use crate::http::csc::bearer::{Bearer, SignerBearer};
use crate::http::csc::certified::{Parts, info_asked};
use crate::http::csc::fault::{Fault, Refusals};
use crate::http::csc::listing::ListAsked;
use crate::http::csc::parameters::{CLIENT_DATA, CREDENTIAL_INFO, HANDLE, LANG, ONLY_VALID};
use crate::http::csc::posted::Posted;
use crate::http::csc::version::V2;
use crate::model::id::CredentialId;
use crate::model::secret::SecretText;

#[derive(ToSchema)]
#[schema(as = Csc2ListRequest, rename_all = "camelCase")]
pub struct ListRequest {
    /// The seat whose credentials are meant: needed with a token whose scope names no seat, and refused with any other.
    #[schema(rename = "userID")]
    pub user_id: Option<String>,
    /// Whether the credentials are described too, as credentials/info does.
    pub credential_info: Option<bool>,
    /// `none`, `single` (the default) or `chain`; with `credentialInfo`.
    pub certificates: Option<String>,
    /// The certificate's names, number and dates are told with `credentialInfo` in any case.
    pub cert_info: Option<bool>,
    /// What the signer is asked for is told with `credentialInfo` in any case.
    pub auth_info: Option<bool>,
    /// Whether credentials are left out that cannot be signed with now.
    pub only_valid: Option<bool>,
    /// The longest page that is wanted; the server's own limit applies beyond 200.
    pub max_results: Option<u32>,
    /// `nextPageToken` of the page before.
    pub page_token: Option<String>,
    pub lang: Option<String>,
    pub client_data: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Csc2List)]
#[serde(rename_all = "camelCase")]
pub struct List {
    #[serde(rename = "credentialIDs")]
    #[schema(value_type = Vec<String>)]
    credential_ids: Vec<CredentialId>,
    /// There with `credentialInfo`, in the same order.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_infos: Option<Vec<ListedCredential>>,
    /// There, and true, with `onlyValid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    only_valid: Option<bool>,
    /// There when there is another page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// The credentials that can be, or could be, signed with (CSC v2 credentials/list)
#[utoipa::path(post, path = "/csc/v2/credentials/list", tag = "csc", security(("bearer" = [])),
    request_body = Option<ListRequest>,
    responses((status = 200, body = List), Refusals),
)]
pub async fn list(
    Bearer { call, .. }: Bearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    let fields = body.fields()?;
    let asked = ListAsked::read(&fields, &call)?;
    let described = fields.flag(CREDENTIAL_INFO)?;
    let parts = Parts::asked(&fields)?;
    let only_valid = fields.flag(ONLY_VALID)?;
    fields.optional_text(LANG)?;
    let list = blocking::run(&app, move |app| {
        let whose = show::Whose { seat: asked.seat()?, only_active: only_valid };
        let mut list = List {
            credential_ids: Vec::new(),
            credential_infos: None,
            only_valid: only_valid.then_some(true),
            next_page_token: None,
        };
        if described {
            let found = show::usable_page(&app.service, &call, &whose, &asked.page)?;
            list.next_page_token = found.next;
            list.credential_ids = found.items.iter().map(|usable| usable.credential.id.clone()).collect();
            let infos = found.items.into_iter().map(|usable| ListedCredential::of(usable, parts));
            list.credential_infos = Some(infos.collect::<Result<_, _>>()?);
        } else {
            let found = show::usable_ids(&app.service, &call, &whose, &asked.page)?;
            list.next_page_token = found.next;
            list.credential_ids = found.items;
        }
        Ok(list)
    });
    Ok(HttpResponse::Ok().json(list.await?))
}

#[derive(ToSchema)]
#[schema(as = Csc2InfoRequest, rename_all = "camelCase")]
pub struct InfoRequest {
    #[schema(rename = "credentialID")]
    pub credential_id: String,
    /// `none`, `single` (the default) or `chain`.
    pub certificates: Option<String>,
    /// The certificate's names, number and dates are told in any case.
    pub cert_info: Option<bool>,
    /// What the signer is asked for is told in any case.
    pub auth_info: Option<bool>,
    pub lang: Option<String>,
    pub client_data: Option<String>,
}

/// One credential (CSC v2 credentials/info)
#[utoipa::path(post, path = "/csc/v2/credentials/info", tag = "csc", security(("bearer" = [])),
    request_body = InfoRequest,
    responses((status = 200, body = CredentialInfo), Refusals),
)]
pub async fn info(
    SignerBearer { call, .. }: SignerBearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    let (id, parts) = info_asked(&body.fields()?)?;
    let told =
        blocking::run(&app, move |app| CredentialInfo::of(show::usable(&app.service, &call, &id)?, parts));
    Ok(HttpResponse::Ok().json(told.await?))
}

#[derive(ToSchema)]
#[schema(as = Csc2AuthorizeRequest, rename_all = "camelCase")]
pub struct AuthorizeBody {
    #[schema(rename = "credentialID")]
    pub credential_id: String,
    /// How many signatures the SAD is to be good for, at most the credential's `multisign`.
    #[schema(minimum = 1)]
    pub num_signatures: u32,
    /// The hashes to be signed, base64-encoded; needed when the credential's `SCAL` is 2. There may be fewer than
    /// `numSignatures`: extendTransaction brings the others.
    pub hashes: Option<Vec<String>>,
    /// The digest's OID.
    #[schema(rename = "hashAlgorithmOID", example = "2.16.840.1.101.3.4.2.1")]
    pub hash_algorithm_oid: Option<String>,
    /// The values of the credential's auth objects.
    pub auth_data: Option<Vec<AuthData>>,
    /// What is being signed, in words; at most 500 characters.
    pub description: Option<String>,
    pub client_data: Option<String>,
}

#[derive(ToSchema)]
#[schema(as = Csc2AuthData)]
pub struct AuthData {
    /// Of one of the credential's `auth.objects`.
    #[schema(example = "PIN")]
    pub id: String,
    pub value: Option<String>,
}

/// The signer's factors for a SAD (CSC v2 credentials/authorize)
#[utoipa::path(post, path = "/csc/v2/credentials/authorize", tag = "csc", security(("bearer" = [])),
    request_body = AuthorizeBody,
    responses((status = 200, body = SadAnswer),
        (status = 202, description = "The signer was asked to approve", body = HandleAnswer), Refusals),
)]
pub async fn authorize(
    Bearer { call, .. }: Bearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    let request = authorize_asked::<V2>(&body.fields()?)?;
    let given =
        blocking::run(&app, move |app| authorize::authorize_or_wait(&app.service, &call, request)).await?;
    Ok(given_answer(&given))
}

#[derive(ToSchema)]
#[schema(as = Csc2CheckRequest, rename_all = "camelCase")]
pub struct CheckBody {
    /// As credentials/authorize gave it.
    pub handle: String,
    pub client_data: Option<String>,
}

/// The SAD once the signer has approved (CSC v2 credentials/authorizeCheck)
///
/// It is given once; the handle is worth nothing afterwards. When the signer refused, the authentication data is invalid.
#[utoipa::path(post, path = "/csc/v2/credentials/authorizeCheck", tag = "csc", security(("bearer" = [])),
    request_body = CheckBody,
    responses((status = 200, body = SadAnswer),
        (status = 202, description = "The signer has not decided", body = HandleAnswer), Refusals),
)]
pub async fn authorize_check(
    Bearer { call, .. }: Bearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    let fields = body.fields()?;
    let handle = SecretText::new(fields.required_text(HANDLE)?);
    fields.optional_text(CLIENT_DATA)?;
    let given = blocking::run(&app, move |app| redeem::redeem(&app.service, &call, &handle)).await?;
    Ok(given_answer(&given))
}

#[derive(ToSchema)]
#[schema(as = Csc2ExtendRequest, rename_all = "camelCase")]
pub struct ExtendBody {
    #[schema(rename = "credentialID")]
    pub credential_id: String,
    #[schema(rename = "SAD")]
    pub sad: String,
    /// The next hashes, in place of those that were authorised; needed when the credential's `SCAL` is 2.
    pub hashes: Option<Vec<String>>,
    /// The digest's OID.
    #[schema(rename = "hashAlgorithmOID", example = "2.16.840.1.101.3.4.2.1")]
    pub hash_algorithm_oid: Option<String>,
    pub client_data: Option<String>,
}

/// The next SAD for what is left of one (CSC v2 credentials/extendTransaction)
///
/// The former SAD is worth nothing afterwards.
#[utoipa::path(post, path = "/csc/v2/credentials/extendTransaction", tag = "csc", security(("bearer" = [])),
    request_body = ExtendBody,
    responses((status = 200, body = SadAnswer), Refusals),
)]
pub async fn extend_transaction(
    Bearer { call, .. }: Bearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    let request = extend_asked::<V2>(&body.fields()?)?;
    let done = blocking::run(&app, move |app| extend::extend(&app.service, &call, request)).await?;
    Ok(sad_answer(&done))
}
