//! `cargo bench`: a server, started as users start it, under load over loopback, held against what the machine could do.
//!
//! Reading order: [`options`], [`world`] (what is set up), [`workloads`] (what is asked), [`load`] (how), [`limits`] (what
//! it is held against), [`report`] and [`targets`] (what came of it).

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on ends by panicking, and it prints its figures"
)]

mod options;

mod enrolment;
mod fill;
mod server;
mod world;

mod load;
mod proc;
mod workloads;

mod answer;
mod limits;

mod report;
mod targets;

#[path = "../../tests/suite/support/http.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
mod http;
#[path = "../../tests/suite/support/postgres.rs"]
mod postgres;

use std::time::Duration;

use clap::Parser;
use serde_json::json;

use crate::limits::Limits;
use crate::load::Load;
use crate::options::Options;
use crate::report::Figures;
use crate::server::Place;
use crate::workloads::Limit;
use crate::world::World;

fn main() {
    let options = Options::parse();
    if options.bare_answer {
        return answer::serve();
    }
    let mut figures = Vec::new();
    let starts = measure(
        "SQLite",
        World::create(Place::new("sqlite", None), options.clients()),
        &options,
        &mut figures,
    );
    if !options.sqlite_only {
        let place = Place::new("postgres", Some(postgres::database()));
        measure("PostgreSQL", World::create(place, options.clients()), &options, &mut figures);
    }
    let verdicts = targets::judge(&figures, &starts);
    targets::print(&verdicts);
    if let Some(file) = &options.json {
        let figures: Vec<_> = figures.iter().map(Figures::json).collect();
        let starts: Vec<_> = starts.iter().map(Duration::as_secs_f64).collect();
        let verdicts: Vec<_> = verdicts
            .iter()
            .map(|one| json!({"target": one.target, "reached": one.reached, "met": one.met}))
            .collect();
        let all = json!({"figures": figures, "startSeconds": starts, "targets": verdicts});
        std::fs::write(file, format!("{all:#}\n")).unwrap();
    }
}

/// All workloads with few credentials, then with many. Answers how long the server took to start, each time.
fn measure(
    engine: &'static str,
    mut world: World,
    options: &Options,
    figures: &mut Vec<Figures>,
) -> Vec<Duration> {
    let load = Load { connections: options.connections, duration: options.duration(), status: 200 };
    for credentials in options.sizes() {
        world.fill(credentials);
        world.restart();
        let limits =
            limits(&world.place, &Load { duration: load.duration.min(Duration::from_secs(2)), ..load });
        report::head(engine, credentials, &limits);
        for workload in workloads::ALL.iter().filter(|workload| options.wants(workload.name)) {
            // Before and after, since the machine's pace changes from minute to minute.
            let signature = || match workload.limits.first() {
                Some(Limit::Signature(key)) => limits::signature(*key, Duration::from_millis(400)),
                _ => Duration::ZERO,
            };
            let before = signature();
            let outcome = workload.run(&mut world, &load);
            let signature_cpu = (before + signature()) / 2;
            let line = Figures::new((engine, credentials), workload, &outcome, &limits, signature_cpu);
            line.print();
            figures.push(line);
        }
    }
    std::mem::take(&mut world.starts)
}

fn limits(place: &Place, load: &Load) -> Limits {
    let inserts = match place.database_url() {
        Some(url) => limits::postgres_inserts(url, load.duration),
        None => limits::sqlite_inserts(&place.sqlite_file(), load.duration),
    };
    Limits::measure(inserts, load)
}
