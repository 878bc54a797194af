//! The pages on which a person signs in for an application, and allows or refuses what it asks for. All of them are at
//! one address, which shows what is next; every form is sent there too, and says by `step` what it is.

mod words;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::language::spoken;
use super::{Frame, answer_leading, browser, origin, refuse, signatures, tell};
use crate::app::App;
use crate::http::blocking;
use crate::http::oauth::authorize::to;
use crate::http::oauth::form::Form;
use crate::http::problem::{Problem, Refusal, status};
use crate::http::request_id;
use crate::identity::sessions::{self, Browser};
use crate::model::error::{Code, Error, Result};
use crate::model::language::Language;
use crate::model::permission::Permission;
use crate::model::secret::SecretText;
use crate::oauth::authorization::Visit;
use crate::oauth::authorization::answer::Answer;
use crate::oauth::authorization::decide::{Decision, decide};
use crate::oauth::authorization::next::{Next, Page, Question, Step, next};
use crate::oauth::authorization::sign::{self, Factors};
use crate::oauth::authorization::sign_in::{Outcome, Typed, sign_in};
use words::{ConsentWords, SignInWords};

/// What a person is asked for an application
///
/// The page of a request that an application sent a browser to `/oauth2/authorize` with: signing in, then consent. It
/// shows itself to that browser only.
#[utoipa::path(get, path = "/oauth2/authorize/{handle}", tag = "oauth",
    params(("handle" = String, Path, description = "What `/oauth2/authorize` sent the browser to"),
        ("lang" = Option<String>, Query, description = "en or es; else what Accept-Language prefers")),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 302, description = "Nothing is left to ask: back to the application"),
    ))]
pub async fn show(app: Data<App>, handle: Path<String>, request: HttpRequest) -> HttpResponse {
    let visit = match visit(&app, &request, handle) {
        Ok(visit) => visit,
        Err(error) => return failed(&request, &error.into()),
    };
    present(&app, &request, visit, StatusCode::OK, None).await
}

/// What a person says to it
#[utoipa::path(post, path = "/oauth2/authorize/{handle}", tag = "oauth",
    params(("handle" = String, Path, description = "What `/oauth2/authorize` sent the browser to")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "The page's form: `step` and what belongs to it"),
    responses(
        (status = 303, description = "To the same page again, or back to the application"),
        (status = 422, description = "The page, saying what was wrong", body = String, content_type = "text/html"),
    ))]
pub async fn decided(app: Data<App>, handle: Path<String>, request: HttpRequest, form: Form) -> HttpResponse {
    let said = origin::require_own_page(&request).and_then(|()| Said::of(&form, spoken(&request)));
    let (visit, said) = match visit(&app, &request, handle).and_then(|visit| Ok((visit, said?))) {
        Ok(both) => both,
        Err(error) => return failed(&request, &error.into()),
    };
    let again = visit.clone();
    match blocking::run(&app, move |app| act(app, &visit, said)).await {
        Ok(Done::SameBrowser) => to(&request, &here(&request)),
        Ok(Done::NewBrowser(browser)) => browser::keep(&app, &browser, to(&request, &here(&request))),
        Ok(Done::Answered(answer)) => to(&request, &answer.location()),
        // Nobody is signed in any more, and the page asks again.
        Err(problem) if problem.error().code() == Code::InvalidToken => to(&request, &here(&request)),
        Ok(Done::Wrong(wrong)) => {
            present(&app, &request, again, StatusCode::UNPROCESSABLE_ENTITY, Some(wrong)).await
        }
        Err(problem) if problem.error().code() == Code::RateLimited => {
            let seconds = problem.error().retry_after_seconds().unwrap_or(1);
            present(&app, &request, again, StatusCode::TOO_MANY_REQUESTS, Some(Wrong::TooOften(seconds)))
                .await
        }
        Err(problem) => failed(&request, &problem),
    }
}

/// A request whose client or redirect URI is not known: there is nobody to send the person back to.
pub fn misdirected(request: &HttpRequest, problem: &Problem) -> HttpResponse {
    let language = spoken(request);
    let error = problem.error();
    if status(error.code()).is_server_error() || error.code() == Code::RateLimited {
        return refuse(language, problem);
    }
    let (title, paragraphs) = words::misdirected(language);
    // Without links to other languages: they would repeat what nobody vouches for.
    let frame = Frame::new(language, title);
    let page = Misdirected { frame, paragraphs, detail: error.detail(), words: words::detail(language) };
    let mut answer = super::answer(StatusCode::BAD_REQUEST, language, &page);
    Refusal::of(error).attach(&mut answer);
    answer
}

#[derive(Template)]
#[template(path = "authorization/misdirected.html", config = "src/http/pages/askama.toml")]
struct Misdirected<'a> {
    frame: Frame,
    paragraphs: &'a [&'static str],
    words: &'static str,
    /// For whoever made the application; it repeats nothing of the request.
    detail: &'a str,
}

/// What a form says.
enum Said {
    SignIn(Typed),
    Decision(Decision),
    Sign(Factors),
    /// A code is to be sent, in this language.
    SendCode(Language),
    /// Somebody else wants to sign in.
    SomebodyElse,
}

/// What came of it.
enum Done {
    SameBrowser,
    /// The browser has another cookie from now on.
    NewBrowser(Browser),
    Answered(Answer),
    Wrong(Wrong),
}

/// What the page shows again with.
enum Wrong {
    /// With the name that was typed.
    Password(String),
    Code,
    /// Another name than the one that is expected.
    SomebodyElse,
    /// Seconds to wait.
    TooOften(u64),
    /// What the signer typed, or asked for.
    Signing(Error),
}

impl Said {
    fn of(form: &Form, language: Language) -> Result<Self> {
        match form.required("step")?.expose() {
            "sign-in" => Ok(Self::SignIn(Typed::Password {
                name: form.text("username").unwrap_or_default().to_owned(),
                password: form.secret("password").cloned().unwrap_or_else(|| SecretText::new("")),
            })),
            "code" => Ok(Self::SignIn(Typed::Code(digits(form).unwrap_or_else(|| SecretText::new(""))))),
            "allow" => Ok(Self::Decision(Decision::Allow { shown_to: form.text("user").map(str::to_owned) })),
            "refuse" => Ok(Self::Decision(Decision::Refuse)),
            "sign" => Ok(Self::Sign(Factors {
                pin: form.secret("pin").filter(|pin| !pin.expose().is_empty()).cloned(),
                otp: digits(form).filter(|otp| !otp.expose().is_empty()),
            })),
            "send-code" => Ok(Self::SendCode(language)),
            "somebody-else" => Ok(Self::SomebodyElse),
            _ => Err(Error::new(Code::InvalidRequest, "step is none of this page's.")),
        }
    }
}

/// A code as people type it, in groups.
fn digits(form: &Form) -> Option<SecretText> {
    let code = form.text("otp")?;
    Some(SecretText::new(code.chars().filter(|c| !c.is_whitespace()).collect::<String>()))
}

fn act(app: &App, visit: &Visit, said: Said) -> Result<Done> {
    match said {
        Said::SignIn(typed) => {
            let name = typed.name().to_owned();
            let outcome = sign_in(&app.oauth, visit, typed, app.config.limits.session_validity)?;
            Ok(match outcome {
                Outcome::SignedIn(browser) => Done::NewBrowser(browser),
                Outcome::CodeNeeded => Done::SameBrowser,
                Outcome::WrongPassword => Done::Wrong(Wrong::Password(name)),
                Outcome::WrongCode => Done::Wrong(Wrong::Code),
                Outcome::NotExpected => Done::Wrong(Wrong::SomebodyElse),
            })
        }
        Said::Decision(decision) => decide(&app.oauth, visit, decision).map(Done::Answered),
        Said::Sign(factors) => mendable(sign::sign(&app.oauth, visit, factors).map(Done::Answered)),
        Said::SendCode(language) => {
            mendable(sign::send_code(&app.oauth, visit, language).map(|()| Done::SameBrowser))
        }
        Said::SomebodyElse => {
            sessions::sign_out(&app.service, &visit.browser, visit.request_id.clone(), visit.at)?;
            Ok(Done::SameBrowser)
        }
    }
}

fn mendable(done: Result<Done>) -> Result<Done> {
    match done {
        Err(error) if signatures::can_be_mended(&error) => Ok(Done::Wrong(Wrong::Signing(error))),
        done => done,
    }
}

fn visit(app: &App, request: &HttpRequest, handle: Path<String>) -> Result<Visit> {
    // Without a cookie it is no browser that a request belongs to.
    let browser = browser::of(app, request).ok_or_else(gone)?;
    Ok(Visit {
        handle: SecretText::new(handle.into_inner()),
        browser,
        address: browser::address(request)?,
        request_id: Some(request_id::current()),
        at: app.clock.now(),
    })
}

fn gone() -> Error {
    Error::new(Code::NotFound, "The browser has no cookie of this server.")
}

/// The address of this page, as a reference that keeps the language.
fn here(request: &HttpRequest) -> String {
    match request.query_string() {
        // Not without the dot: a last part with a colon would be an address of its own.
        "" => format!("./{}", request.path().rsplit('/').next().unwrap_or_default()),
        query => format!("?{query}"),
    }
}

async fn present(
    app: &Data<App>,
    request: &HttpRequest,
    visit: Visit,
    status: StatusCode,
    wrong: Option<Wrong>,
) -> HttpResponse {
    let now = visit.at;
    match blocking::run(app, move |app| next(&app.oauth, &visit)).await {
        Ok(Next::Signatures { page, signing }) => {
            let refusal = match &wrong {
                Some(Wrong::Signing(error)) => Some(error),
                _ => None,
            };
            signatures::page(request, page, *signing, now, refusal)
        }
        Ok(Next::Answer(answer)) => to(request, &answer.location()),
        Ok(Next::SignIn { page, step }) => sign_in_page(request, status, page, step, wrong),
        Ok(Next::Consent { page, question }) => consent_page(request, status, page, *question),
        Err(problem) => failed(request, &problem),
    }
}

fn failed(request: &HttpRequest, problem: &Problem) -> HttpResponse {
    let language = spoken(request);
    if problem.error().code() != Code::NotFound {
        return refuse(language, problem);
    }
    let (title, paragraphs) = words::gone(language);
    let mut answer = tell(StatusCode::NOT_FOUND, Frame::of(request, title), paragraphs);
    Refusal::of(problem.error()).attach(&mut answer);
    answer
}

#[derive(Template)]
#[template(path = "authorization/sign_in.html", config = "src/http/pages/askama.toml")]
struct SignIn {
    frame: Frame,
    words: &'static SignInWords,
    page: Page,
    step: Step,
    wrong: Option<String>,
}

fn sign_in_page(
    request: &HttpRequest,
    status: StatusCode,
    page: Page,
    step: Step,
    wrong: Option<Wrong>,
) -> HttpResponse {
    let words = words::sign_in(spoken(request));
    let title = match step {
        Step::Password { .. } => words.title,
        Step::Code => words.code_title,
    };
    let step = match (step, &wrong) {
        (Step::Password { expected, .. }, Some(Wrong::Password(typed))) => {
            Step::Password { name: Some(typed.clone()), expected }
        }
        (step, _) => step,
    };
    let wrong = wrong.and_then(|wrong| match wrong {
        Wrong::Password(_) => Some(words.wrong_password.to_owned()),
        Wrong::Code => Some(words.wrong_code.to_owned()),
        Wrong::SomebodyElse => Some(words.somebody_else.to_owned()),
        Wrong::TooOften(seconds) => Some(words.too_often.replace("{}", &seconds.to_string())),
        Wrong::Signing(_) => None,
    });
    let frame = Frame::of(request, title).leading_to(&page.redirect_uri);
    let page = SignIn { frame, words, page, step, wrong };
    answer_leading(status, &page.frame, &page)
}

#[derive(Template)]
#[template(path = "authorization/consent.html", config = "src/http/pages/askama.toml")]
struct Consent {
    frame: Frame,
    words: &'static ConsentWords,
    page: Page,
    question: Question,
    /// What is asked for, in sentences.
    asked: Vec<&'static str>,
}

fn consent_page(request: &HttpRequest, status: StatusCode, page: Page, question: Question) -> HttpResponse {
    let words = words::consent(spoken(request));
    let frame = Frame::of(request, words.title).leading_to(&page.redirect_uri);
    let asked = asked(words, &question);
    let page = Consent { frame, words, page, question, asked };
    answer_leading(status, &page.frame, &page)
}

/// What the permissions and scopes mean for the person.
fn asked(words: &ConsentWords, question: &Question) -> Vec<&'static str> {
    let may = |permission| question.permissions.contains(&permission);
    let administers = question.permissions.iter().any(|permission| {
        !matches!(
            permission,
            Permission::CredentialsRead
                | Permission::CredentialsUse
                | Permission::CredentialsProvision
                | Permission::CredentialsUseAnySeat
                | Permission::ConfigurationsRead
                | Permission::CertificatesRead
                | Permission::CertificatesAttach
        )
    });
    let all_seats = question.seat.is_none() && may(Permission::CredentialsUseAnySeat);
    [
        (true, words.know_you),
        (question.scope.openid && question.scope.profile, words.profile),
        (question.scope.openid && question.scope.email, words.email),
        (may(Permission::CredentialsUse) && !all_seats, words.use_credentials),
        (may(Permission::CredentialsUse) && all_seats, words.use_all_credentials),
        (may(Permission::CredentialsProvision), words.make_credentials),
        (administers, words.administer),
        (question.lasting, words.lasting),
    ]
    .into_iter()
    .filter_map(|(is_asked, sentence)| is_asked.then_some(sentence))
    .collect()
}
