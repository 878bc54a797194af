//! Each request has an id: the caller's own if it is sane, else one that we make. It stands in the answer's
//! `X-Request-Id`, in problems and in every line of the log.

use std::future::{Ready, ready};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest};

use super::problem::Problem;

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request. Handlers take it as an argument when an audit event has to carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

tokio::task_local! {
    /// So that an error can be rendered without the request at hand.
    static CURRENT: RequestId;
}

/// The id of the request that is being answered here; empty outside of one.
pub fn current() -> String {
    CURRENT.try_with(|id| id.0.clone()).unwrap_or_default()
}

/// Runs the rest of the request under its id.
pub(super) async fn under<F: Future>(id: RequestId, rest: F) -> F::Output {
    CURRENT.scope(id, rest).await
}

impl RequestId {
    /// The caller's id when it is 1 to 64 of `[A-Za-z0-9._-]`: anything else could forge lines of a log.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
        given.filter(|text| is_sane(text)).map_or_else(Self::fresh, |text| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Random once per process, then counted: unique over all nodes, without a system call per request.
    fn fresh() -> Self {
        static NODE: OnceLock<u64> = OnceLock::new();
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let node = NODE.get_or_init(|| {
            let mut bytes = [0; 8];
            // Without randomness ids of two processes may be alike, which harms only who reads their logs together.
            let _ = aws_lc_rs::rand::fill(&mut bytes);
            u64::from_be_bytes(bytes)
        });
        Self(format!("{node:016x}-{:x}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }
}

impl FromRequest for RequestId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(current())))
    }
}

fn is_sane(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn of(given: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_str(given).unwrap());
        RequestId::of(&headers).0
    }

    #[test]
    fn a_sane_id_is_kept_and_any_other_replaced() {
        assert_eq!(of("a.B_c-9"), "a.B_c-9");
        for odd in ["", "a b", "a\"b", "\u{e4}", &"x".repeat(65)] {
            let made = of(odd);
            assert!(is_sane(&made) && made != odd, "{odd:?} became {made:?}");
        }
    }

    #[test]
    fn ids_that_we_make_differ() {
        assert_ne!(RequestId::fresh(), RequestId::fresh());
    }
}
