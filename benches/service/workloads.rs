//! What is asked of the server. Each workload makes its requests beforehand and hands them to the load generator; the
//! enrolment, which is a conversation, brings its own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::fill;
use crate::limits::Key;
use crate::load::{self, Load, Measured, Requests, Source};
use crate::proc;
use crate::world::{Client, SCOPE, World};

/// How a workload is told from the others, and what it is held against.
pub struct Workload {
    pub name: &'static str,
    /// What one request does: so many signatures, or one of anything else.
    pub per_request: u32,
    pub limits: &'static [Limit],
    run: fn(&mut World, &Load) -> Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Rate against that of a bare HTTP answer.
    Answer,
    /// Rate against that of durable INSERTs.
    Insert,
    /// CPU time against that of bare signatures.
    Signature(Key),
    /// CPU time against that of the one Argon2id run in it.
    Pin,
}

/// What a run came to.
pub struct Outcome {
    pub measured: Measured,
    pub server_cpu: Duration,
    pub peak_memory: u64,
    pub stolen: f64,
}

impl Workload {
    pub fn run(&self, world: &mut World, load: &Load) -> Outcome {
        (self.run)(world, load)
    }
}

pub const TOKEN: &str = "token, same client";
pub const CHECK_TOKEN: &str = "check_token";
pub const SIGN_RSA: &str = "signHash RSA-2048";
pub const SIGN_RSA_COLD: &str = "signHash RSA-2048, key not open";
pub const SIGN_P256: &str = "signHash P-256";
pub const SIGN_RSA_100: &str = "signHash RSA-2048, 100 hashes";

pub const ALL: &[Workload] = &[
    Workload {
        name: TOKEN,
        per_request: 1,
        limits: &[Limit::Answer, Limit::Insert],
        run: |world, load| drive(world, load, tokens(std::slice::from_ref(&world.client))),
    },
    Workload {
        name: "token, many clients",
        per_request: 1,
        limits: &[Limit::Answer, Limit::Insert],
        run: |world, load| drive(world, load, tokens(&world.made_secrets)),
    },
    Workload {
        name: "token, many chosen secrets",
        per_request: 1,
        limits: &[Limit::Answer, Limit::Insert],
        run: |world, load| {
            // The first check of a chosen secret is an Argon2id run, which is not what is measured here.
            let first = Source::new(Requests::Budgeted {
                requests: rendered_tokens(&world.chosen_secrets),
                times: 1,
            });
            load::run(
                world.server().address,
                &first,
                &Load { connections: 2, duration: Duration::from_secs(600), ..*load },
            );
            drive(world, load, tokens(&world.chosen_secrets))
        },
    },
    Workload { name: CHECK_TOKEN, per_request: 1, limits: &[Limit::Answer], run: check_token },
    Workload { name: "credentials/list", per_request: 1, limits: &[Limit::Answer], run: list },
    Workload { name: "credentials/info", per_request: 1, limits: &[Limit::Answer], run: info },
    Workload {
        name: SIGN_RSA,
        per_request: 1,
        limits: &[Limit::Signature(Key::Rsa2048), Limit::Insert],
        run: |world, load| sign(world, load, Key::Rsa2048, 1, OpenKey::Yes),
    },
    Workload {
        name: SIGN_RSA_COLD,
        per_request: 1,
        limits: &[Limit::Signature(Key::Rsa2048), Limit::Insert],
        run: |world, load| sign(world, load, Key::Rsa2048, 1, OpenKey::No),
    },
    Workload {
        name: SIGN_RSA_100,
        per_request: 100,
        limits: &[Limit::Signature(Key::Rsa2048)],
        run: |world, load| sign(world, load, Key::Rsa2048, 100, OpenKey::Yes),
    },
    Workload {
        name: SIGN_P256,
        per_request: 1,
        limits: &[Limit::Signature(Key::P256), Limit::Insert],
        run: |world, load| sign(world, load, Key::P256, 1, OpenKey::Yes),
    },
    Workload {
        name: "signHash P-256, key not open",
        per_request: 1,
        limits: &[Limit::Signature(Key::P256), Limit::Insert],
        run: |world, load| sign(world, load, Key::P256, 1, OpenKey::No),
    },
    Workload {
        name: "signHash P-256, 100 hashes",
        per_request: 100,
        limits: &[Limit::Signature(Key::P256)],
        run: |world, load| sign(world, load, Key::P256, 100, OpenKey::Yes),
    },
    Workload {
        name: "enrolment, P-256",
        per_request: 1,
        limits: &[Limit::Pin],
        run: |world, load| enrolments(world, load, Key::P256),
    },
    Workload {
        name: "enrolment, RSA-2048",
        per_request: 1,
        limits: &[Limit::Pin],
        run: |world, load| enrolments(world, load, Key::Rsa2048),
    },
];

fn tokens(clients: &[Client]) -> Requests {
    Requests::InTurn(rendered_tokens(clients))
}

fn rendered_tokens(clients: &[Client]) -> Vec<Vec<u8>> {
    let body = format!("grant_type=client_credentials&scope={}", SCOPE.replace(' ', "+").replace(':', "%3A"));
    clients.iter().map(|client| form("/oauth2/token", &client.basic(), &body)).collect()
}

fn check_token(world: &mut World, load: &Load) -> Outcome {
    drive(world, load, Requests::InTurn(vec![check_token_request(world)]))
}

fn check_token_request(world: &World) -> Vec<u8> {
    let body = format!("token={}", world.signer_token);
    form("/oauth2/check_token", &world.client.basic(), &body)
}

fn list(world: &mut World, load: &Load) -> Outcome {
    let token = world.token(&format!("seat:{} tenant:bench", fill::FIRST_SEAT));
    drive(world, load, Requests::InTurn(vec![json_request("/csc/v1/credentials/list", &token, &json!({}))]))
}

fn info(world: &mut World, load: &Load) -> Outcome {
    let token = world.token(&format!("seat:{} tenant:bench", fill::FIRST_SEAT));
    let body =
        json!({"credentialID": fill::FIRST, "certificates": "chain", "certInfo": true, "authInfo": true});
    drive(world, load, Requests::InTurn(vec![json_request("/csc/v1/credentials/info", &token, &body)]))
}

/// Whether the server that signs is the one that authorised, and so still has the key open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OpenKey {
    Yes,
    No,
}

fn sign(world: &mut World, load: &Load, key: Key, hashes: u32, open: OpenKey) -> Outcome {
    let (credential, algorithm, most_per_second) = match (key, hashes) {
        (Key::Rsa2048, _) => (&world.rsa, "1.2.840.113549.1.1.11", 8.0),
        (Key::P256, 1) => (&world.p256, "1.2.840.10045.4.3.2", 16.0),
        (Key::P256, _) => (&world.p256, "1.2.840.10045.4.3.2", 100.0),
    };
    // Answers of a hundred signatures take long, and the last ones are made while other connections are done already.
    let connections = if hashes == 1 { load.connections } else { load.connections.min(8) };
    let seconds = load.duration.as_secs_f64();
    let sads = match open {
        // Each is good for a thousand signatures; the warm-up leaves those of its connections half used.
        OpenKey::Yes => ((seconds * 1.3 * most_per_second) as usize).clamp(2 * connections, 200),
        // Each opens its key once, at its first use.
        OpenKey::No => ((seconds * 120.0) as usize).clamp(10, 600),
    };
    let hash = "B".repeat(42) + "A=";
    let requests: Vec<Vec<u8>> = world
        .authorise(credential, sads)
        .iter()
        .map(|sad| {
            let body = json!({"credentialID": credential, "SAD": sad, "hash": vec![hash.as_str(); hashes as usize],
                "hashAlgo": "2.16.840.1.101.3.4.2.1", "signAlgo": algorithm});
            json_request("/csc/v1/signatures/signHash", &world.signer_token, &body)
        })
        .collect();
    let load = Load { connections, ..*load };
    match open {
        OpenKey::Yes => drive(world, &load, Requests::Budgeted { requests, times: 1000 / hashes }),
        OpenKey::No => {
            world.restart();
            let (address, source) =
                (world.server().address, Source::new(Requests::Budgeted { requests, times: 1 }));
            let others = Source::new(Requests::InTurn(vec![check_token_request(world)]));
            load::run(address, &others, &Load { duration: load.duration / 10, ..load });
            watch(world, || load::run(address, &source, &load))
        }
    }
}

/// Warms up, then measures.
fn drive(world: &World, load: &Load, requests: Requests) -> Outcome {
    let source = Source::new(requests);
    let address = world.server().address;
    load::run(address, &source, &Load { duration: load.duration / 10, ..*load });
    watch(world, || load::run(address, &source, load))
}

fn enrolments(world: &mut World, load: &Load, key: Key) -> Outcome {
    const AT_ONCE: usize = 4;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let one_after_the_other = || {
        let (cpu, deadline) = (proc::cpu_of_this_thread(), Instant::now() + load.duration);
        let mut latencies = Vec::new();
        let mut begun = Instant::now();
        while begun < deadline {
            let seat = format!("enrolled-{}", NEXT.fetch_add(1, Ordering::Relaxed));
            world.enroller.enrol(&world.http, &seat, key);
            let now = Instant::now();
            latencies.push(u32::try_from((now - begun).as_micros()).unwrap_or(u32::MAX));
            begun = now;
        }
        (latencies, proc::cpu_of_this_thread() - cpu)
    };
    let outcome = watch(world, || {
        let begun = Instant::now();
        let done: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(one_after_the_other)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let cpu = done.iter().map(|(_, cpu)| *cpu).sum();
        Measured::new(done.into_iter().flat_map(|(latencies, _)| latencies).collect(), begun.elapsed(), cpu)
    });
    // RSA keys to replace the ones that were used.
    world.server().settle();
    outcome
}

/// Looks at server and machine while `run` runs.
fn watch(world: &World, run: impl FnOnce() -> Measured) -> Outcome {
    let server = world.server();
    server.settle();
    proc::forget_peak(server.process());
    let (cpu, machine) = (proc::cpu_of(server.process()), proc::Machine::now());
    let measured = run();
    Outcome {
        server_cpu: proc::cpu_of(server.process()) - cpu,
        peak_memory: proc::peak_memory_of(server.process()),
        stolen: machine.stolen_since(),
        measured,
    }
}

fn form(path: &str, authorization: &str, body: &str) -> Vec<u8> {
    render(path, authorization, "application/x-www-form-urlencoded", body)
}

fn json_request(path: &str, token: &str, body: &serde_json::Value) -> Vec<u8> {
    render(path, &format!("Bearer {token}"), "application/json", &body.to_string())
}

fn render(path: &str, authorization: &str, content_type: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {authorization}\r\ncontent-type: {content_type}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
