//! Pages for people, in one frame: no script, no style but our own, nothing loaded from anywhere, not to be framed,
//! kept or told of to other sites. A page is a template that extends `frame.html` and holds a [`Frame`].
//!
//! A page is made in one of the languages of [`language`]; what it says is in a table of words beside its template.

pub mod approval;
pub mod authorization;
pub mod enrolment;
pub mod sign_out;

pub mod browser;
pub mod language;
pub mod origin;
mod signatures;

mod cookie;
mod hashes;
mod mend;

mod policy;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError};
use askama::Template;

use super::problem::{self, Problem, Refusal};
use super::request_id;
use crate::model::error::{Code, Error};
use crate::model::language::Language;

const STYLE: &str = include_str!("frame.css");

/// What is around the main part of a page.
pub struct Frame {
    pub language: Language,
    /// The page's title, and its heading.
    pub title: &'static str,
    /// The same page in other languages.
    elsewhere: Vec<(Language, String)>,
    /// Where its forms may lead in the end, beside here.
    leads_to: Option<String>,
}

impl Frame {
    pub fn new(language: Language, title: &'static str) -> Self {
        Self { language, title, elsewhere: Vec::new(), leads_to: None }
    }

    /// With links to the same page in the other languages: for pages that can be asked for again.
    pub fn of(request: &HttpRequest, title: &'static str) -> Self {
        let language = language::spoken(request);
        let elsewhere = language::others(request.query_string(), language);
        Self { language, title, elsewhere, leads_to: None }
    }

    /// Browsers hold a form's policy against where its answer redirects to as well.
    pub fn leading_to(self, uri: &str) -> Self {
        Self { leads_to: policy::source(uri), ..self }
    }

    pub fn style(&self) -> &'static str {
        STYLE
    }

    pub fn words(&self) -> &'static Words {
        words(self.language)
    }
}

/// 200, or another status, with a page.
pub fn answer(status: StatusCode, language: Language, page: &impl Template) -> HttpResponse {
    rendered(HttpResponse::build(status), language, page)
}

/// The same for a page whose forms may lead away, as its frame says.
pub fn answer_leading(status: StatusCode, frame: &Frame, page: &impl Template) -> HttpResponse {
    let mut answer = rendered(HttpResponse::build(status), frame.language, page);
    if let Some(policy) = frame.leads_to.as_deref().and_then(policy::leading) {
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// The same page, which shows pictures that are in itself.
pub fn with_pictures(mut page: HttpResponse) -> HttpResponse {
    page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy::WITH_PICTURES.clone());
    page
}

/// A page that says something and leads nowhere.
pub fn tell(status: StatusCode, frame: Frame, paragraphs: &[&'static str]) -> HttpResponse {
    let language = frame.language;
    answer(status, language, &Told { frame, paragraphs, request_id: None })
}

/// A refusal as a page. What it was goes to the log; the page says what a person can do about it, and nothing of what
/// is inside.
pub fn refuse(language: Language, problem: &Problem) -> HttpResponse {
    let error = problem.error();
    let words = words(language);
    let (title, paragraph) = match error.code() {
        code if problem::wait(error).is_some() && code != Code::OutcomeUnknown => words.busy,
        code if problem::status(code).is_server_error() => words.failed,
        _ => words.refused,
    };
    let page = Told {
        frame: Frame::new(language, title),
        paragraphs: &[paragraph],
        request_id: Some(request_id::current()),
    };
    let mut answer = rendered(problem.begin(problem::status(error.code())), language, &page);
    Refusal::of(error).attach(&mut answer);
    answer
}

#[derive(Template)]
#[template(path = "told.html", config = "src/http/pages/askama.toml")]
struct Told<'a> {
    frame: Frame,
    paragraphs: &'a [&'static str],
    request_id: Option<String>,
}

fn rendered(mut answer: HttpResponseBuilder, language: Language, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(html) => answer
            .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((CONTENT_LANGUAGE, language.tag()))
            .insert_header((VARY, "accept, accept-language"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_SECURITY_POLICY, policy::STRICT.as_str()))
            .body(html),
        Err(error) => Problem::from(Error::internal(error)).error_response(),
    }
}

/// What the frame itself says.
pub struct Words {
    languages: &'static str,
    request: &'static str,
    /// Title and advice.
    busy: (&'static str, &'static str),
    failed: (&'static str, &'static str),
    refused: (&'static str, &'static str),
}

const fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &Words {
            languages: "Language",
            request: "Request",
            busy: ("Please try again in a moment", "The service is busy. Nothing was changed."),
            failed: (
                "Something went wrong",
                "Try again later. If it goes on, tell whoever runs this service, with the number of the request.",
            ),
            refused: (
                "This could not be understood",
                "Nothing was changed. Go back to the page that you came from and try again there.",
            ),
        },
        Language::Spanish => &Words {
            languages: "Idioma",
            request: "Petición",
            busy: ("Inténtelo de nuevo en un momento", "El servicio está ocupado. No se ha cambiado nada."),
            failed: (
                "Algo ha fallado",
                "Inténtelo más tarde. Si continúa, avise a quien administra este servicio e indique el número de la petición.",
            ),
            refused: (
                "No se ha podido entender la petición",
                "No se ha cambiado nada. Vuelva a la página de la que viene e inténtelo allí de nuevo.",
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use aws_lc_rs::digest;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn the_policy_lets_the_frame_s_own_style_in_and_nothing_else() {
        let request = TestRequest::with_uri("/x?lang=es").to_http_request();
        let page = Told { frame: Frame::of(&request, "T"), paragraphs: &["<b>"], request_id: None };
        let html = page.render().unwrap();
        let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        let hash = STANDARD.encode(digest::digest(&digest::SHA256, style.as_bytes()));
        assert!(policy::STRICT.contains(&format!("'sha256-{hash}'")));
        assert!(!policy::STRICT.contains("unsafe") && !html.contains("<script") && !html.contains(" style="));
        assert!(html.contains("&#60;b&#62;") && html.contains(r#"<html lang="es">"#));
        assert!(html.contains(r#"<a href="?lang=en" hreflang="en" lang="en">English</a>"#));
    }

    #[test]
    fn a_refusal_says_nothing_of_what_is_inside() {
        for (error, status) in [
            (Error::internal("the database's password"), 500),
            (Error::new(Code::StorageUnavailable, "host db-7"), 503),
            (Error::field("/decision", "the database's password"), 400),
        ] {
            let answer = refuse(Language::English, &error.into());
            assert_eq!(answer.status(), status);
            let body = actix_web::body::to_bytes(answer.into_body());
            let body = futures_util::FutureExt::now_or_never(body).unwrap().unwrap();
            let html = String::from_utf8(body.to_vec()).unwrap();
            assert!(!html.contains("password") && !html.contains("db-7"), "{html}");
        }
    }
}
