//! `cargo xtask`: the checks that keep the repository's structure and documents true. `make check` runs them all.
//!
//! [`borders`] holds what a crate may depend on, [`imports`] what a module may import, [`docs`] whether the files,
//! headings and make targets that documents name are there. A fault is printed as `file:line`, with what to do.

mod borders;
mod docs;
mod fault;
mod imports;
mod lines;
mod repository;

use std::process::ExitCode;

use cargo_metadata::{Metadata, MetadataCommand};
use clap::{Parser, ValueEnum};

use self::fault::{Fault, Report};

/// Checks that keep the repository's structure and documents true.
#[derive(Parser)]
#[command(name = "xtask")]
struct Arguments {
    check: Check,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Check {
    /// All of the below
    All,
    /// Crates that must know no platform depend on nothing that does
    Borders,
    /// Modules import only what their row in ARCHITECTURE.md lists, and the rows form no circle
    Imports,
    /// The files, headings and make targets that documents and comments name are there
    Docs,
}

fn main() -> anyhow::Result<ExitCode> {
    let Arguments { check: wanted } = Arguments::parse();
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let mut faults = 0;
    for (check, run) in CHECKS {
        if wanted == *check || wanted == Check::All {
            let report = run(&metadata)?;
            println!("{}", report.checked);
            print(&report.faults);
            faults += report.faults.len();
        }
    }
    if faults == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{faults} {}", if faults == 1 { "fault" } else { "faults" });
    Ok(ExitCode::FAILURE)
}

/// Prints the faults; what to do stands once below those in a row that need the same.
fn print(faults: &[Fault]) {
    for alike in faults.chunk_by(|one, next| one.remedy == next.remedy) {
        for fault in alike {
            eprintln!("{fault}");
        }
        if let Some(fault) = alike.first() {
            eprintln!("    {}", fault.remedy);
        }
    }
}

type Run = fn(&Metadata) -> anyhow::Result<Report>;

const CHECKS: &[(Check, Run)] = &[
    (Check::Borders, borders::check),
    (Check::Imports, imports::check),
    (Check::Docs, docs::check),
];
