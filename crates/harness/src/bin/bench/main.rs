//! `make bench`, `make bench-quick`, `make bench-large`: what the Worker costs, beside the floor and a twin of it in
//! JavaScript, in one run.
//!
//! | module | what it does |
//! |---|---|
//! | [`candidate`], [`client`], [`origin`], [`clock`] | the Workers, the load, the destinations, the time |
//! | [`figure`] | medians, spreads, goals |
//! | [`ingest`], [`delivery`], [`latency`] | the cost of an ingest, and of its deliveries; how soon they arrive |
//! | [`rows`], [`memory`], [`inside`] | rows and memory, as the runtime counts them |
//! | [`cold`] | the cold start |
//! | [`large`], [`prefill`] | an inbox with 300,000 events |
//! | [`report`], [`chart`], [`guard`] | the table, the file, the chart; whether something became worse |

mod candidate;
mod chart;
mod client;
mod clock;
mod cold;
mod delivery;
mod figure;
mod guard;
mod ingest;
mod inside;
mod large;
mod latency;
mod memory;
mod origin;
mod prefill;
mod report;
mod rows;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use harness::machine::Machine;

use crate::figure::Figure;

const EXAMPLES: &str =
    "Needs the built Worker and the bundled twin; the targets of make see to both.

Examples:
  make bench-quick
  make bench ARGS='--results /tmp/bench.json --chart /tmp/bench.svg'";

/// Measures what the Worker costs, beside the floor and a twin of it in JavaScript
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The cost of an ingest only, under a minute: fails if it became worse than the committed figures by more than
    /// the rounds differ among themselves
    #[command(args_override_self = true, after_help = EXAMPLES)]
    Quick {
        /// The figures to compare with; goals stand in for what is missing there
        #[arg(long, default_value = "benches/results/bench.json")]
        baseline: PathBuf,
    },
    /// Everything that fits into some five minutes
    #[command(args_override_self = true, after_help = EXAMPLES)]
    Full {
        /// Only these parts of it
        #[arg(long, value_delimiter = ',', default_values_t = Part::ALL)]
        parts: Vec<Part>,
        /// Where to write the figures as JSON
        #[arg(long)]
        results: Option<PathBuf>,
        /// Where to draw the chart as SVG
        #[arg(long)]
        chart: Option<PathBuf>,
    },
    /// Whether a large inbox is as fast as a small one; filling it takes minutes, once for each build of the Worker
    #[command(args_override_self = true, after_help = EXAMPLES)]
    Large {
        /// How many events it has
        #[arg(long, default_value_t = 300_000)]
        events: u64,
        /// Where to write the figures as JSON
        #[arg(long)]
        results: Option<PathBuf>,
    },
}

/// A part of the whole.
#[derive(Clone, Copy, ValueEnum)]
enum Part {
    /// The cost of an ingest
    Ingest,
    /// The cost of deliveries
    Delivery,
    /// How soon an event arrives
    Latency,
    /// Rows written and read for an event
    Rows,
    /// The cold start
    Cold,
    /// Memory behind large documents
    Memory,
}

impl Part {
    const ALL: [Self; 6] = [
        Self::Ingest,
        Self::Delivery,
        Self::Latency,
        Self::Rows,
        Self::Cold,
        Self::Memory,
    ];

    fn measure(self) -> anyhow::Result<Vec<Figure>> {
        match self {
            Self::Ingest => ingest::measure(ingest::FULL),
            Self::Delivery => delivery::measure(),
            Self::Latency => latency::measure(),
            Self::Rows => rows::measure(),
            Self::Cold => cold::measure(),
            Self::Memory => memory::measure(),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.to_possible_value();
        out.write_str(name.as_ref().map_or("", |value| value.get_name()))
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let machine = Machine::now();
    match Options::parse().what {
        What::Quick { baseline } => {
            let figures = ingest::measure(ingest::QUICK)?;
            report::print(&figures);
            guard::check(&figures, &report::read(&baseline)?)
        }
        What::Full {
            parts,
            results,
            chart,
        } => {
            let mut figures = vec![];
            for part in parts {
                let measured = part.measure().inspect_err(|_| {
                    // Those that took minutes are not lost with the one that failed.
                    report::print(&figures);
                });
                figures.append(&mut measured?);
            }
            if let Some(file) = &chart {
                chart::draw(file, &figures)?;
            }
            finish(&machine, &figures, results.as_deref())
        }
        What::Large { events, results } => {
            let figures = large::measure(events)?;
            finish(&machine, &figures, results.as_deref())
        }
    }
}

fn finish(
    machine: &Machine,
    figures: &[Figure],
    results: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    report::print(figures);
    if let Some(file) = results {
        report::write(file, machine, figures)?;
    }
    Ok(ExitCode::SUCCESS)
}
