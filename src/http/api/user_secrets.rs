//! What a user signs in with: `/api/v1/users/{id}/password` and `/api/v1/users/{id}/otp`.

use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::enrolment::{OtpCode, ShownOtp};
use crate::app::App;
use crate::http::access::Bearer;
use crate::http::blocking;
use crate::http::body::{self, Body, Upload};
use crate::http::idempotency::{Answer, Once};
use crate::http::problem::Problem;
use crate::http::reply::{Created, Done, Found};
use crate::identity::users::{otp, password};
use crate::model::id::UserId;
use crate::model::secret::SecretText;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// 12 to 128 characters of any kind; not a common one, and without the names of the user, the tenant and this service.
    #[schema(value_type = String, format = Password)]
    password: SecretText,
}

/// Set a user's password
///
/// The user's tokens end.
#[utoipa::path(post, path = "/api/v1/users/{id}/password", tag = "administration", request_body = NewPassword,
    params(("id" = String, Path, description = "The user's id")), security(("bearer" = [])),
    responses((status = 204)))]
pub async fn set_password(
    app: Data<App>,
    bearer: Bearer,
    id: Path<String>,
    body: Body<NewPassword>,
) -> Result<Done, Problem> {
    let id = UserId::parse(&id)?;
    let new = body.into_inner().password;
    blocking::run(&app, move |app| password::set(&app.service, &bearer.call, &id, &new)).await?;
    Ok(Done)
}

/// Nothing is chosen here.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAuthenticator {}

/// A user's authenticator; shown this once.
#[derive(Serialize, ToSchema)]
pub struct Authenticator {
    #[serde(flatten)]
    otp: ShownOtp,
    confirmed: bool,
}

/// Whether a code is asked for at sign-in.
#[derive(Serialize, ToSchema)]
pub struct AuthenticatorStanding {
    confirmed: bool,
}

/// Make an authenticator for a user
///
/// One that was never confirmed is replaced. Its codes are asked for at sign-in once the first one has confirmed it.
#[utoipa::path(post, path = "/api/v1/users/{id}/otp", tag = "administration", request_body = NewAuthenticator,
    params(("id" = String, Path, description = "The user's id"), ("Idempotency-Key" = Option<String>, Header)),
    security(("bearer" = [])), responses((status = 201, body = Authenticator)))]
pub async fn add_otp(
    app: Data<App>,
    bearer: Bearer,
    once: Once,
    id: Path<String>,
    upload: Upload,
) -> Result<Answer, Problem> {
    let id = UserId::parse(&id)?;
    // There may be no body at all.
    if !upload.bytes.is_empty() {
        upload.require(&[])?;
        let NewAuthenticator {} = body::parse(&upload.bytes)?;
    }
    once.answer(&app, bearer.call, upload.bytes, &[], move |app, call| {
        let made = otp::enrol(&app.service, call, &id)?;
        let otp = ShownOtp::of(&made.enrolment, made.issuer, made.user, &made.rules);
        Ok(Created::nowhere(Authenticator { otp, confirmed: false }))
    })
    .await
}

/// Confirm a user's authenticator with its first code
#[utoipa::path(post, path = "/api/v1/users/{id}/otp/confirm", tag = "administration", request_body = OtpCode,
    params(("id" = String, Path, description = "The user's id")), security(("bearer" = [])),
    responses((status = 200, body = AuthenticatorStanding)))]
pub async fn confirm_otp(
    app: Data<App>,
    bearer: Bearer,
    id: Path<String>,
    body: Body<OtpCode>,
) -> Result<Found<AuthenticatorStanding>, Problem> {
    let id = UserId::parse(&id)?;
    let code = body.into_inner().into_value();
    blocking::run(&app, move |app| otp::confirm(&app.service, &bearer.call, &id, &code)).await?;
    Ok(Found(AuthenticatorStanding { confirmed: true }))
}

/// Remove a user's authenticator
///
/// The password is enough from then on.
#[utoipa::path(delete, path = "/api/v1/users/{id}/otp", tag = "administration",
    params(("id" = String, Path, description = "The user's id")), security(("bearer" = [])),
    responses((status = 204)))]
pub async fn remove_otp(app: Data<App>, bearer: Bearer, id: Path<String>) -> Result<Done, Problem> {
    let id = UserId::parse(&id)?;
    blocking::run(&app, move |app| otp::remove(&app.service, &bearer.call, &id)).await?;
    Ok(Done)
}
