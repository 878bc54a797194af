//! What surrounds every request: its id, one line in the log, the metrics, and the headers that every answer has.

use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::web::Data;
use tracing::Instrument;

use super::problem::Refusal;
use super::request_id::{self, RequestId};
use super::routes::Pattern;
use crate::app::App;

/// The middleware around all routes.
pub async fn surround<B: MessageBody>(
    app: Data<App>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let begun = Instant::now();
    let _in_flight = app.metrics.in_flight();
    let id = RequestId::of(request.headers());
    // At the level of errors, so that a filter that lets any line through lets its request's id through too.
    let span = tracing::error_span!("request", request_id = id.as_str());
    let mut answer = request_id::under(id.clone(), next.call(request).instrument(span.clone())).await?;
    let _entered = span.enter();

    note(&app, &answer, begun);
    let secure = app.config.server.tls.is_some();
    let headers = answer.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(request_id::HEADER, id);
    }
    harden(headers, secure);
    Ok(answer)
}

/// Counts the request and writes its line. Paths and queries may hold names and secrets, so the line has the
/// route's pattern instead; a refusal's cause is for operators, and only where something is ours to mend.
fn note<B>(app: &App, answer: &ServiceResponse<B>, begun: Instant) {
    let took = begun.elapsed();
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let status = answer.status();
    let method = known(answer.request().method().as_str());
    let route = answer.request().app_data::<Pattern>().map_or("unmatched", |pattern| pattern.0);
    app.metrics.answered(method, route, status.as_u16(), took);

    let extensions = answer.response().extensions();
    let refusal = extensions.get::<Refusal>();
    let code = refusal.map(|refusal| refusal.code.as_str());
    if let Some(refusal) = refusal {
        app.metrics.refused(refusal.code);
    }
    if is_ours_to_mend(status) {
        let cause = refusal.and_then(|refusal| refusal.cause.as_deref());
        tracing::error!(target: "countersign::access", method, route, status = status.as_u16(), micros, code, cause, "failed");
    } else {
        tracing::info!(target: "countersign::access", method, route, status = status.as_u16(), micros, code, "answered");
    }
}

/// CSC has 501 for methods that there are not, which anybody may ask for.
fn is_ours_to_mend(status: StatusCode) -> bool {
    status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
}

/// A caller may invent methods; each would be a time series of its own.
fn known(method: &str) -> &str {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => method,
        _ => "other",
    }
}

/// Answers are for the one who asked, and no browser should run, frame or guess at them. Pages that need more say so
/// themselves, and what a handler says stands.
fn harden(headers: &mut HeaderMap, secure: bool) {
    let mut by_default = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    by_default(X_CONTENT_TYPE_OPTIONS, "nosniff");
    by_default(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    // For browsers that do not know frame-ancestors.
    by_default(X_FRAME_OPTIONS, "DENY");
    by_default(REFERRER_POLICY, "no-referrer");
    by_default(CACHE_CONTROL, "no-store");
    if secure {
        by_default(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_callers_get_wrong_is_no_error_of_ours() {
        for (status, ours) in
            [(200, false), (404, false), (429, false), (500, true), (501, false), (503, true)]
        {
            assert_eq!(is_ours_to_mend(StatusCode::from_u16(status).unwrap()), ours, "{status}");
        }
    }
}
