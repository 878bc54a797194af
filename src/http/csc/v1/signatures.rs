//! Signatures over hashes.

use actix_web::HttpResponse;
use actix_web::web::Data;
use utoipa::ToSchema;

use crate::app::App;
use crate::credential::sign;
use crate::http::blocking;
use crate::http::csc::bearer::SignerBearer;
use crate::http::csc::fault::{Fault, Refusals};
use crate::http::csc::posted::Posted;
use crate::http::csc::sign_hash::{Signatures, sign_hash_asked};
use crate::http::csc::version::V1;

#[derive(ToSchema)]
#[schema(as = CscSignHashRequest, rename_all = "camelCase")]
pub struct SignHashBody {
    #[schema(rename = "credentialID")]
    pub credential_id: String,
    /// From credentials/authorize, or an access token of scope `credential`. It may be left out where the bearer's token
    /// is one.
    #[schema(rename = "SAD")]
    pub sad: Option<String>,
    /// Base64-encoded digests.
    pub hash: Vec<String>,
    /// An OID out of the credential's `key.algo`.
    #[schema(example = "1.2.840.10045.4.3.2")]
    pub sign_algo: String,
    /// The digest's OID; needed where `signAlgo` implies none.
    #[schema(example = "2.16.840.1.101.3.4.2.1")]
    pub hash_algo: Option<String>,
    /// RSASSA-PSS-params, DER, base64-encoded.
    pub sign_algo_params: Option<String>,
    pub client_data: Option<String>,
}

/// Signatures over hashes (CSC v1 signatures/signHash)
///
/// A call that is refused costs nothing of what the SAD is good for.
#[utoipa::path(post, path = "/csc/v1/signatures/signHash", tag = "csc", security(("bearer" = [])),
    request_body = SignHashBody,
    responses((status = 200, body = Signatures), Refusals),
)]
pub async fn sign_hash(
    SignerBearer { call, sad, .. }: SignerBearer<V1>,
    app: Data<App>,
    body: Posted<V1>,
) -> Result<HttpResponse, Fault<V1>> {
    let request = sign_hash_asked::<V1>(&body.fields()?, sad.as_ref())?;
    let signed = blocking::run(&app, move |app| sign::sign(&app.service, &call, request)).await?;
    app.metrics.signed(signed.algorithm, signed.signatures.len() as u64);
    Ok(HttpResponse::Ok().json(Signatures::of(&signed)))
}
