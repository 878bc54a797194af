//! The body of a CSC request: JSON, whatever its fields are, or nothing.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, dev};

use super::fault::Fault;
use super::fields::Fields;
use super::version::Version;
use crate::http::body;
use crate::model::error::Result;

/// What was posted. A missing Content-Type is taken for JSON, any other than JSON is refused.
pub struct Posted<V> {
    bytes: Bytes,
    version: PhantomData<V>,
}

impl<V> Posted<V> {
    pub fn fields(&self) -> Result<Fields<'_>> {
        Fields::parse(&self.bytes)
    }
}

impl<V: Version> FromRequest for Posted<V> {
    type Error = Fault<V>;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Fault<V>>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let media_type = body::media_type(request);
        let bytes = body::read(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            if !bytes.is_empty() && !media_type.is_empty() && !body::is_json(&media_type) {
                return Err(body::unsupported(&media_type, &["application/json"]).into());
            }
            Ok(Self { bytes, version: PhantomData })
        })
    }
}
