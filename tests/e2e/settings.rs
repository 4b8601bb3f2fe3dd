//! The effects of a destination's settings, and the handling of one that keeps failing. Waits are shortened by
//! `TIME_FACTOR`, which divides the schedule and the breaker's waits.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use harness::fixtures::origin::{Origin, Reply, Request};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{fresh_id, notification};
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;

/// A Worker with the destination `crm`, whose settings these are, at the path `/crm`.
async fn worker(origin: &Origin, time_factor: u32, settings: &str) -> Worker {
    Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", &time_factor.to_string())
        .destination(
            "crm",
            &format!("url = \"{}\"\n{settings}", origin.url("/crm")),
        )
        .started()
        .await
}

async fn accept(worker: &Worker) -> String {
    worker.accept("acme", &notification("user.created")).await
}

/// With a factor of 60 the first probe comes after a second and the next after five.
#[tokio::test]
async fn the_breaker_opens_after_five_failures_in_a_row_probes_alone_and_closes() {
    let origin = Origin::start();
    let waits = vec!["1"; 20].join(", ");
    let worker = worker(&origin, 60, &format!("schedule = [{waits}]")).await;
    origin.plan("/crm", vec![Reply::Status(500); 6]);
    let first = accept(&worker).await;
    let fifth = origin.nth_attempt("/crm", &first, 5).await;
    let mut waiting = vec![];
    for _ in 0..8 {
        waiting.push(accept(&worker).await);
    }
    // The probe is a single attempt, of any due delivery, although nine are due.
    origin.requests("/crm", 6).await;
    sleep(Duration::from_secs(2)).await;
    let received = origin.received("/crm");
    assert_eq!(received.len(), 6);
    let probed_after = received[5].at - fifth.at;
    assert!(
        probed_after >= Duration::from_millis(990),
        "{probed_after:?}"
    );
    // The second probe succeeds, and everything follows at once.
    origin.requests("/crm", 6 + 9).await;
    for id in &waiting {
        origin.delivery("/crm", id).await;
    }
    let received = origin.received("/crm");
    let probed_after = received[6].at - received[5].at;
    assert!(
        probed_after >= Duration::from_millis(4990),
        "{probed_after:?}"
    );
    let rest = received[14].at - received[6].at;
    assert!(rest < Duration::from_secs(2), "{rest:?}");
}

#[tokio::test]
async fn a_delivery_whose_attempts_ran_out_is_tried_no_more_and_others_go_on() {
    let origin = Origin::start();
    let worker = worker(&origin, 10, "schedule = [1]").await;
    origin.plan("/crm", [Reply::Status(503), Reply::Status(503)]);
    let dead = accept(&worker).await;
    origin.nth_attempt("/crm", &dead, 2).await;
    let alive = accept(&worker).await;
    origin.delivery("/crm", &alive).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(origin.attempts("/crm", &dead).len(), 2);
    let log = worker.log();
    let last = log.lines().find(|line| line.contains("\"attempt\":2"));
    assert!(last.unwrap().contains("\"next\":\"never\""), "{log}");
}

#[tokio::test]
async fn a_schedule_of_its_own_replaces_the_usual_one() {
    let origin = Origin::start();
    let worker = worker(&origin, 1, "schedule = [1, 3]").await;
    origin.plan("/crm", [Reply::Status(500), Reply::Status(500)]);
    let id = accept(&worker).await;
    let third = origin.nth_attempt("/crm", &id, 3).await;
    let attempts = origin.attempts("/crm", &id);
    // Up to a fifth more for jitter, and some time for a busy machine.
    let waited = |from: &Request, to: &Request| (to.at - from.at).as_secs_f64();
    let (first, second) = (
        waited(&attempts[0], &attempts[1]),
        waited(&attempts[1], &third),
    );
    assert!((0.99..2.5).contains(&first), "{first}");
    assert!((2.99..5.0).contains(&second), "{second}");
}

#[tokio::test]
async fn an_ordered_destination_gets_the_events_of_one_object_in_sequence() {
    let origin = Origin::start();
    let worker = worker(&origin, 1, "ordered = true\nschedule = [3]").await;
    let (held_back, free) = (fresh_id(), fresh_id());
    origin.plan("/crm", [Reply::Status(500)]);
    let mut ids = vec![accept_states(&worker, held_back, &["pending"]).await];
    origin.delivery("/crm", &ids[0][0]).await;
    // The first has failed and waits three seconds: its successors wait behind it, another object does not.
    ids.push(accept_states(&worker, held_back, &["live", "suspended"]).await);
    let others = accept_states(&worker, free, &["pending", "live", "suspended"]).await;
    for id in ids.concat().iter().chain(&others) {
        origin.delivery("/crm", id).await;
    }
    origin.nth_attempt("/crm", &ids[0][0], 2).await;
    let received = origin.received("/crm");
    let order = |subject: u64| {
        let about = format!("application/{subject}");
        let arrived = received
            .iter()
            .filter(|request| request.json()["subject"] == about);
        arrived
            .map(|request| request.header("webhook-id").to_owned())
            .collect::<Vec<_>>()
    };
    let first = ids[0][0].as_str();
    assert_eq!(order(held_back), [first, first, &ids[1][0], &ids[1][1]]);
    assert_eq!(order(free), others);
    let at = |id: &str| origin.attempts("/crm", id).last().unwrap().at;
    assert!(at(&others[2]) < at(first), "the other object was held back");
}

/// Events about one application, one for each state.
async fn accept_states(worker: &Worker, id: u64, states: &[&str]) -> Vec<String> {
    let updated: Kind = "application.updated".parse().unwrap();
    let mut ids = vec![];
    for state in states {
        let event = Notification::of(updated).id(id).state(state);
        ids.push(worker.accept("acme", &event).await);
    }
    ids
}

#[tokio::test]
async fn a_rate_spaces_the_attempts_evenly() {
    let origin = Origin::start();
    let worker = worker(&origin, 1, "rate = 5").await;
    let begin = Instant::now();
    for _ in 0..15 {
        accept(&worker).await;
    }
    assert!(begin.elapsed() < Duration::from_secs(2), "sent too slowly");
    origin.requests("/crm", 15).await;
    let received = origin.received("/crm");
    let all = received[14].at - received[0].at;
    assert!((2.5..6.0).contains(&all.as_secs_f64()), "{all:?}");
    // Five, and one whose moment the clock's steps moved; and one that was late on its way.
    let in_a_second = received.windows(8).map(|eight| eight[7].at - eight[0].at);
    assert!(in_a_second.min().unwrap() > Duration::from_secs(1));
}

#[tokio::test]
async fn headers_of_its_own_go_along_with_each_attempt() {
    let origin = Origin::start();
    let settings = "headers = { x-team = \"billing\", x-purpose = \"webhooks & more\" }";
    let worker = worker(&origin, 100, settings).await;
    origin.plan("/crm", [Reply::Status(500)]);
    let id = accept(&worker).await;
    origin.nth_attempt("/crm", &id, 2).await;
    for attempt in origin.attempts("/crm", &id) {
        assert_eq!(attempt.header("x-team"), "billing");
        assert_eq!(attempt.header("x-purpose"), "webhooks & more");
    }
}

#[tokio::test]
async fn after_a_second_410_deliveries_wait_even_through_a_restart_and_another_destination_goes_on()
{
    let origin = Origin::start();
    let mut worker = Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", "10000")
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
        .destination("billing", &format!("url = \"{}\"", origin.url("/billing")))
        .started()
        .await;
    origin.plan("/crm", vec![Reply::Status(410); 20]);
    let gone = accept(&worker).await;
    origin.delivery("/crm", &gone).await;
    let next = accept(&worker).await;
    origin.delivery("/crm", &next).await;
    origin.delivery("/billing", &next).await;
    sleep(Duration::from_millis(200)).await;
    let until_paused = origin.requests_at("/crm");
    worker.kill9();
    let worker = worker.restarted().await;
    let last = accept(&worker).await;
    origin.delivery("/billing", &last).await;
    // By this factor, ten attempts would have been made meanwhile.
    sleep(Duration::from_secs(2)).await;
    assert_eq!(origin.requests_at("/crm"), until_paused);
}
