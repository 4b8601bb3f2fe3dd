//! An inbox with tens of thousands of events: the cost of each operation depends on what waits, not on what was
//! delivered before. The history is written into the stopped runtime's tables.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use harness::fixtures::database::change;
use harness::fixtures::operator::{TOKEN, call, get};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, notification};

fn setup(base: Setup, origin: &Origin, crm: &str) -> Setup {
    base.source("acme", "acme-secret-0123456789", "")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .secret("CONSOLE_TOKEN", TOKEN)
        .destination("crm", &format!("url = \"{}\"\n{crm}", origin.url("/crm")))
}

/// The numbers of waiting, delivered and dead deliveries to `crm`.
async fn counts(worker: &Worker) -> [u64; 3] {
    let all = get(worker, "/destinations").await;
    let crm = &all["sources"][0]["destinations"][0];
    ["waiting", "delivered", "dead"].map(|state| crm[state].as_u64().unwrap())
}

/// Waits until the numbers are these.
async fn reached(worker: &Worker, expected: [u64; 3]) {
    let reached = async {
        while counts(worker).await != expected {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let in_time = timeout(PATIENCE, reached).await;
    assert!(
        in_time.is_ok(),
        "{:?} is not {expected:?}",
        counts(worker).await
    );
}

/// A Worker whose destination has got one event.
async fn with_one_delivered(setup: Setup, origin: &Origin) -> (Worker, String) {
    let worker = setup.started().await;
    let event = notification("application.updated");
    let id = worker.accept("acme", &event).await;
    origin.delivery("/crm", &id).await;
    reached(&worker, [0, 1, 0]).await;
    (worker, id)
}

/// When the whole history was searched for each waiting delivery, 2,000 behind 10,000 took nine seconds a look.
#[tokio::test]
async fn an_object_with_a_long_history_is_delivered_in_sequence_as_fast_as_any() {
    let origin = Origin::start();
    // When these arrived, the destination was not ordered yet.
    let (mut worker, _) = with_one_delivered(setup(Setup::bare(), &origin, ""), &origin).await;
    worker.kill9();
    multiply(&worker, 12_000, 0);
    let wait = "UPDATE deliveries SET state = 'waiting' WHERE seq > 10001";
    assert_eq!(change(&worker, &[wait]), 2000);
    let worker = worker
        .reconfigured(|vars| {
            let crm = vars["DESTINATIONS"]["crm"].as_table_mut().unwrap();
            crm.insert("ordered".to_owned(), true.into());
        })
        .await;
    assert_eq!(counts(&worker).await, [2000, 10_001, 0]);
    let begin = Instant::now();
    let other = worker.accept("acme", &notification("user.created")).await;
    origin.delivery("/crm", &other).await;
    origin.requests("/crm", 50).await;
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    let received = origin.received("/crm");
    let numbers = received
        .iter()
        .skip(1)
        .map(|one| one.json()["sequence"].clone());
    let numbers = numbers.map(|one| one.as_str().unwrap().parse::<u64>().unwrap());
    let in_line: Vec<u64> = numbers.filter(|number| *number <= 12_001).collect();
    let expected: Vec<u64> = (10_002..).take(in_line.len()).collect();
    assert_eq!(in_line, expected);
}

#[tokio::test]
async fn the_state_of_destinations_is_read_without_the_delivered_events() {
    let origin = Origin::start();
    let (mut worker, id) = with_one_delivered(setup(Setup::bare(), &origin, ""), &origin).await;
    worker.kill9();
    multiply(&worker, 150_000, 0);
    let worker = worker.restarted().await;
    assert_eq!(counts(&worker).await, [0, 150_001, 0]);
    let mut fastest = Duration::MAX;
    for _ in 0..10 {
        let begin = Instant::now();
        counts(&worker).await;
        fastest = fastest.min(begin.elapsed());
    }
    println!("the fastest of ten answers took {fastest:?}");
    assert!(fastest < Duration::from_millis(30), "{fastest:?}");

    // Delivered again, it waits for a while.
    origin.plan("/crm", [Reply::Held(204)]);
    call(
        &worker,
        reqwest::Method::POST,
        &format!("/events/{id}/replay"),
        "",
    )
    .await;
    origin.nth_attempt("/crm", &id, 2).await;
    assert_eq!(counts(&worker).await, [1, 150_000, 0]);
    origin.release();
    reached(&worker, [0, 150_001, 0]).await;
}

/// Runs in `wrangler dev`, since workerd alone cannot trigger the cron.
#[tokio::test]
async fn one_cron_run_removes_all_old_events_and_a_day_later_those_delivered_since() {
    let origin = Origin::start();
    let (mut worker, _) = with_one_delivered(setup(Setup::default(), &origin, ""), &origin).await;
    worker.kill9();
    multiply(&worker, 3000, 40);
    let dies = "UPDATE deliveries SET state = 'dead' WHERE seq = 2000";
    assert_eq!(change(&worker, &[dies]), 1);
    worker = worker.restarted().await;
    assert_eq!(counts(&worker).await, [0, 3000, 1]);
    worker.get("/cdn-cgi/handler/scheduled").await;
    assert_eq!(counts(&worker).await, [0, 1, 1], "of 3,000 old ones");

    worker.kill9();
    let arrives = "UPDATE deliveries SET state = 'delivered' WHERE seq = 2000";
    assert_eq!(change(&worker, &[arrives]), 1);
    worker = worker.restarted().await;
    worker.get("/cdn-cgi/handler/scheduled").await;
    assert_eq!(counts(&worker).await, [0, 2, 0], "it was looked at today");
    worker.kill9();
    let a_day_later = "UPDATE notes SET at = at - 86400000 WHERE name = 'forgetting_began'";
    assert_eq!(change(&worker, &[a_day_later]), 1);
    worker = worker.restarted().await;
    worker.get("/cdn-cgi/handler/scheduled").await;
    assert_eq!(counts(&worker).await, [0, 1, 0]);
}

/// Copies the first event this many times, received a millisecond apart, up to this many days ago: about the same
/// object, and delivered like it, to one destination.
fn multiply(worker: &Worker, times: u32, days_ago: u32) {
    let numbers = format!(
        "WITH RECURSIVE each (n, at) AS (
            SELECT 1, received_at - {days_ago} * 86400000 - {times} FROM events WHERE seq = 1
            UNION ALL SELECT n + 1, at + 1 FROM each WHERE n < {times})"
    );
    let events = format!(
        "INSERT INTO events (id, digest, kind, action, object, account, updated_at, received_at, base, xml)
         {numbers} SELECT printf('%08x-%04x-7000-8000-%012x', at >> 16, at & 65535, n), printf('%064x', n),
            kind, action, object, account, updated_at, at, base, xml FROM each, events WHERE seq = 1"
    );
    let deliveries = "INSERT INTO deliveries (destination, seq, state, attempts, next_at)
         SELECT destination, events.seq, state, attempts, next_at FROM events, deliveries
         WHERE deliveries.seq = 1 AND events.seq > (SELECT max(seq) FROM deliveries)";
    let arrived = format!("UPDATE arrived SET deliveries = deliveries + {times}");
    let changed = change(worker, &[&events, deliveries, &arrived]);
    assert_eq!(changed, u64::from(times) * 2 + 1);
}
