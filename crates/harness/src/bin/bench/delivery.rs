//! What an event costs from its arrival until two deliveries are recorded: twin and ours in turns.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::candidate::{Candidate, Running, SIGNING};
use crate::client::{Pushes, send};
use crate::figure::{Figure, Goal};
use crate::origin::Origin;

const ROUNDS: usize = 5;
/// Events of each candidate in each part of a round.
const EVENTS: u64 = 300;
const CONNECTIONS: usize = 16;
const DESTINATIONS: usize = 2;

/// A candidate and what it did, one value a round.
struct Measured {
    worker: Running,
    origin: Origin,
    /// CPU for an event that is delivered while others arrive.
    whole: Vec<f64>,
    /// CPU for two deliveries alone, of events that had waited.
    delivery: Vec<f64>,
}

/// Runs all rounds.
pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    let mut pushes = Pushes::of("account.created")?;
    pushes.next(1);
    let warm_up = pushes.next(EVENTS);
    let mut candidates = vec![];
    for candidate in Candidate::WHOLE {
        eprintln!("delivery: starting and warming up {candidate:?}");
        let origin = Origin::start(Duration::ZERO)?;
        let worker = candidate.start(&vec![origin.settings(); DESTINATIONS])?;
        let measured = Measured {
            worker,
            origin,
            whole: vec![],
            delivery: vec![],
        };
        measured.live(&Pushes::of("account.created")?.next(1))?;
        measured.live(&warm_up)?;
        candidates.push(measured);
    }
    same_job(&candidates)?;
    for round in 1..=ROUNDS {
        eprintln!("delivery: round {round} of {ROUNDS}");
        for measured in &mut candidates {
            let whole = measured.live(&pushes.next(EVENTS))?;
            measured.whole.push(whole);
        }
        for measured in &mut candidates {
            let delivery = measured.after_a_pause(&pushes.next(EVENTS))?;
            measured.delivery.push(delivery);
        }
    }
    let [twin, ours] = &candidates[..] else {
        anyhow::bail!("not two candidates");
    };
    Ok(figures(twin, ours))
}

/// All candidates must have made the same event of the first notification, and signed it.
fn same_job(candidates: &[Measured]) -> anyhow::Result<()> {
    let mut events = vec![];
    for measured in candidates {
        let mut event = measured.origin.sample(SIGNING)?;
        let members = event.as_object_mut().context("an event is an object")?;
        // Ids differ, and so do the ports in the schema's URL.
        for own in ["id", "dataschema"] {
            ensure!(members.remove(own).is_some(), "an event has no {own}");
        }
        events.push(numbers_alike(event));
    }
    for pair in events.windows(2) {
        if let [one, other] = pair {
            ensure!(one == other, "not the same event:\n{one:#}\n{other:#}");
        }
    }
    Ok(())
}

/// `0.00` is `0` in JavaScript, and `0.0` in ours.
fn numbers_alike(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(values) => values.into_iter().map(numbers_alike).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, numbers_alike(value)))
            .collect(),
        other => other,
    }
}

impl Measured {
    /// Microseconds for each of these events, from the request until both deliveries are recorded.
    fn live(&self, requests: &[Vec<u8>]) -> anyhow::Result<f64> {
        let (before, arrived) = (self.worker.usage()?.cpu, self.origin.count());
        send(self.worker.port(), requests, CONNECTIONS)?;
        self.since(before, arrived, requests.len())
    }

    /// The same without the ingest: it comes before, while both destinations are paused.
    fn after_a_pause(&self, requests: &[Vec<u8>]) -> anyhow::Result<f64> {
        self.worker.set_paused(DESTINATIONS, true)?;
        send(self.worker.port(), requests, CONNECTIONS)?;
        self.worker.settle()?;
        let (before, arrived) = (self.worker.usage()?.cpu, self.origin.count());
        self.worker.set_paused(DESTINATIONS, false)?;
        self.since(before, arrived, requests.len())
    }

    fn since(&self, before: Duration, arrived: usize, events: usize) -> anyhow::Result<f64> {
        self.origin.until(arrived + events * DESTINATIONS)?;
        self.worker.settle()?;
        let cpu = self.worker.usage()?.cpu.saturating_sub(before);
        Ok(cpu.as_secs_f64() * 1e6 / f64::from(u32::try_from(events)?))
    }
}

fn figures(twin: &Measured, ours: &Measured) -> Vec<Figure> {
    let mut figures = vec![
        Figure::ratio(
            "event_cpu_of_twin",
            "CPU from accept to two deliveries recorded, twin / ours",
            &twin.whole,
            &ours.whole,
            Goal::AtLeast(1.2),
        ),
        Figure::ratio(
            "delivery_cpu_of_twin",
            "CPU for two deliveries alone, twin / ours",
            &twin.delivery,
            &ours.delivery,
            Goal::AtLeast(1.2),
        ),
    ];
    for (name, measured) in [("twin", twin), ("ours", ours)] {
        figures.push(Figure::new(
            &format!("event_cpu_{name}"),
            &format!("CPU from accept to two deliveries recorded, {name}"),
            "µs",
            measured.whole.iter().copied(),
        ));
        figures.push(Figure::new(
            &format!("delivery_cpu_{name}"),
            &format!("CPU for two deliveries alone, {name}"),
            "µs",
            measured.delivery.iter().copied(),
        ));
    }
    figures
}
