//! The figures, line by line as they come, and as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::limits::Limits;
use crate::workloads::{Limit, Outcome, Workload};

/// One workload on one database.
pub struct Figures {
    pub engine: &'static str,
    pub credentials: u32,
    pub workload: &'static str,
    /// Requests, or enrolments.
    pub per_second: f64,
    pub server_cpu_per_request: Duration,
    pub peak_memory: u64,
    /// What of each limit was reached: 1 is all of it.
    pub ratios: Vec<(Limit, f64)>,
    p50: f64,
    p99: f64,
    per_request: u32,
    generator_cpu_per_request: Duration,
    stolen: f64,
}

impl Figures {
    /// `signature_cpu` is that of a bare signature, for the workloads that sign.
    pub fn new(
        at: (&'static str, u32),
        workload: &Workload,
        outcome: &Outcome,
        limits: &Limits,
        signature_cpu: Duration,
    ) -> Self {
        let measured = &outcome.measured;
        let requests = measured.requests.max(1) as f64;
        let cpu = outcome.server_cpu.div_f64(requests);
        let ratio = |limit: Limit| match limit {
            Limit::Answer => measured.per_second() / limits.answers,
            Limit::Insert => measured.per_second() / limits.inserts,
            Limit::Signature(_) => {
                signature_cpu.as_secs_f64() * f64::from(workload.per_request) / cpu.as_secs_f64()
            }
            Limit::Pin => limits.pin_cpu.as_secs_f64() / cpu.as_secs_f64(),
        };
        Self {
            engine: at.0,
            credentials: at.1,
            workload: workload.name,
            per_second: measured.per_second(),
            server_cpu_per_request: cpu,
            peak_memory: outcome.peak_memory,
            ratios: workload.limits.iter().map(|limit| (*limit, ratio(*limit))).collect(),
            p50: measured.latency(0.5),
            p99: measured.latency(0.99),
            per_request: workload.per_request,
            generator_cpu_per_request: measured.generator_cpu.div_f64(requests),
            stolen: outcome.stolen,
        }
    }

    pub fn ratio(&self, wanted: impl Fn(Limit) -> bool) -> Option<f64> {
        self.ratios.iter().find(|(limit, _)| wanted(*limit)).map(|(_, ratio)| *ratio)
    }

    pub fn print(&self) {
        let ratios: Vec<String> =
            self.ratios.iter().map(|(limit, ratio)| format!("{ratio:.2} of {}", name(*limit))).collect();
        println!(
            "  {:<33} {:>9} {:>9} {:>9} {:>10} {:>10} {:>7} {:>6.1}%  {}",
            self.workload,
            rate(self.per_second),
            time(self.p50),
            time(self.p99),
            time(self.server_cpu_per_request.as_secs_f64()),
            time(self.generator_cpu_per_request.as_secs_f64()),
            memory(self.peak_memory),
            self.stolen * 100.0,
            ratios.join(", "),
        );
    }

    pub fn json(&self) -> Value {
        let ratios: serde_json::Map<String, Value> =
            self.ratios.iter().map(|(limit, ratio)| (name(*limit).to_owned(), json!(ratio))).collect();
        json!({
            "engine": self.engine,
            "credentials": self.credentials,
            "workload": self.workload,
            "requestsPerSecond": self.per_second,
            "signaturesPerRequest": self.per_request,
            "p50Seconds": self.p50,
            "p99Seconds": self.p99,
            "serverCpuSecondsPerRequest": self.server_cpu_per_request.as_secs_f64(),
            "generatorCpuSecondsPerRequest": self.generator_cpu_per_request.as_secs_f64(),
            "peakMemoryBytes": self.peak_memory,
            "stolen": self.stolen,
            "ratios": ratios,
        })
    }
}

/// What stands above the lines of one database.
pub fn head(engine: &str, credentials: u32, limits: &Limits) {
    println!(
        "\n{engine}, {} credentials. Limits: bare answer {}/s at {}; durable INSERT {}/s; Argon2id for PINs {}",
        rate(f64::from(credentials)),
        rate(limits.answers),
        time(limits.answer_cpu.as_secs_f64()),
        rate(limits.inserts),
        time(limits.pin_cpu.as_secs_f64()),
    );
    println!(
        "  {:<33} {:>9} {:>9} {:>9} {:>10} {:>10} {:>7} {:>7}  against the limit",
        "workload", "requests/s", "p50", "p99", "server CPU", "client CPU", "memory", "stolen"
    );
}

fn name(limit: Limit) -> &'static str {
    match limit {
        Limit::Answer => "a bare answer",
        Limit::Insert => "an INSERT",
        Limit::Signature(_) => "a bare signature",
        Limit::Pin => "its Argon2id",
    }
}

/// `8,812`, or with decimals where few happen.
pub fn rate(per_second: f64) -> String {
    if per_second < 100.0 && per_second.fract() != 0.0 {
        return format!("{per_second:.1}");
    }
    let digits = format!("{per_second:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub fn time(seconds: f64) -> String {
    if seconds < 0.001 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 0.1 {
        format!("{:.2} ms", seconds * 1e3)
    } else {
        format!("{:.0} ms", seconds * 1e3)
    }
}

pub fn memory(bytes: u64) -> String {
    format!("{} MB", bytes / 1_000_000)
}
