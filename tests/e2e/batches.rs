//! Several events in one request, or under one key of KV: all or nothing, and none is lost by another's fault.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use harness::fixtures::database::alarms;
use harness::fixtures::operator::{TOKEN, call};
use harness::fixtures::origin::{Origin, Reply, Request};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, notification};
use harness::kv;

const SIGNING: &str = "whsec_YS1rZXktb2YtMjQtYnl0ZXMtb3Itc28h";

fn setup(origin: &Origin, settings: &str) -> Setup {
    Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .secret("CONSOLE_TOKEN", TOKEN)
        .origin_of("crm", &origin.url("/crm"), SIGNING, settings)
}

async fn accept(worker: &Worker, count: usize) -> Vec<String> {
    let mut ids = vec![];
    for _ in 0..count {
        ids.push(worker.accept("acme", &notification("user.created")).await);
    }
    ids
}

/// The ids of a request's events, in its order.
fn ids(request: &Request) -> Vec<String> {
    let body = request.json();
    let events = body.as_array().unwrap().iter();
    let id = |event: &Value| event["id"].as_str().unwrap().to_owned();
    events.map(id).collect()
}

fn received(origin: &Origin) -> Vec<Vec<String>> {
    origin.received("/crm").iter().map(ids).collect()
}

async fn tell(worker: &Worker, what: &str) {
    let path = format!("/destinations/crm/{what}");
    let answer = call(worker, reqwest::Method::POST, &path, "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Waits until these are delivered and nothing waits.
async fn settled(worker: &Worker, delivered: usize) {
    let begin = Instant::now();
    loop {
        let answer = call(worker, reqwest::Method::GET, "/destinations", "").await;
        let all: Value = serde_json::from_str(&answer.text).unwrap();
        let crm = &all["sources"][0]["destinations"][0];
        if crm["delivered"] == delivered && crm["waiting"] == 0 {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{crm}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_full_batch_goes_at_once_as_one_signed_request_and_the_rest_when_it_has_waited() {
    let origin = Origin::start();
    let worker = setup(&origin, "batch = 5\nbatch_seconds = 3")
        .started()
        .await;
    let accepted = accept(&worker, 7).await;
    origin.requests("/crm", 1).await;
    assert_eq!(origin.requests_at("/crm"), 1, "the rest waits for others");
    origin.requests("/crm", 2).await;
    let [full, rest] = &origin.received("/crm")[..] else {
        panic!("two requests")
    };
    assert_eq!(ids(full), accepted[..5]);
    assert_eq!(ids(rest), accepted[5..]);
    for request in [full, rest] {
        let media_type = "application/cloudevents-batch+json; charset=utf-8";
        assert_eq!(request.header("content-type"), media_type);
        assert_eq!(request.header("webhook-attempt"), "1");
        assert!(request.is_signed_with(SIGNING));
    }
    assert_ne!(full.header("webhook-id"), rest.header("webhook-id"));
    let waited = rest.at - full.at;
    assert!(waited >= Duration::from_secs(2), "{waited:?}");
    settled(&worker, 7).await;
    let attempts = worker.attempts(TOKEN, &accepted[6], "crm", 1).await;
    assert_eq!(attempts[0]["outcome"], "delivered");
}

#[tokio::test]
async fn while_a_batch_fills_the_inbox_sleeps_until_it_falls_due() {
    let origin = Origin::start();
    let mut worker = setup(&origin, "batch = 5\nbatch_seconds = 4")
        .started()
        .await;
    let accepted = accept(&worker, 2).await;
    worker.kill9();
    assert_eq!(
        alarms(&worker).len(),
        1,
        "an alarm for the time of the batch"
    );
    worker = worker.restarted().await;
    origin.requests("/crm", 1).await;
    assert_eq!(received(&origin), [accepted]);
    settled(&worker, 2).await;
}

#[tokio::test]
async fn after_an_outage_all_of_a_batch_arrives_in_a_batch_again() {
    let origin = Origin::start();
    let worker = setup(&origin, "batch = 4\nbatch_seconds = 1\nschedule = [1]")
        .started()
        .await;
    origin.plan("/crm", [Reply::Status(503)]);
    let accepted = accept(&worker, 4).await;
    origin.requests("/crm", 2).await;
    assert_eq!(received(&origin), [accepted.clone(), accepted.clone()]);
    let [first, second] = &origin.received("/crm")[..] else {
        panic!("two requests")
    };
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(second.header("webhook-attempt"), "2");
    settled(&worker, 4).await;
    for id in &accepted {
        let attempts = worker.attempts(TOKEN, id, "crm", 2).await;
        let outcomes: Vec<_> = attempts.iter().map(|one| &one["outcome"]).collect();
        assert_eq!(outcomes, ["status", "delivered"]);
    }
}

#[tokio::test]
async fn what_waited_for_a_paused_destination_goes_in_full_batches_at_once() {
    let origin = Origin::start();
    let worker = setup(&origin, "batch = 10\nbatch_seconds = 300")
        .started()
        .await;
    tell(&worker, "pause").await;
    let accepted = accept(&worker, 30).await;
    tell(&worker, "resume").await;
    origin.requests("/crm", 3).await;
    let sizes: Vec<_> = received(&origin).iter().map(Vec::len).collect();
    assert_eq!(sizes, [10; 3]);
    let all: BTreeSet<_> = received(&origin).into_iter().flatten().collect();
    assert_eq!(all, accepted.into_iter().collect());
}

#[tokio::test]
async fn of_a_refused_batch_only_the_event_at_fault_is_a_dead_letter() {
    let origin = Origin::start();
    let settings = "batch = 4\nbatch_seconds = 300\nfinal = [422]\nconcurrency = 1";
    let worker = setup(&origin, settings).started().await;
    // The batch, and then the second of its events.
    let replies = [422, 204, 422].map(Reply::Status);
    origin.plan("/crm", replies);
    let accepted = accept(&worker, 4).await;
    origin.requests("/crm", 5).await;
    settled(&worker, 3).await;
    let all = received(&origin);
    assert_eq!(all[0], accepted);
    let alone: Vec<_> = all[1..].iter().flatten().cloned().collect();
    assert_eq!(alone, accepted, "each by itself, at once");
    let attempts = worker.attempts(TOKEN, &accepted[0], "crm", 2).await;
    assert_eq!(attempts[0]["status"], 422);
    assert_eq!(attempts[1]["outcome"], "delivered");
    let text = call(&worker, reqwest::Method::GET, "/destinations", "").await;
    assert!(text.text.contains("\"dead\":1"), "{}", text.text);
}

#[tokio::test]
async fn a_batch_that_is_under_way_when_the_worker_is_killed_is_sent_again() {
    let origin = Origin::start();
    let mut worker = setup(&origin, "batch = 3\nbatch_seconds = 1")
        .started()
        .await;
    origin.plan("/crm", [Reply::Hang]);
    let accepted = accept(&worker, 3).await;
    origin.requests("/crm", 1).await;
    worker.kill9();
    worker = worker.restarted().await;
    settled(&worker, 3).await;
    // In a batch or, if the runtime says that the run ended badly, one by one.
    let again: BTreeSet<_> = received(&origin).into_iter().skip(1).flatten().collect();
    assert_eq!(again, accepted.into_iter().collect());
}

#[tokio::test]
async fn events_that_are_too_large_together_go_in_several_requests() {
    let origin = Origin::start();
    let worker = setup(&origin, "batch = 4\nbatch_seconds = 10")
        .started()
        .await;
    let note = "a".repeat(225_000);
    let mut accepted = vec![];
    for _ in 0..4 {
        let mut large = notification("account.created");
        for name in ["a", "b", "c", "d"] {
            large = large.extra_field(name, &note);
        }
        accepted.push(worker.accept("acme", &large).await);
    }
    origin.requests("/crm", 2).await;
    assert_eq!(received(&origin), [&accepted[..2], &accepted[2..]]);
    settled(&worker, 4).await;
}

#[tokio::test]
async fn kv_gets_one_key_for_a_batch() {
    let worker = Setup::default()
        .source("acme", "acme-secret-0123456789", "")
        .secret("CONSOLE_TOKEN", TOKEN)
        .destination(
            "crm",
            "kv = \"EVENTS\"\nbatch = 6\nbatch_seconds = 300\nttl_days = 30",
        )
        .started()
        .await;
    let accepted = accept(&worker, 12).await;
    settled(&worker, 12).await;
    let (entries, values) = tokio::task::spawn_blocking(move || {
        let entries = kv::list(&worker.deployment, "EVENTS").unwrap();
        let keys: Vec<_> = entries.iter().map(|entry| entry.key.as_str()).collect();
        let values = kv::values(&worker.deployment, "EVENTS", &keys).unwrap();
        (entries, values)
    })
    .await
    .unwrap();
    assert_eq!(entries.len(), 2, "two writes for twelve events");
    let mut stored = vec![];
    for (entry, first) in entries.iter().zip([&accepted[0], &accepted[6]]) {
        let begin = format!("batches/acme/{first}-");
        assert!(entry.key.starts_with(&begin), "{}", entry.key);
        assert_eq!(entry.metadata["events"], 6);
        assert!(entry.expiration.is_some());
        let events = values[&entry.key].as_array().unwrap().iter();
        stored.extend(events.map(|event| event["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(stored, accepted);
}
