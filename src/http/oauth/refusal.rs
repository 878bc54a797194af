//! Refusals in OAuth's words (RFC 6749, 5.2).

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::problem::{Problem, Refusal, wait};
use crate::model::error::{Code, Error};
use crate::oauth::authorization::answer;

/// What an OAuth endpoint fails with.
#[derive(Debug)]
pub struct Refused {
    problem: Problem,
    /// Where the authorization endpoint has a word for it that the others have not.
    word: Option<&'static str>,
}

/// A refusal (RFC 6749, section 5.2).
#[derive(Serialize, ToSchema)]
pub struct OAuthError {
    /// `invalid_request`, `invalid_client`, `invalid_grant`, `invalid_scope`, `invalid_token`, `unauthorized_client`,
    /// `unsupported_grant_type`, `temporarily_unavailable` or `server_error`; of a pushed request also what
    /// `/oauth2/authorize` answers with.
    #[schema(example = "invalid_client")]
    error: &'static str,
    error_description: String,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problem, word: None }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::from(Problem::from(error))
    }
}

/// Of a request that was pushed (RFC 9126, 2.3).
impl From<answer::Refusal> for Refused {
    fn from(refusal: answer::Refusal) -> Self {
        let problem = Error::new(Code::InvalidRequest, refusal.description).into();
        Self { problem, word: Some(refusal.error) }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        name(self.problem.error().code()).0
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let error = self.problem.error();
        let (status, name) = name(error.code());
        let name = self.word.unwrap_or(name);
        let mut answer = HttpResponse::build(status);
        answer.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
        answer.insert_header((PRAGMA, HeaderValue::from_static("no-cache")));
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(r#"Basic realm="countersign", charset="UTF-8""#);
            answer.insert_header((WWW_AUTHENTICATE, challenge));
        }
        if let Some(seconds) = wait(error) {
            answer.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        let mut answer =
            answer.json(OAuthError { error: name, error_description: description(error.detail()) });
        if let Some(cause) = error.cause() {
            tracing::info!(error = name, cause, "refused");
        }
        Refusal::of(error).attach(&mut answer);
        answer
    }
}

/// The status and the word for a code.
fn name(code: Code) -> (StatusCode, &'static str) {
    match code {
        Code::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client"),
        Code::InvalidGrant => (StatusCode::BAD_REQUEST, "invalid_grant"),
        Code::InvalidScope => (StatusCode::BAD_REQUEST, "invalid_scope"),
        Code::UnauthorizedClient => (StatusCode::BAD_REQUEST, "unauthorized_client"),
        Code::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
        // check_token's; its consumers read 200 and 400 only.
        Code::ExpiredToken | Code::TokenNotRecognised => (StatusCode::BAD_REQUEST, "invalid_token"),
        Code::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
        Code::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request"),
        Code::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request"),
        Code::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
        Code::Busy | Code::StorageUnavailable | Code::OutcomeUnknown | Code::Conflict => {
            (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
        }
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
    }
}

/// Only what RFC 6749 allows: %x20-21, %x23-5B, %x5D-7E.
fn description(detail: &str) -> String {
    let allowed = |c: char| (c == ' ' || c.is_ascii_graphic()) && c != '\\';
    detail.chars().map(|c| if c == '"' { '\'' } else { c }).filter(|c| allowed(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_holds_what_the_rfc_allows() {
        assert_eq!(description("the \"seat\" \\ is\nodd: é"), "the 'seat'  isodd: ");
    }

    #[test]
    fn a_bad_client_is_challenged_and_a_busy_server_says_when() {
        let bad = Refused::from(Error::new(Code::InvalidClient, "no")).error_response();
        assert_eq!(bad.status(), StatusCode::UNAUTHORIZED);
        assert!(bad.headers().get(WWW_AUTHENTICATE).unwrap().to_str().unwrap().starts_with("Basic "));
        let busy = Refused::from(Error::new(Code::Busy, "no")).error_response();
        assert_eq!((busy.status().as_u16(), busy.headers().contains_key(RETRY_AFTER)), (503, true));
    }
}
