//! `/metrics`.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Data;

use super::problem::Problem;
use crate::app::App;
use crate::metrics;

/// What is counted, for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "service", responses(
    (status = 200, description = "The Prometheus text format", body = String, content_type = "text/plain"),
))]
pub async fn scrape(app: Data<App>) -> Result<HttpResponse, Problem> {
    let text = app.metrics.render()?;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, metrics::MEDIA_TYPE)).body(text))
}
