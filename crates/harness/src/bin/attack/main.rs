//! `make attack`: hostile callers, hostile origins and a hostile admin API against the built Worker, on loopback.
//!
//! Each group has a Worker of its own. What it tries is a table, or follows from the seed; what has to hold is the
//! contract of docs/errors.md and docs/delivery.md, whatever the attack was meant to do: an answer in time, nothing
//! accepted without the secret, no secret in what is printed, answered or stored, and a Worker that works afterwards.
//!
//! | module | what it is |
//! |---|---|
//! | [`documents`] | broken and hostile notifications; [`mutate`] and [`shapes`] make them, [`framing`] sends bodies that lie, [`arrivals`] looks at what was accepted |
//! | [`secrets`] | ways around a hook's secret |
//! | [`targets`] | spellings of addresses that must not be called |
//! | [`origins`] | origins that answer with malice: [`provocations`] by the bare server of [`malice`] |
//! | [`admin_api`] | a list of failures that is an attack: [`lists`] in its place, and [`entries`] in it |
//! | [`api`] | callers of the operators' API |
//! | [`arena`], [`client`], [`tally`] | the Worker under attack, one request, and the count |
//!
//! Exits with 0 only if everything held.

mod admin_api;
mod api;
mod arena;
mod arrivals;
mod client;
mod documents;
mod entries;
mod framing;
mod lists;
mod malice;
mod mutate;
mod origins;
mod provocations;
mod secrets;
mod shapes;
mod tally;
mod targets;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::time::{Instant, timeout};

use tally::Tally;

const EXAMPLES: &str =
    "Needs `make build` first; `make attack` does it. What did not hold is in target/attack/.

Examples:
  make attack ARGS='--short'
  make attack ARGS='--seed 7 --only documents'";

/// Attacks the built Worker on this machine, and says what was tried and what held
#[derive(Parser)]
#[command(after_help = EXAMPLES, args_override_self = true)]
struct Options {
    /// About a minute in place of five: fewer random documents, shorter waits
    #[arg(long)]
    short: bool,
    /// Seed of what is random; a random one without it
    #[arg(long)]
    seed: Option<u64>,
    /// One group only: documents, secrets, targets, origins, `admin_api` or api
    #[arg(long)]
    only: Option<String>,
}

/// The options that every group needs.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    short: bool,
    seed: u64,
}

/// The groups, in the order in which they run.
const GROUPS: [&str; 6] = [
    "documents",
    "secrets",
    "targets",
    "origins",
    "admin_api",
    "api",
];
/// No group takes longer, whatever the Worker does.
const LONGEST: Duration = Duration::from_mins(8);

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let only = options.only.as_deref();
    anyhow::ensure!(
        only.is_none_or(|only| GROUPS.contains(&only)),
        "--only must be one of {}",
        GROUPS.join(", ")
    );
    let plan = Plan {
        short: options.short,
        seed: options.seed.unwrap_or_else(|| fastrand::u64(..)),
    };
    println!("attack: seed {}", plan.seed);
    let began = Instant::now();
    let mut tallies = vec![];
    for name in GROUPS {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        // A task of its own, so that the others go on when a fixture panics.
        let task = tokio::spawn(timeout(LONGEST, group(name, plan)));
        let (mut tally, ended) = match task.await {
            Ok(Ok((tally, ended))) => (tally, ended),
            Ok(Err(_)) => (
                Tally::new(name, plan.seed),
                Err(anyhow::anyhow!("took longer than {LONGEST:?}")),
            ),
            Err(error) => (Tally::new(name, plan.seed), Err(error.into())),
        };
        let ended = ended.map_err(|error| format!("the group stopped: {error:#}"));
        tally.holds("the group ends by itself", ended);
        println!("{}", tally.line());
        tallies.push(tally);
    }
    println!();
    for tally in &tallies {
        println!("{}", tally.line());
        tally.print_failures();
    }
    let tried: u64 = tallies.iter().map(Tally::tried).sum();
    let held: u64 = tallies.iter().map(Tally::held).sum();
    println!("after {} s", began.elapsed().as_secs());
    println!("attack: {tried} tried, {held} held");
    Ok(if tried == held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn group(name: &'static str, plan: Plan) -> (Tally, anyhow::Result<()>) {
    let mut tally = Tally::new(name, plan.seed);
    let ended = match name {
        "documents" => documents::run(plan, &mut tally).await,
        "secrets" => secrets::run(&mut tally).await,
        "targets" => targets::run(&mut tally).await,
        "origins" => origins::run(plan, &mut tally).await,
        "admin_api" => admin_api::run(plan, &mut tally).await,
        _ => api::run(&mut tally).await,
    };
    (tally, ended)
}
