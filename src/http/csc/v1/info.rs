//! info: what this service is and can do, for everybody.

use std::sync::LazyLock;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::csc::fault::{Fault, FaultBody};
use crate::http::csc::parameters::LANG;
use crate::http::csc::posted::Posted;
use crate::http::csc::version::{V1, Version};
use crate::http::csc::{language, logo, timestamp};
use crate::http::routes::TABLE;

const SPECS: &str = "1.0.4.0";
/// CSC's names of what OAuth has paths for.
const OAUTH_METHODS: [&str; 3] = ["oauth2/authorize", "oauth2/token", "oauth2/revoke"];

/// Of the routes that there are.
static METHODS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let has = |name: &str| TABLE.iter().any(|row| row.path.strip_prefix('/') == Some(name));
    let oauth = OAUTH_METHODS.into_iter().filter(|name| has(name));
    let own = TABLE.iter().filter_map(|row| row.path.strip_prefix(V1::BASE)).filter(|name| *name != "info");
    oauth.chain(own).collect()
});

#[derive(ToSchema)]
#[schema(as = CscServiceInfoRequest)]
pub struct InfoRequest {
    /// The language that is preferred (RFC 5646).
    #[schema(example = "it-IT")]
    pub lang: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscServiceInfo)]
#[serde(rename_all = "camelCase")]
pub struct Info<'a> {
    /// The version of the CSC specification.
    #[schema(example = "1.0.4.0")]
    specs: &'static str,
    name: &'static str,
    /// A PNG.
    logo: String,
    region: &'static str,
    /// The language asked for, when that is a language; else en-US.
    lang: &'a str,
    description: &'static str,
    /// How access tokens are had.
    auth_type: [&'static str; 1],
    /// The base of the OAuth endpoints: the token endpoint is `{oauth2}/oauth2/token`.
    oauth2: &'a str,
    /// The methods that are there, besides this one.
    methods: Vec<&'static str>,
}

/// What this service is (CSC v1 info)
#[utoipa::path(get, path = "/csc/v1/info", tag = "csc",
    params(("lang" = Option<String>, Query, description = "The language that is preferred (RFC 5646)")),
    responses((status = 200, body = Info)),
)]
pub async fn get(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let pairs = request.query_string().split('&').filter_map(|pair| pair.split_once('='));
    let lang = pairs.filter(|(name, _)| *name == "lang").map(|(_, value)| value).next();
    answer(&app, lang)
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
    let base = app.service.public_url.as_str();
    HttpResponse::Ok().json(Info {
        specs: SPECS,
        name: "countersign",
        logo: format!("{base}{}", logo::PATH),
        region: "EU",
        lang: language::answered(lang),
        description: "Remote signing with keys that only their signers can use",
        auth_type: ["oauth2client"],
        oauth2: base,
        methods: METHODS.iter().copied().filter(|name| timestamp::is_there(app, name)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_are_those_that_are_routed() {
        for name in [
            "credentials/list",
            "credentials/info",
            "credentials/authorize",
            "credentials/extendTransaction",
            "signatures/signHash",
        ] {
            assert_eq!(METHODS.iter().filter(|method| **method == name).count(), 1, "{name}: {METHODS:?}");
        }
        assert!(!METHODS.contains(&"info"));
    }
}
