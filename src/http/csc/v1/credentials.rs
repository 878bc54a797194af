//! Which credentials there are, what one is like, and how its signer authorises signatures.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use super::credential_info::{CredentialInfo, Parts};
use super::{
    CLIENT_DATA, CREDENTIAL_ID, DESCRIPTION, HASH, LANG, MAX_RESULTS, NUM_SIGNATURES, OTP, PAGE_TOKEN, PIN,
    SAD, USER_ID, owned,
};
use crate::app::App;
use crate::credential::authorize::{self, AuthorizeRequest, Authorized};
use crate::credential::extend::{self, ExtendRequest};
use crate::credential::show;
use crate::http::blocking;
use crate::http::csc::bearer::Bearer;
use crate::http::csc::fault::{self, Fault, Refusals};
use crate::http::csc::fields::{Fields, Value};
use crate::http::csc::hashes;
use crate::http::csc::posted::Posted;
use crate::model::error::Result;
use crate::model::id::CredentialId;
use crate::model::name::SeatName;
use crate::model::secret::SecretText;
use crate::store::page::Page;

/// Characters of `description`.
const LONGEST_DESCRIPTION: usize = 500;

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
pub async fn list(Bearer(call): Bearer, app: Data<App>, body: Posted) -> Result<HttpResponse, Fault> {
    let asked = ListAsked::read(&body.fields()?)?;
    if call.principal.seat().is_some() && asked.seat.is_some() {
        return Err(fault::user_given_twice().into());
    }
    let found = blocking::run(&app, move |app| {
        show::usable_ids(&app.service, &call, asked.seat()?.as_ref(), &asked.page)
    });
    let found = found.await?;
    Ok(HttpResponse::Ok().json(List { credential_ids: found.items, next_page_token: found.next }))
}

struct ListAsked {
    seat: Option<String>,
    page: Page,
}

impl ListAsked {
    fn read(fields: &Fields) -> Result<Self> {
        let seat = owned(fields.optional_text(USER_ID)?);
        let limit = match fields.find(MAX_RESULTS)? {
            Some(Value::Integer(number)) => u64::try_from(*number).ok(),
            _ => None,
        };
        let token = fields.optional_text(PAGE_TOKEN)?;
        fields.optional_text(CLIENT_DATA)?;
        // The token is the last id of the page before.
        let after =
            token.map(CredentialId::parse).transpose().map_err(|_| fault::invalid(PAGE_TOKEN.name()))?;
        Ok(Self { seat, page: Page::at_most(limit, after.map(|id| id.to_string())) })
    }

    fn seat(&self) -> Result<Option<SeatName>> {
        let seat = self.seat.as_deref().map(SeatName::parse);
        seat.transpose().map_err(|_| fault::invalid(USER_ID.name()))
    }
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
pub async fn info(Bearer(call): Bearer, app: Data<App>, body: Posted) -> Result<HttpResponse, Fault> {
    let (id, parts) = info_asked(&body.fields()?)?;
    let told =
        blocking::run(&app, move |app| CredentialInfo::of(show::usable(&app.service, &call, &id)?, parts));
    Ok(HttpResponse::Ok().json(told.await?))
}

fn info_asked(fields: &Fields) -> Result<(CredentialId, Parts)> {
    let id = fields.required_text(CREDENTIAL_ID)?;
    let parts = Parts::asked(fields)?;
    fields.optional_text(LANG)?;
    fields.optional_text(CLIENT_DATA)?;
    Ok((CredentialId::parse(id)?, parts))
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

#[derive(Serialize, ToSchema)]
#[schema(as = CscSad)]
#[serde(rename_all = "camelCase")]
pub struct SadAnswer<'a> {
    /// Signature activation data: whoever holds it can have the authorised signatures made.
    #[serde(rename = "SAD")]
    sad: &'a str,
    /// Seconds.
    expires_in: u32,
}

/// The signer's factors for a SAD (CSC v1 credentials/authorize)
#[utoipa::path(post, path = "/csc/v1/credentials/authorize", tag = "csc", security(("bearer" = [])),
    request_body = AuthorizeBody,
    responses((status = 200, body = SadAnswer), Refusals),
)]
pub async fn authorize(Bearer(call): Bearer, app: Data<App>, body: Posted) -> Result<HttpResponse, Fault> {
    let request = authorize_asked(&body.fields()?)?;
    let done = blocking::run(&app, move |app| authorize::authorize(&app.service, &call, request)).await?;
    Ok(sad_answer(&done))
}

fn authorize_asked(fields: &Fields) -> Result<AuthorizeRequest> {
    let credential = fields.required_text(CREDENTIAL_ID)?;
    let number = fields.required_integer(NUM_SIGNATURES)?;
    let hashes = fields.list(HASH)?;
    let pin = fields.optional_text(PIN)?;
    let otp = fields.optional_text(OTP)?;
    let description = fields.optional_text(DESCRIPTION)?;
    let client_data = fields.optional_text(CLIENT_DATA)?;
    if description.is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
        return Err(fault::invalid(DESCRIPTION.name()));
    }
    Ok(AuthorizeRequest {
        credential: CredentialId::parse(credential)?,
        num_signatures: u32::try_from(number.max(0)).unwrap_or(u32::MAX),
        hashes: hashes.map(hashes::decode_digests).transpose()?,
        digest: None,
        pin: pin.map(SecretText::new),
        otp: otp.map(SecretText::new),
        description: owned(description),
        client_data: owned(client_data),
    })
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
    Bearer(call): Bearer,
    app: Data<App>,
    body: Posted,
) -> Result<HttpResponse, Fault> {
    let request = extend_asked(&body.fields()?)?;
    let done = blocking::run(&app, move |app| extend::extend(&app.service, &call, request)).await?;
    Ok(sad_answer(&done))
}

fn extend_asked(fields: &Fields) -> Result<ExtendRequest> {
    let credential = fields.required_text(CREDENTIAL_ID)?;
    let sad = fields.required_text(SAD)?;
    let hashes = fields.list(HASH)?;
    let client_data = fields.optional_text(CLIENT_DATA)?;
    Ok(ExtendRequest {
        credential: CredentialId::parse(credential)?,
        sad: SecretText::new(sad),
        hashes: hashes.map(hashes::decode_digests).transpose()?,
        digest: None,
        client_data: owned(client_data),
    })
}

fn sad_answer(done: &Authorized) -> HttpResponse {
    HttpResponse::Ok().json(SadAnswer { sad: done.sad.expose(), expires_in: done.expires_in })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::error::Code;

    const SHA256: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn read<T>(body: &str, parse: impl Fn(&Fields) -> Result<T>) -> Result<T> {
        parse(&Fields::parse(body.as_bytes()).unwrap())
    }

    fn refusal<T>(body: &str, parse: impl Fn(&Fields) -> Result<T>) -> (Code, String) {
        let error = read(body, parse).err().expect(body);
        (error.code(), error.detail().to_owned())
    }

    #[test]
    fn types_are_refused_in_the_order_of_csc_s_table_and_before_any_value() {
        for (body, said) in [
            ("{}", "Missing (or invalid type) string parameter credentialID"),
            (r#"{"credentialID":7,"PIN":1}"#, "Missing (or invalid type) string parameter credentialID"),
            (
                r#"{"credentialID":"a/b","PIN":1}"#,
                "Missing (or invalid type) integer parameter numSignatures",
            ),
            (
                r#"{"credentialID":"c","numSignatures":1,"hash":"x"}"#,
                "Missing (or invalid type) array parameter hash",
            ),
            (r#"{"credentialID":"c","numSignatures":0,"PIN":471193,"OTP":1}"#, "Invalid parameter PIN"),
            (r#"{"credentialID":"c","numSignatures":1,"PIN":"1","OTP":1}"#, "Invalid parameter OTP"),
            (
                r#"{"credentialID":"c","numSignatures":1,"hash":["*"],"clientData":1}"#,
                "Invalid parameter clientData",
            ),
            (r#"{"credentialID":"c","numSignatures":1,"hash":[]}"#, "Empty hash array"),
            (
                r#"{"credentialID":"c","numSignatures":1,"hash":["*"]}"#,
                "Invalid Base64 hash string parameter",
            ),
        ] {
            assert_eq!(refusal(body, authorize_asked), (Code::InvalidRequest, said.to_owned()), "{body}");
        }
        let long = format!(r#"{{"credentialID":"c","numSignatures":1,"description":"{}"}}"#, "é".repeat(501));
        assert_eq!(refusal(&long, authorize_asked).1, "Invalid parameter description");
        let short = r#"{"credentialID":"c","numSignatures":1,"hash":["000"]}"#;
        assert_eq!(refusal(short, authorize_asked).0, Code::InvalidDigestLength);
        let odd_id = r#"{"credentialID":"a/b","numSignatures":1}"#;
        assert_eq!(refusal(odd_id, authorize_asked).0, Code::NotFound);
    }

    #[test]
    fn an_authorisation_is_read_with_all_that_it_has() {
        let body = format!(
            r#"{{"credentialID":"c-7","numSignature":"2","hashes":["{SHA256}"],"PIN":"471193","OTP":null,
                 "description":"d","client_data":"x","lang":"it","rememberMe":true}}"#
        );
        let asked = read(&body, authorize_asked).unwrap();
        assert_eq!((asked.credential.as_str(), asked.num_signatures), ("c-7", 2));
        assert_eq!(asked.hashes.unwrap().first().map(Vec::len), Some(32));
        assert_eq!(asked.pin.as_ref().map(SecretText::expose), Some("471193"));
        assert!(asked.otp.is_none());
        assert_eq!((asked.description.as_deref(), asked.client_data.as_deref()), (Some("d"), Some("x")));
    }

    #[test]
    fn numbers_out_of_range_are_left_to_the_verb() {
        for (number, read_as) in [("-3", 0), ("0", 0), ("99999999999", u32::MAX)] {
            let body = format!(r#"{{"credentialID":"c","numSignatures":{number}}}"#);
            assert_eq!(read(&body, authorize_asked).unwrap().num_signatures, read_as);
        }
    }

    #[test]
    fn an_extension_needs_its_sad() {
        let said = refusal(r#"{"credentialID":"c","hash":[]}"#, extend_asked).1;
        assert_eq!(said, "Missing (or invalid type) string parameter SAD");
        assert!(read(r#"{"credentialID":"c","SAD":"xxx"}"#, extend_asked).unwrap().hashes.is_none());
    }

    #[test]
    fn odd_page_sizes_are_the_server_s_and_odd_page_tokens_refused() {
        for odd in ["0", "-1", "1.5", "\"x\"", "99999", "null"] {
            let asked = read(&format!(r#"{{"maxResults":{odd}}}"#), ListAsked::read).unwrap();
            assert_eq!(asked.page, Page::at_most(None, None), "{odd}");
        }
        let asked = read(r#"{"maxResults":5,"pageToken":"c-7"}"#, ListAsked::read).unwrap();
        assert_eq!(asked.page, Page::at_most(Some(5), Some("c-7".to_owned())));
        for (body, said) in [
            (r#"{"pageToken":"a/b"}"#, "Invalid parameter pageToken"),
            (r#"{"pageToken":7}"#, "Invalid parameter pageToken"),
            (r#"{"userID":7}"#, "Invalid parameter userID"),
        ] {
            assert_eq!(refusal(body, ListAsked::read).1, said);
        }
        let odd_seat = read(r#"{"user_id":"a b"}"#, ListAsked::read).unwrap().seat();
        assert_eq!(odd_seat.unwrap_err().detail(), "Invalid parameter userID");
    }

    #[test]
    fn an_info_needs_a_credential() {
        let said = refusal(r#"{"certificates":"chain"}"#, info_asked).1;
        assert_eq!(said, "Missing (or invalid type) string parameter credentialID");
        assert_eq!(refusal(r#"{"credentialID":"é"}"#, info_asked).0, Code::NotFound);
        assert_eq!(refusal(r#"{"credentialID":"é","lang":1}"#, info_asked).1, "Invalid parameter lang");
    }
}
