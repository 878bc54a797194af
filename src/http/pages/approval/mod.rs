//! The page behind the link of an approval, and the same as JSON for a tenant's own app. The link's token is all that is
//! asked for: whoever holds it is taken for the signer. Looking changes nothing, since mail scanners follow links.

mod words;

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::hashes::Signatures;
use super::language::spoken;
use super::{Frame, answer, refuse, tell};
use crate::app::App;
use crate::credential::approve::{self, Matter, Question};
use crate::http::blocking;
use crate::http::body::{Upload, misfit};
use crate::http::problem::{Problem, Refusal, status};
use crate::http::reply::Found;
use crate::http::request_id;
use crate::model::algorithm::Digest;
use crate::model::approval::{Asked, Decision};
use crate::model::error::Code;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use words::Words;

const FORM: &str = "application/x-www-form-urlencoded";

/// What a signer is asked.
#[derive(Serialize, ToSchema)]
#[schema(as = Approval)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalBody {
    /// `signatures`, or `address`: whether links that are sent there reach the signer.
    #[schema(example = "signatures")]
    about: &'static str,
    /// The name of the application that asks.
    application: String,
    /// The name of its tenant.
    tenant: String,
    /// The credential's description.
    credential: Option<String>,
    /// What is signed, in the application's words.
    description: Option<String>,
    num_signatures: Option<u32>,
    /// Base64; null when the application may have anything signed.
    hashes: Option<Vec<String>>,
    #[serde(rename = "hashAlgorithmOID")]
    hash_algorithm_oid: Option<&'static str>,
    /// Where the link was sent.
    address: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// What a signer is asked by a link
///
/// A page without script, or JSON by `Accept: application/json`. Whoever has the link may look; nothing is changed. What
/// has expired is as unknown as what never was.
#[utoipa::path(get, path = "/approvals/{token}", tag = "approvals",
    params(("token" = String, Path, description = "The last part of the link that was sent"),
        ("lang" = Option<String>, Query, description = "en or es; else what Accept-Language prefers")),
    responses((status = 200, content((String = "text/html"), (ApprovalBody = "application/json")))))]
pub async fn show(app: Data<App>, token: Path<String>, request: HttpRequest) -> HttpResponse {
    let token = SecretText::new(token.into_inner());
    let (form, now) = (Form::asked(&request), app.clock.now());
    let found = blocking::run(&app, move |app| approve::look(&app.service, now, &token)).await;
    match found {
        Ok(question) if form == Form::Json => Found(ApprovalBody::from(question)).respond_to(&request),
        Ok(question) => page(&request, question),
        Err(problem) => refused(&request, form, &problem),
    }
}

/// The signer's decision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionBody {
    decision: Choice,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    Approve,
    Refuse,
}

/// What was decided.
#[derive(Serialize, ToSchema)]
pub struct Decided {
    /// `approved` or `refused`.
    #[schema(example = "approved")]
    decision: &'static str,
}

/// Approve or refuse
///
/// By the page's form, or as JSON by a tenant's own app. The first decision stands.
#[utoipa::path(post, path = "/approvals/{token}", tag = "approvals",
    params(("token" = String, Path, description = "The last part of the link that was sent")),
    request_body(content((DecisionBody = "application/json"), (DecisionBody = "application/x-www-form-urlencoded"))),
    responses((status = 200, content((Decided = "application/json"), (String = "text/html")))))]
pub async fn decide(
    app: Data<App>,
    token: Path<String>,
    request: HttpRequest,
    upload: Upload,
) -> Result<HttpResponse, Problem> {
    upload.require(&[FORM])?;
    let form = Form::sent(&upload);
    let choice = upload.json().unwrap_or_else(|| {
        let form = serde_urlencoded::from_bytes(&upload.bytes);
        form.map_err(|error| misfit(String::new(), &error.to_string()))
    });
    let decision = match choice {
        Ok(DecisionBody { decision: Choice::Approve }) => Decision::Approved,
        Ok(DecisionBody { decision: Choice::Refuse }) => Decision::Refused,
        Err(error) => return Ok(refused(&request, form, &error.into())),
    };
    let token = SecretText::new(token.into_inner());
    let (now, id) = (app.clock.now(), request_id::current());
    let done =
        blocking::run(&app, move |app| approve::decide(&app.service, now, Some(id), &token, decision)).await;
    Ok(match (done, form) {
        (Ok(()), Form::Json) => Found(Decided { decision: decision.as_str() }).respond_to(&request),
        (Ok(()), Form::Page) => {
            let language = spoken(&request);
            let (title, paragraphs) = words::thanks(language, decision);
            tell(StatusCode::OK, Frame::new(language, title), paragraphs)
        }
        (Err(problem), form) => refused(&request, form, &problem),
    })
}

/// In which form somebody is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Page,
    Json,
}

impl Form {
    /// Browsers get a page, and so does whoever does not say.
    fn asked(request: &HttpRequest) -> Self {
        let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let json = accept.contains("application/json") && !accept.contains("text/html");
        if json { Self::Json } else { Self::Page }
    }

    /// Answered as it was sent.
    fn sent(upload: &Upload) -> Self {
        if upload.media_type == FORM { Self::Page } else { Self::Json }
    }
}

fn refused(request: &HttpRequest, form: Form, problem: &Problem) -> HttpResponse {
    let language = spoken(request);
    let error = problem.error();
    let (title, paragraphs) = match (form, error.code()) {
        (Form::Json, _) => return problem.error_response(),
        (Form::Page, Code::NotFound) => words::unknown(language),
        (Form::Page, Code::ApprovalDecided) => words::decided(language),
        (Form::Page, _) => return refuse(language, problem),
    };
    let mut answer = tell(status(error.code()), Frame::of(request, title), paragraphs);
    Refusal::of(error).attach(&mut answer);
    answer
}

#[derive(Template)]
#[template(path = "approval/ask.html", config = "src/http/pages/askama.toml")]
struct Ask {
    frame: Frame,
    words: &'static Words,
    asked: Asked,
    /// None when it is about an address.
    signatures: Option<Signatures>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

fn page(request: &HttpRequest, question: Question) -> HttpResponse {
    let language = spoken(request);
    let Question { asked, matter, created_at, expires_at } = question;
    let (words, signatures) = match matter {
        Matter::Address => (words::address(language), None),
        Matter::Signatures { number, hashes, digest } => {
            let hashes = hashes.unwrap_or_default();
            let hashes = hashes.iter().map(|hash| (hash.as_slice(), None));
            let signatures = Signatures::new(language, number, digest, hashes);
            (words::signatures(language), Some(signatures))
        }
    };
    let frame = Frame::of(request, words.title);
    answer(StatusCode::OK, language, &Ask { frame, words, asked, signatures, created_at, expires_at })
}

impl From<Question> for ApprovalBody {
    fn from(question: Question) -> Self {
        let Question { asked, matter, created_at, expires_at } = question;
        let (about, number, hashes, digest) = match matter {
            Matter::Address => ("address", None, None, None),
            Matter::Signatures { number, hashes, digest } => ("signatures", Some(number), hashes, digest),
        };
        Self {
            about,
            application: asked.application,
            tenant: asked.tenant,
            credential: asked.credential,
            description: asked.description,
            num_signatures: number,
            hashes: hashes.map(|hashes| hashes.iter().map(|hash| STANDARD.encode(hash)).collect()),
            hash_algorithm_oid: digest.map(Digest::oid),
            address: asked.address,
            created_at,
            expires_at,
        }
    }
}
