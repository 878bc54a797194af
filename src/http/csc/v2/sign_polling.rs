//! signatures/signPolling: signatures that wait are collected.

use actix_web::HttpResponse;
use actix_web::web::Data;
use utoipa::ToSchema;

use crate::app::App;
use crate::credential::collect;
use crate::http::blocking;
use crate::http::csc::bearer::Bearer;
use crate::http::csc::fault::{self, Fault, Refusals};
use crate::http::csc::fields::{Fields, Value};
use crate::http::csc::parameters::{CLIENT_DATA, REQUEST_ID, USER_ID};
use crate::http::csc::posted::Posted;
use crate::http::csc::sign_hash::Signatures;
use crate::http::csc::version::V2;
use crate::model::error::Result;
use crate::model::secret::SecretText;
use crate::model::token::Call;

#[derive(ToSchema)]
#[schema(as = CscSignPollingRequest, rename_all = "camelCase")]
pub struct SignPollingBody {
    /// The `responseID` of signHash.
    #[schema(rename = "requestID")]
    pub request_id: String,
    /// Only where the token names no seat; it changes nothing.
    #[schema(rename = "userID")]
    pub user_id: Option<String>,
    pub client_data: Option<String>,
}

/// Signatures that were made asynchronously (CSC v2 signatures/signPolling)
///
/// For a token of the client, tenant and seat that signed. The signatures are there from the answer of signHash on, so
/// this never answers 202; they may be collected as often as needed, until the validity period ends.
#[utoipa::path(post, path = "/csc/v2/signatures/signPolling", tag = "csc", security(("bearer" = [])),
    request_body = SignPollingBody,
    responses((status = 200, body = Signatures), Refusals),
)]
pub async fn sign_polling(
    Bearer { call, .. }: Bearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    let response_id = asked(&body.fields()?, &call)?;
    let signatures =
        blocking::run(&app, move |app| collect::collect(&app.service, &call, &response_id)).await?;
    Ok(HttpResponse::Ok().json(Signatures::encoded(&signatures)))
}

fn asked(fields: &Fields, call: &Call) -> Result<SecretText> {
    let response_id = fields.required_text(REQUEST_ID)?;
    match fields.find(USER_ID)? {
        None => {}
        Some(_) if call.principal.seat().is_some() => return Err(fault::user_shall_be_null()),
        Some(Value::Text(_)) => {}
        Some(_) => return Err(fault::invalid("\"userID\"")),
    }
    fields.optional_text(CLIENT_DATA)?;
    Ok(SecretText::new(response_id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;
    use crate::model::token::Principal;

    #[test]
    fn each_fault_is_named_in_csc_s_words() {
        let call = Call {
            principal: Principal::Operator,
            request_id: None,
            at: Timestamp::from_seconds(1_800_000_000),
        };
        let read = |body: &str| asked(&Fields::parse(body.as_bytes()).unwrap(), &call);
        for (body, said) in [
            ("{}", "Missing (or invalid type) string parameter requestID"),
            (r#"{"requestID":7}"#, "Missing (or invalid type) string parameter requestID"),
            (r#"{"requestID":"r","userID":7}"#, "Invalid parameter \"userID\""),
            (r#"{"requestID":"r","clientData":7}"#, "Invalid parameter clientData"),
            (
                r#"{"requestID":"r","responseID":"s"}"#,
                "The parameter requestID is there twice, with different values",
            ),
        ] {
            assert_eq!(read(body).err().unwrap().detail(), said, "{body}");
        }
        for body in [r#"{"requestID":"r","userID":null}"#, r#"{"responseID":"r","user_id":"jdoe"}"#] {
            assert_eq!(read(body).unwrap().expose(), "r", "{body}");
        }
    }
}
