//! What info tells of this service in every version.

use actix_web::HttpRequest;
use serde::Serialize;
use utoipa::ToSchema;

use super::version::Version;
use super::{language, logo, methods};
use crate::app::App;

#[derive(ToSchema)]
#[schema(as = CscServiceInfoRequest)]
pub struct InfoRequest {
    /// The language that is preferred (RFC 5646).
    #[schema(example = "it-IT")]
    pub lang: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscServiceIdentity)]
#[serde(rename_all = "camelCase")]
pub struct ServiceInfo<'a> {
    name: &'a str,
    /// A PNG.
    logo: String,
    region: &'a str,
    /// The language asked for, when that is a language; else en-US.
    lang: &'a str,
    description: &'a str,
    /// How access tokens are had.
    auth_type: Vec<&'static str>,
    /// The base of the OAuth endpoints: the token endpoint is `{oauth2}/oauth2/token`.
    oauth2: &'a str,
    /// The methods that are there, besides this one.
    methods: Vec<&'static str>,
}

impl<'a> ServiceInfo<'a> {
    pub fn of<V: Version>(app: &'a App, lang: Option<&'a str>) -> Self {
        let (base, identity) = (app.service.public_url.as_str(), &app.config.identity);
        Self {
            name: identity.name.as_str(),
            logo: format!("{base}{}", logo::PATH),
            region: identity.region.as_str(),
            lang: language::answered(lang),
            description: identity.description.as_str(),
            auth_type: methods::auth_types::<V>(),
            oauth2: base,
            methods: methods::of::<V>(app),
        }
    }

    pub fn has(&self, method: &str) -> bool {
        self.methods.contains(&method)
    }
}

/// The language that a GET asks for.
pub fn lang_asked(request: &HttpRequest) -> Option<&str> {
    let mut pairs = request.query_string().split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "lang").map(|(_, value)| value)
}
