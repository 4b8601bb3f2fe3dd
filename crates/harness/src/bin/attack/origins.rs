//! Origins that answer with malice, all destinations of one Worker: each attempt gets a sensible outcome in time, no
//! secret is kept or shown, and the good origin beside them does not notice.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use harness::fixtures::notification;
use stand_in::wire::BodyFormat;

use crate::Plan;
use crate::arena::Arena;
use crate::malice::{Malice, Server};
use crate::provocations::{self, CREDENTIALS, Case};
use crate::tally::{Tally, Verdict};

/// The hostile destinations' `timeout_ms`.
const TIMEOUT_MS: i64 = 1000;
/// An attempt takes no longer: the timeout, a second for the answer's body, and a busy machine.
const LONGEST_ATTEMPT_MS: i64 = TIMEOUT_MS + 1000 + 4000;
/// How long the first attempts at all of them may take.
const PATIENCE: Duration = Duration::from_secs(90);
/// From the 200 to the good origin, beside all of this.
const GOOD_WITHIN: Duration = Duration::from_secs(10);
/// The most that is recorded of an answer, in bytes: 4 KiB, and a mask at its end.
const MOST_RECORDED: usize = 4096 + 16;
#[rustfmt::skip] // A table.
const OUTCOMES: [&str; 12] = [
    "delivered", "gone", "status", "timeout", "dns", "connect", "tls", "reset", "refused", "network", "misconfigured", "unsendable",
];

pub(crate) async fn run(plan: Plan, tally: &mut Tally) -> anyhow::Result<()> {
    let server = Server::start(|address| {
        let cases = provocations::all(address).into_iter();
        let mut paths: HashMap<_, _> = cases
            .map(|case| (case.name.to_owned(), case.malice))
            .collect();
        let gone = crate::malice::answer(410, "", "gone");
        paths.insert("gone-once".to_owned(), Malice::InTurn(vec![gone]));
        paths.insert(
            "refuses-422".to_owned(),
            Malice::Refuses(422, "net.3scale.user.created"),
        );
        paths.insert(
            "refuses-413".to_owned(),
            Malice::Refuses(413, "net.3scale.user.created"),
        );
        paths
    })
    .await?;
    let cases = provocations::all(server.address);
    let mut arena = Arena::start(true, |setup| {
        let url = |name: &str| {
            format!(
                "url = \"http://{}/{name}\"\ntimeout_ms = {TIMEOUT_MS}",
                server.address
            )
        };
        let setup = cases.iter().fold(setup, |setup, case| {
            let capitals = case.name.to_uppercase().replace('-', "_");
            let settings = format!("{}\nevents = [\"application.suspended\"]", url(case.name));
            setup.destination(case.name, &settings).secret(
                &format!("DESTINATION_{capitals}_AUTHORIZATION"),
                CREDENTIALS,
            )
        });
        let gone = format!(
            "{}\nevents = [\"application.suspended\", \"user.deleted\"]",
            url("gone-once")
        );
        let refuses = |name| {
            format!(
                "{}\nevents = [\"user.created\", \"user.updated\"]",
                url(name)
            )
        };
        setup
            .destination("gone-once", &gone)
            .destination("refuses-422", &refuses("refuses-422"))
            .destination("refuses-413", &refuses("refuses-413"))
    })
    .await;
    arena.guards(CREDENTIALS.trim_start_matches("Bearer "));

    tally.says(&format!("an event for {} hostile origins", cases.len()));
    let provoked = push(&arena, "application.suspended").await;
    beside(&arena, &server, tally, plan).await;
    let event = attempted(&arena, &provoked).await;
    let event = event
        .inspect_err(|error| tally.says(error))
        .unwrap_or_default();
    tally.says(&format!("outcomes: {:?}", outcomes(&event)));
    for case in &cases {
        tally.holds(&format!("an origin: {}", case.name), judge(case, &event));
    }
    tally.holds("an answer of 410, once", is_gone_once(&arena, &event).await);
    tally.holds(
        "no redirect was followed",
        match server.calls("elsewhere") {
            0 => Ok(()),
            calls => Err(format!("{calls} calls")),
        },
    );
    for spelling in crate::arena::spellings(CREDENTIALS.trim_start_matches("Bearer ")) {
        let stored = arena.worker.stored_in(spelling.as_bytes());
        let verdict = stored.map_or(Ok(()), |file| {
            Err(format!("{spelling} in {}", file.display()))
        });
        tally.holds("credentials are not stored", verdict);
    }
    arena.survives(tally).await;
    Ok(())
}

/// Events for the good origin, and for those that refuse some, while the others hang.
async fn beside(arena: &Arena, server: &Server, tally: &mut Tally, plan: Plan) {
    tally.says("other events beside it");
    let rounds = if plan.short { 10 } else { 50 };
    let mut wanted = BTreeSet::new();
    for kind in ["user.created", "user.updated"] {
        for _ in 0..rounds {
            let began = Instant::now();
            let id = push(arena, kind).await;
            let arrived = arena.delivered(&BTreeSet::from([id.clone()])).await;
            let verdict = arrived.and_then(|_| match began.elapsed() {
                took if took < GOOD_WITHIN => Ok(()),
                took => Err(format!("took {took:?}")),
            });
            tally.holds("the good origin gets an event", verdict);
            if kind == "user.updated" {
                wanted.insert(id);
            }
        }
    }
    // What the refusing ones do not refuse must have come through: a refused event concerns only itself.
    for name in ["refuses-422", "refuses-413"] {
        let deadline = Instant::now() + PATIENCE;
        let mut waiting = wanted.clone();
        while !waiting.is_empty() && Instant::now() < deadline {
            let mut still = BTreeSet::new();
            for id in waiting {
                let event = event(arena, &id).await.unwrap_or_default();
                let state = delivery(&event, name).and_then(|one| one.get("state"));
                if state.and_then(Value::as_str) != Some("delivered") {
                    still.insert(id);
                }
            }
            waiting = still;
            sleep(Duration::from_millis(200)).await;
        }
        let verdict = match waiting.len() {
            0 => Ok(()),
            count => Err(format!(
                "{count} good events wait behind refused ones, {} calls",
                server.calls(name)
            )),
        };
        tally.holds(&format!("an origin that refuses some: {name}"), verdict);
    }
}

async fn push(arena: &Arena, kind: &str) -> String {
    let xml = notification(kind).xml();
    arena.worker.push("acme", &xml, BodyFormat::Xml).await.id
}

async fn event(arena: &Arena, id: &str) -> Result<Value, String> {
    let answer = arena.api("GET", &format!("/events/{id}"), "").await?;
    answer.is_safe_json()?;
    Ok(answer.json())
}

/// The event once each of its deliveries was attempted.
async fn attempted(arena: &Arena, id: &str) -> Result<Value, String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let event = event(arena, id).await?;
        let missing: Vec<_> = deliveries(&event)
            .filter(|delivery| attempts(delivery).next().is_none())
            .filter_map(|delivery| delivery.get("destination")?.as_str())
            .collect();
        if missing.is_empty() || Instant::now() > deadline {
            return Ok(event);
        }
        sleep(Duration::from_millis(200)).await;
    }
}

fn deliveries(event: &Value) -> impl Iterator<Item = &Value> {
    event
        .get("deliveries")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn delivery<'e>(event: &'e Value, name: &str) -> Option<&'e Value> {
    deliveries(event).find(|one| one.get("destination").and_then(Value::as_str) == Some(name))
}

fn attempts(delivery: &Value) -> impl Iterator<Item = &Value> {
    delivery
        .get("attempts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// How many first attempts had which.
fn outcomes(event: &Value) -> BTreeMap<&str, usize> {
    let first = deliveries(event).filter_map(|delivery| attempts(delivery).next());
    let outcomes = first.filter_map(|attempt| attempt.get("outcome")?.as_str());
    outcomes.fold(BTreeMap::new(), |mut counts, outcome| {
        *counts.entry(outcome).or_default() += 1;
        counts
    })
}

fn judge(case: &Case, event: &Value) -> Verdict {
    let delivery = delivery(event, case.name).ok_or("no delivery")?;
    let attempt = attempts(delivery).next().ok_or("not attempted in time")?;
    let text = |name: &str| {
        attempt
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (outcome, answer) = (text("outcome"), text("answer"));
    let status = attempt.get("status").and_then(Value::as_u64);
    if !OUTCOMES.contains(&outcome) || !case.outcomes.contains(&outcome) {
        return Err(format!("not one of {:?}: {attempt}", case.outcomes));
    }
    if outcome == "delivered" && !status.is_some_and(|status| (200..300).contains(&status)) {
        return Err(format!("delivered without a 2xx: {attempt}"));
    }
    if attempt
        .get("ms")
        .and_then(Value::as_i64)
        .is_none_or(|ms| ms > LONGEST_ATTEMPT_MS)
    {
        return Err(format!("took too long: {attempt}"));
    }
    if answer.len() > MOST_RECORDED {
        return Err(format!("{} bytes of its answer are kept", answer.len()));
    }
    if let Malice::Echoes(spelt) = case.malice {
        let echo = spelt(CREDENTIALS.trim_start_matches("Bearer "));
        if answer.contains(&echo) || !answer.contains("[secret]") {
            return Err(format!("credentials are kept: {answer}"));
        }
    }
    if outcome != "delivered" && delivery.get("state").and_then(Value::as_str) == Some("waiting") {
        let next = delivery
            .get("next_attempt_at")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let next = DateTime::parse_from_rfc3339(next)
            .map_err(|_| format!("no next attempt: {delivery}"))?;
        let wait = next.with_timezone(&Utc) - Utc::now();
        // A Retry-After is honoured up to a day, and jitter adds a fifth. One that is due may have to wait its turn.
        if wait > TimeDelta::hours(29) || wait < TimeDelta::minutes(-2) {
            return Err(format!("the next attempt is in {wait}: {delivery}"));
        }
    }
    Ok(())
}

/// One 410 does not pause a destination: the next event is tried, and taken.
async fn is_gone_once(arena: &Arena, first: &Value) -> Verdict {
    let delivery = delivery(first, "gone-once").ok_or("no delivery")?;
    let outcome = attempts(delivery)
        .next()
        .and_then(|attempt| attempt.get("outcome"));
    if outcome.and_then(Value::as_str) != Some("gone") {
        return Err(format!("not gone: {delivery}"));
    }
    let id = push(arena, "user.deleted").await;
    let second = attempted(arena, &id).await?;
    let state = self::delivery(&second, "gone-once").and_then(|one| one.get("state"));
    match state.and_then(Value::as_str) {
        Some("delivered") => Ok(()),
        state => Err(format!("the next event is {state:?}")),
    }
}
