//! The figures as a file, with the context needed to interpret them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use chrono::{SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use harness::chaos::isolation::Isolation;
use harness::chaos::{Outcome, Plan};
use harness::deployment::project;

/// The machine on which they were measured.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    cpu: String,
    cpus: usize,
    memory_bytes: u64,
    system: String,
    /// Before the measurement: other programs may have been running.
    load_average_1_min: f64,
}

impl Machine {
    /// This machine as Linux describes it; missing values are empty.
    pub(crate) fn now() -> Self {
        let proc = |file: &str| fs::read_to_string(format!("/proc/{file}")).unwrap_or_default();
        let field = |file: &str, name: &str| {
            let text = proc(file);
            let line = text.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_once(':'));
            value.map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        let kilobytes = field("meminfo", "MemTotal");
        let kilobytes = kilobytes.trim_end_matches(" kB").parse::<u64>();
        Self {
            cpu: field("cpuinfo", "model name"),
            cpus: std::thread::available_parallelism().map_or(0, usize::from),
            memory_bytes: kilobytes.unwrap_or_default() * 1024,
            system: format!(
                "{} {} {}",
                proc("sys/kernel/ostype").trim(),
                proc("sys/kernel/osrelease").trim(),
                std::env::consts::ARCH
            ),
            load_average_1_min: proc("loadavg")
                .split(' ')
                .next()
                .and_then(|load| load.parse().ok())
                .unwrap_or_default(),
        }
    }
}

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

/// Of the checkout; `-dirty` if it has uncommitted changes.
fn commit() -> Option<String> {
    let mut git = Command::new("git");
    git.args(["describe", "--always", "--dirty"]);
    let output = git.current_dir(project()).output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// Of an installed npm package.
fn version_of(package: &str) -> Option<String> {
    let file = project()
        .join("node_modules")
        .join(package)
        .join("package.json");
    let package: Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
    Some(package.get("version")?.as_str()?.to_owned())
}
