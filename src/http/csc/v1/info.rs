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
use crate::http::csc::version::V1;

const SPECS: &str = "1.0.4.0";

#[derive(Serialize, ToSchema)]
#[schema(as = CscServiceInfo)]
pub struct Info<'a> {
    /// The version of the CSC specification.
    #[schema(example = "1.0.4.0")]
    specs: &'static str,
    #[serde(flatten)]
    service: ServiceInfo<'a>,
}

/// What this service is (CSC v1 info)
#[utoipa::path(get, path = "/csc/v1/info", tag = "csc",
    params(("lang" = Option<String>, Query, description = "The language that is preferred (RFC 5646)")),
    responses((status = 200, body = Info)),
)]
pub async fn get(app: Data<App>, request: HttpRequest) -> HttpResponse {
    answer(&app, lang_asked(&request))
}

/// What this service is (CSC v1 info)
///
/// The body may be left out.
#[utoipa::path(post, path = "/csc/v1/info", tag = "csc", request_body = Option<InfoRequest>, responses(
    (status = 200, body = Info),
    (status = 400, description = "Refused", body = FaultBody),
))]
pub async fn post(app: Data<App>, body: Posted<V1>) -> Result<HttpResponse, Fault<V1>> {
    let fields = body.fields()?;
    Ok(answer(&app, fields.optional_text(LANG)?))
}

fn answer(app: &App, lang: Option<&str>) -> HttpResponse {
    HttpResponse::Ok().json(Info { specs: SPECS, service: ServiceInfo::of::<V1>(app, lang) })
}
