//! The built Worker while everything goes wrong at once: 3scale sends and retries, three origins misbehave, and the
//! whole runtime is killed again and again on the same state.
//!
//! | module | what it is |
//! |---|---|
//! | `sender` | 3scale: sends at a steady rate, with its own retries and repeats |
//! | `origins` | the destinations, each with a random generator of its own |
//! | `runtime` | starts the Worker, and kills it |
//! | `ledger` | events answered with 200, events that each origin took, and their comparison |
//! | [`isolation`] | another measurement: the cost of broken destinations for healthy ones |

pub mod isolation;
mod ledger;
mod origins;
mod runtime;
mod sender;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::deployment::Deployment;
use crate::{free_port, signing_secret};

pub use ledger::{Repeats, Tally};
pub use origins::Served;
pub use runtime::Interruptions;
pub use sender::Sent;

use ledger::{Ledger, ORIGINS};
use origins::Origin;
use runtime::Runtime;

/// One run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many events 3scale makes.
    pub events: u64,
    /// The time over which it makes them.
    pub sending: Duration,
    /// About how long the Worker lives between two kills.
    pub kill_every: Duration,
    /// How much faster than in production the Worker retries.
    pub time_factor: u32,
    /// The destinations' `timeout_ms`.
    pub timeout: Duration,
    /// The longest that deliveries may take after the last event was sent.
    pub drain: Duration,
    /// Of all random generators. Timing depends on the machine, so two runs are similar but not the same.
    pub seed: u64,
}

/// The results of a run.
pub struct Outcome {
    /// The events for which 3scale got a 200, compared with those that each origin took.
    pub tally: Tally,
    /// The sender's counts.
    pub sent: Sent,
    /// Each origin's counts.
    pub origins: Vec<Served>,
    /// How often the Worker was killed.
    pub interruptions: Interruptions,
    /// From the end of sending to the last delivery; `None` if some never arrived.
    pub drained_in: Option<Duration>,
}

/// The silence required before the repeats are counted.
const QUIET: Duration = Duration::from_secs(3);
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// Runs it to its end; `report` gets a line of progress every few seconds.
///
/// # Errors
/// When the Worker cannot be started. Lost events are no error here: the outcome has them.
pub async fn run(plan: &Plan, report: impl Fn(&str)) -> anyhow::Result<Outcome> {
    let ledger = Arc::new(Ledger::default());
    let secret = signing_secret();
    let mut origins = Vec::new();
    for (index, name) in ORIGINS.into_iter().enumerate() {
        let rng = fastrand::Rng::with_seed(plan.seed.wrapping_add(index as u64));
        origins.push(Origin::start(name, index, &secret, rng, plan.timeout, &ledger).await?);
    }
    let token = format!("{:032x}", fastrand::u128(..));
    let runtime =
        Runtime::start(deployment(plan, &origins, &token, &secret)?, free_port()?).await?;
    let hook = format!("{}/hooks/acme?token={token}", runtime.url()).parse()?;

    let (enough, stop) = watch::channel(false);
    let killing = tokio::spawn(runtime.kill_repeatedly(
        plan.kill_every,
        fastrand::Rng::with_seed(plan.seed),
        Arc::clone(&ledger),
        stop,
    ));
    let began = Instant::now();
    let line = || {
        let line = format!("{:>5} s  {}", began.elapsed().as_secs(), ledger.progress());
        report(&line);
    };
    let sent = with_progress(sender::send(plan, hook, &ledger), line).await;
    enough.send_replace(true);
    let runtime = killing
        .await
        .context("the task that kills the runtime has died")??;

    let ended = Instant::now();
    let drained_in = with_progress(drained(&ledger, plan.drain, ended), line).await;
    quiet(&ledger).await;
    line();
    Ok(Outcome {
        tally: ledger.tally(),
        sent,
        origins: origins.iter().map(Origin::served).collect(),
        interruptions: runtime.stop(),
        drained_in,
    })
}

fn deployment(
    plan: &Plan,
    origins: &[Origin],
    token: &str,
    secret: &str,
) -> anyhow::Result<Deployment> {
    let timeout = plan.timeout.as_millis();
    let destinations: Vec<_> = origins
        .iter()
        .map(|origin| {
            let (name, url) = (origin.name(), origin.url());
            format!("{name} = {{ url = \"{url}\", timeout_ms = {timeout} }}")
        })
        .collect();
    let vars = format!(
        "TIME_FACTOR = \"{}\"\nSOURCES = {{ acme = {{}} }}\nDESTINATIONS = {{ {} }}",
        plan.time_factor,
        destinations.join(", ")
    );
    let signing: Vec<_> = origins
        .iter()
        .map(|origin| {
            let name = origin.name().to_uppercase();
            (format!("DESTINATION_{name}_SIGNING_SECRET"), secret)
        })
        .collect();
    let mut secrets = vec![
        ("SOURCE_ACME_SECRET", token),
        ("ALLOW_LOCAL_TARGETS", "true"),
    ];
    secrets.extend(
        signing
            .iter()
            .map(|(name, secret)| (name.as_str(), *secret)),
    );
    Deployment::new(vars.parse()?, &secrets)
}

async fn with_progress<T>(work: impl Future<Output = T>, line: impl Fn()) -> T {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = sleep(PROGRESS_EVERY) => line(),
        }
    }
}

async fn drained(ledger: &Ledger, bound: Duration, ended: Instant) -> Option<Duration> {
    while ledger.missing() > 0 {
        if ended.elapsed() > bound {
            return None;
        }
        sleep(Duration::from_millis(50)).await;
    }
    Some(ended.elapsed())
}

/// Waits until nothing has arrived for a while, but no longer than ten times that.
async fn quiet(ledger: &Ledger) {
    let began = Instant::now();
    while ledger.quiet_for() < QUIET && began.elapsed() < QUIET * 10 {
        sleep(Duration::from_millis(100)).await;
    }
}
