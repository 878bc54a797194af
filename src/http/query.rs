//! Query parameters, parsed as strictly as bodies.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use super::body;
use super::problem::Problem;
use crate::model::error::{Code, Error};

/// `T` should `deny_unknown_fields`; a fault's pointer is `/` and the parameter's name.
pub struct Query<T>(pub T);

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if request.query_string().contains("%00") {
            return ready(Err(Error::new(Code::InvalidRequest, body::NUL).into()));
        }
        let parsed = web::Query::<T>::from_query(request.query_string());
        ready(parsed.map(|query| Self(query.into_inner())).map_err(|error| {
            let said = error.to_string();
            let said = said.strip_prefix("Query deserialize error: ").unwrap_or(&said);
            body::misfit(String::new(), said).into()
        }))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Page {
        #[serde(rename = "limit")]
        _limit: Option<u8>,
    }

    #[test]
    fn an_unknown_parameter_is_refused_by_name() {
        let of = |query: &str| {
            let request = TestRequest::with_uri(&format!("/x?{query}")).to_http_request();
            Query::<Page>::from_request(&request, &mut Payload::None).into_inner()
        };
        assert!(of("limit=7").is_ok() && of("").is_ok());
        let refused = of("limt=7").err().unwrap();
        assert_eq!(refused.error().code(), Code::UnknownField);
        assert_eq!(refused.error().fields()[0].pointer, "/limt");
        assert_eq!(of("limit=x").err().unwrap().error().code(), Code::InvalidRequest);
    }
}
