//! Bodies of requests: read within the limit, of a media type that is understood, and parsed strictly, so that
//! nothing that a caller wrote is ignored.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::time::Duration;

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{self, Bytes, Data};
use actix_web::{FromRequest, HttpRequest, dev};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::problem::Problem;
use crate::app::App;
use crate::model::error::{Code, Error, Result};

/// A JSON body, parsed. `T` should `deny_unknown_fields`.
pub struct Body<T> {
    value: T,
    /// The octets as they came.
    pub raw: Bytes,
}

impl<T> Body<T> {
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Body<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let media_type = media_type(request);
        let bytes = read(request, payload);
        Box::pin(async move {
            if !is_json(&media_type) {
                return Err(unsupported(&media_type, &["application/json"]).into());
            }
            let raw = bytes.await?;
            Ok(Self { value: parse(&raw)?, raw })
        })
    }
}

/// A body of any type, for what is not always JSON.
pub struct Upload {
    /// Lower-case, without parameters; empty when none was sent.
    pub media_type: String,
    pub bytes: Bytes,
}

impl Upload {
    /// The body as JSON when it says that it is.
    pub fn json<T: DeserializeOwned>(&self) -> Option<Result<T>> {
        is_json(&self.media_type).then(|| parse(&self.bytes))
    }

    /// 415 unless the body is JSON or of one of these types.
    pub fn require(&self, media_types: &[&str]) -> Result<()> {
        if is_json(&self.media_type) || media_types.contains(&self.media_type.as_str()) {
            return Ok(());
        }
        let all: Vec<&str> = std::iter::once("application/json").chain(media_types.iter().copied()).collect();
        Err(unsupported(&self.media_type, &all))
    }
}

impl FromRequest for Upload {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let media_type = media_type(request);
        let bytes = read(request, payload);
        Box::pin(async move { Ok(Self { media_type, bytes: bytes.await? }) })
    }
}

/// Parses JSON that is all of `bytes`. What is wrong is named by its JSON pointer, and never by its value, which may
/// be a secret.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        refusal(pointer, error.inner())
    })?;
    json.end().map_err(|error| refusal(String::new(), &error))?;
    if holds_nul(bytes) {
        return Err(Error::new(Code::InvalidRequest, NUL));
    }
    Ok(value)
}

/// Not every database keeps it, and no text here means anything by it.
pub(super) const NUL: &str = "No text may hold the character U+0000.";

/// Whether well-formed JSON spells U+0000, which it can by an escape only.
fn holds_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = rest.get(at + 1..).unwrap_or_default();
        if escape.starts_with(b"u0000") {
            return true;
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    false
}

/// Reads what is left of the body, at most as much as the configuration allows.
pub(super) fn read(
    request: &HttpRequest,
    payload: &mut dev::Payload,
) -> impl Future<Output = Result<Bytes>> + use<> {
    let limits = request.app_data::<Data<App>>().map(|app| &app.config.limits);
    let limit = limits.map_or(0, |limits| limits.body);
    let patience = limits.map_or(Duration::ZERO, |limits| limits.request_timeout);
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let too_large = announced.is_some_and(|length| length > limit as u64);
    let payload = web::Payload::from_request(request, payload);
    async move {
        if too_large {
            return Err(oversized(limit));
        }
        let payload = payload.await.map_err(Error::internal)?;
        // Who a request is from, and at what time, is known already: neither is to grow old while its body trickles in.
        let read =
            timeout(patience, payload.to_bytes_limited(limit)).await.map_err(|_| too_slow(patience))?;
        let read = read.map_err(|_| oversized(limit))?;
        read.map_err(|error| {
            Error::new(Code::InvalidRequest, format!("The body could not be read: {error}."))
        })
    }
}

pub(super) fn media_type(request: &HttpRequest) -> String {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub(super) fn is_json(media_type: &str) -> bool {
    media_type == "application/json"
}

pub(super) fn unsupported(found: &str, understood: &[&str]) -> Error {
    let understood = understood.join(", ");
    let detail = if found.is_empty() {
        format!("The request has no Content-Type; this takes {understood}.")
    } else {
        format!("This takes {understood}.")
    };
    Error::new(Code::UnsupportedMediaType, detail)
}

fn too_slow(patience: Duration) -> Error {
    let detail = format!("The body did not arrive within {} s.", patience.as_secs());
    Error::new(Code::InvalidRequest, detail)
}

fn oversized(limit: usize) -> Error {
    Error::new(Code::PayloadTooLarge, format!("The body may have at most {limit} bytes."))
}

fn refusal(parent: String, error: &serde_json::Error) -> Error {
    let said = error.to_string();
    let place = format!("line {} column {}", error.line(), error.column());
    let said = said.strip_suffix(&format!(" at {place}")).unwrap_or(&said);
    match error.classify() {
        serde_json::error::Category::Data => misfit(parent, said),
        _ => Error::new(Code::InvalidRequest, format!("The body is not JSON: {said} at {place}.")),
    }
}

/// What serde says of a value that has the wrong shape, turned into a field and its fault. Query strings share it.
pub(super) fn misfit(parent: String, said: &str) -> Error {
    if let Some(field) = quoted(said, "unknown field ") {
        let pointer = within(parent, field);
        let known =
            said.rsplit_once(", expected ").map_or("There are no fields here.".to_owned(), |(_, known)| {
                format!("Known here: {}.", known.trim_start_matches("one of "))
            });
        return Error::new(
            Code::UnknownField,
            format!("{pointer} is not a field that is known here. {known}"),
        )
        .at(pointer);
    }
    if let Some(field) = quoted(said, "missing field ") {
        return Error::field(within(parent, field), "is missing");
    }
    if let Some(field) = quoted(said, "duplicate field ") {
        return Error::field(within(parent, field), "is there twice");
    }
    match said.rsplit_once(", expected ") {
        Some((_, expected)) => Error::field(parent, format!("expected {expected}")),
        None => Error::field(parent, said),
    }
}

/// The text between backticks after `prefix`.
fn quoted<'a>(said: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = said.strip_prefix(prefix)?.strip_prefix('`')?;
    // A field's name may itself hold backticks, so the end is found from behind where serde goes on.
    let end = rest
        .rfind("`, expected ")
        .or_else(|| rest.rfind("`, there are no fields"))
        .or_else(|| rest.rfind('`'))?;
    rest.get(..end)
}

fn within(parent: String, field: &str) -> String {
    let escaped = field.replace('~', "~0").replace('/', "~1");
    if parent.ends_with(&format!("/{escaped}")) { parent } else { format!("{parent}/{escaped}") }
}

/// RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |parent, segment| match segment {
        Segment::Seq { index } => format!("{parent}/{index}"),
        Segment::Map { key } => format!("{parent}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => parent,
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde::Deserialize;

    use super::*;
    use crate::model::time::Timestamp;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Outer {
        #[serde(rename = "name")]
        _name: String,
        #[serde(default, rename = "inner")]
        _inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "a/b")]
        _slashed: u8,
    }

    fn fault(text: &str) -> (Code, Vec<String>, String) {
        let error = parse::<Outer>(text.as_bytes()).unwrap_err();
        let pointers = error.fields().iter().map(|field| field.pointer.clone()).collect();
        (error.code(), pointers, error.detail().to_owned())
    }

    #[test]
    fn faults_are_named_by_their_pointer() {
        for (text, code, pointer) in [
            (r#"{"name":"x","nam":1}"#, Code::UnknownField, "/nam"),
            (r#"{"name":"x","a~/b":1}"#, Code::UnknownField, "/a~0~1b"),
            (r#"{"inner":[]}"#, Code::InvalidRequest, "/name"),
            (r#"{"name":7}"#, Code::InvalidRequest, "/name"),
            (r#"{"name":"x","name":"y"}"#, Code::InvalidRequest, "/name"),
            (r#"{"name":"x","inner":[{"a/b":1},{"a/b":"1"}]}"#, Code::InvalidRequest, "/inner/1/a~1b"),
            (r#"{"name":"x","inner":[{"a/b":1,"c":2}]}"#, Code::UnknownField, "/inner/0/c"),
            (r#"{"name":"x","inner":[{}]}"#, Code::InvalidRequest, "/inner/0/a~1b"),
            (r#"[]"#, Code::InvalidRequest, ""),
        ] {
            let (found, pointers, detail) = fault(text);
            assert_eq!((found, pointers), (code, vec![pointer.to_owned()]), "{text}: {detail}");
        }
    }

    #[test]
    fn what_is_not_json_or_more_than_json_is_refused() {
        for text in ["", "{", r#"{"name":"x"} x"#, r#"{"name":"x"}{}"#, "\u{feff}{}"] {
            assert_eq!(fault(text).0, Code::InvalidRequest, "{text:?}");
        }
        let deep = format!(r#"{{"name":{}"#, "[".repeat(100_000));
        assert_eq!(fault(&deep).0, Code::InvalidRequest);
    }

    async fn extracted(content_type: &str, body: String) -> Result<Outer, Code> {
        let app = crate::app::tests::app(|config| config.limits.body = 64, Timestamp::from_seconds(1));
        let request =
            TestRequest::post().app_data(Data::new(app)).insert_header((CONTENT_TYPE, content_type));
        let (request, mut payload) = request.set_payload(body).to_http_parts();
        let body = Body::<Outer>::from_request(&request, &mut payload).await;
        body.map(Body::into_inner).map_err(|problem| problem.error().code())
    }

    #[actix_web::test]
    async fn size_and_media_type_are_checked_first() {
        let sound = r#"{"name":"x"}"#.to_owned();
        assert!(extracted("application/json; charset=utf-8", sound.clone()).await.is_ok());
        assert_eq!(extracted("text/plain", sound.clone()).await.unwrap_err(), Code::UnsupportedMediaType);
        assert_eq!(extracted("", sound).await.unwrap_err(), Code::UnsupportedMediaType);
        let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(64));
        assert_eq!(extracted("application/json", large).await.unwrap_err(), Code::PayloadTooLarge);
    }

    #[test]
    fn values_are_not_repeated() {
        let (_, _, detail) = fault(r#"{"name":736251}"#);
        assert!(!detail.contains("736251"), "{detail}");
    }
}
