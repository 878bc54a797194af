//! The pages behind an enrolment link, where a signer sets PIN and OTP: one address, which shows the step that is next.
//! Looking changes nothing, since mail scanners follow links; each step is a form, answered by sending the browser back
//! to look, or by the page again with what is to be mended.

mod cookie;
mod words;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use serde::Deserialize;
use utoipa::ToSchema;

use super::language::spoken;
use super::mend::Mend;
use super::origin::require_own_page;
use super::{Frame, answer, refuse, tell, with_pictures};
use crate::app::App;
use crate::credential::enrol::{self, Deed, Done, Enrolment, Fault, Stage, StepState, Visitor};
use crate::credential::second_factors::ShownOtp;
use crate::http::blocking;
use crate::http::body::{Upload, misfit, unsupported};
use crate::http::problem::{Problem, Refusal, status};
use crate::http::request_id;
use crate::model::configuration::{PinFormat, PinRules};
use crate::model::error::{Code, Error, Result};
use crate::model::language::Language;
use crate::model::name::SeatName;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use words::Words;

const FORM: &str = "application/x-www-form-urlencoded";

/// The page behind an enrolment link
///
/// For the signer's browser: who asks and what is to be done, then the step that is next. `lang` may be put behind the
/// link before it is handed out.
#[utoipa::path(get, path = "/enrolment/{token}", tag = "enrolment",
    params(("token" = String, Path, description = "The last part of the link"),
        ("lang" = Option<String>, Query, description = "en or es; else what Accept-Language prefers")),
    responses((status = 200, content((String = "text/html")))))]
pub async fn show(app: Data<App>, token: Path<String>, request: HttpRequest) -> HttpResponse {
    let visitor = visitor(&app, &request, token.into_inner());
    match blocking::run(&app, move |app| enrol::look(&app.service, &visitor)).await {
        Ok(enrolment) => page(&app, &request, enrolment, None),
        Err(problem) => refused(&request, &problem),
    }
}

/// What the signer does.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentForm {
    step: FormStep,
    #[schema(value_type = Option<String>, format = Password)]
    pin: Option<SecretText>,
    /// The PIN, typed a second time.
    #[schema(value_type = Option<String>, format = Password)]
    again: Option<SecretText>,
    /// The authenticator's current code.
    #[schema(value_type = Option<String>)]
    code: Option<SecretText>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FormStep {
    /// The link is this browser's from now on.
    Begin,
    Pin,
    /// A new secret.
    Otp,
    Confirm,
}

/// A step, by the page's form
///
/// The first one binds the link to the browser's cookie.
#[utoipa::path(post, path = "/enrolment/{token}", tag = "enrolment",
    params(("token" = String, Path, description = "The last part of the link")),
    request_body(content((EnrolmentForm = "application/x-www-form-urlencoded"))),
    responses((status = 303, description = "Done: look at the same page for what is next")))]
pub async fn step(app: Data<App>, token: Path<String>, request: HttpRequest, upload: Upload) -> HttpResponse {
    let token = token.into_inner();
    let back = match request.query_string() {
        "" => token.clone(),
        query => format!("{token}?{query}"),
    };
    let visitor = visitor(&app, &request, token);
    let (own, deed) = (require_own_page(&request), deed(&upload));
    let outcome = blocking::run(&app, move |app| {
        // Strangers learn nothing of their forms.
        enrol::look(&app.service, &visitor)?;
        own?;
        act(app, &visitor, deed?)
    });
    match outcome.await {
        Ok(Outcome::Back) => HttpResponse::SeeOther().insert_header((LOCATION, back)).finish(),
        Ok(Outcome::Again(enrolment, fault)) => page(&app, &request, *enrolment, fault),
        Err(problem) => refused(&request, &problem),
    }
}

enum Outcome {
    /// The page shows what is next.
    Back,
    Again(Box<Enrolment>, Option<Fault>),
}

fn act(app: &App, visitor: &Visitor, deed: Deed) -> Result<Outcome> {
    let fault = match enrol::act(&app.service, visitor, deed) {
        Ok(Done::Done) => return Ok(Outcome::Back),
        Ok(Done::Wrong(fault)) => Some(fault),
        // The page says until when.
        Err(locked) if matches!(locked.code(), Code::FactorLocked | Code::CredentialLocked) => None,
        Err(error) => return Err(error),
    };
    Ok(Outcome::Again(Box::new(enrol::look(&app.service, visitor)?), fault))
}

fn deed(upload: &Upload) -> Result<Deed> {
    if upload.media_type != FORM {
        return Err(unsupported(&upload.media_type, &[FORM]));
    }
    let form: EnrolmentForm = serde_urlencoded::from_bytes(&upload.bytes)
        .map_err(|error| misfit(String::new(), &error.to_string()))?;
    let or_nothing = |text: Option<SecretText>| text.unwrap_or_else(|| SecretText::new(""));
    Ok(match form.step {
        FormStep::Begin => Deed::Begin,
        FormStep::Pin => Deed::SetPin { pin: or_nothing(form.pin), again: or_nothing(form.again) },
        FormStep::Otp => Deed::NewOtp,
        FormStep::Confirm => Deed::Confirm(or_nothing(form.code)),
    })
}

fn visitor(app: &App, request: &HttpRequest, token: String) -> Visitor {
    Visitor {
        token: SecretText::new(token),
        browser: cookie::presented(app, request),
        request_id: Some(request_id::current()),
        at: app.clock.now(),
    }
}

fn refused(request: &HttpRequest, problem: &Problem) -> HttpResponse {
    let language = spoken(request);
    let error = problem.error();
    let Some((title, paragraphs)) = words::refused(language, error.code()) else {
        return refuse(language, problem);
    };
    let mut answer = tell(status(error.code()), Frame::of(request, title), paragraphs);
    Refusal::of(error).attach(&mut answer);
    answer
}

fn page(app: &App, request: &HttpRequest, enrolment: Enrolment, fault: Option<Fault>) -> HttpResponse {
    let language = spoken(request);
    let words = words::words(language);
    let steps = steps(language, &enrolment);
    let frame = |title| Frame::of(request, title);
    // A lock says more than the wrong code that brought it.
    let code = match (&enrolment.stage, fault) {
        (Stage::Locked(Some(_)), _) => Some(Code::FactorLocked),
        (Stage::Locked(None), _) => Some(Code::CredentialLocked),
        (_, fault) => fault.map(code_of),
    };
    let status = code.map_or(StatusCode::OK, status_of);
    let mut page = match enrolment.stage {
        Stage::Unopened => {
            let Enrolment { application, tenant, description, expires_at, .. } = enrolment;
            let fault = fault.map(|fault| mend(language, fault, PinFormat::Numeric));
            let frame = frame(words.begin_title);
            let begin = Begin { frame, words, fault, application, tenant, description, expires_at, steps };
            let page = answer(status, language, &begin);
            if cookie::presented(app, request).is_some() {
                page
            } else {
                match cookie::give(app, page) {
                    Ok(page) => page,
                    Err(error) => return Problem::from(error).error_response(),
                }
            }
        }
        Stage::Pin(rules) => {
            let fault = fault.map(|fault| mend(language, fault, rules.format));
            let (lengths, is_numeric) =
                (words::lengths(language, &rules), rules.format == PinFormat::Numeric);
            let frame = frame(words.pin_title);
            let seat = enrolment.seat;
            answer(status, language, &Pin { frame, words, fault, steps, lengths, rules, is_numeric, seat })
        }
        Stage::NoOtp => answer(status, language, &NoOtp { frame: frame(words.otp_title), words, steps }),
        Stage::Otp(shown) => {
            let fault = fault.map(|fault| mend(language, fault, PinFormat::Numeric));
            let secret = in_groups(shown.enrolment.secret.expose());
            let frame = frame(words.otp_title);
            with_pictures(answer(status, language, &Otp { frame, words, fault, steps, secret, shown }))
        }
        Stage::Locked(until) => {
            answer(status, language, &Locked { frame: frame(words.locked_title), words, steps, until })
        }
        Stage::Finished => {
            let (title, paragraphs) = words::finished(language);
            tell(StatusCode::OK, frame(title), paragraphs)
        }
    };
    if let Some(code) = code {
        Refusal::of(&Error::new(code, "")).attach(&mut page);
    }
    page
}

/// What the log and the metrics call a fault.
const fn code_of(fault: Fault) -> Code {
    match fault {
        Fault::Cookies | Fault::Mismatch => Code::InvalidRequest,
        Fault::Pin(_) => Code::WeakPin,
        Fault::Code => Code::OtpMismatch,
    }
}

/// The form was understood, and something in it is to be mended.
fn status_of(code: Code) -> StatusCode {
    match code {
        Code::InvalidRequest => StatusCode::UNPROCESSABLE_ENTITY,
        code => status(code),
    }
}

struct StepLine {
    name: &'static str,
    state: Option<&'static str>,
    is_current: bool,
}

fn steps(language: Language, enrolment: &Enrolment) -> Vec<StepLine> {
    let begun = !matches!(enrolment.stage, Stage::Unopened);
    let line = |step: &enrol::Step| {
        let is_current = begun && step.state == StepState::Current;
        let state = if begun || step.state == StepState::Done { step.state } else { StepState::ToCome };
        StepLine {
            name: words::step(language, step.factor),
            state: words::state(language, state),
            is_current,
        }
    };
    enrolment.steps.iter().map(line).collect()
}

fn mend(language: Language, fault: Fault, format: PinFormat) -> Mend {
    let field = match fault {
        Fault::Cookies => None,
        Fault::Pin(_) => Some("pin"),
        Fault::Mismatch => Some("again"),
        Fault::Code => Some("code"),
    };
    Mend { field, text: words::fault(language, fault, format) }
}

#[derive(Template)]
#[template(path = "enrolment/begin.html", config = "src/http/pages/askama.toml")]
struct Begin {
    frame: Frame,
    words: &'static Words,
    fault: Option<Mend>,
    application: String,
    tenant: String,
    description: Option<String>,
    expires_at: Timestamp,
    steps: Vec<StepLine>,
}

#[derive(Template)]
#[template(path = "enrolment/pin.html", config = "src/http/pages/askama.toml")]
struct Pin {
    frame: Frame,
    words: &'static Words,
    fault: Option<Mend>,
    steps: Vec<StepLine>,
    lengths: String,
    rules: PinRules,
    is_numeric: bool,
    /// Under which a browser that keeps passwords may keep the PIN, so that it does not take it for the one that the signer
    /// signs in with.
    seat: SeatName,
}

#[derive(Template)]
#[template(path = "enrolment/no_otp.html", config = "src/http/pages/askama.toml")]
struct NoOtp {
    frame: Frame,
    words: &'static Words,
    steps: Vec<StepLine>,
}

#[derive(Template)]
#[template(path = "enrolment/otp.html", config = "src/http/pages/askama.toml")]
struct Otp {
    frame: Frame,
    words: &'static Words,
    fault: Option<Mend>,
    steps: Vec<StepLine>,
    secret: String,
    shown: ShownOtp,
}

#[derive(Template)]
#[template(path = "enrolment/locked.html", config = "src/http/pages/askama.toml")]
struct Locked {
    frame: Frame,
    words: &'static Words,
    steps: Vec<StepLine>,
    /// None: until somebody unlocks it.
    until: Option<Timestamp>,
}

/// In fours, for whoever types it.
fn in_groups(secret: &str) -> String {
    let mut grouped = String::with_capacity(secret.len() * 5 / 4);
    for (at, character) in secret.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            grouped.push(' ');
        }
        grouped.push(character);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_typed_in_fours() {
        assert_eq!(in_groups("ABCDEFGHI"), "ABCD EFGH I");
        assert_eq!(in_groups("ABCD"), "ABCD");
    }
}
