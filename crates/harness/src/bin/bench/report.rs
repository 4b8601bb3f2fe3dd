//! The figures as a table and as a file.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;
use chrono::{SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use harness::machine::{Machine, commit, version_of};

use crate::figure::Figure;

/// Prints all figures; those with a goal say whether it is met.
pub(crate) fn print(figures: &[Figure]) {
    let width = figures.iter().map(|one| one.label.chars().count()).max();
    let width = width.unwrap_or_default();
    println!("{:width$}   median (least to most)", "figure");
    for one in figures {
        let digits = match one.value.median {
            median if median >= 100.0 => 0,
            median if median >= 10.0 => 1,
            _ => 2,
        };
        let goal = one.goal.map_or_else(String::new, |goal| {
            let met = goal.holds(one.value.median);
            let mark = if met { "met" } else { "not met" };
            format!("   goal {}: {mark}", goal.text())
        });
        println!(
            "{:width$}   {} {}{goal}",
            one.label,
            one.value.text(digits),
            one.unit
        );
    }
}

#[derive(Deserialize, Serialize)]
struct Report {
    #[serde(flatten)]
    context: Value,
    figures: Vec<Figure>,
}

/// Writes all figures, with what they were measured on.
pub(crate) fn write(file: &Path, machine: &Machine, figures: &[Figure]) -> anyhow::Result<()> {
    let report = Report {
        context: json!({
            "date": Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
            "machine": machine,
            "versions": {
                "threescale-edge": env!("CARGO_PKG_VERSION"),
                "commit": commit(),
                "workerd": version_of("workerd"),
            },
        }),
        figures: figures.to_vec(),
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, serde_json::to_string_pretty(&report)? + "\n")
        .with_context(|| format!("{} cannot be written", file.display()))
}

/// The figures of an earlier run; none if there is no such file.
pub(crate) fn read(file: &Path) -> anyhow::Result<Vec<Figure>> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
        text => text.with_context(|| format!("{} cannot be read", file.display()))?,
    };
    let report: Report = serde_json::from_str(&text)
        .with_context(|| format!("{} has no figures", file.display()))?;
    Ok(report.figures)
}
