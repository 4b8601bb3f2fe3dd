//! How soon an event arrives at 50 a second: alone, and while 10,000 wait at another destination, which is slow.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::Value;

use crate::candidate::{Candidate, Running};
use crate::client::{Pushes, pace, send};
use crate::figure::{Figure, Goal, quantile};
use crate::origin::Origin;

const PER_SECOND: u32 = 50;
const ROUNDS: usize = 3;
/// Events of each case in a round.
const EVENTS: u64 = 300;
const WARM_UP: u64 = 500;
const WAITING: u64 = 10_000;
/// Of the slow destination: shorter than its timeout.
const SLOW: Duration = Duration::from_secs(10);

/// A Worker that delivers to two origins, and what it did, one value a round.
struct Case {
    name: &'static str,
    worker: Running,
    origins: [Origin; 2],
    pushes: Pushes,
    sent: u64,
    p99_ms: Vec<f64>,
    cpu_us: Vec<f64>,
}

/// Runs all rounds.
pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    let mut cases = [
        Case::start("twin", Candidate::Twin, None)?,
        Case::start("ours", Candidate::Ours, None)?,
        beside_a_slow_one()?,
    ];
    for case in &mut cases {
        eprintln!("latency: warming up {}", case.name);
        let warm_up = case.pushes.next(WARM_UP);
        send(case.worker.port(), &warm_up, 4)?;
        case.arrived(WARM_UP)?;
    }
    for round in 1..=ROUNDS {
        for case in &mut cases {
            eprintln!(
                "latency: {PER_SECOND} events a second, round {round} of {ROUNDS}, {}",
                case.name
            );
            case.round()?;
        }
    }
    let [twin, ours, beside] = cases;
    let label = format!("accept to arrival at {PER_SECOND} a second, p99");
    let slow = format!("the same while {WAITING} wait at a slow destination, ours");
    let cpu = format!("CPU for an event at {PER_SECOND} a second, two deliveries");
    let goal = Goal::AtMost(100.0);
    Ok(vec![
        Figure::new(
            "arrival_p99_ours",
            &format!("{label}, ours"),
            "ms",
            ours.p99_ms,
        )
        .goal(goal),
        Figure::new("arrival_p99_beside_slow", &slow, "ms", beside.p99_ms).goal(goal),
        Figure::new(
            "arrival_p99_twin",
            &format!("{label}, twin"),
            "ms",
            twin.p99_ms,
        ),
        Figure::new(
            "event_cpu_at_50_twin",
            &format!("{cpu}, twin"),
            "µs",
            twin.cpu_us,
        ),
        Figure::new(
            "event_cpu_at_50_ours",
            &format!("{cpu}, ours"),
            "µs",
            ours.cpu_us,
        ),
    ])
}

/// Ours, while many events wait at a third destination.
fn beside_a_slow_one() -> anyhow::Result<Case> {
    let case = Case::start(
        "ours beside a slow destination",
        Candidate::Ours,
        Some(SLOW),
    )?;
    eprintln!("latency: storing {WAITING} events for a slow destination");
    let waiting = Pushes::of("user.created")?.next(WAITING);
    send(case.worker.port(), &waiting, 16)?;
    Ok(case)
}

impl Case {
    /// With a slow third destination, the other two want no events of users.
    fn start(
        name: &'static str,
        candidate: Candidate,
        slow: Option<Duration>,
    ) -> anyhow::Result<Self> {
        let origins = [
            Origin::start(Duration::ZERO)?,
            Origin::start(Duration::ZERO)?,
        ];
        let mut settings = origins.each_ref().map(Origin::settings).to_vec();
        if let Some(takes) = slow {
            for settings in &mut settings {
                settings.push_str("\nevents = [\"account.*\"]");
            }
            settings.push(Origin::start(takes)?.settings());
        }
        Ok(Self {
            name,
            worker: candidate.start(&settings)?,
            origins,
            pushes: Pushes::of("account.created")?,
            sent: 0,
            p99_ms: vec![],
            cpu_us: vec![],
        })
    }

    /// Sends events at a steady rate, and waits until they are delivered.
    fn round(&mut self) -> anyhow::Result<()> {
        self.worker.settle()?;
        let before = self.worker.usage()?.cpu;
        let answers = pace(self.worker.port(), &self.pushes.next(EVENTS), PER_SECOND)?;
        self.arrived(EVENTS)?;
        self.worker.settle()?;
        let cpu = self.worker.usage()?.cpu.saturating_sub(before);
        let mut latencies = vec![];
        for (due, answer) in &answers {
            let answer: Value = serde_json::from_str(answer)?;
            let id = answer.get("id").and_then(Value::as_str).context("no id")?;
            for origin in &self.origins {
                let at = origin.arrival(id).context("an event did not arrive")?;
                latencies.push(ms_between(*due, at));
            }
        }
        self.p99_ms.push(quantile(&mut latencies, 0.99));
        let events = f64::from(u32::try_from(EVENTS)?);
        self.cpu_us.push(cpu.as_secs_f64() * 1e6 / events);
        Ok(())
    }

    /// Waits until both origins have so many events more.
    fn arrived(&mut self, events: u64) -> anyhow::Result<()> {
        self.sent += events;
        let count = usize::try_from(self.sent)?;
        self.origins
            .iter()
            .try_for_each(|origin| origin.until(count))
    }
}

/// From when the request was to be sent: the acceptance is a part of it, and a late request no excuse.
fn ms_between(due: Instant, at: Instant) -> f64 {
    at.saturating_duration_since(due).as_secs_f64() * 1000.0
}
