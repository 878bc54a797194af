//! `GET` and `POST /oauth2/authorize` (RFC 6749, 3.1): where an application sends a person's browser.

use actix_web::http::header::LOCATION;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use url::{Url, form_urlencoded};

use super::form::Form;
use crate::app::App;
use crate::http::blocking;
use crate::http::pages::{authorization, browser};
use crate::identity::sessions::Browser;
use crate::model::error::Result;
use crate::model::id::ClientId;
use crate::model::language::Language;
use crate::model::secret::SecretText;
use crate::oauth::authorization::begin::{Begun, begin};

/// Ask a person
///
/// The person signs in here, sees what the application asks for, and goes back to its `redirect_uri` with `code` and
/// `state`, or with `error`; and with `iss` always (RFC 9207). A client or redirect URI that is not registered is told
/// to the person, and nobody is sent anywhere. PKCE with S256 is compulsory unless the client's record says otherwise.
#[utoipa::path(get, path = "/oauth2/authorize", tag = "oauth",
    params(
        ("response_type" = String, Query, description = "`code`; `token` where the client may use the implicit grant"),
        ("client_id" = String, Query),
        ("redirect_uri" = Option<String>, Query, description = "One of the client's; may be left out when it has one"),
        ("scope" = Option<String>, Query, description = "`service`, `seat:<value>`, `tenant:<value>`, `openid`, `profile`, `email`; or CSC's `credential`"),
        ("state" = Option<String>, Query),
        ("code_challenge" = Option<String>, Query),
        ("code_challenge_method" = Option<String>, Query, description = "`S256`"),
        ("request_uri" = Option<String>, Query, description = "Of a request that was pushed (RFC 9126): then with `client_id` only"),
        ("prompt" = Option<String>, Query, description = "`none`, `login`, `consent`"),
        ("nonce" = Option<String>, Query),
        ("max_age" = Option<u32>, Query),
        ("login_hint" = Option<String>, Query),
        ("account_token" = Option<String>, Query, description = "CSC: a JWT by HS256 under the SHA-256 of the client's `accountTokenKey`, with `sub`, `iat` and `jti`; nobody but `sub` may sign in"),
        ("ui_locales" = Option<String>, Query),
        ("credentialID" = Option<String>, Query, description = "With scope `credential`"),
        ("numSignatures" = Option<u32>, Query, description = "With scope `credential`"),
        ("hashes" = Option<String>, Query, description = "With scope `credential`: base64url, joined by commas; `hash` in CSC v1"),
        ("hashAlgorithmOID" = Option<String>, Query, description = "With scope `credential`"),
        ("authorization_details" = Option<String>, Query, description = "RFC 9396, of CSC's type `https://cloudsignatureconsortium.org/2025/credential`"),
        ("description" = Option<String>, Query),
        ("clientData" = Option<String>, Query),
    ),
    responses(
        (status = 302, description = "To the pages of this request, or back to the application"),
        (status = 400, description = "A page: the client or its redirect URI is not known", body = String, content_type = "text/html"),
    ))]
pub async fn get(app: Data<App>, request: HttpRequest) -> HttpResponse {
    answer(app, &request, Form::of_query(request.query_string()), Newcomer::GetsCookie).await
}

/// The same by a form, for requests that are too long for a URL
#[utoipa::path(post, path = "/oauth2/authorize", tag = "oauth",
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "The parameters of the GET request"),
    responses((status = 303,
        description = "To the pages of this request, or back to the application; a browser without our cookie by way of here")))]
pub async fn post(app: Data<App>, request: HttpRequest, form: Form) -> HttpResponse {
    answer(app, &request, Ok(form), Newcomer::ComesAgain).await
}

/// What becomes of a browser that shows no cookie.
#[derive(Clone, Copy)]
enum Newcomer {
    GetsCookie,
    /// With a GET. With a form of another site browsers do not send a Lax cookie, but would take a new one for it: whoever
    /// is signed in would be no more.
    ComesAgain,
}

async fn answer(
    app: Data<App>,
    request: &HttpRequest,
    form: Result<Form>,
    newcomer: Newcomer,
) -> HttpResponse {
    let known = browser::of(&app, request);
    let (fresh, at) = (known.is_none(), app.clock.now());
    let address = browser::address(request);
    let begun = blocking::run(&app, move |app| {
        let browser = match (known, newcomer) {
            (None, Newcomer::GetsCookie) => Some(Browser::fresh()?),
            (known, _) => known,
        };
        let begun = begin(&app.oauth, &form?.into_texts(), browser.as_ref(), address?, at)?;
        Ok((begun, browser))
    })
    .await;
    match begun {
        Ok((Begun::Answered(answer), _)) => to(request, &answer.location()),
        Ok((Begun::Waits { handle, language }, browser)) => {
            let answer = to(request, &page(&app, &handle, language));
            match browser.filter(|_| fresh) {
                Some(browser) => browser::keep(&app, &browser, answer),
                None => answer,
            }
        }
        Ok((Begun::Unbound { client, request_uri }, _)) => to(request, &again(&app, &client, &request_uri)),
        Err(problem) => authorization::misdirected(request, &problem),
    }
}

/// 302 in answer to GET, as clients expect it; 303 to a form: the browser goes on with GET, and sends nothing of it along
/// (RFC 9700, 4.12).
pub fn to(request: &HttpRequest, location: &str) -> HttpResponse {
    let status = if request.method() == Method::POST { StatusCode::SEE_OTHER } else { StatusCode::FOUND };
    HttpResponse::build(status).insert_header((LOCATION, location)).finish()
}

/// Where the pages of a request are, in the language that the application asked for.
fn page(app: &App, handle: &SecretText, language: Option<Language>) -> String {
    let query = language.map(|language| format!("?lang={}", language.tag())).unwrap_or_default();
    format!("{}/{}{query}", endpoint(app), handle.expose())
}

/// Here, with what was sent before.
fn again(app: &App, client: &ClientId, request_uri: &SecretText) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("client_id", client.as_str()).append_pair("request_uri", request_uri.expose());
    format!("{}?{}", endpoint(app), query.finish())
}

fn endpoint(app: &App) -> String {
    let base = Url::parse(&app.service.public_url).map(|url| url.path().trim_end_matches('/').to_owned());
    format!("{}/oauth2/authorize", base.unwrap_or_default())
}
