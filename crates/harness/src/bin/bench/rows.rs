//! Rows written and read for an event with two destinations, from its arrival until it is forgotten, as the runtime
//! counts them: events one at a time, and 50 a second.

use std::thread;
use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;

use crate::candidate::Running;
use crate::client::{Client, Pushes, operation, pace};
use crate::clock::now;
use crate::figure::{Figure, Goal};
use crate::inside::{self, Inside};
use crate::origin::Origin;

const SINGLE: u64 = 25;
/// Between two events, so that the inbox has written all it has to write of the first.
const PAUSE: Duration = Duration::from_millis(600);
const STREAM: u64 = 300;
const PER_SECOND: u32 = 50;
const DESTINATIONS: usize = 2;
/// Forgotten as soon as it is delivered, but not while it may be repeated.
const VARS: &str = "RETENTION_DAYS = \"0\"\nDEDUP_WINDOW_SECONDS = \"2\"";
const WINDOW: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures both.
pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    let origin = Origin::start(Duration::ZERO)?;
    let worker = inside::start(&vec![origin.settings(); DESTINATIONS], VARS)?;
    let mut pushes = Pushes::of("account.created")?;
    let mut client = worker.client()?;
    // The first events of a Worker find no caches and no alarm.
    for request in pushes.next(20) {
        client.succeed(&request)?;
    }
    forget(&worker)?;

    eprintln!("rows: {SINGLE} events one at a time");
    let single = life(&worker, &origin, SINGLE, || {
        for request in pushes.next(SINGLE) {
            client.succeed(&request)?;
            thread::sleep(PAUSE);
        }
        Ok(())
    })?;
    eprintln!("rows: {STREAM} events, {PER_SECOND} a second");
    let stream = life(&worker, &origin, STREAM, || {
        pace(worker.port(), &pushes.next(STREAM), PER_SECOND).map(drop)
    })?;
    Ok([
        figures(&single, "one", "one at a time", 9.0),
        figures(&stream, "at_50", "at 50 a second", 5.0),
    ]
    .concat())
}

/// What so many events cost, one by one: until they were delivered, and until they were forgotten.
struct Life {
    delivered: Inside,
    forgotten: Inside,
}

fn life(
    worker: &Running,
    origin: &Origin,
    events: u64,
    send: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<Life> {
    let (before, arrived) = (inside::look(worker)?, origin.count());
    send()?;
    origin.until(arrived + usize::try_from(events)? * DESTINATIONS)?;
    worker.settle()?;
    let delivered = inside::look(worker)?.since(before, events);
    forget(worker)?;
    let forgotten = inside::look(worker)?.since(before, events);
    Ok(Life {
        delivered,
        forgotten,
    })
}

/// Has the inbox forget everything.
fn forget(worker: &Running) -> anyhow::Result<()> {
    worker.settle()?;
    thread::sleep(WINDOW);
    let mut client = worker.client()?;
    let began = now();
    loop {
        inside::cron(&mut client)?;
        if is_empty(&mut client)? {
            return worker.settle();
        }
        ensure!(
            began.elapsed() < PATIENCE,
            "the inbox still has events {PATIENCE:?} after their retention"
        );
        thread::sleep(Duration::from_secs(1));
    }
}

fn is_empty(client: &mut Client) -> anyhow::Result<bool> {
    let answer = client.succeed(&operation("GET", "/api/v1/events?limit=1"))?;
    let page: Value = serde_json::from_str(&answer)?;
    Ok(page
        .get("events")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty))
}

fn figures(life: &Life, key: &str, label: &str, most_written: f64) -> Vec<Figure> {
    let figure = |what: &str, words: &str, value: f64| {
        Figure::new(
            &format!("{what}_{key}"),
            &format!("{words}, {label}"),
            "rows",
            [value],
        )
    };
    let Life {
        delivered,
        forgotten,
    } = life;
    vec![
        figure(
            "rows_written",
            "rows written for an event",
            forgotten.written,
        )
        .goal(Goal::AtMost(most_written)),
        figure("rows_read", "rows read for an event", forgotten.read).goal(Goal::AtMost(15.0)),
        figure(
            "rows_written_delivered",
            "of them written until delivered",
            delivered.written,
        ),
        figure(
            "rows_read_delivered",
            "of them read until delivered",
            delivered.read,
        ),
        figure("alarms", "of them alarms", forgotten.alarms),
    ]
}
