//! Signatures over hashes.

use actix_web::HttpResponse;
use actix_web::web::Data;
use utoipa::ToSchema;

use crate::app::App;
use crate::credential::sign;
use crate::http::blocking;
use crate::http::csc::bearer::Bearer;
use crate::http::csc::fault::{self, Fault, Refusals};
use crate::http::csc::fields::Fields;
use crate::http::csc::parameters::OPERATION_MODE;
use crate::http::csc::posted::Posted;
use crate::http::csc::sign_hash::{Signatures, sign_hash_asked};
use crate::http::csc::version::V2;
use crate::model::error::Result;

#[derive(ToSchema)]
#[schema(as = Csc2SignHashRequest, rename_all = "camelCase")]
pub struct SignHashBody {
    #[schema(rename = "credentialID")]
    pub credential_id: String,
    /// From credentials/authorize.
    #[schema(rename = "SAD")]
    pub sad: String,
    /// Base64-encoded digests.
    pub hashes: Vec<String>,
    /// The digest's OID; needed where `signAlgo` implies none.
    #[schema(rename = "hashAlgorithmOID", example = "2.16.840.1.101.3.4.2.1")]
    pub hash_algorithm_oid: Option<String>,
    /// An OID out of the credential's `key.algo`.
    #[schema(example = "1.2.840.10045.4.3.2")]
    pub sign_algo: String,
    /// RSASSA-PSS-params, DER, base64-encoded.
    pub sign_algo_params: Option<String>,
    /// `S`, which is the default: the answer has the signatures.
    #[schema(example = "S")]
    pub operation_mode: Option<String>,
    pub client_data: Option<String>,
}

/// Signatures over hashes (CSC v2 signatures/signHash)
///
/// A call that is refused costs nothing of what the SAD is good for.
#[utoipa::path(post, path = "/csc/v2/signatures/signHash", tag = "csc", security(("bearer" = [])),
    request_body = SignHashBody,
    responses((status = 200, body = Signatures), Refusals),
)]
pub async fn sign_hash(
    Bearer { call, .. }: Bearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    let fields = body.fields()?;
    let request = sign_hash_asked::<V2>(&fields)?;
    must_be_synchronous(&fields)?;
    let signed = blocking::run(&app, move |app| sign::sign(&app.service, &call, request)).await?;
    app.metrics.signed(signed.algorithm, signed.signatures.len() as u64);
    Ok(HttpResponse::Ok().json(Signatures::of(&signed)))
}

fn must_be_synchronous(fields: &Fields) -> Result<()> {
    match fields.optional_text(OPERATION_MODE)? {
        None | Some("S") => Ok(()),
        Some(_) => Err(fault::invalid(OPERATION_MODE.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_made_while_the_caller_waits() {
        for (body, is_good) in [
            ("{}", true),
            (r#"{"operationMode":"S"}"#, true),
            (r#"{"operationMode":null}"#, true),
            (r#"{"operationMode":"s"}"#, false),
            (r#"{"operationMode":7}"#, false),
        ] {
            let result = must_be_synchronous(&Fields::parse(body.as_bytes()).unwrap());
            assert_eq!(result.is_ok(), is_good, "{body}");
        }
    }
}
