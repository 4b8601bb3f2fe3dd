//! What an ingest costs: floor, twin and ours in turns, with two paused destinations.

use std::thread;
use std::time::Duration;

use crate::candidate::{Candidate, Running, nowhere};
use crate::client::{Load, Pushes, send};
use crate::figure::{Figure, Goal, quantile};

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    /// Requests of each candidate in a round, over 16 connections.
    pub(crate) crowd: u64,
    /// The same over one connection.
    pub(crate) single: u64,
}

/// Under a minute.
pub(crate) const QUICK: Plan = Plan {
    rounds: 7,
    crowd: 480,
    single: 400,
};
/// More of it.
pub(crate) const FULL: Plan = Plan {
    rounds: 9,
    crowd: 640,
    single: 400,
};

/// The runtime optimizes a Worker's code while it is called for the first time.
const WARM_UP: u64 = 1000;
const CROWD: usize = 16;
/// A round gives each candidate so many turns, since the clock of a machine that others use changes within seconds.
const TURNS: u64 = 8;

/// What one candidate did, one value a round.
#[derive(Default)]
struct Measured {
    crowd_cpu: Vec<f64>,
    crowd_rate: Vec<f64>,
    single_cpu: Vec<f64>,
    single_ack: Vec<f64>,
}

/// Runs all rounds.
pub(crate) fn measure(plan: Plan) -> anyhow::Result<Vec<Figure>> {
    let paused = nowhere(2);
    let mut pushes = Pushes::of("account.created")?;
    let (mut workers, mut measured) = (vec![], vec![]);
    for candidate in Candidate::ALL {
        eprintln!("ingest: starting and warming up {candidate:?}");
        let worker = candidate.start(&paused)?;
        if candidate != Candidate::Floor {
            worker.set_paused(paused.len(), true)?;
        }
        send(worker.port(), &pushes.next(WARM_UP), CROWD)?;
        send(worker.port(), &pushes.next(WARM_UP / 10), 1)?;
        workers.push(worker);
        measured.push(Measured::default());
    }
    let workers: Vec<&Running> = workers.iter().collect();
    for number in 1..=plan.rounds {
        eprintln!("ingest: round {number} of {}", plan.rounds);
        let crowd = round(&workers, &mut pushes, plan.crowd, CROWD)?;
        let single = round(&workers, &mut pushes, plan.single, 1)?;
        for ((measured, crowd), single) in measured.iter_mut().zip(crowd).zip(single) {
            measured.crowd_cpu.push(crowd.cpu_us);
            measured.crowd_rate.push(crowd.per_second);
            measured.single_cpu.push(single.cpu_us);
            measured.single_ack.push(single.ack_ms);
        }
    }
    let [floor, twin, ours] = &measured[..] else {
        anyhow::bail!("not three candidates");
    };
    Ok(figures(floor, twin, ours))
}

/// One candidate's part of a round.
pub(crate) struct Part {
    pub(crate) cpu_us: f64,
    per_second: f64,
    ack_ms: f64,
}

/// Sends as many requests to each Worker, in turns. Its processor time is that of the whole round, so that the work
/// that an ingest leaves to an alarm is in it.
pub(crate) fn round(
    workers: &[&Running],
    pushes: &mut Pushes,
    requests: u64,
    connections: usize,
) -> anyhow::Result<Vec<Part>> {
    let before: anyhow::Result<Vec<_>> = workers.iter().map(|worker| worker.usage()).collect();
    let mut loads: Vec<Vec<Load>> = workers.iter().map(|_| vec![]).collect();
    for turn in 0..TURNS {
        // In a rotating order, so that none always follows the same other.
        for place in 0..workers.len() {
            let index = (place + usize::try_from(turn)?) % workers.len();
            if let (Some(worker), Some(loads)) = (workers.get(index), loads.get_mut(index)) {
                let requests = pushes.next(requests / TURNS);
                loads.push(send(worker.port(), &requests, connections)?);
            }
        }
    }
    thread::sleep(Duration::from_millis(50));
    let mut parts = vec![];
    for ((worker, before), loads) in workers.iter().zip(before?).zip(loads) {
        let cpu = worker.usage()?.cpu.saturating_sub(before.cpu);
        let took: Duration = loads.iter().map(|load| load.took).sum();
        let mut latencies: Vec<_> = loads
            .iter()
            .flat_map(|load| &load.latencies)
            .map(Duration::as_secs_f64)
            .collect();
        let count = f64::from(u32::try_from(latencies.len())?);
        parts.push(Part {
            cpu_us: cpu.as_secs_f64() * 1e6 / count,
            per_second: count / took.as_secs_f64(),
            ack_ms: quantile(&mut latencies, 0.5) * 1000.0,
        });
    }
    Ok(parts)
}

fn figures(floor: &Measured, twin: &Measured, ours: &Measured) -> Vec<Figure> {
    use Goal::{AtLeast, AtMost};
    let mut figures = vec![
        Figure::ratio(
            "ingest_cpu_16_to_floor",
            "CPU for an ingest, ours / floor, 16 connections",
            &ours.crowd_cpu,
            &floor.crowd_cpu,
            AtMost(1.35),
        ),
        Figure::ratio(
            "ingest_cpu_1_to_floor",
            "CPU for an ingest, ours / floor, 1 connection",
            &ours.single_cpu,
            &floor.single_cpu,
            AtMost(1.5),
        ),
        Figure::ratio(
            "ingest_cpu_16_of_twin",
            "CPU for an ingest, twin / ours, 16 connections",
            &twin.crowd_cpu,
            &ours.crowd_cpu,
            AtLeast(1.4),
        ),
        Figure::ratio(
            "ingest_cpu_1_of_twin",
            "CPU for an ingest, twin / ours, 1 connection",
            &twin.single_cpu,
            &ours.single_cpu,
            AtLeast(1.2),
        ),
        Figure::ratio(
            "ingest_rate_to_twin",
            "requests a second, ours / twin, 16 connections",
            &ours.crowd_rate,
            &twin.crowd_rate,
            AtLeast(1.4),
        ),
        Figure::ratio(
            "ack_to_floor",
            "ack p50, ours / floor, 1 connection",
            &ours.single_ack,
            &floor.single_ack,
            AtMost(1.4),
        ),
    ];
    for (name, measured) in [("floor", floor), ("twin", twin), ("ours", ours)] {
        let mut add = |key: &str, label: &str, unit: &str, values: &[f64]| {
            let (key, label) = (format!("{key}_{name}"), format!("{label}, {name}"));
            figures.push(Figure::new(&key, &label, unit, values.iter().copied()));
        };
        add(
            "ingest_cpu_16",
            "CPU for an ingest, 16 connections",
            "µs",
            &measured.crowd_cpu,
        );
        add(
            "ingest_cpu_1",
            "CPU for an ingest, 1 connection",
            "µs",
            &measured.single_cpu,
        );
        add(
            "ingest_rate",
            "requests a second, 16 connections",
            "1/s",
            &measured.crowd_rate,
        );
        add("ack", "ack p50, 1 connection", "ms", &measured.single_ack);
    }
    figures
}
