//! `GET` and `POST /oauth2/userinfo` (OpenID Connect Core, 5.3).

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::granted;
use crate::app::App;
use crate::http::access::Bearer;
use crate::http::blocking;
use crate::http::problem::{Problem, ProblemBody};
use crate::oauth::openid::{Person, userinfo};

/// Who signed in
///
/// For a token of a user, with scope `openid`; `profile` and `email` tell more.
#[utoipa::path(get, path = "/oauth2/userinfo", tag = "oauth", security(("bearer" = [])),
    responses(
        (status = 200, body = Person),
        (status = 401, description = "`invalid_token`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`insufficient_scope`: without `openid`, or of no user", body = ProblemBody,
            content_type = "application/problem+json"),
    ))]
pub async fn get(bearer: Bearer, app: Data<App>) -> Result<HttpResponse, Problem> {
    answer(bearer, app).await
}

/// Who signed in
#[utoipa::path(post, path = "/oauth2/userinfo", tag = "oauth", security(("bearer" = [])),
    responses(
        (status = 200, body = Person),
        (status = 401, description = "`invalid_token`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`insufficient_scope`: without `openid`, or of no user", body = ProblemBody,
            content_type = "application/problem+json"),
    ))]
pub async fn post(bearer: Bearer, app: Data<App>) -> Result<HttpResponse, Problem> {
    answer(bearer, app).await
}

async fn answer(Bearer { call }: Bearer, app: Data<App>) -> Result<HttpResponse, Problem> {
    let person = blocking::run(&app, move |app| userinfo(&app.service, &call)).await?;
    Ok(granted(&person))
}
