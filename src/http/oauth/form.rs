//! Parameters in a body: `application/x-www-form-urlencoded`, or `multipart/form-data` from clients that say "form-data"
//! and mean it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::{StreamExt, stream};

use super::refusal::Refused;
use crate::http::body::Upload;
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretText;

/// The parameters that have a value (RFC 6749, 3.2: one without a value counts as left out). None is there twice.
pub struct Form(BTreeMap<String, SecretText>);

impl Form {
    pub fn secret(&self, name: &str) -> Option<&SecretText> {
        self.0.get(name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(SecretText::expose)
    }

    /// Those of a query (RFC 6749, 3.1).
    pub fn of_query(query: &str) -> Result<Self> {
        urlencoded(query.as_bytes())
    }

    /// Without some of them: those that are secrets.
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|name, _| !names.contains(&name.as_str()));
        self
    }

    /// All of them, where none is a secret.
    pub fn into_texts(self) -> BTreeMap<String, String> {
        self.0.into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect()
    }

    pub fn required(&self, name: &str) -> Result<&SecretText> {
        let missing = || Error::new(Code::InvalidRequest, format!("Missing parameter {name}"));
        self.0.get(name).ok_or_else(missing)
    }

    fn of(pairs: impl IntoIterator<Item = (String, SecretText)>) -> Result<Self> {
        let mut form = BTreeMap::new();
        for (name, value) in pairs {
            if form.contains_key(&name) {
                // Only a name that is ours is repeated in the answer.
                return Err(Error::new(Code::InvalidRequest, "A parameter is there more than once."));
            }
            form.insert(name, value);
        }
        form.retain(|_, value| !value.expose().is_empty());
        Ok(Self(form))
    }
}

impl FromRequest for Form {
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refused>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let upload = Upload::from_request(request, payload);
        let headers = request.headers().clone();
        Box::pin(async move {
            let upload = upload.await?;
            let form = match upload.media_type.as_str() {
                "application/x-www-form-urlencoded" => urlencoded(&upload.bytes),
                "multipart/form-data" => multipart(&headers, upload.bytes).await,
                // A request without a body has no type to name.
                "" if upload.bytes.is_empty() => Form::of([]),
                _ => Err(Error::new(
                    Code::UnsupportedMediaType,
                    "Send the parameters as application/x-www-form-urlencoded or multipart/form-data.",
                )),
            };
            Ok(form?)
        })
    }
}

fn urlencoded(body: &[u8]) -> Result<Form> {
    let pairs: Vec<(String, SecretText)> = serde_urlencoded::from_bytes(body)
        .map_err(|_| Error::new(Code::InvalidRequest, "The parameters are not form-urlencoded text."))?;
    Form::of(pairs)
}

async fn multipart(headers: &HeaderMap, body: Bytes) -> Result<Form> {
    let malformed = || Error::new(Code::InvalidRequest, "The body is not well-formed multipart/form-data.");
    let mut parts = Multipart::new(headers, stream::iter([Ok(body)]));
    let mut pairs = Vec::new();
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|_| malformed())?;
        let name = part.name().ok_or_else(malformed)?.to_owned();
        let mut value = Vec::new();
        while let Some(piece) = part.next().await {
            value.extend_from_slice(&piece.map_err(|_| malformed())?);
        }
        pairs.push((name, SecretText::new(String::from_utf8(value).map_err(|_| malformed())?)));
    }
    Form::of(pairs)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{CONTENT_TYPE, HeaderValue};

    use super::*;

    #[test]
    fn parameters_without_a_value_are_left_out_and_none_is_there_twice() {
        let form = urlencoded(b"grant_type=client_credentials&scope=&x=a+b%2B").unwrap();
        assert_eq!(form.text("grant_type"), Some("client_credentials"));
        assert_eq!((form.text("scope"), form.text("x")), (None, Some("a b+")));
        for body in ["scope=a&scope=b", "scope=&scope=b"] {
            assert_eq!(urlencoded(body.as_bytes()).err().unwrap().code(), Code::InvalidRequest);
        }
    }

    #[actix_web::test]
    async fn form_data_is_read_as_well() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=xx"));
        let body = "--xx\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nclient_credentials\r\n--xx--\r\n";
        let form = multipart(&headers, Bytes::from_static(body.as_bytes())).await.unwrap();
        assert_eq!(form.text("grant_type"), Some("client_credentials"));
        assert!(multipart(&headers, Bytes::from_static(b"--yy\r\n")).await.is_err());
    }
}
