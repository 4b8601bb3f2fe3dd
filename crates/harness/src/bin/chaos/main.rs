//! `make chaos`, `make soak`: whether anything is lost when everything goes wrong, and what broken destinations cost
//! healthy ones. [`chaos`] has the scenario; this file has the options and the report.
//!
//! Exits with 0 only if nothing was lost, and broken destinations delay no other by a second.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::time::timeout;

use harness::chaos::isolation::{self, Isolation};
use harness::chaos::{self, Outcome, Plan};
use harness::machine::Machine;

mod results;

const EXAMPLES: &str = "Needs `make build` first; `make chaos` and `make soak` do it.

Examples:
  cargo run -p harness --bin chaos -- --events 300 --seconds 15 --kill-every 5 --isolation-seconds 0
  cargo run -p harness --bin chaos -- --seed 7 --results /tmp/chaos.json";

/// Sends events through the built Worker while it is killed and its destinations misbehave, and compares
/// what was answered with 200 against what each destination received
#[derive(Parser)]
// So that `make soak ARGS='--events 400'` overrides the defaults.
#[command(after_help = EXAMPLES, args_override_self = true)]
struct Options {
    /// How many events 3scale makes, each for three destinations
    #[arg(long, default_value_t = 2000)]
    events: u64,
    /// The number of seconds over which it makes them
    #[arg(long, default_value_t = 80)]
    seconds: u64,
    /// Kill the whole runtime about once in this many seconds
    #[arg(long, default_value_t = 10.0)]
    kill_every: f64,
    /// The Worker's `TIME_FACTOR`: how much faster than in production it retries
    #[arg(long, default_value_t = 10_000)]
    time_factor: u32,
    /// The destinations' timeout in milliseconds; 6 % of the attempts run into it
    #[arg(long, default_value_t = 300)]
    timeout_ms: u64,
    /// How many seconds deliveries may take after the last event was sent
    #[arg(long, default_value_t = 60)]
    drain: u64,
    /// Seed of all random generators; a random one without it
    #[arg(long)]
    seed: Option<u64>,
    /// How many seconds to measure the cost of broken destinations for healthy ones, twice; 0 skips it
    #[arg(long, default_value_t = 20)]
    isolation_seconds: u64,
    /// Where to write the figures as JSON
    #[arg(long)]
    results: Option<PathBuf>,
}

/// Time on top of the requested run: starts, retries of the sender, and the wait for silence.
const MARGIN: Duration = Duration::from_mins(5);

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    anyhow::ensure!(
        options.events > 0 && options.seconds > 0 && options.kill_every > 0.0,
        "--events, --seconds and --kill-every must be above 0"
    );
    let plan = Plan {
        events: options.events,
        sending: Duration::from_secs(options.seconds),
        kill_every: Duration::from_secs_f64(options.kill_every),
        time_factor: options.time_factor,
        timeout: Duration::from_millis(options.timeout_ms),
        drain: Duration::from_secs(options.drain),
        seed: options.seed.unwrap_or_else(|| fastrand::u64(..)),
    };
    let machine = Machine::now();

    let isolation = match options.isolation_seconds {
        0 => None,
        seconds => Some(isolation::measure(seconds).await?),
    };
    if let Some(isolation) = &isolation {
        print_isolation(isolation);
    }

    println!(
        "\nchaos: {} events in {} s to 3 destinations, killed about every {} s, seed {}",
        plan.events, options.seconds, options.kill_every, plan.seed
    );
    // A restart takes a few seconds, during which nothing is accepted.
    let bound = plan.sending * 2 + plan.drain + MARGIN;
    let outcome = timeout(bound, chaos::run(&plan, |line| println!("{line}"))).await??;
    print(&outcome);
    if let Some(file) = &options.results {
        results::write(file, &machine, &plan, &outcome, isolation.as_ref())?;
        println!("figures: {}", file.display());
    }
    let tally = &outcome.tally;
    println!(
        "accepted {} delivered {} lost {} repeated {}",
        tally.accepted,
        tally.delivered,
        tally.lost,
        tally.repeated.total()
    );
    let is_isolated = isolation.is_none_or(|isolation| isolation.holds());
    if !is_isolated {
        println!(
            "broken destinations delay healthy ones by more than the limit: see the isolation above"
        );
    }
    Ok(if tally.holds() && is_isolated {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print_isolation(isolation: &Isolation) {
    println!(
        "isolation: {} events per second for {} s; from the 200 to the arrival at two healthy destinations",
        isolation.events_per_second, isolation.seconds
    );
    for (name, latency) in [
        ("alone", isolation.alone),
        ("beside three broken ones", isolation.beside_broken_ones),
    ] {
        println!(
            "  {name:<26} p50 {:>6.1} ms  p99 {:>6.1} ms  max {:>6.1} ms  never {}  (the 200 itself: p50 {:.1}, p99 {:.1} ms)",
            latency.accept_to_arrival_p50_ms,
            latency.accept_to_arrival_p99_ms,
            latency.accept_to_arrival_max_ms,
            latency.never_arrived,
            latency.answer_p50_ms,
            latency.answer_p99_ms,
        );
    }
    println!("  p99 beside / alone: {:.2}", isolation.ratio_of_p99());
}

fn print(outcome: &Outcome) {
    let Outcome {
        tally,
        sent,
        interruptions,
        ..
    } = outcome;
    println!(
        "3scale: {} events, {} attempts: {} answered 200, {} otherwise, {} not; gave up on {}",
        sent.events,
        sent.attempts,
        sent.answered_200,
        sent.answered_otherwise,
        sent.no_answer,
        sent.gave_up
    );
    for origin in &outcome.origins {
        println!("{origin}");
    }
    println!(
        "the Worker: killed {} times, down for {:.1} s in all; {} errors in its log",
        interruptions.kills, interruptions.down_seconds, interruptions.errors
    );
    for error in &interruptions.first_errors {
        println!("  {error}");
    }
    match outcome.drained_in {
        Some(time) => println!(
            "all delivered {:.1} s after the last was sent",
            time.as_secs_f64()
        ),
        None => println!("not everything was delivered in time"),
    }
    let why = &tally.repeated;
    println!(
        "repeated: {} killed between the origin's 2xx and the commit, {} answered after the timeout, \
         {} answered in time but seen too late, {} unexplained",
        why.killed_before_the_commit, why.answered_late, why.answer_came_too_late, why.unexplained
    );
    println!(
        "delivered without a 200 to 3scale {}, damaged {}, one notification as two events {}, before Retry-After {}",
        tally.delivered_without_a_200, tally.damaged, tally.taken_twice, tally.too_early
    );
}
