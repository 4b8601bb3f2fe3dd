//! Destinations reached through a binding instead of a URL: another Worker, a queue, the latest state in KV.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use harness::fixtures::fresh_id;
use harness::fixtures::operator::{TOKEN, call};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, notification};
use harness::kv;
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;

const SECRET: &str = "acme-secret-0123456789";

/// The other Worker, which forwards everything to the origin. `wrangler dev` runs both.
async fn with_sink(origin: &Origin, destination: &str, sections: &str) -> Worker {
    let sink = format!(
        "name = \"sink\"\nmain = \"index.js\"\ncompatibility_date = \"2026-11-01\"\nvars = {{ ORIGIN = \"{}\" }}\n\
         queues = {{ consumers = [{{ queue = \"events\", max_batch_timeout = 1 }}] }}",
        origin.url("")
    );
    Setup::default()
        .source("acme", SECRET, "")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", "10")
        .destination("sink", destination)
        .config(sections)
        .beside("sink", &sink, include_str!("sink/index.js"))
        .started()
        .await
}

#[tokio::test]
async fn another_worker_gets_events_through_a_service_binding_and_again_when_it_fails() {
    let origin = Origin::start();
    let worker = with_sink(
        &origin,
        "service = \"OTHER\"\npath = \"/from-3scale\"\nheaders = { x-team = \"billing\" }",
        "services = [{ binding = \"OTHER\", service = \"sink\" }]",
    )
    .await;
    origin.plan("/from-3scale", [Reply::Status(500)]);
    let id = worker.accept("acme", &notification("user.created")).await;
    let second = origin.nth_attempt("/from-3scale", &id, 2).await;
    assert_eq!(second.header("webhook-attempt"), "2");
    assert_eq!(second.header("x-team"), "billing");
    assert_eq!(second.json()["id"], id.as_str());
}

/// A service binding stands for the VPC's, which is a `Fetcher` too.
#[tokio::test]
async fn what_is_in_a_private_network_is_called_through_its_binding() {
    let origin = Origin::start();
    let sink = format!(
        "name = \"sink\"\nmain = \"index.js\"\ncompatibility_date = \"2026-11-01\"\nvars = {{ ORIGIN = \"{}\" }}",
        origin.url("")
    );
    let signing = harness::signing_secret();
    let worker = Setup::default()
        .source(
            "acme",
            SECRET,
            "vpc = \"OFFICE\"\nadmin_url = \"http://3scale.internal\"",
        )
        .secret("SOURCE_ACME_ACCESS_TOKEN", "a-token-of-the-tenant")
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("DESTINATION_CRM_SIGNING_SECRET", &signing)
        .destination(
            "crm",
            "vpc = \"OFFICE\"\nurl = \"http://crm.internal:8080/from-3scale\"",
        )
        .config("services = [{ binding = \"OFFICE\", service = \"sink\" }]")
        .beside("sink", &sink, include_str!("sink/index.js"))
        .started()
        .await;
    let id = worker.accept("acme", &notification("user.created")).await;
    let delivery = origin.delivery("/from-3scale", &id).await;
    assert!(delivery.is_signed_with(&signing));

    call(&worker, Method::POST, "/recoveries", "").await;
    let asked = origin.received("/admin/api/webhooks/failures.xml");
    assert_eq!(asked.len(), 1);
    assert!(asked[0].header("authorization").starts_with("Basic "));
}

#[tokio::test]
async fn a_queue_gets_events_as_text_that_its_consumer_reads() {
    let origin = Origin::start();
    let worker = with_sink(
        &origin,
        "queue = \"EVENTS_QUEUE\"",
        "queues = { producers = [{ binding = \"EVENTS_QUEUE\", queue = \"events\" }] }",
    )
    .await;
    let mut ids = vec![];
    for _ in 0..3 {
        ids.push(worker.accept("acme", &notification("user.created")).await);
    }
    for id in &ids {
        let event = origin.delivery("/queue", id).await.json();
        assert_eq!(event["type"], "net.3scale.user.created");
    }
}

/// Three applications: one whose updates arrive in order, one whose older update arrives last, and one whose deletion
/// arrives before an update with an even later time.
#[tokio::test]
async fn kv_keeps_the_latest_state_of_each_object_and_its_end() {
    let worker = Setup::default()
        .source("acme", SECRET, "")
        .destination("states", "kv = \"EVENTS\"\nkeep = \"objects\"")
        .started()
        .await;
    let [in_order, late, deleted] = [fresh_id(), fresh_id(), fresh_id()];
    let (early, later) = ("2026-11-21T10:00:00Z", "2026-11-21T10:00:09Z");
    for (kind, id, time, state) in [
        ("application.created", in_order, early, "pending"),
        ("application.updated", in_order, later, "live"),
        ("application.suspended", late, later, "suspended"),
        ("application.updated", late, early, "live"),
        ("application.updated", deleted, early, "live"),
        ("application.deleted", deleted, early, "live"),
        ("application.updated", deleted, later, "suspended"),
    ] {
        let event = Notification::of(kind.parse::<Kind>().unwrap()).id(id);
        let event = event.updated_at(time).state(state);
        let id = worker.accept("acme", &event).await;
        // One after the other, so that the last one is known.
        delivered(&worker, &id).await;
    }
    let states = tokio::task::spawn_blocking(move || states(&worker))
        .await
        .unwrap();
    let of = |id: u64| &states[&format!("objects/acme/application/{id}")]["data"];
    assert_eq!(states.len(), 3);
    assert_eq!(of(in_order)["object"]["state"], "live");
    assert_eq!(of(late)["object"]["state"], "suspended");
    assert_eq!(of(deleted)["action"], "deleted");
}

/// All at once: their order in KV must not depend on which of two writes ends first.
#[tokio::test]
async fn states_that_are_due_together_end_as_if_they_had_arrived_one_by_one() {
    let worker = Setup::default()
        .source("acme", SECRET, "")
        .secret("CONSOLE_TOKEN", TOKEN)
        .destination("states", "kv = \"EVENTS\"\nkeep = \"objects\"")
        .started()
        .await;
    call(&worker, Method::POST, "/destinations/states/pause", "").await;
    let mut ids = vec![];
    let objects: Vec<u64> = (0..6).map(|_| fresh_id()).collect();
    for id in &objects {
        for (kind, time) in [
            ("application.updated", "2026-11-21T10:00:05Z"),
            ("application.deleted", "2026-11-21T10:00:09Z"),
            ("application.updated", "2026-11-21T10:00:00Z"),
        ] {
            let event = Notification::of(kind.parse::<Kind>().unwrap()).id(*id);
            ids.push(worker.accept("acme", &event.updated_at(time)).await);
        }
    }
    call(&worker, Method::POST, "/destinations/states/resume", "").await;
    for id in &ids {
        delivered(&worker, id).await;
    }
    let states = tokio::task::spawn_blocking(move || states(&worker))
        .await
        .unwrap();
    for id in objects {
        let state = &states[&format!("objects/acme/application/{id}")];
        assert_eq!(state["data"]["action"], "deleted");
    }
}

/// Waits until the Worker's log says that the event is delivered.
async fn delivered(worker: &Worker, id: &str) {
    let begin = Instant::now();
    let says = |line: &str| line.contains(id) && line.contains("\"outcome\":\"delivered\"");
    while !worker.log().lines().any(says) {
        assert!(begin.elapsed() < PATIENCE, "{id}: {}", worker.log());
        sleep(Duration::from_millis(50)).await;
    }
}

/// The contents of KV, by key.
fn states(worker: &Worker) -> BTreeMap<String, Value> {
    let entries = kv::list(&worker.deployment, "EVENTS").unwrap();
    let keys: Vec<_> = entries.iter().map(|entry| entry.key.as_str()).collect();
    kv::values(&worker.deployment, "EVENTS", &keys).unwrap()
}
