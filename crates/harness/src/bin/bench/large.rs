//! `make bench-large`: whether an inbox stays as fast as it grows. A large one, of events that wait at two paused
//! destinations, beside one with 1,000 and an empty one.

use anyhow::Context;
use serde_json::Value;

use harness::deployment::Deployment;

use crate::candidate::{Candidate, Running, nowhere};
use crate::client::{Client, Pushes, operation, send};
use crate::clock::now;
use crate::cold::first_answer;
use crate::figure::{Figure, Goal, quantile};
use crate::ingest::round;
use crate::prefill;

const SMALL: u64 = 1000;
const ROUNDS: usize = 7;
/// Requests of each kind in a round.
const ASKED: usize = 5;
/// Pushes of each inbox in a round.
const PUSHES: u64 = 320;
const OPENINGS: usize = 5;
const CONNECTIONS: usize = 16;
/// An object, and an account, that no event is about.
const MISSING: u64 = 999_999_999;
/// "The same within noise" of a busy machine.
const SAME: Goal = Goal::AtMost(1.25);

/// Measures an inbox with so many events.
pub(crate) fn measure(events: u64) -> anyhow::Result<Vec<Figure>> {
    let large = prefill::inbox(events)?;
    eprintln!("large: an inbox with {SMALL} events, and an empty one");
    let small = paused()?;
    send(
        small.port(),
        &Pushes::of("account.created")?.next(SMALL),
        CONNECTIONS,
    )?;
    let empty = paused()?;
    let mut figures = lists(&small, &large, events)?;
    figures.extend(ingest(&empty, &large)?);
    figures.extend(opening(empty.stop(), large.stop())?);
    Ok(figures)
}

/// An empty inbox whose two destinations are paused.
pub(crate) fn paused() -> anyhow::Result<Running> {
    let worker = Candidate::Ours.start(&nowhere(2))?;
    worker.set_paused(2, true)?;
    Ok(worker)
}

/// What it costs to look something up, and how long operators wait for it.
fn lists(small: &Running, large: &Running, events: u64) -> anyhow::Result<Vec<Figure>> {
    let mut inboxes = vec![];
    for (worker, middle) in [(small, SMALL / 2), (large, events / 2)] {
        let mut client = worker.client()?;
        let id = id_of(&mut client, middle)?;
        inboxes.push((worker, client, middle, id));
    }
    let mut figures = vec![];
    for look_up in LookUp::ALL {
        eprintln!("large: {}", look_up.words());
        let (mut costs, mut times) = ([vec![], vec![]], [vec![], vec![]]);
        for _ in 0..ROUNDS {
            let lists = costs.iter_mut().zip(&mut times);
            for ((worker, client, middle, id), (costs, times)) in inboxes.iter_mut().zip(lists) {
                let request = operation("GET", &look_up.path(*middle, id));
                let before = worker.usage()?.cpu;
                times.push(asked(client, &request)?);
                let cpu = worker.usage()?.cpu.saturating_sub(before);
                costs.push(cpu.as_secs_f64());
            }
        }
        let ([small, large], [_, times]) = (costs, times);
        let key = look_up.key();
        figures.push(Figure::ratio(
            &format!("{key}_large"),
            &format!("CPU, {}, {events} events / {SMALL}", look_up.words()),
            &large,
            &small,
            SAME,
        ));
        figures.push(Figure::new(
            &format!("{key}_ms"),
            &format!("{}, {events} events", look_up.words()),
            "ms",
            times,
        ));
    }
    Ok(figures)
}

/// The median of some requests, in milliseconds.
fn asked(client: &mut Client, request: &[u8]) -> anyhow::Result<f64> {
    let mut times = vec![];
    for _ in 0..ASKED {
        let began = now();
        client.succeed(request)?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(quantile(&mut times, 0.5))
}

fn id_of(client: &mut Client, object: u64) -> anyhow::Result<String> {
    let page = client.succeed(&operation(
        "GET",
        &format!("/api/v1/events?object={object}"),
    ))?;
    let page: Value = serde_json::from_str(&page)?;
    let id = page.pointer("/events/0/id").and_then(Value::as_str);
    Ok(id.context("the object has no event")?.to_owned())
}

/// What an operator looks up.
#[derive(Clone, Copy)]
enum LookUp {
    Object,
    MissingObject,
    Account,
    MissingAccount,
    Id,
    Destinations,
}

impl LookUp {
    const ALL: [Self; 6] = [
        Self::Object,
        Self::MissingObject,
        Self::Account,
        Self::MissingAccount,
        Self::Id,
        Self::Destinations,
    ];

    /// Asks for what is in the middle of the inbox.
    fn path(self, middle: u64, id: &str) -> String {
        match self {
            Self::Object => format!("/api/v1/events?object={middle}"),
            Self::MissingObject => format!("/api/v1/events?object={MISSING}"),
            Self::Account => format!("/api/v1/events?account={middle}"),
            Self::MissingAccount => format!("/api/v1/events?account={MISSING}"),
            Self::Id => format!("/api/v1/events/{id}"),
            Self::Destinations => "/api/v1/destinations".into(),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Object => "list by object",
            Self::MissingObject => "list by an object that is not there",
            Self::Account => "list by account",
            Self::MissingAccount => "list by an account that is not there",
            Self::Id => "event by id",
            Self::Destinations => "/destinations",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Object => "list_object",
            Self::MissingObject => "list_missing_object",
            Self::Account => "list_account",
            Self::MissingAccount => "list_missing_account",
            Self::Id => "event_by_id",
            Self::Destinations => "destinations",
        }
    }
}

fn ingest(empty: &Running, large: &Running) -> anyhow::Result<Vec<Figure>> {
    // Accounts that neither has seen.
    let mut pushes = Pushes::of("account.created")?.from(10_000_000);
    let workers = [empty, large];
    round(&workers, &mut pushes, PUSHES * 2, CONNECTIONS)?;
    let mut costs = [vec![], vec![]];
    for number in 1..=ROUNDS {
        eprintln!("large: ingest, round {number} of {ROUNDS}");
        let parts = round(&workers, &mut pushes, PUSHES, CONNECTIONS)?;
        for (costs, part) in costs.iter_mut().zip(parts) {
            costs.push(part.cpu_us);
        }
    }
    let [empty, large] = costs;
    let label = "CPU for an ingest, 16 connections, large inbox / empty";
    Ok(vec![
        Figure::ratio("ingest_cpu_large", label, &large, &empty, Goal::AtMost(1.1)),
        Figure::new(
            "ingest_cpu_large_us",
            "CPU for an ingest, large inbox",
            "µs",
            large,
        ),
    ])
}

/// From the start of the process to the first answer.
fn opening(mut empty: Deployment, mut large: Deployment) -> anyhow::Result<Vec<Figure>> {
    let list = operation("GET", "/api/v1/destinations");
    let mut times = [vec![], vec![]];
    for number in 1..=OPENINGS {
        eprintln!("large: opening, round {number} of {OPENINGS}");
        for (deployment, times) in [&mut empty, &mut large].into_iter().zip(&mut times) {
            let took = first_answer(deployment, &list)?;
            times.push(took.as_secs_f64() * 1000.0);
        }
    }
    let [empty, large] = times;
    let label = "start to the first answer, large inbox / empty";
    Ok(vec![
        Figure::ratio("opening_large", label, &large, &empty, Goal::AtMost(1.5)),
        Figure::new(
            "opening_large_ms",
            "start to the first answer, large inbox",
            "ms",
            large,
        ),
    ])
}
