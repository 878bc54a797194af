//! The `Idempotency-Key` header of requests that create something.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::problem::Problem;
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretText;

/// The key, when the caller sent one. It is a secret: an answer that holds one is encrypted under it.
pub struct IdempotencyKey(pub Option<SecretText>);

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request).map(Self).map_err(Problem::from))
    }
}

fn read(request: &HttpRequest) -> Result<Option<SecretText>> {
    let mut lines = request.headers().get_all("idempotency-key");
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(key), None) if is_key(key.as_bytes()) => {
            Ok(Some(SecretText::new(String::from_utf8_lossy(key.as_bytes()))))
        }
        _ => Err(Error::new(
            Code::InvalidRequest,
            "The Idempotency-Key header is one key of 1 to 128 visible ASCII characters.",
        )),
    }
}

fn is_key(key: &[u8]) -> bool {
    (1..=128).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn of(keys: &[&str]) -> Result<Option<String>> {
        let mut request = TestRequest::default();
        for key in keys {
            request = request.append_header(("idempotency-key", *key));
        }
        read(&request.to_http_request()).map(|key| key.map(|key| key.expose().to_owned()))
    }

    #[test]
    fn one_key_of_visible_ascii_is_taken() {
        assert_eq!(of(&[]).unwrap(), None);
        assert_eq!(of(&["a-1"]).unwrap().as_deref(), Some("a-1"));
        assert!(of(&[&"x".repeat(128)]).is_ok());
        for odd in [&[""][..], &["a b"], &["\u{e4}"], &[&"x".repeat(129)], &["a", "a"]] {
            assert_eq!(of(odd).unwrap_err().code(), Code::InvalidRequest, "{odd:?}");
        }
    }
}
