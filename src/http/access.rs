//! Who calls: a handler that takes a [`Bearer`] answers to the bearers of a good access token only (RFC 6750). Whether
//! the token still stands, and what it is good for, is decided by the verb, in its transaction.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::blocking;
use super::problem::Problem;
use super::request_id;
use crate::app::App;
use crate::model::error::{Code, Error};
use crate::model::secret::SecretText;
use crate::model::token::{Call, Principal};

/// A call by the bearer of a token whose signature and claims are good. To be the first argument of a handler, so
/// that strangers learn nothing about their bodies.
pub struct Bearer {
    pub call: Call,
}

impl FromRequest for Bearer {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let token = token(request.headers());
        let app = request.app_data::<Data<App>>().cloned();
        Box::pin(async move {
            let app = app.ok_or_else(|| Error::internal("the routes have no App"))?;
            admit(&app, token?).await.map(|call| Self { call })
        })
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750, 2.1).
pub fn token(headers: &HeaderMap) -> Result<SecretText, Problem> {
    let mut lines = headers.get_all(AUTHORIZATION);
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Err(Problem::no_token());
    };
    let text = line.to_str().map_err(|_| malformed())?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::no_token());
    }
    let token = token.trim();
    if token.is_empty() || token.contains(' ') {
        return Err(malformed());
    }
    Ok(SecretText::new(token))
}

async fn admit(app: &Data<App>, token: SecretText) -> Result<Call, Problem> {
    let at = app.clock.now();
    let verified = match app.oauth.keyring.verify_at_hand(&app.service, token.expose(), at) {
        Some(verified) => verified?,
        // A key that this node has not read yet.
        None => {
            blocking::run(app, move |app| app.oauth.keyring.verify(&app.service, token.expose(), at)).await?
        }
    };
    Ok(Call { principal: Principal::Token(verified), request_id: Some(request_id::current()), at })
}

fn malformed() -> Problem {
    let detail = "The Authorization header is not `Bearer` and one access token.";
    Error::new(Code::InvalidToken, detail).into()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn of(lines: &[&str]) -> Option<String> {
        let mut request = TestRequest::default();
        for line in lines {
            request = request.append_header((AUTHORIZATION, *line));
        }
        token(request.to_http_request().headers()).ok().map(|token| token.expose().to_owned())
    }

    #[test]
    fn one_bearer_token_is_taken() {
        assert_eq!(of(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(of(&["bearer  abc"]).as_deref(), Some("abc"));
        for lines in [&[][..], &["Basic abc"], &["Bearer"], &["Bearer a b"], &["Bearer a", "Bearer a"]] {
            assert_eq!(of(lines), None, "{lines:?}");
        }
    }
}
