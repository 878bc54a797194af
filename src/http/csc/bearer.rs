//! Who calls a CSC method: as [`access::Bearer`], refused in CSC's words. What a credential-scope token is good for takes
//! a [`SignerBearer`].

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::fault::{self, Fault};
use super::version::Version;
use crate::app::App;
use crate::credential::oauth2code::token;
use crate::http::problem::Problem;
use crate::http::{access, blocking, request_id};
use crate::model::error::Error;
use crate::model::secret::SecretText;
use crate::model::token::{Call, Principal};

/// A call by the bearer of a token whose signature and claims are good. To be the first argument of a handler.
pub struct Bearer<V> {
    pub call: Call,
    version: PhantomData<V>,
}

impl<V: Version> FromRequest for Bearer<V> {
    type Error = Fault<V>;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Fault<V>>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bearer = access::Bearer::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            match bearer.await {
                Ok(bearer) => Ok(Self { call: bearer.call, version: PhantomData }),
                Err(_) if is_malformed(&request) => Err(fault::malformed_authorization().into()),
                Err(problem) => Err(problem.into()),
            }
        })
    }
}

/// As [`Bearer`], by whom it is signed, or asked what is signed with: a token of scope `credential` will do too, for the
/// one credential that it was given for.
pub struct SignerBearer<V> {
    pub call: Call,
    /// The token, where it is one of scope `credential`: it is a SAD.
    pub sad: Option<SecretText>,
    version: PhantomData<V>,
}

impl<V: Version> FromRequest for SignerBearer<V> {
    type Error = Fault<V>;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Fault<V>>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let sad = access::token(request.headers()).ok().filter(token::looks_like_one);
        let Some(sad) = sad else {
            let bearer = Bearer::from_request(request, payload);
            return Box::pin(async move {
                bearer.await.map(|bearer| Self { call: bearer.call, sad: None, version: PhantomData })
            });
        };
        let app = request.app_data::<Data<App>>().cloned();
        Box::pin(async move {
            let app = app.ok_or_else(|| Error::internal("the routes have no App"))?;
            let call = admit(&app, sad.clone()).await?;
            Ok(Self { call, sad: Some(sad), version: PhantomData })
        })
    }
}

async fn admit(app: &Data<App>, sad: SecretText) -> Result<Call, Problem> {
    let at = app.clock.now();
    let signer = blocking::run(app, move |app| token::recognise(&app.service, at, &sad)).await?;
    Ok(Call { principal: Principal::Signer(signer.into()), request_id: Some(request_id::current()), at })
}

/// CSC tells a header that holds no bearer token, which is a bad request, from one that is not there.
fn is_malformed(request: &HttpRequest) -> bool {
    request.headers().contains_key(AUTHORIZATION) && access::token(request.headers()).is_err()
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;
    use actix_web::http::header::WWW_AUTHENTICATE;
    use actix_web::test::TestRequest;
    use actix_web::web::Data;

    use super::*;
    use crate::http::csc::version::V1;
    use crate::model::time::Timestamp;

    #[actix_web::test]
    async fn a_malformed_header_is_400_and_a_missing_or_unknown_token_401() {
        let app = Data::new(crate::app::tests::app(|_| (), Timestamp::from_seconds(1_800_000_000)));
        for (header, status, challenge) in [
            (None, 401, Some(r#"Bearer realm="countersign""#)),
            (Some("Bearer abc"), 401, Some(r#"Bearer realm="countersign", error="invalid_token""#)),
            (Some("Bearer"), 400, None),
            (Some("Bearer a b"), 400, None),
            (Some("Basic YTpi"), 400, None),
        ] {
            let mut request = TestRequest::default().app_data(Data::clone(&app));
            if let Some(header) = header {
                request = request.insert_header((AUTHORIZATION, header));
            }
            let fault = Bearer::<V1>::extract(&request.to_http_request()).await.err().unwrap();
            let answer = fault.error_response();
            let found = answer.headers().get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap());
            assert_eq!((answer.status().as_u16(), found), (status, challenge), "{header:?}");
        }
    }
}
