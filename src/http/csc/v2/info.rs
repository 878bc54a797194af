//! info: what this service is and can do, for everybody.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::csc::fault::{Fault, FaultBody};
use crate::http::csc::parameters::LANG;
use crate::http::csc::posted::Posted;
use crate::http::csc::service_info::{InfoRequest, ServiceInfo, lang_asked};
use crate::http::csc::version::V2;
use crate::model::algorithm::KeyAlgorithm;

/// What hashes may be of: data to be signed, in the form in which it is signed. Documents are not taken.
const HASH_TYPES: [&str; 1] = ["dtbsr"];

const SUPPORTS_RAR: bool = true;

#[derive(Serialize, ToSchema)]
#[schema(as = Csc2ServiceInfo)]
#[serde(rename_all = "camelCase")]
pub struct Info<'a> {
    /// The version of the CSC specification.
    #[schema(example = "2.2.0.0")]
    specs: &'static str,
    #[serde(flatten)]
    service: ServiceInfo<'a>,
    /// Whether signHash knows `operationMode` A.
    asynchronous_operation_mode: bool,
    /// Whether the authorization endpoint knows RFC 9396 `authorization_details`.
    supports_rar: bool,
    /// Whether signatures come with what validates them where it is not compulsory.
    validation_info: bool,
    sign_algorithms: SignAlgorithms,
    #[serde(rename = "signature_formats")]
    signature_formats: SignatureFormats,
    /// Of signatures over documents: there are none.
    #[serde(rename = "conformance_levels")]
    conformance_levels: [&'static str; 0],
    /// What hashes may be of.
    #[schema(example = json!(["dtbsr"]))]
    supported_hash_types: [&'static str; 1],
}

#[derive(Serialize, ToSchema)]
#[schema(as = Csc2SignAlgorithms)]
#[serde(rename_all = "camelCase")]
struct SignAlgorithms {
    /// OIDs: what the keys of some credential can do. A credential's `key.algo` tells what its own can.
    algos: Vec<&'static str>,
    /// For each OID its parameters: none that were fixed, so each is empty.
    algo_params: Vec<&'static str>,
}

/// Of documents that are signed here: there are none.
#[derive(Serialize, ToSchema)]
#[schema(as = Csc2SignatureFormats)]
struct SignatureFormats {
    formats: [&'static str; 0],
    envelope_properties: [Vec<&'static str>; 0],
}

/// What this service is (CSC v2 info)
#[utoipa::path(get, path = "/csc/v2/info", tag = "csc",
    params(("lang" = Option<String>, Query, description = "The language that is preferred (RFC 5646)")),
    responses((status = 200, body = Info)),
)]
pub async fn get(app: Data<App>, request: HttpRequest) -> HttpResponse {
    answer(&app, lang_asked(&request))
}

/// What this service is (CSC v2 info)
///
/// The body may be left out.
#[utoipa::path(post, path = "/csc/v2/info", tag = "csc", request_body = Option<InfoRequest>, responses(
    (status = 200, body = Info),
    (status = 400, description = "Refused", body = FaultBody),
))]
pub async fn post(app: Data<App>, body: Posted<V2>) -> Result<HttpResponse, Fault<V2>> {
    let fields = body.fields()?;
    Ok(answer(&app, fields.optional_text(LANG)?))
}

fn answer(app: &App, lang: Option<&str>) -> HttpResponse {
    let service = ServiceInfo::of::<V2>(app, lang);
    HttpResponse::Ok().json(Info {
        specs: app.config.identity.specs.as_str(),
        asynchronous_operation_mode: service.has("signatures/signPolling"),
        service,
        supports_rar: SUPPORTS_RAR,
        validation_info: false,
        sign_algorithms: SignAlgorithms::all(),
        signature_formats: SignatureFormats { formats: [], envelope_properties: [] },
        conformance_levels: [],
        supported_hash_types: HASH_TYPES,
    })
}

impl SignAlgorithms {
    fn all() -> Self {
        let mut algos: Vec<&str> = Vec::new();
        for oid in KeyAlgorithm::ALL.into_iter().flat_map(|key| key.signature_oids()) {
            if !algos.contains(oid) {
                algos.push(oid);
            }
        }
        Self { algo_params: vec![""; algos.len()], algos }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::algorithm::{OID_ED25519, OID_RSA, OID_RSA_PSS};

    #[test]
    fn every_algorithm_of_every_key_is_there_once_and_has_parameters_beside_it() {
        let SignAlgorithms { algos, algo_params } = SignAlgorithms::all();
        assert_eq!(algos.len(), algo_params.len());
        for oid in [OID_RSA, OID_RSA_PSS, OID_ED25519, "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11"] {
            assert_eq!(algos.iter().filter(|algo| **algo == oid).count(), 1, "{oid}");
        }
    }
}
