//! Signing out of this browser.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::language::spoken;
use super::{Frame, answer, browser, origin, refuse, tell};
use crate::app::App;
use crate::http::blocking;
use crate::http::request_id;
use crate::identity::sessions;
use crate::model::language::Language;

/// Ask whether to sign out
#[utoipa::path(get, path = "/oauth2/sign-out", tag = "oauth",
    params(("lang" = Option<String>, Query, description = "en or es; else what Accept-Language prefers")),
    responses((status = 200, body = String, content_type = "text/html")))]
pub async fn ask(request: HttpRequest) -> HttpResponse {
    let words = words(spoken(&request));
    let frame = Frame::of(&request, words.title);
    let page = Ask { frame, words };
    answer(StatusCode::OK, page.frame.language, &page)
}

/// Sign out
///
/// Nobody is signed in with this browser any more. What applications were given stays theirs until it ends.
#[utoipa::path(post, path = "/oauth2/sign-out", tag = "oauth",
    responses((status = 200, body = String, content_type = "text/html")))]
pub async fn leave(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let language = spoken(&request);
    if let Err(error) = origin::require_own_page(&request) {
        return refuse(language, &error.into());
    }
    let Some(known) = browser::of(&app, &request) else { return signed_out(language) };
    let (id, at) = (request_id::current(), app.clock.now());
    let ended = blocking::run(&app, move |app| sessions::sign_out(&app.service, &known, Some(id), at)).await;
    match ended {
        Ok(_) => browser::forget(&app, signed_out(language)),
        Err(problem) => refuse(language, &problem),
    }
}

fn signed_out(language: Language) -> HttpResponse {
    let words = words(language);
    tell(StatusCode::OK, Frame::new(language, words.done), &[words.advice])
}

#[derive(Template)]
#[template(path = "sign_out.html", config = "src/http/pages/askama.toml")]
struct Ask {
    frame: Frame,
    words: &'static Words,
}

struct Words {
    title: &'static str,
    intro: &'static str,
    sign_out: &'static str,
    done: &'static str,
    advice: &'static str,
}

const fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &Words {
            title: "Sign out?",
            intro: "Whoever uses this browser after you then has to sign in again.",
            sign_out: "Sign out",
            done: "You are signed out",
            advice: "Applications that you allowed access keep it until it expires. You can close this page.",
        },
        Language::Spanish => &Words {
            title: "¿Cerrar la sesión?",
            intro: "Quien use este navegador después de usted tendrá que iniciar sesión de nuevo.",
            sign_out: "Cerrar la sesión",
            done: "Ha cerrado la sesión",
            advice: "Las aplicaciones a las que permitió el acceso lo conservan hasta que caduque. Puede cerrar esta página.",
        },
    }
}
