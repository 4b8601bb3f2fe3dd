//! Cold start: from the start of the process until the first notification is answered with 200.

use std::thread;
use std::time::Duration;

use anyhow::bail;

use harness::deployment::Deployment;
use harness::process::Log;
use harness::{free_port, workerd};

use crate::candidate::{Candidate, nowhere};
use crate::client::{Client, Pushes};
use crate::clock::now;
use crate::figure::{Figure, Goal};

const ROUNDS: usize = 9;
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts each candidate in turn.
pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    let mut all = vec![vec![]; Candidate::ALL.len()];
    for round in 1..=ROUNDS {
        eprintln!("cold start: round {round} of {ROUNDS}");
        for (candidate, times) in Candidate::ALL.into_iter().zip(&mut all) {
            times.push(start(candidate)?.as_secs_f64() * 1000.0);
        }
    }
    let [floor, twin, ours] = &all[..] else {
        bail!("not three candidates");
    };
    let mut figures = vec![Figure::ratio(
        "cold_to_twin",
        "cold start to the first 200, ours / twin",
        ours,
        twin,
        Goal::AtMost(1.6),
    )];
    for (name, times) in [("floor", floor), ("twin", twin), ("ours", ours)] {
        figures.push(Figure::new(
            &format!("cold_{name}"),
            &format!("cold start to the first 200, {name}"),
            "ms",
            times.iter().copied(),
        ));
    }
    Ok(figures)
}

fn start(candidate: Candidate) -> anyhow::Result<Duration> {
    let deployment = candidate.deployment(&nowhere(2), "")?;
    first_answer(
        &deployment,
        &Pushes::of("account.created")?.next(1).concat(),
    )
}

/// Starts a deployment, and ends it once it has answered this request with 200. Returns how long that took.
pub(crate) fn first_answer(deployment: &Deployment, request: &[u8]) -> anyhow::Result<Duration> {
    let port = free_port()?;
    let began = now();
    thread::scope(|scope| {
        let first = scope.spawn(move || {
            while began.elapsed() < PATIENCE {
                // Refused until it listens.
                if let Ok(mut client) = Client::connect(port) {
                    client.succeed(request)?;
                    return Ok(began.elapsed());
                }
                thread::sleep(Duration::from_micros(500));
            }
            bail!("it does not listen")
        });
        let running = workerd::serve(deployment, port, &Log::default())?;
        let took = first
            .join()
            .unwrap_or_else(|_| bail!("the request panicked"));
        drop(running);
        took
    })
}
