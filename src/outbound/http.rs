//! HTTP calls with bounds on everything.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use tokio::sync::Semaphore;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use super::Url;

/// Calls one kind of service. It follows no redirect and asks no proxy; TLS trusts the system's authorities, or those
/// of `SSL_CERT_FILE`.
pub struct Client {
    agent: Agent,
    limits: Limits,
    places: Semaphore,
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the whole call, from looking up the name to the answer's last octet.
    pub time: Duration,
    /// Octets of an answer's body.
    pub answer: u64,
    /// Calls under way at once. One more is refused and does not wait.
    pub calls: NonZeroUsize,
}

/// What came back, whatever its status.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// `Content-Type` in lower case without its parameters; empty where there was none.
    pub media_type: String,
    pub body: Vec<u8>,
}

/// Why there is no answer. What it shows is for the log: it names no secret, but speaks of our network.
#[derive(Debug)]
pub enum Failure {
    /// As many calls as may be are under way already; nothing was sent.
    Busy,
    /// The time was up. The call may have had its effect all the same.
    Late,
    /// The answer is longer than it may be.
    TooLong,
    /// No connection, no trust, or no HTTP.
    Broken(String),
}

impl Client {
    pub fn new(limits: Limits) -> Self {
        Self::trusting(&authorities(), limits)
    }

    fn trusting(authorities: &[CertificateDer<'_>], limits: Limits) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(limits.time))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // What is not a setting of ours decides nothing.
            .proxy(None)
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls(authorities))
            .build();
        let places = Semaphore::new(limits.calls.get().min(Semaphore::MAX_PERMITS));
        Self { agent: config.into(), limits, places }
    }

    /// Blocks until the answer is there or the time is up.
    pub fn post(&self, url: &Url, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, Failure> {
        let _place = self.places.try_acquire().map_err(|_| Failure::Busy)?;
        let mut request = self.agent.post(url.address());
        if let Some(authorization) = url.authorization() {
            request = request.header("Authorization", authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send(body)?;
        let media_type = answer.body().mime_type().unwrap_or_default().to_ascii_lowercase();
        // One octet more tells an answer of just the limit from a longer one.
        let limit = self.limits.answer;
        let body = answer.body_mut().with_config().limit(limit.saturating_add(1)).read_to_vec()?;
        if body.len() as u64 > limit {
            return Err(Failure::TooLong);
        }
        Ok(Answer { status: answer.status().as_u16(), media_type, body })
    }
}

impl From<ureq::Error> for Failure {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::Late,
            ureq::Error::BodyExceedsLimit(_) => Self::TooLong,
            // It would repeat the URL, whose query may hold a key.
            ureq::Error::BadUri(_) => Self::Broken("the URL cannot be called".to_owned()),
            error => Self::Broken(error.to_string()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("as many calls as may be are under way"),
            Self::Late => f.write_str("no whole answer in time"),
            Self::TooLong => f.write_str("the answer is too long"),
            Self::Broken(cause) => f.write_str(cause),
        }
    }
}

fn authorities() -> Vec<CertificateDer<'static>> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "certificate authorities for outbound TLS");
    }
    if found.certs.is_empty() {
        tracing::warn!(
            "no certificate authorities were found: outbound TLS will fail. SSL_CERT_FILE names their file"
        );
    }
    found.certs
}

fn tls(authorities: &[CertificateDer<'_>]) -> TlsConfig {
    let roots = authorities.iter().map(|der| Certificate::from_der(der).to_owned());
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
        .root_certs(RootCerts::from(roots))
        .build()
}

#[cfg(test)]
mod tests;
