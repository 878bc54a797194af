//! Refusals in CSC's words: `{"error", "error_description"}`, always `application/json`. Clients compare these texts, so
//! they are written here and nowhere else.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::http::problem::{self, Problem, Refusal};
use crate::model::error::{Code, Error};

/// What a CSC handler fails with.
#[derive(Debug)]
pub struct Fault(Problem);

/// A refusal as CSC writes it.
#[derive(Serialize, ToSchema)]
#[schema(as = CscError)]
pub struct FaultBody<'a> {
    /// The code: `invalid_request`, `invalid_pin`, `invalid_otp`, `invalid_token`, `expired_token`,
    /// `insufficient_scope`, `access_denied`, `temporarily_unavailable` or `server_error`.
    #[schema(example = "invalid_request")]
    error: &'static str,
    /// What was wrong, in the words of the CSC specification where it has some.
    #[schema(example = "Invalid parameter credentialID")]
    error_description: Cow<'a, str>,
}

/// What any method that takes a token may be refused with, for the OpenAPI document.
#[derive(IntoResponses)]
pub enum Refusals {
    /// The request is refused; `error_description` says why
    #[response(status = 400)]
    Request(FaultBody<'static>),
    /// No good access token was sent
    #[response(status = 401)]
    Token(FaultBody<'static>),
    /// The token is not good for this
    #[response(status = 403)]
    Scope(FaultBody<'static>),
    /// Too busy, or a part is out of reach: `Retry-After` says when to try again
    #[response(status = 503)]
    Service(FaultBody<'static>),
}

/// A required parameter is not there, or not of its type (`string`, `integer` or `array`).
pub fn missing(kind: &str, parameter: &str) -> Error {
    refused(format!("Missing (or invalid type) {kind} parameter {parameter}"))
}

/// A parameter's value, or the type of one that may be left out, is wrong.
pub fn invalid(parameter: &str) -> Error {
    refused(format!("Invalid parameter {parameter}"))
}

/// Two spellings of a parameter say different things.
pub fn contradictory(parameter: &str) -> Error {
    refused(format!("The parameter {parameter} is there twice, with different values"))
}

/// CSC `userID` beside a token that says whose credentials are meant.
pub fn user_given_twice() -> Error {
    refused("userID parameter MUST be null")
}

pub fn no_hashes() -> Error {
    refused("Empty hash array")
}

pub fn not_base64() -> Error {
    refused("Invalid Base64 hash string parameter")
}

/// An `Authorization` header that is no bearer token's.
pub fn malformed_authorization() -> Error {
    refused("Malformed authorization header")
}

/// The answer of every path below `/csc` that is no method of this server's.
pub fn not_implemented() -> HttpResponse {
    let body = FaultBody {
        error: "access_denied",
        error_description: "The user or Remote Service denied the request.".into(),
    };
    let mut answer = HttpResponse::NotImplemented().json(body);
    Refusal::of(&Error::not_found()).attach(&mut answer);
    answer
}

/// An error without a field carries its text as its detail.
fn refused(text: impl Into<String>) -> Error {
    Error::new(Code::InvalidRequest, text)
}

/// What a refusal is in CSC: the error's code and its description.
fn words(error: &Error) -> (&'static str, Cow<'_, str>) {
    let subject = error.subject().unwrap_or_default();
    let invalid_request = |text: &'static str| ("invalid_request", Cow::Borrowed(text));
    match error.code() {
        Code::NotFound => invalid_request("Invalid parameter credentialID"),
        Code::CredentialDisabled => invalid_request("The credential identified by credentialID is disabled"),
        Code::InvalidCertificateStatus => invalid_request("Invalid certificate status"),
        Code::SigningCertificateExpired => {
            ("invalid_request", format!("Signing certificate '{subject}' is expired").into())
        }

        Code::InvalidNumSignatures => invalid_request("Invalid value for parameter numSignatures"),
        Code::TooManySignatures => invalid_request("Numbers of signatures is too high"),

        Code::FactorMissing => {
            ("invalid_request", format!("Missing (or invalid type) string parameter {subject}").into())
        }
        Code::FactorLocked | Code::CredentialLocked => {
            ("invalid_request", format!("{subject} locked").into())
        }
        Code::InvalidPin => ("invalid_pin", "The PIN is invalid".into()),
        Code::InvalidOtp => ("invalid_otp", "The OTP is invalid".into()),

        Code::SadInvalid => invalid_request("Invalid parameter SAD"),
        Code::SadExpired => invalid_request("SAD expired"),
        Code::ResponseUnknown => invalid_request("Invalid parameter requestID"),

        Code::HashesRequired => invalid_request("Missing (or invalid type) array parameter hash"),
        Code::HashNotAuthorized => invalid_request("Hash is not authorized by the SAD"),
        Code::InvalidDigestLength => invalid_request("Invalid digest value length"),
        Code::InvalidSignAlgo => invalid_request("Invalid parameter signAlgo"),
        Code::InvalidSignAlgoParams => invalid_request("Invalid parameter signAlgoParams"),
        Code::InvalidHashAlgo => invalid_request("Invalid parameter hashAlgo"),

        Code::InvalidToken => ("invalid_token", error.detail().into()),
        Code::ExpiredToken => ("expired_token", error.detail().into()),
        Code::InsufficientPermission | Code::InsufficientScope => {
            ("insufficient_scope", error.detail().into())
        }

        Code::RateLimited | Code::Busy | Code::Conflict | Code::StorageUnavailable | Code::OutcomeUnknown => {
            ("temporarily_unavailable", error.detail().into())
        }
        Code::SelfTestFailed | Code::InternalError => ("server_error", error.detail().into()),

        Code::InvalidRequest => match error.fields() {
            [field, ..] => {
                let parameter = field.pointer.trim_start_matches('/');
                ("invalid_request", format!("Invalid parameter {parameter}").into())
            }
            [] => ("invalid_request", error.detail().into()),
        },
        Code::UnknownField | Code::PayloadTooLarge | Code::UnsupportedMediaType | Code::MethodNotAllowed => {
            ("invalid_request", error.detail().into())
        }

        // What only enrolment, administration and OAuth refuse with. No CSC method gets here.
        Code::InvalidState
        | Code::AlreadyExists
        | Code::IdempotencyKeyReused
        | Code::IdempotencyInProgress
        | Code::WeakPin
        | Code::OtpMismatch
        | Code::FactorNotRequired
        | Code::PublicKeyMismatch
        | Code::ExplicitEcParameters
        | Code::MalformedPkcs7
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
        | Code::InvalidClient
        | Code::InvalidGrant
        | Code::InvalidScope
        | Code::UnauthorizedClient
        | Code::UnsupportedGrantType
        | Code::TokenNotRecognised => ("invalid_request", error.detail().into()),
    }
}

/// CSC answers 400 where the native API tells finer statuses apart; what is the transport's business stays.
fn status(code: Code) -> StatusCode {
    match problem::status(code) {
        StatusCode::NOT_FOUND
        | StatusCode::CONFLICT
        | StatusCode::LOCKED
        | StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status => status,
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        status(self.0.error().code())
    }

    fn error_response(&self) -> HttpResponse {
        let error = self.0.error();
        let (code, description) = words(error);
        let body = FaultBody { error: code, error_description: description };
        let mut answer = self.0.begin(self.status_code()).json(body);
        Refusal::of(error).attach(&mut answer);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answered(fault: impl Into<Fault>) -> (u16, serde_json::Value) {
        let answer = fault.into().error_response();
        assert_eq!(answer.headers().get("content-type").unwrap(), "application/json");
        assert!(answer.extensions().get::<Refusal>().is_some());
        let status = answer.status().as_u16();
        let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn said(error: Error) -> (u16, String, String) {
        let (status, body) = answered(error).await;
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        (status, text("error"), text("error_description"))
    }

    #[actix_web::test]
    async fn the_words_are_csc_s() {
        for (error, code, description) in [
            (Error::not_found(), "invalid_request", "Invalid parameter credentialID"),
            (missing("array", "hash"), "invalid_request", "Missing (or invalid type) array parameter hash"),
            (Error::new(Code::FactorLocked, "x").about("PIN"), "invalid_request", "PIN locked"),
            (Error::new(Code::CredentialLocked, "x").about("OTP"), "invalid_request", "OTP locked"),
            (
                Error::new(Code::FactorMissing, "x").about("OTP"),
                "invalid_request",
                "Missing (or invalid type) string parameter OTP",
            ),
            (Error::new(Code::InvalidPin, "x"), "invalid_pin", "The PIN is invalid"),
            (Error::new(Code::InvalidOtp, "x"), "invalid_otp", "The OTP is invalid"),
            (
                Error::new(Code::SigningCertificateExpired, "x").about("O=Acme,CN=J"),
                "invalid_request",
                "Signing certificate 'O=Acme,CN=J' is expired",
            ),
            (malformed_authorization(), "invalid_request", "Malformed authorization header"),
        ] {
            assert_eq!(said(error).await, (400, code.to_owned(), description.to_owned()));
        }
    }

    #[actix_web::test]
    async fn statuses_are_those_that_csc_expects() {
        for code in Code::ALL {
            let (status, _, description) = said(Error::new(*code, "detail").about("PIN")).await;
            let expected = [400, 401, 403, 405, 413, 415, 429, 500, 503];
            assert!(expected.contains(&status), "{}: {status}", code.as_str());
            assert!(!description.is_empty(), "{}", code.as_str());
        }
    }

    #[actix_web::test]
    async fn a_challenge_names_an_error_only_when_a_token_was_sent() {
        let challenge = |fault: Fault| {
            let answer = fault.error_response();
            let header = answer.headers().get("www-authenticate").unwrap().to_str().unwrap();
            (answer.status().as_u16(), header.contains("error="), header.contains("invalid_token"))
        };
        assert_eq!(challenge(Problem::no_token().into()), (401, false, false));
        assert_eq!(challenge(Error::new(Code::InvalidToken, "x").into()), (401, true, true));
        assert_eq!(challenge(Error::new(Code::ExpiredToken, "x").into()), (401, true, true));
        assert_eq!(challenge(Error::new(Code::InsufficientScope, "x").into()), (403, true, false));
        let (_, body) = answered(Error::new(Code::ExpiredToken, "x")).await;
        assert_eq!(body["error"], "expired_token");
    }

    #[actix_web::test]
    async fn causes_stay_inside() {
        let (status, body) = answered(Error::internal("disk on fire")).await;
        assert_eq!((status, body["error"].as_str()), (500, Some("server_error")));
        assert!(!body.to_string().contains("fire"));
    }
}
