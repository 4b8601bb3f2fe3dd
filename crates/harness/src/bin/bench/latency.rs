//! How soon an event arrives at 50 a second: alone, and while 10,000 wait at another destination, which is slow.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::Value;

use crate::candidate::{Candidate, Running};
use crate::client::{Pushes, pace, send};
use crate::figure::{Figure, Goal, quantile};
use crate::origin::Origin;

const PER_SECOND: u32 = 50;
const EVENTS: u64 = 500;
const WARM_UP: u64 = 500;
const WAITING: u64 = 10_000;
/// Of the slow destination: shorter than its timeout.
const SLOW: Duration = Duration::from_secs(10);
const GOAL_MS: f64 = 100.0;

/// Measures all of it.
pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    let mut figures = vec![];
    for candidate in Candidate::WHOLE {
        let name = format!("{candidate:?}").to_lowercase();
        eprintln!("latency: {name} at {PER_SECOND} events a second");
        let origins = [
            Origin::start(Duration::ZERO)?,
            Origin::start(Duration::ZERO)?,
        ];
        let worker = candidate.start(&origins.each_ref().map(Origin::settings))?;
        let measured = at_fifty(&worker, &origins)?;
        let key = format!("arrival_p99_{name}");
        let label = format!("accept to arrival at {PER_SECOND} a second, p99, {name}");
        let mut arrival = Figure::new(&key, &label, "ms", [measured.p99_ms]);
        if candidate == Candidate::Ours {
            arrival = arrival.goal(Goal::AtMost(GOAL_MS));
        }
        let key = format!("event_cpu_at_50_{name}");
        let label = format!("CPU for an event at {PER_SECOND} a second, two deliveries, {name}");
        figures.extend([arrival, Figure::new(&key, &label, "µs", [measured.cpu_us])]);
    }
    figures.push(beside_a_slow_one()?);
    Ok(figures)
}

/// The same for ours, while many events wait at a third destination.
fn beside_a_slow_one() -> anyhow::Result<Figure> {
    eprintln!("latency: storing {WAITING} events for a slow destination");
    let origins = [
        Origin::start(Duration::ZERO)?,
        Origin::start(Duration::ZERO)?,
    ];
    let slow = Origin::start(SLOW)?;
    let [first, second] = origins
        .each_ref()
        .map(|origin| format!("{}\nevents = [\"account.*\"]", origin.settings()));
    let worker = Candidate::Ours.start(&[first, second, slow.settings()])?;
    send(
        worker.port(),
        &Pushes::of("user.created")?.next(WAITING),
        16,
    )?;
    eprintln!("latency: ours at {PER_SECOND} events a second beside it");
    let measured = at_fifty(&worker, &origins)?;
    let label = format!("the same while {WAITING} wait at a slow destination, ours");
    Ok(
        Figure::new("arrival_p99_beside_slow", &label, "ms", [measured.p99_ms])
            .goal(Goal::AtMost(GOAL_MS)),
    )
}

struct Measured {
    p99_ms: f64,
    cpu_us: f64,
}

/// Warms up, and then sends events at a steady rate to both origins.
fn at_fifty(worker: &Running, origins: &[Origin; 2]) -> anyhow::Result<Measured> {
    let mut pushes = Pushes::of("account.created")?;
    let mut expected = WARM_UP;
    send(worker.port(), &pushes.next(WARM_UP), 4)?;
    arrived(origins, expected)?;
    worker.settle()?;
    let before = worker.usage()?.cpu;
    let answers = pace(worker.port(), &pushes.next(EVENTS), PER_SECOND)?;
    expected += EVENTS;
    arrived(origins, expected)?;
    worker.settle()?;
    let cpu = worker.usage()?.cpu.saturating_sub(before);
    let mut latencies = vec![];
    for (due, answer) in &answers {
        let answer: Value = serde_json::from_str(answer)?;
        let id = answer.get("id").and_then(Value::as_str).context("no id")?;
        for origin in origins {
            let at = origin.arrival(id).context("an event did not arrive")?;
            latencies.push(ms_between(*due, at));
        }
    }
    Ok(Measured {
        p99_ms: quantile(&mut latencies, 0.99),
        cpu_us: cpu.as_secs_f64() * 1e6 / f64::from(u32::try_from(EVENTS)?),
    })
}

/// From when the request was to be sent: the acceptance is a part of it, and a late request no excuse.
fn ms_between(due: Instant, at: Instant) -> f64 {
    at.saturating_duration_since(due).as_secs_f64() * 1000.0
}

fn arrived(origins: &[Origin; 2], count: u64) -> anyhow::Result<()> {
    let count = usize::try_from(count)?;
    origins.iter().try_for_each(|origin| origin.until(count))
}
