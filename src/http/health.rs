//! Whether the process lives, and whether it should be given requests.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::header::RETRY_AFTER;
use actix_web::web::Data;
use actix_web::{HttpResponse, Responder};
use serde::Serialize;
use utoipa::ToSchema;

use super::blocking;
use super::problem::{Problem, Refusal, status};
use super::reply::Found;
use crate::app::App;
use crate::model::error::{Code, Error};

/// A probe that takes longer has failed: whoever asks has a time limit of its own.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Serialize, ToSchema)]
pub struct Live {
    /// Always `live`.
    #[schema(example = "live")]
    status: &'static str,
    /// The version of countersign.
    version: &'static str,
}

#[derive(Serialize, ToSchema)]
pub struct Ready {
    /// `ready`, or `failing` when a part fails.
    #[schema(example = "ready")]
    status: &'static str,
    /// Each part: `ok`, or what is wrong with it.
    #[schema(example = json!({"database": "ok"}))]
    checks: BTreeMap<&'static str, String>,
}

/// The process is alive
///
/// Says nothing about the parts it needs: a restart would not mend those.
#[utoipa::path(get, path = "/health/live", tag = "service", responses((status = 200, body = Live)))]
pub async fn live() -> impl Responder {
    Found(Live { status: "live", version: env!("CARGO_PKG_VERSION") })
}

/// The node takes requests
///
/// Looks at the parts that the node needs, such as the database and the key backend.
#[utoipa::path(get, path = "/health/ready", tag = "service", responses(
    (status = 200, body = Ready),
    (status = 503, description = "A part fails; `checks` says which", body = Ready),
))]
pub async fn ready(app: Data<App>) -> Result<HttpResponse, Problem> {
    let probing = blocking::run(&app, |app| Ok(probe(app)));
    let ready = match tokio::time::timeout(PATIENCE, probing).await {
        Ok(probed) => probed?,
        Err(_) => Ready { status: "failing", checks: [("all", "no answer in time".to_owned())].into() },
    };
    if ready.status == "ready" {
        return Ok(HttpResponse::Ok().json(ready));
    }
    let error = Error::new(Code::StorageUnavailable, "not ready").caused_by(format!("{:?}", ready.checks));
    let mut answer = HttpResponse::build(status(error.code())).insert_header((RETRY_AFTER, "1")).json(ready);
    Refusal::of(&error).attach(&mut answer);
    Ok(answer)
}

/// The answer names what is wrong in words for users; the cause is for the log.
fn probe(app: &App) -> Ready {
    let mut status = "ready";
    let mut checks = BTreeMap::new();
    for check in app.checks() {
        let outcome = match (check.probe)() {
            Ok(()) => "ok".to_owned(),
            Err(error) => {
                tracing::warn!(check = check.name, cause = error.cause(), "{error}");
                status = "failing";
                error.detail().to_owned()
            }
        };
        checks.insert(check.name, outcome);
    }
    Ready { status, checks }
}
