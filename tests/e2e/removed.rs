//! A destination that is removed from the configuration while deliveries wait for it.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use harness::fixtures::operator::{TOKEN, call, get, post};
use harness::fixtures::origin::{Origin, Reply, Request};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, fresh_id, notification};

fn setup(base: Setup, origin: &Origin, source: &str, crm: &str) -> Setup {
    base.source("acme", "acme-secret-0123456789", source)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .secret("CONSOLE_TOKEN", TOKEN)
        .var("ALERTS", "ops")
        .destination("crm", &format!("url = \"{}\"\n{crm}", origin.url("/crm")))
        .destination(
            "ops",
            &format!("url = \"{}\"\nevents = []", origin.url("/ops")),
        )
}

async fn without_crm(mut worker: Worker) -> Worker {
    worker.kill9();
    worker
        .reconfigured(|vars| {
            let destinations = vars["DESTINATIONS"].as_table_mut().unwrap();
            destinations.remove("crm").unwrap();
        })
        .await
}

async fn destinations(worker: &Worker) -> Vec<Value> {
    let all = get(worker, "/destinations").await;
    let all = all["sources"][0]["destinations"].as_array().unwrap();
    all.clone()
}

fn count(destinations: &[Value], name: &str, state: &str) -> Option<u64> {
    let found = destinations.iter().find(|one| one["name"] == name);
    found.map(|one| one[state].as_u64().unwrap())
}

#[tokio::test]
async fn deliveries_of_a_removed_destination_are_shown_and_can_be_dropped() {
    let origin = Origin::start();
    let worker = setup(Setup::bare(), &origin, "shards = 4", "schedule = [1]")
        .var("TIME_FACTOR", "10")
        .started()
        .await;
    let event = notification("account.created");
    let arrived = worker.accept("acme", &event).await;
    origin.delivery("/crm", &arrived).await;
    origin.plan("/crm", vec![Reply::Status(500); 2]);
    let dead = worker
        .accept("acme", &notification("account.updated"))
        .await;
    // A success is written a moment later, and would be made again after the restart.
    let recorded = async {
        loop {
            let all = destinations(&worker).await;
            if ["delivered", "dead"].map(|state| count(&all, "crm", state)) == [Some(1); 2] {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, recorded).await.unwrap();
    call(&worker, Method::POST, "/destinations/crm/pause", "").await;
    for _ in 0..12 {
        let account = notification("account.created").id(fresh_id());
        worker.accept("acme", &account).await;
    }
    let path = "/destinations/crm/drop";
    let refused = post(&worker, path, &json!({}), StatusCode::BAD_REQUEST).await;
    assert_eq!(refused["code"], "invalid_parameter");

    let worker = without_crm(worker).await;
    let left = destinations(&worker).await;
    assert_eq!(left.len(), 2, "{left:?}");
    assert_eq!(
        (&left[1]["name"], &left[1]["state"]),
        (&json!("crm"), &json!("removed"))
    );
    let states = ["waiting", "delivered", "dead"];
    assert_eq!(
        states.map(|state| count(&left, "crm", state)),
        [Some(12), Some(1), Some(1)]
    );
    assert!(left[1]["oldest_waiting_at"].is_string());
    let answer = call(&worker, Method::GET, "/destinations/crm/drop", "").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let answer = call(&worker, Method::POST, "/destinations/C%20R/drop", "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);

    let dropped = post(
        &worker,
        "/destinations/crm/drop",
        &json!({}),
        StatusCode::OK,
    )
    .await;
    let left = dropped["sources"][0]["destinations"].as_array().unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left, &destinations(&worker).await);
    let path = format!("/events/{dead}");
    assert_eq!(get(&worker, &path).await["deliveries"], json!([]));
    let path = format!("/events/{arrived}");
    let deliveries = &get(&worker, &path).await["deliveries"];
    assert_eq!(deliveries[0]["state"], "delivered", "it did arrive");
}

/// Runs in `wrangler dev`, since workerd alone cannot trigger the cron.
#[tokio::test]
async fn deliveries_of_a_removed_destination_raise_no_alert_and_are_forgotten_once_dropped() {
    let origin = Origin::start();
    // An hour takes 2 s.
    let worker = setup(Setup::default(), &origin, "", "schedule = [604800]")
        .var("TIME_FACTOR", "1800")
        .var("RETENTION_DAYS", "0")
        .var("DEDUP_WINDOW_SECONDS", "1")
        .started()
        .await;
    origin.plan("/crm", vec![Reply::Status(500)]);
    let id = worker.accept("acme", &notification("user.created")).await;
    origin.delivery("/crm", &id).await;
    sleep(Duration::from_millis(2500)).await;
    worker.get("/cdn-cgi/handler/scheduled").await;
    origin.requests("/ops", 1).await;
    let received = origin.received("/ops")[0].json()["data"].take();
    assert_eq!(
        (
            &received["kind"],
            &received["destinations"],
            &received["event"]
        ),
        (&json!("overdue"), &json!(["crm"]), &json!(id))
    );

    let worker = without_crm(worker).await;
    for _ in 0..3 {
        sleep(Duration::from_millis(2200)).await;
        worker.get("/cdn-cgi/handler/scheduled").await;
    }
    let path = format!("/events/{id}");
    get(&worker, &path).await;
    // The first may have arrived again, since the runtime was killed right after it.
    let mut received: Vec<_> = origin.received("/ops").iter().map(Request::json).collect();
    received.dedup_by(|one, other| one["id"] == other["id"]);
    assert_eq!(received.len(), 1, "no more alerts: {received:#?}");
    post(
        &worker,
        "/destinations/crm/drop",
        &json!({}),
        StatusCode::OK,
    )
    .await;
    worker.get("/cdn-cgi/handler/scheduled").await;
    let answer = call(&worker, Method::GET, &path, "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "nobody waits for it");
}
