//! `/api/v1/credentials/{id}/enrolment-link`: a link for the signer, in the place of a PIN and an OTP that pass through
//! the application.

use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::enrolment::Standing;
use crate::app::App;
use crate::credential::enrolment_link::{self, Lifetime};
use crate::http::access::Bearer;
use crate::http::body::Upload;
use crate::http::idempotency::{Answer, Once};
use crate::http::problem::Problem;
use crate::http::reply::Created;
use crate::model::id::CredentialId;
use crate::model::time::Timestamp;

/// How long the link is good. The whole body may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewEnrolmentLink {
    /// Seconds, 60 to 604800.
    #[schema(default = 86400, minimum = 60, maximum = 604800)]
    expires_in: Option<i64>,
}

/// A link to be handed to the signer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadeEnrolmentLink {
    #[serde(flatten)]
    standing: Standing,
    /// Whoever has it may set the PIN. It is shown this once; `?lang=es` behind it chooses the language.
    #[schema(example = "https://sign.acme.example/enrolment/3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    url: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Make a link by which the signer sets PIN and OTP
///
/// Neither then passes through the application. The link works once, in one browser, until it expires or another one is
/// made for the same credential.
#[utoipa::path(post, path = "/api/v1/credentials/{id}/enrolment-link", tag = "enrolment",
    params(("id" = String, Path, description = "The credential's id"), ("Idempotency-Key" = Option<String>, Header)),
    request_body = Option<NewEnrolmentLink>,
    security(("bearer" = [])), responses((status = 201, body = MadeEnrolmentLink)))]
pub async fn create(
    app: Data<App>,
    bearer: Bearer,
    id: Path<String>,
    once: Once,
    upload: Upload,
) -> Result<Answer, Problem> {
    let id = CredentialId::parse(&id)?;
    let NewEnrolmentLink { expires_in } = if upload.bytes.is_empty() {
        NewEnrolmentLink::default()
    } else {
        upload.require(&[])?;
        upload.json().transpose()?.unwrap_or_default()
    };
    let lifetime = Lifetime::new(expires_in)?;
    once.answer(&app, bearer.call, upload.bytes, &[], move |app, call| {
        let made = enrolment_link::make(&app.service, call, &id, lifetime)?;
        Ok(Created::nowhere(MadeEnrolmentLink {
            standing: Standing::from(&made.progress),
            url: made.url.expose().to_owned(),
            expires_at: made.expires_at,
        }))
    })
    .await
}
