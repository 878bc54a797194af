//! Refusals as RFC 9457 problems: the one place that knows HTTP statuses.
//!
//! A problem's `status` is the HTTP status, as RFC 9457 has it. Where a credential stands (409 `invalid_state`) is the
//! extension member `credentialStatus`, beside `nextStep`.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use super::request_id;
use crate::model::error::{Code, Error};

/// The media type of a problem (RFC 9457, section 3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What a handler fails with: a refusal on its way out.
#[derive(Debug)]
pub struct Problem {
    error: Error,
    allow: Option<String>,
    challenge: Challenge,
}

/// What `WWW-Authenticate` says beside a 401 or 403 (RFC 6750, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Challenge {
    /// No token was sent, so there is no error to name.
    Bare,
    /// Named by the code.
    ByCode,
}

/// The status of each refusal in the native API. The OAuth and CSC protocols have rules of their own beside it.
pub const fn status(code: Code) -> StatusCode {
    match code {
        Code::InvalidRequest
        | Code::UnknownField
        | Code::MalformedPkcs7
        | Code::InvalidGrant
        | Code::InvalidScope
        | Code::UnauthorizedClient
        | Code::UnsupportedGrantType
        | Code::TokenNotRecognised
        | Code::InvalidPin
        | Code::InvalidOtp
        | Code::InvalidFactors
        | Code::CredentialDisabled
        | Code::InvalidCertificateStatus
        | Code::SigningCertificateExpired
        | Code::SadInvalid
        | Code::HandleInvalid
        | Code::ApprovalNeeded
        | Code::SadExpired
        | Code::ResponseUnknown
        | Code::HashNotAuthorized
        | Code::InvalidDigestLength
        | Code::TooManySignatures
        | Code::InvalidNumSignatures
        | Code::HashesRequired
        | Code::InvalidSignAlgo
        | Code::InvalidSignAlgoParams
        | Code::InvalidHashAlgo
        | Code::FactorMissing => StatusCode::BAD_REQUEST,

        Code::InvalidToken | Code::ExpiredToken | Code::InvalidClient | Code::AuthenticationRequired => {
            StatusCode::UNAUTHORIZED
        }
        Code::InsufficientPermission | Code::InsufficientScope | Code::CrossSiteRequest => {
            StatusCode::FORBIDDEN
        }
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::ApprovalDecided | Code::LinkExpired | Code::LinkUsed => StatusCode::GONE,

        Code::InvalidState
        | Code::AlreadyExists
        | Code::LinkInUse
        | Code::IdempotencyKeyReused
        | Code::IdempotencyInProgress => StatusCode::CONFLICT,

        Code::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,

        Code::WeakPin
        | Code::WeakPassword
        | Code::OtpMismatch
        | Code::FactorNotRequired
        | Code::PublicKeyMismatch
        | Code::ExplicitEcParameters
        | Code::UnexpectedPkcs7Content
        | Code::NoCertificates
        | Code::MalformedCertificate
        | Code::InvalidSignature
        | Code::IntermediateMissing
        | Code::RootMissing
        | Code::UntrustedRoot
        | Code::NotACa
        | Code::PathLengthExceeded
        | Code::CertificateExpired
        | Code::CertificateNotYetValid
        | Code::KeyUsage
        | Code::WeakKey
        | Code::WeakSignature
        | Code::SubjectMismatch
        | Code::CertificateRevoked
        | Code::NameConstraints
        | Code::UnsupportedAlgorithm
        | Code::InvalidValidity
        | Code::InvalidMultiSignature
        | Code::NoSecondFactor
        | Code::NotSupportedYet
        | Code::DeliveryNotConfigured => StatusCode::UNPROCESSABLE_ENTITY,

        Code::FactorLocked | Code::CredentialLocked => StatusCode::LOCKED,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::SelfTestFailed | Code::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Busy
        | Code::Conflict
        | Code::StorageUnavailable
        | Code::TimestampUnavailable
        | Code::DeliveryFailed
        | Code::OutcomeUnknown => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl Problem {
    /// 401 where no token was sent at all: the challenge names no error (RFC 6750, section 3.1).
    pub fn no_token() -> Self {
        let error =
            Error::new(Code::InvalidToken, "Send an access token as `Authorization: Bearer <token>`.");
        Self { error, allow: None, challenge: Challenge::Bare }
    }

    /// 405, with the methods that the path does have.
    pub fn method_not_allowed(allow: &str) -> Self {
        let error = Error::new(Code::MethodNotAllowed, format!("This path answers {allow}."));
        Self { error, allow: Some(allow.to_owned()), challenge: Challenge::ByCode }
    }

    pub fn error(&self) -> &Error {
        &self.error
    }

    /// An answer with the headers that a refusal has in every protocol; its body and the body's type are to follow.
    pub fn begin(&self, status: StatusCode) -> HttpResponseBuilder {
        let mut answer = HttpResponse::build(status);
        if let Some(seconds) = wait(&self.error) {
            answer.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if let Some(challenge) = self.challenge() {
            answer.insert_header((WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
        }
        if let Some(allow) = &self.allow {
            answer.insert_header((ALLOW, allow.as_str()));
        }
        answer
    }

    fn challenge(&self) -> Option<&'static str> {
        match (self.challenge, self.error.code()) {
            (Challenge::Bare, _) => Some(r#"Bearer realm="countersign""#),
            (_, Code::InvalidToken | Code::ExpiredToken) => {
                Some(r#"Bearer realm="countersign", error="invalid_token""#)
            }
            (_, Code::InsufficientScope | Code::InsufficientPermission) => {
                Some(r#"Bearer realm="countersign", error="insufficient_scope""#)
            }
            (_, Code::InvalidClient | Code::AuthenticationRequired) => Some(r#"Basic realm="countersign""#),
            _ => None,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self { error, allow: None, challenge: Challenge::ByCode }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        status(self.error.code())
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut answer = self.begin(self.status_code());
        answer.insert_header((CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)));
        let body = ProblemBody::of(&self.error);
        let mut answer = answer.body(serde_json::to_vec(&body).unwrap_or_default());
        Refusal::of(&self.error).attach(&mut answer);
        answer
    }
}

/// What the log and the metrics want to know of a refusal. It travels beside the answer, whatever the answer's shape.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub code: Code,
    /// For the log only; never in an answer.
    pub cause: Option<String>,
}

impl Refusal {
    pub fn of(error: &Error) -> Self {
        Self { code: error.code(), cause: error.cause().map(str::to_owned) }
    }

    /// For protocols that write their own error bodies: without this the refusal is neither counted nor logged.
    pub fn attach<B>(self, answer: &mut HttpResponse<B>) {
        answer.extensions_mut().insert(self);
    }
}

/// Seconds for `Retry-After`: what the error says, else a second where trying again is the advice.
pub fn wait(error: &Error) -> Option<u64> {
    let by_default = match error.code() {
        Code::Busy
        | Code::StorageUnavailable
        | Code::TimestampUnavailable
        | Code::Conflict
        | Code::OutcomeUnknown
        | Code::RateLimited
        | Code::IdempotencyInProgress => Some(1),
        _ => None,
    };
    error.retry_after_seconds().or(by_default)
}

/// A refusal (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody<'a> {
    /// `/problems/{code}`, a page that explains the problem and what to do about it.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not_found")]
    kind: String,
    /// A sentence that is the same for every occurrence of the code.
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// What was wrong this time, and what to do next.
    detail: &'a str,
    /// The stable name of the problem; programs decide by this.
    #[schema(example = "not_found")]
    code: &'static str,
    /// The `X-Request-Id` of this answer, by which an operator finds it in the log.
    request_id: String,
    /// The fields that are at fault.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblem<'a>>,
    /// Where the credential stands, with `invalid_state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_status: Option<&'a str>,
    /// What the credential waits for, with `invalid_state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_step: Option<&'a str>,
    /// Seconds until the same request may succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// One field at fault.
#[derive(Serialize, ToSchema)]
pub struct FieldProblem<'a> {
    /// JSON pointer into the request's body (RFC 6901), or `/` and the name of a query parameter.
    #[schema(example = "/accessTokenValidity")]
    pointer: &'a str,
    detail: &'a str,
}

impl<'a> ProblemBody<'a> {
    fn of(error: &'a Error) -> Self {
        // CSC tells expired tokens apart, the native API does not.
        let code = match error.code() {
            Code::ExpiredToken => Code::InvalidToken,
            code => code,
        };
        let errors = error.fields().iter();
        Self {
            kind: format!("/problems/{}", code.as_str()),
            title: code.title(),
            status: status(code).as_u16(),
            detail: error.detail(),
            code: code.as_str(),
            request_id: request_id::current(),
            errors: errors
                .map(|field| FieldProblem { pointer: &field.pointer, detail: &field.detail })
                .collect(),
            credential_status: error.state().map(|state| state.status.as_str()),
            next_step: error.state().and_then(|state| state.next_step.as_deref()),
            retry_after: wait(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'a>(answer: &'a HttpResponse, name: &str) -> Option<&'a str> {
        answer.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn every_code_is_a_client_or_server_error() {
        for code in Code::ALL {
            assert!(status(*code).is_client_error() || status(*code).is_server_error(), "{}", code.as_str());
        }
    }

    #[test]
    fn a_problem_names_its_page_status_and_fields() {
        let error =
            Error::field("/seat", "1 to 128 characters").in_state("created", Some("add_second_factor"));
        let body = serde_json::to_value(ProblemBody::of(&error)).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "/problems/invalid_request",
                "title": Code::InvalidRequest.title(),
                "status": 400,
                "detail": "/seat: 1 to 128 characters",
                "code": "invalid_request",
                "requestId": "",
                "errors": [{"pointer": "/seat", "detail": "1 to 128 characters"}],
                "credentialStatus": "created",
                "nextStep": "add_second_factor",
            })
        );
    }

    #[test]
    fn a_challenge_names_an_error_only_when_a_token_was_sent() {
        let bare = Problem::no_token().error_response();
        assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(header(&bare, "www-authenticate"), Some(r#"Bearer realm="countersign""#));
        let expired = Problem::from(Error::new(Code::ExpiredToken, "expired")).error_response();
        assert_eq!(
            header(&expired, "www-authenticate"),
            Some(r#"Bearer realm="countersign", error="invalid_token""#)
        );
    }

    #[test]
    fn who_should_wait_is_told_how_long() {
        let busy = Problem::from(Error::new(Code::Busy, "busy")).error_response();
        assert_eq!(header(&busy, "retry-after"), Some("1"));
        let locked =
            Problem::from(Error::new(Code::FactorLocked, "locked").retry_after(900)).error_response();
        assert_eq!((locked.status(), header(&locked, "retry-after")), (StatusCode::LOCKED, Some("900")));
    }

    #[test]
    fn the_cause_stays_inside() {
        let body = serde_json::to_string(&ProblemBody::of(&Error::internal("disk on fire"))).unwrap();
        assert!(!body.contains("fire"), "{body}");
    }
}
