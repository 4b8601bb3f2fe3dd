//! The figures as a file, with the context needed to interpret them.

use std::fs;
use std::path::Path;

use anyhow::Context;
use chrono::{SecondsFormat, Utc};
use serde_json::json;

use harness::chaos::isolation::Isolation;
use harness::chaos::{Outcome, Plan};
use harness::machine::{Machine, commit, version_of};

/// Writes all figures.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(
    file: &Path,
    machine: &Machine,
    plan: &Plan,
    outcome: &Outcome,
    isolation: Option<&Isolation>,
) -> anyhow::Result<()> {
    let report = json!({
        "date": Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
        "machine": machine,
        "versions": {
            "threescale-edge": env!("CARGO_PKG_VERSION"),
            "commit": commit(),
            "workerd": version_of("workerd"),
        },
        "units": {
            "*_ms": "milliseconds",
            "*_seconds": "seconds",
            "repeated": "deliveries that an origin had taken before, by cause",
            "all else": "counts",
        },
        "chaos": {
            "plan": {
                "events": plan.events,
                "destinations": outcome.origins.len(),
                "sending_seconds": plan.sending.as_secs(),
                "kill_every_seconds": plan.kill_every.as_secs_f64(),
                "time_factor": plan.time_factor,
                "timeout_ms": plan.timeout.as_secs_f64() * 1000.0,
                "drain_bound_seconds": plan.drain.as_secs(),
                "seed": plan.seed,
            },
            "holds": outcome.tally.holds(),
            "tally": outcome.tally,
            "drained_in_seconds": outcome.drained_in.map(|time| time.as_secs_f64()),
            "threescale": outcome.sent,
            "origins": outcome.origins,
            "worker": outcome.interruptions,
        },
        "isolation": isolation,
    });
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, format!("{report:#}\n"))
        .with_context(|| format!("{} cannot be written", file.display()))
}
