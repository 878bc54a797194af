//! What is counted, as a typed struct over one registry that is nobody's global. Labels never name a tenant, seat,
//! client or credential: they are read by whoever may read `/metrics`.

use std::sync::Mutex;
use std::time::Duration;

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use crate::model::algorithm::KeyAlgorithm;
use crate::model::error::{Code, Error, Result};

/// The media type of what [`Metrics::render`] writes.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// From 0.25 ms, about what an answer without a database takes, to the seconds of an RSA-4096 key.
const LATENCY_BUCKETS: [f64; 14] =
    [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latency: HistogramVec,
    in_flight: IntGauge,
    signatures: IntCounterVec,
    tokens: IntCounterVec,
    refusals: IntCounterVec,
    panics: IntCounter,
    notices: IntCounterVec,
    sampled: Mutex<Vec<Sampled>>,
}

/// A gauge that is read when somebody looks, from a part that need not know what a metric is.
struct Sampled {
    gauge: IntGauge,
    read: Box<dyn Fn() -> i64 + Send + Sync>,
}

impl Metrics {
    pub fn new() -> Result<Self> {
        let registry = Registry::new();
        let metrics = Self {
            requests: counters(
                &registry,
                "countersign_http_requests_total",
                "Requests answered, by method, route pattern and status.",
                &["method", "route", "status"],
            )?,
            latency: latencies(&registry)?,
            in_flight: gauge(
                &registry,
                "countersign_http_requests_in_flight",
                "Requests that are being answered.",
                &[],
            )?,
            signatures: counters(
                &registry,
                "countersign_signatures_total",
                "Signatures released, by the key's algorithm.",
                &["algorithm"],
            )?,
            tokens: counters(
                &registry,
                "countersign_tokens_issued_total",
                "Access tokens issued, by grant.",
                &["grant"],
            )?,
            refusals: counters(
                &registry,
                "countersign_refusals_total",
                "Requests refused or failed, by the code of the problem.",
                &["code"],
            )?,
            notices: counters(
                &registry,
                "countersign_notices_total",
                "Notices to hosts that callers named, by what became of them.",
                &["outcome"],
            )?,
            panics: IntCounter::new(
                "countersign_panics_total",
                "Panics that were caught and answered with 500.",
            )
            .and_then(|counter| registry.register(Box::new(counter.clone())).map(|()| counter))
            .map_err(Error::internal)?,
            sampled: Mutex::new(Vec::new()),
            registry,
        };
        #[cfg(target_os = "linux")]
        metrics
            .registry
            .register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
            .map_err(Error::internal)?;
        Ok(metrics)
    }

    /// One HTTP request answered; `route` is its pattern, never its path.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let mut digits = [0; 3];
        self.requests.with_label_values(&[method, route, status_text(status, &mut digits)]).inc();
        self.latency.with_label_values(&[method, route]).observe(took.as_secs_f64());
    }

    /// Counts as in flight until it is dropped, also when the caller hangs up.
    pub fn in_flight(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    pub fn signed(&self, algorithm: KeyAlgorithm, signatures: u64) {
        self.signatures.with_label_values(&[algorithm.as_str()]).inc_by(signatures);
    }

    /// An access token was issued; `grant` is the protocol's `grant_type`, one of a fixed few.
    pub fn token_issued(&self, grant: &'static str) {
        self.tokens.with_label_values(&[grant]).inc();
    }

    pub fn refused(&self, code: Code) {
        self.refusals.with_label_values(&[code.as_str()]).inc();
    }

    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// What counts notices to callers' hosts, by their outcome: one of a fixed few.
    pub fn notice_counter(&self) -> impl Fn(&'static str) + Send + Sync + 'static {
        let notices = self.notices.clone();
        move |outcome| notices.with_label_values(&[outcome]).inc()
    }

    /// Registers a gauge that is read at each scrape, such as the RSA keys that are ready. Fails when the name and
    /// labels are taken.
    pub fn sample(
        &self,
        name: &str,
        help: &str,
        labels: &[(&str, &str)],
        read: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Result<()> {
        let gauge = gauge(&self.registry, name, help, labels)?;
        let mut sampled = self.sampled.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sampled.push(Sampled { gauge, read: Box::new(read) });
        Ok(())
    }

    /// Everything in the Prometheus text format.
    pub fn render(&self) -> Result<Vec<u8>> {
        for sampled in self.sampled.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter() {
            sampled.gauge.set((sampled.read)());
        }
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut text).map_err(Error::internal)?;
        Ok(text)
    }
}

/// See [`Metrics::in_flight`].
pub struct InFlight(IntGauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec> {
    let counters = IntCounterVec::new(Opts::new(name, help), labels).map_err(Error::internal)?;
    registry.register(Box::new(counters.clone())).map_err(Error::internal)?;
    Ok(counters)
}

fn gauge(registry: &Registry, name: &str, help: &str, labels: &[(&str, &str)]) -> Result<IntGauge> {
    let mut opts = Opts::new(name, help);
    for (label, value) in labels {
        opts = opts.const_label(*label, *value);
    }
    let gauge = IntGauge::with_opts(opts).map_err(Error::internal)?;
    registry.register(Box::new(gauge.clone())).map_err(Error::internal)?;
    Ok(gauge)
}

fn latencies(registry: &Registry) -> Result<HistogramVec> {
    let opts = HistogramOpts::new(
        "countersign_http_request_duration_seconds",
        "Time from the request's head to its answer, by method and route pattern.",
    );
    let latencies = HistogramVec::new(opts.buckets(LATENCY_BUCKETS.to_vec()), &["method", "route"])
        .map_err(Error::internal)?;
    registry.register(Box::new(latencies.clone())).map_err(Error::internal)?;
    Ok(latencies)
}

/// Three digits without an allocation: this runs once per request.
fn status_text(status: u16, digits: &mut [u8; 3]) -> &str {
    let [hundreds, tens, ones] = digits;
    let digit = |place: u16| b'0' + u8::try_from(status / place % 10).unwrap_or(0);
    (*hundreds, *tens, *ones) = (digit(100), digit(10), digit(1));
    std::str::from_utf8(digits).unwrap_or("000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_rendered() {
        let metrics = Metrics::new().unwrap();
        metrics.answered("GET", "/api/v1/tenants/{name}", 404, Duration::from_millis(3));
        metrics.refused(Code::NotFound);
        metrics.sample("countersign_rsa_pool_ready", "Ready keys.", &[("bits", "2048")], || 4).unwrap();
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        for line in [
            r#"countersign_http_requests_total{method="GET",route="/api/v1/tenants/{name}",status="404"} 1"#,
            r#"countersign_refusals_total{code="not_found"} 1"#,
            r#"countersign_rsa_pool_ready{bits="2048"} 4"#,
        ] {
            assert!(text.contains(line), "{line} is missing from\n{text}");
        }
    }

    #[test]
    fn in_flight_ends_when_the_request_is_dropped() {
        let metrics = Metrics::new().unwrap();
        let one = metrics.in_flight();
        assert_eq!(metrics.in_flight.get(), 1);
        drop(one);
        assert_eq!(metrics.in_flight.get(), 0);
    }
}
