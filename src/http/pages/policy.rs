//! What a page may load, and where its forms may lead (Content Security Policy Level 3).

use std::sync::LazyLock;

use actix_web::http::header::HeaderValue;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::{Origin, Url};

use super::STYLE;

/// Nothing loads but the frame's own style, by its hash; forms go nowhere else. The other headers that pages need
/// (nosniff, no-referrer) every answer has.
pub(super) static STRICT: LazyLock<String> = LazyLock::new(|| with_forms_to("'self'"));

/// As [`STRICT`], with pictures that are in the page itself.
pub(super) static WITH_PICTURES: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!("{}; img-src data:", STRICT.as_str());
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// As [`STRICT`], for forms that may lead to a source.
pub(super) fn leading(source: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&with_forms_to(&format!("'self' {source}"))).ok()
}

/// A URI as a source expression: its origin, or its scheme where it has none, or none that the syntax knows.
pub(super) fn source(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    match url.origin() {
        Origin::Tuple(_, url::Host::Domain(_) | url::Host::Ipv4(_), _) => {
            Some(url.origin().ascii_serialization())
        }
        Origin::Tuple(..) | Origin::Opaque(_) => Some(format!("{}:", url.scheme())),
    }
}

fn with_forms_to(sources: &str) -> String {
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action {sources}; frame-ancestors 'none'; base-uri 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lead_to_the_origin_of_an_application_or_to_its_scheme() {
        for (uri, expected) in [
            ("https://app.example/cb?x=1;y", "https://app.example"),
            ("http://127.0.0.1:4711/cb", "http://127.0.0.1:4711"),
            ("http://[::1]:4711/cb", "http:"),
            ("com.example.app:/cb", "com.example.app:"),
        ] {
            assert_eq!(source(uri).as_deref(), Some(expected), "{uri}");
        }
        assert!(
            leading("https://app.example").unwrap().to_str().unwrap().contains("'self' https://app.example;")
        );
    }
}
