//! What the machine can do at best, measured with the same clock in the same run: figures of another day or another
//! machine say nothing about this one.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use countersign::keys::argon::{self, Argon, Parameters};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::answer::BareServer;
use crate::load::{self, Load, Requests, Source};
use crate::proc;

/// The limits of everything but signatures, which are measured beside each use ([`signature`]).
pub struct Limits {
    /// Answers of a bare HTTP service, per second.
    pub answers: f64,
    /// Its CPU time for one.
    pub answer_cpu: Duration,
    /// Durable INSERTs per second into the database at hand: one by one on SQLite, by eight connections on PostgreSQL.
    pub inserts: f64,
    /// CPU time of one Argon2id run with the parameters for PINs.
    pub pin_cpu: Duration,
}

impl Limits {
    pub fn measure(inserts: f64, load: &Load) -> Self {
        let server = BareServer::start();
        let body = r#"{"grant_type":"client_credentials","scope":"seat:signer tenant:bench","x":"12345678"}"#;
        let head = format!("POST / HTTP/1.1\r\nhost: bench\r\ncontent-length: {}\r\n\r\n", body.len());
        let requests = Source::new(Requests::InTurn(vec![format!("{head}{body}").into_bytes()]));
        load::run(server.address, &requests, &Load { duration: load.duration / 5, ..*load });
        let before = proc::cpu_of(server.process());
        let answers = load::run(server.address, &requests, load);
        let cpu = proc::cpu_of(server.process()) - before;
        let answer_cpu = cpu.div_f64(answers.requests as f64);
        Self { answers: answers.per_second(), answer_cpu, inserts, pin_cpu: argon2() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Rsa2048,
    P256,
}

/// CPU time of one bare signature over a digest, by a key parsed beforehand, with all cores signing at once.
pub fn signature(key: Key, duration: Duration) -> Duration {
    match key {
        Key::Rsa2048 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
            let length = pair.public_modulus_len();
            on_all_cores(duration, || {
                let mut signature = vec![0; length];
                pair.sign_digest(&RSA_PKCS1_SHA256, &digest(), &mut signature).unwrap();
                signature
            })
        }
        Key::P256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
            assert!(!pair.public_key().as_ref().is_empty());
            on_all_cores(duration, || pair.sign_digest(&digest()).unwrap().as_ref().to_vec())
        }
    }
}

fn digest() -> Digest {
    Digest::import_less_safe(&[7; 32], &SHA256).unwrap()
}

/// CPU time of one call, as the mean over all cores.
fn on_all_cores(duration: Duration, call: impl Fn() -> Vec<u8> + Sync) -> Duration {
    let cores = std::thread::available_parallelism().unwrap().get();
    let (cpu, calls) = std::thread::scope(|scope| {
        let work = || {
            let (begun, cpu, mut calls) = (Instant::now(), proc::cpu_of_this_thread(), 0_u32);
            while begun.elapsed() < duration {
                std::hint::black_box(call());
                calls += 1;
            }
            (proc::cpu_of_this_thread() - cpu, calls)
        };
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .fold((Duration::ZERO, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    });
    cpu / calls
}

fn argon2() -> Duration {
    let argon = Argon::new(argon::Limits { running: NonZeroUsize::MIN, waiting: 0 });
    let run = || argon.derive(b"471193", &[7; 16], Parameters::PIN).unwrap();
    // The first run takes its memory from the kernel.
    drop(run());
    let before = proc::cpu_of_this_thread();
    for _ in 0..8 {
        std::hint::black_box(run());
    }
    (proc::cpu_of_this_thread() - before) / 8
}

diesel::table! {
    bare (id) {
        id -> Text,
        client -> Text,
        scope -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
    }
}

const BARE: &str = "CREATE TABLE IF NOT EXISTS bare (id TEXT PRIMARY KEY, client TEXT NOT NULL, scope TEXT NOT NULL, \
     issued_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)";

/// The columns of a row about as large as a token's, as a macro since diesel's types differ by connection.
macro_rules! insert_one {
    ($connection:expr, $id:expr) => {
        diesel::insert_into(bare::table)
            .values((
                bare::id.eq($id),
                bare::client.eq("application"),
                bare::scope.eq("seat:signer tenant:bench"),
                bare::issued_at.eq(1_800_000_000_000_000_i64),
                bare::expires_at.eq(1_800_003_600_000_000_i64),
            ))
            .execute($connection)
            .unwrap()
    };
}

/// INSERTs per second into a file beside the service's own, each flushed before the next.
pub fn sqlite_inserts(beside: &Path, duration: Duration) -> f64 {
    let file = beside.with_extension("bare");
    let mut connection = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    connection.batch_execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;").unwrap();
    connection.batch_execute(BARE).unwrap();
    let (begun, mut count) = (Instant::now(), 0_u64);
    while begun.elapsed() < duration {
        insert_one!(&mut connection, format!("{:032x}", count));
        count += 1;
    }
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    drop(connection);
    let _ = std::fs::remove_file(file);
    rate
}

/// INSERTs per second by as many connections as the service has, each committed by itself.
pub fn postgres_inserts(url: &str, duration: Duration) -> f64 {
    const CONNECTIONS: u64 = 8;
    let mut first = PgConnection::establish(url).unwrap();
    first.batch_execute(BARE).unwrap();
    let begun = Instant::now();
    let insert = |number: u64| {
        let mut connection = PgConnection::establish(url).unwrap();
        let mut count = 0_u64;
        while begun.elapsed() < duration {
            insert_one!(&mut connection, format!("{number}-{:030x}", count));
            count += 1;
        }
        count
    };
    let count: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS).map(|number| scope.spawn(move || insert(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    first.batch_execute("DROP TABLE bare").unwrap();
    rate
}
