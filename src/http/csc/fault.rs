//! Refusals as CSC writes them: `{"error", "error_description"}`, always `application/json`, in the words of the version
//! that is spoken.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use super::version::{V1, V2, Version};
use super::words::Words;
use crate::http::problem::{self, Problem, Refusal};
use crate::model::error::{Code, Error};

/// What a handler of this version fails with.
#[derive(Debug)]
pub struct Fault<V>(Problem, PhantomData<V>);

/// A refusal as CSC writes it.
#[derive(Serialize, ToSchema)]
#[schema(as = CscError)]
pub struct FaultBody<'a> {
    /// The code: `invalid_request`, `invalid_pin` and `invalid_otp` (v1), `invalid_authentication_data` (v2),
    /// `invalid_token`, `expired_token`, `insufficient_scope`, `access_denied`, `temporarily_unavailable` or
    /// `server_error`.
    #[schema(example = "invalid_request")]
    error: &'static str,
    /// What was wrong, in the words of the CSC specification where it has some.
    #[schema(example = "Invalid parameter credentialID")]
    error_description: Cow<'a, str>,
    /// The same again, in v2.
    #[serde(rename = "errorDescription", skip_serializing_if = "Option::is_none")]
    repeated: Option<Cow<'a, str>>,
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
    /// Too often: `Retry-After` says when to try again
    #[response(status = 429)]
    Rate(FaultBody<'static>),
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

/// A number is smaller or larger than this server takes.
pub fn out_of_bounds(parameter: &str) -> Error {
    refused(format!("Out of bounds parameter {parameter}"))
}

/// Two spellings of a parameter say different things.
pub fn contradictory(parameter: &str) -> Error {
    refused(format!("The parameter {parameter} is there twice, with different values"))
}

/// CSC `userID` beside a token that says whose credentials are meant.
pub fn user_given_twice() -> Error {
    refused("userID parameter MUST be null")
}

/// The same of signPolling, which has a sentence of its own.
pub fn user_shall_be_null() -> Error {
    refused("userID parameter SHALL be null")
}

pub fn no_hashes() -> Error {
    refused("Empty hash array")
}

/// As [`no_hashes`], where there is but one.
pub fn empty_hash() -> Error {
    refused("Empty hash parameter")
}

pub fn not_base64() -> Error {
    refused("Invalid Base64 hash string parameter")
}

/// An `Authorization` header that is no bearer token's.
pub fn malformed_authorization() -> Error {
    refused("Malformed authorization header")
}

/// The answer of every path below `/csc` that is no method of this server's.
pub fn not_implemented(path: &str) -> HttpResponse {
    let words = Words::new("access_denied", "The user or Remote Service denied the request.");
    let body = if is_v2(path) { FaultBody::of::<V2>(words) } else { FaultBody::of::<V1>(words) };
    let mut answer = HttpResponse::NotImplemented().json(body);
    Refusal::of(&Error::not_found()).attach(&mut answer);
    answer
}

/// A refusal that no handler makes, on a path below `/csc`.
pub fn refuse(path: &str, problem: Problem) -> HttpResponse {
    if is_v2(path) {
        Fault::<V2>::from(problem).error_response()
    } else {
        Fault::<V1>::from(problem).error_response()
    }
}

fn is_v2(path: &str) -> bool {
    path.starts_with(V2::BASE)
}

/// A Basic header that holds no id and secret.
pub fn malformed_username_password() -> Error {
    refused("Malformed username-password")
}

/// A refresh token of the wrong type.
pub fn refresh_token_no_text() -> Error {
    refused("Invalid string parameter: refresh_token")
}

/// An error without a field carries its text as its detail.
fn refused(text: impl Into<String>) -> Error {
    Error::new(Code::InvalidRequest, text)
}

/// CSC answers 400 where the native API tells finer statuses apart; what is the transport's business stays.
fn status(code: Code) -> StatusCode {
    if code == Code::InvalidClient {
        // csc.md 3.2 has 401 for a header that shows nobody, not for a wrong secret.
        return StatusCode::BAD_REQUEST;
    }
    match problem::status(code) {
        StatusCode::NOT_FOUND
        | StatusCode::CONFLICT
        | StatusCode::LOCKED
        | StatusCode::GONE
        | StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status => status,
    }
}

impl<'a> FaultBody<'a> {
    fn of<V: Version>(words: Words<'a>) -> Self {
        Self {
            error: words.code,
            repeated: V::REPEATS_DESCRIPTION.then(|| words.description.clone()),
            error_description: words.description,
        }
    }
}

impl<V> From<Problem> for Fault<V> {
    fn from(problem: Problem) -> Self {
        Self(problem, PhantomData)
    }
}

impl<V> From<Error> for Fault<V> {
    fn from(error: Error) -> Self {
        Self(error.into(), PhantomData)
    }
}

impl<V> fmt::Display for Fault<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<V: Version> ResponseError for Fault<V> {
    fn status_code(&self) -> StatusCode {
        status(self.0.error().code())
    }

    fn error_response(&self) -> HttpResponse {
        let error = self.0.error();
        let body = FaultBody::of::<V>(Words::of::<V>(error));
        let mut answer = self.0.begin(self.status_code()).json(body);
        Refusal::of(error).attach(&mut answer);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answered<V: Version>(fault: impl Into<Fault<V>>) -> (u16, serde_json::Value) {
        let answer = fault.into().error_response();
        assert_eq!(answer.headers().get("content-type").unwrap(), "application/json");
        assert!(answer.extensions().get::<Refusal>().is_some());
        let status = answer.status().as_u16();
        let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn said<V: Version>(error: Error) -> (u16, String, String) {
        let (status, body) = answered::<V>(error).await;
        assert_eq!(body.get("errorDescription").is_some(), V::REPEATS_DESCRIPTION);
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
            assert_eq!(said::<V1>(error).await, (400, code.to_owned(), description.to_owned()));
        }
    }

    #[actix_web::test]
    async fn version_2_has_words_of_its_own_and_says_them_twice() {
        const DATA: (&str, &str) = ("invalid_authentication_data", "The authentication data is invalid");
        for (error, (code, description)) in [
            (Error::new(Code::InvalidPin, "x"), DATA),
            (Error::new(Code::InvalidOtp, "x"), DATA),
            (Error::new(Code::FactorMissing, "x").about("OTP"), DATA),
            (Error::new(Code::FactorLocked, "x").about("PIN"), ("invalid_request", "Credential locked")),
            (Error::new(Code::CredentialLocked, "x").about("OTP"), ("invalid_request", "Credential locked")),
            (
                Error::new(Code::InvalidHashAlgo, "x"),
                ("invalid_request", "Invalid parameter hashAlgorithmOID"),
            ),
            (
                Error::new(Code::SigningCertificateExpired, "x").about("O=Acme,CN=J"),
                ("invalid_request", "Signing certificate is expired"),
            ),
        ] {
            assert_eq!(said::<V2>(error).await, (400, code.to_owned(), description.to_owned()));
        }
        let (_, body) = answered::<V2>(Error::not_found()).await;
        assert_eq!(body["errorDescription"], "Invalid parameter credentialID");
    }

    #[actix_web::test]
    async fn paths_without_a_handler_are_refused_in_their_version_s_form() {
        for (path, is_twice) in [("/csc/v2/nothing", true), ("/csc/v1/nothing", false), ("/csc", false)] {
            for answer in [not_implemented(path), refuse(path, Problem::method_not_allowed("POST"))] {
                let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
                let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(body.get("errorDescription").is_some(), is_twice, "{path}: {body}");
            }
        }
    }

    #[actix_web::test]
    async fn statuses_are_those_that_csc_expects() {
        for code in Code::ALL {
            let (status, _, description) = said::<V1>(Error::new(*code, "detail").about("PIN")).await;
            let expected = [400, 401, 403, 405, 413, 415, 429, 500, 503];
            assert!(expected.contains(&status), "{}: {status}", code.as_str());
            assert!(!description.is_empty(), "{}", code.as_str());
        }
    }

    #[actix_web::test]
    async fn a_challenge_names_an_error_only_when_a_token_was_sent() {
        let challenge = |fault: Fault<V1>| {
            let answer = fault.error_response();
            let header = answer.headers().get("www-authenticate").unwrap().to_str().unwrap();
            (answer.status().as_u16(), header.contains("error="), header.contains("invalid_token"))
        };
        assert_eq!(challenge(Problem::no_token().into()), (401, false, false));
        assert_eq!(challenge(Error::new(Code::InvalidToken, "x").into()), (401, true, true));
        assert_eq!(challenge(Error::new(Code::ExpiredToken, "x").into()), (401, true, true));
        assert_eq!(challenge(Error::new(Code::InsufficientScope, "x").into()), (403, true, false));
        let (_, body) = answered::<V1>(Error::new(Code::ExpiredToken, "x")).await;
        assert_eq!(body["error"], "expired_token");
    }

    #[actix_web::test]
    async fn causes_stay_inside() {
        let (status, body) = answered::<V1>(Error::internal("disk on fire")).await;
        assert_eq!((status, body["error"].as_str()), (500, Some("server_error")));
        assert!(!body.to_string().contains("fire"));
    }
}
