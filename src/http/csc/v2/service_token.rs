//! Service tokens, for clients that do not speak OAuth.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::app::App;
use crate::http::csc::bearer::Bearer;
use crate::http::csc::fault::{Fault, FaultBody, Refusals};
use crate::http::csc::posted::Posted;
use crate::http::csc::service_token::{self, Login, LoginBody, RevokeBody};
use crate::http::csc::version::V2;

/// Get a service token (CSC v2 auth/login)
///
/// By a client's id and secret as HTTP Basic, for the client's default scope; or by a refresh token in the body. The body
/// may be left out.
#[utoipa::path(post, path = "/csc/v2/auth/login", tag = "csc", request_body = Option<LoginBody>, responses(
    (status = 200, body = Login<'static>),
    (status = 400, description = "Refused", body = FaultBody),
    (status = 401, description = "Nothing shows who asks", body = FaultBody),
    (status = 429, description = "Too many failed attempts", body = FaultBody),
))]
pub async fn login(app: Data<App>, http: HttpRequest, body: Posted<V2>) -> Result<HttpResponse, Fault<V2>> {
    service_token::login(app, http, body).await
}

/// Get a service token (CSC v2 auth/login)
#[utoipa::path(get, path = "/csc/v2/auth/login", tag = "csc", responses(
    (status = 200, body = Login<'static>),
    (status = 400, description = "Refused", body = FaultBody),
    (status = 401, description = "Nothing shows who asks", body = FaultBody),
    (status = 429, description = "Too many failed attempts", body = FaultBody),
))]
pub async fn get_login(
    app: Data<App>,
    http: HttpRequest,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    service_token::login(app, http, body).await
}

/// Revoke a token (CSC v2 auth/revoke)
///
/// An access token, a refresh token with all that it gave, or a SAD: of the client whose access token is shown. One that
/// is unknown or ended already is revoked all the same.
#[utoipa::path(post, path = "/csc/v2/auth/revoke", tag = "csc", security(("bearer" = [])), request_body = RevokeBody,
    responses((status = 204, description = "The token works nowhere any more"), Refusals),
)]
pub async fn revoke(
    Bearer { call, .. }: Bearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    service_token::revoke(app, call, body).await
}
