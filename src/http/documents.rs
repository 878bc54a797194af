//! What the service says of itself: the OpenAPI document, a reference page that needs no internet, a page for each
//! problem, and the page that leads to them.

use std::sync::{Arc, LazyLock};

use actix_web::HttpResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION,
};
use actix_web::web::{Bytes, Path};
use utoipa_swagger_ui::Config;

use super::openapi as described;
use super::problem::{Problem, status};
use crate::model::error::{Code, Error};

/// The style is our own and inline; nothing else may load.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Swagger UI sets styles on elements and draws icons from data URLs; its scripts are files of ours.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
                           connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// It changes with the version only.
const CACHEABLE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

static DOCUMENT: LazyLock<Bytes> =
    LazyLock::new(|| serde_json::to_vec(&described::document()).unwrap_or_default().into());

static DOCS: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    Arc::new(
        Config::from("../openapi.json")
            .deep_linking(true)
            .display_request_duration(true)
            .validator_url("none"),
    )
});

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "service", responses(
    (status = 200, description = "OpenAPI 3.1", body = Object),
))]
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, CACHEABLE))
        .body(DOCUMENT.clone())
}

/// What a problem's code means
///
/// The page that a problem's `type` points to: what the code means and what to do next.
#[utoipa::path(get, path = "/problems/{code}", tag = "service",
    params(("code" = String, Path, description = "The problem's code", example = "not_found")),
    responses((status = 200, description = "A page", body = String, content_type = "text/html")),
)]
pub async fn problem(code: Path<String>) -> Result<HttpResponse, Problem> {
    let code = Code::ALL.iter().find(|known| known.as_str() == code.as_str());
    let code = code.ok_or_else(|| Error::new(Code::NotFound, "No problem has this code."))?;
    let status = status(*code);
    let body = format!(
        "<p><a href=\"..\">countersign</a></p>\n<h1>{}</h1>\n<p><code>{}</code>, in the native API with HTTP status {}</p>\n<h2>What to do next</h2>\n<p>{}</p>\n",
        escape(code.title()),
        code.as_str(),
        status.as_u16(),
        code_marks(&escape(code.advice())),
    );
    Ok(page(code.title(), &body))
}

/// The way in, for people.
pub async fn landing() -> HttpResponse {
    page(
        "countersign",
        "<h1>countersign</h1>\n<p>A credential and remote-signing service. It keeps people's signing keys so that only they can use them.</p>\n\
         <ul>\n<li><a href=\"docs/\">Reference of the API</a></li>\n<li><a href=\"openapi.json\">OpenAPI document</a></li>\n\
         <li><a href=\"health/live\">Health</a></li>\n</ul>\n",
    )
}

/// The reference page's files are named relative to `/docs/`.
pub async fn docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "docs/")).finish()
}

pub async fn docs_index() -> Result<HttpResponse, Problem> {
    docs_named("index.html")
}

pub async fn docs_file(file: Path<String>) -> Result<HttpResponse, Problem> {
    docs_named(&file)
}

fn docs_named(file: &str) -> Result<HttpResponse, Problem> {
    let found = utoipa_swagger_ui::serve(file, Arc::clone(&DOCS)).map_err(Error::internal)?;
    let found = found.ok_or_else(|| Error::new(Code::NotFound, "The reference page has no such file."))?;
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, found.content_type))
        .insert_header((CONTENT_SECURITY_POLICY, DOCS_POLICY))
        .insert_header((CACHE_CONTROL, CACHEABLE));
    if found.gzpipped {
        answer.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(answer.body(found.bytes.into_owned()))
}

fn page(title: &str, body: &str) -> HttpResponse {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{}</title>\n<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}}</style>\n{body}</html>\n",
        escape(title),
    );
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .insert_header((CACHE_CONTROL, CACHEABLE))
        .body(html)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Backticks in pairs become code.
fn code_marks(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for (position, part) in text.split('`').enumerate() {
        if position > 0 {
            html.push_str(if position % 2 == 1 { "<code>" } else { "</code>" });
        }
        html.push_str(part);
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_html_with_code() {
        assert_eq!(code_marks(&escape("Send `a <b>`.")), "Send <code>a &lt;b&gt;</code>.");
        for code in Code::ALL {
            assert_eq!(code.advice().matches('`').count() % 2, 0, "{}", code.as_str());
        }
    }
}
