//! What is to be reached on SQLite, on two cores with the load generator beside the server, and whether it was.

use std::time::Duration;

use crate::report::{Figures, memory, rate, time};
use crate::workloads::{CHECK_TOKEN, Limit, SIGN_P256, SIGN_RSA, SIGN_RSA_100, SIGN_RSA_COLD, TOKEN};

/// One line of the closing table.
pub struct Verdict {
    pub target: String,
    pub reached: String,
    pub met: bool,
}

/// Verdicts on what was measured; the worse of two sizes of the database counts.
pub fn judge(figures: &[Figures], starts: &[Duration]) -> Vec<Verdict> {
    let sqlite: Vec<&Figures> = figures.iter().filter(|one| one.engine == "SQLite").collect();
    let worst = |workload: &str, value: &dyn Fn(&Figures) -> f64| {
        let of_both = sqlite.iter().filter(|one| one.workload == workload).map(|one| value(one));
        of_both.reduce(f64::min)
    };
    let of_signatures =
        |one: &Figures| one.ratio(|limit| matches!(limit, Limit::Signature(_))).unwrap_or_default();
    let mut verdicts = Vec::new();
    for (workload, wanted) in [(SIGN_RSA_100, 0.95), (SIGN_RSA, 0.80), (SIGN_RSA_COLD, 0.50)] {
        verdicts.extend(worst(workload, &of_signatures).map(|reached| Verdict {
            target: format!("{workload}: {wanted:.2} of the bare signatures per CPU second"),
            reached: format!("{reached:.2}"),
            met: reached >= wanted,
        }));
    }
    for (workload, wanted) in [(SIGN_P256, 6_000.0), (TOKEN, 8_000.0), (CHECK_TOKEN, 12_000.0)] {
        verdicts.extend(worst(workload, &|one| one.per_second).map(|reached| Verdict {
            target: format!("{workload}: {}/s", rate(wanted)),
            reached: format!("{}/s", rate(reached)),
            met: reached >= wanted,
        }));
    }
    verdicts.extend(flatness(&sqlite));
    verdicts.extend(sqlite.iter().map(|one| one.peak_memory).max().map(|most| Verdict {
        target: "less than 100 MB resident".to_owned(),
        reached: memory(most),
        met: most < 100_000_000,
    }));
    verdicts.extend(starts.iter().max().map(|longest| Verdict {
        target: "from start to ready in less than 300 ms".to_owned(),
        reached: format!("{}, the longest of {}", time(longest.as_secs_f64()), starts.len()),
        met: *longest < Duration::from_millis(300),
    }));
    verdicts
}

/// By the server's CPU time per request, which neighbours on the same host disturb less than they do the rates.
fn flatness(figures: &[&Figures]) -> Option<Verdict> {
    let few = figures.iter().map(|one| one.credentials).min()?;
    let growth = figures.iter().filter(|one| one.credentials > few).filter_map(|many| {
        let same = |one: &&&Figures| one.credentials == few && one.workload == many.workload;
        let before = figures.iter().find(same)?.server_cpu_per_request.as_secs_f64();
        Some((many.server_cpu_per_request.as_secs_f64() / before - 1.0, many))
    });
    let (most, worst) = growth.max_by(|one, other| one.0.total_cmp(&other.0))?;
    Some(Verdict {
        target: format!(
            "CPU per request flat within 10% from {few} to {} credentials",
            rate(worst.credentials.into())
        ),
        reached: format!("{:+.0}% at most ({})", most * 100.0, worst.workload),
        met: most <= 0.10,
    })
}

pub fn print(verdicts: &[Verdict]) {
    println!("\nTargets, on SQLite");
    for verdict in verdicts {
        let met = if verdict.met { "met" } else { "MISSED" };
        println!("  {:<75} {:<45} {met}", verdict.target, verdict.reached);
    }
}
