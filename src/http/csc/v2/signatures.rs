//! Signatures over hashes.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::app::App;
use crate::credential::sign::{self, Kept, SignRequest};
use crate::http::blocking;
use crate::http::csc::bearer::SignerBearer;
use crate::http::csc::fault::{Fault, Refusals};
use crate::http::csc::posted::Posted;
use crate::http::csc::sign_hash::{Signatures, sign_hash_asked};
use crate::http::csc::v2::operation_mode::OperationMode;
use crate::http::csc::version::V2;
use crate::model::error::Result;
use crate::model::secret::SecretText;
use crate::model::sign_response::Wait;
use crate::model::token::Call;
use crate::outbound::notices::Notice;

#[derive(ToSchema)]
#[schema(as = Csc2SignHashRequest, rename_all = "camelCase")]
pub struct SignHashBody {
    #[schema(rename = "credentialID")]
    pub credential_id: String,
    /// From credentials/authorize, or an access token of scope `credential`. It may be left out where the bearer's token
    /// is one.
    #[schema(rename = "SAD")]
    pub sad: Option<String>,
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
    /// `S`, which is the default: the answer has the signatures. `A`: the answer has a `responseID`, with which
    /// signPolling collects them.
    #[schema(example = "S")]
    pub operation_mode: Option<String>,
    /// With `A`: how long the signatures wait, in milliseconds. An hour by default.
    #[schema(rename = "validity_period", minimum = 1000, maximum = 86_400_000, example = 600_000)]
    pub validity_period: Option<u32>,
    /// With `A`: a URL that is told the `responseID` once the signatures are there, as JSON, by one POST. Its host has to
    /// be allowed by the operator (`--webhook-host`).
    #[schema(rename = "response_uri")]
    pub response_uri: Option<String>,
    pub client_data: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscSignHashAnswer)]
#[serde(untagged)]
enum Answer {
    Now(Signatures),
    Later(Waiting),
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscWaitingSignatures)]
struct Waiting {
    /// What signPolling takes as `requestID`. Whoever has it and a token of the same client, tenant and seat gets the
    /// signatures; this server could not find it again.
    #[serde(rename = "responseID")]
    response_id: String,
    /// The same again: some clients read this.
    #[serde(rename = "response_id")]
    repeated: String,
}

/// Signatures over hashes (CSC v2 signatures/signHash)
///
/// A call that is refused costs nothing of what the SAD is good for. One that succeeds with `operationMode` `A` has spent
/// it as one with `S` has: the signatures are made, and wait.
#[utoipa::path(post, path = "/csc/v2/signatures/signHash", tag = "csc", security(("bearer" = [])),
    request_body = SignHashBody,
    responses((status = 200, body = Answer), Refusals),
)]
pub async fn sign_hash(
    SignerBearer { call, sad, .. }: SignerBearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    let fields = body.fields()?;
    let request = sign_hash_asked::<V2>(&fields, sad.as_ref())?;
    let answer = match OperationMode::asked(&fields, &app.config.webhooks.hosts)? {
        OperationMode::Synchronous => {
            let signed = blocking::run(&app, move |app| sign::sign(&app.service, &call, request)).await?;
            app.metrics.signed(signed.algorithm, signed.signatures.len() as u64);
            Answer::Now(Signatures::of(&signed))
        }
        OperationMode::Asynchronous(wait) => {
            let kept = blocking::run(&app, move |app| keep(app, &call, request, wait)).await?;
            app.metrics.signed(kept.algorithm, kept.count as u64);
            let id = kept.response_id.expose();
            Answer::Later(Waiting { response_id: id.to_owned(), repeated: id.to_owned() })
        }
    };
    Ok(HttpResponse::Ok().json(answer))
}

/// The signatures are there when somebody is told of them, also when the caller has hung up meanwhile.
fn keep(app: &App, call: &Call, request: SignRequest, wait: Wait) -> Result<Kept> {
    let notified = wait.notified.clone();
    let kept = sign::keep(&app.service, call, request, wait)?;
    if let (Some(to), Some(notices)) = (notified, &app.notices) {
        let body = json!({ "responseID": kept.response_id.expose() });
        notices.send(Notice { to, body: SecretText::new(body.to_string()) });
    }
    Ok(kept)
}
