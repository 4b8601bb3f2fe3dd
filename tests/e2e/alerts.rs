//! Alerts, which an operator gets without looking: `ALERTS`. `TIME_FACTOR` also divides the ten minutes between two
//! alerts of a kind.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

use harness::fixtures::operator::{TOKEN, call};
use harness::fixtures::origin::{Origin, Reply, Request};
use harness::fixtures::tenant::Admin;
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, notification};

/// Sends alerts to `/ops`, and events to `/crm` with these settings.
fn setup(base: Setup, origin: &Origin, time_factor: u32, crm: &str) -> Setup {
    base.source("acme", "acme-secret-0123456789", "silent_after_hours = 1")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", &time_factor.to_string())
        .var("ALERTS", "ops")
        .destination("crm", &format!("url = \"{}\"\n{crm}", origin.url("/crm")))
        .destination(
            "ops",
            &format!("url = \"{}\"\nevents = []", origin.url("/ops")),
        )
}

async fn accept(worker: &Worker) -> String {
    worker.accept("acme", &notification("user.created")).await
}

/// The alerts of this kind that have arrived.
fn alerts(origin: &Origin, kind: &str) -> Vec<Request> {
    let mut all = origin.received("/ops");
    all.retain(|request| request.json()["data"]["kind"] == kind);
    all
}

/// The `nth` alert of this kind, once it has arrived, checked against its schema.
async fn alert(origin: &Origin, kind: &str, nth: usize) -> Value {
    let there = async {
        loop {
            if let Some(request) = alerts(origin, kind).get(nth - 1) {
                return request.clone();
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let request = tokio::time::timeout(PATIENCE, there)
        .await
        .unwrap_or_else(|_| panic!("no alert {nth} of {kind}"));
    request.is_as_its_schema_says();
    request.json()
}

#[tokio::test]
async fn dead_letters_are_alerted_once_per_interval_with_their_number() {
    let origin = Origin::start();
    // 3 s between two alerts of a kind.
    let worker = setup(Setup::bare(), &origin, 200, "schedule = [1]")
        .started()
        .await;
    origin.plan("/crm", vec![Reply::Status(500); 6]);
    let first = accept(&worker).await;
    let received = alert(&origin, "dead_letter", 1).await;
    assert_eq!(received["type"], "net.3scale.edge.alert.dead_letter");
    assert_eq!(
        received["dataschema"],
        format!("{}/schemas/alert.json", worker.url(""))
    );
    let data = &received["data"];
    assert_eq!(
        (
            &data["source"],
            &data["count"],
            &data["destinations"],
            &data["event"]
        ),
        (&json!("acme"), &json!(1), &json!(["crm"]), &json!(first))
    );
    assert!(data["text"].as_str().unwrap().contains("500"), "{data}");

    accept(&worker).await;
    let last = accept(&worker).await;
    origin.nth_attempt("/crm", &last, 2).await;
    let received = alert(&origin, "dead_letter", 2).await;
    assert_eq!(received["data"]["count"], 2, "both in one");
    let received = alerts(&origin, "dead_letter");
    let pause = received[1].at - received[0].at;
    assert!(pause > Duration::from_millis(2900), "{pause:?}");
}

#[tokio::test]
async fn a_breaker_raises_an_alert_when_it_opens_and_when_it_closes() {
    let origin = Origin::start();
    let waits = vec!["1"; 20].join(", ");
    let worker = setup(Setup::bare(), &origin, 60, &format!("schedule = [{waits}]"))
        .started()
        .await;
    origin.plan("/crm", vec![Reply::Status(503); 5]);
    let id = accept(&worker).await;
    assert_eq!(
        alert(&origin, "breaker_opened", 1).await["data"]["event"],
        id.as_str()
    );
    assert_eq!(
        alert(&origin, "breaker_closed", 1).await["data"]["destinations"],
        json!(["crm"])
    );
    origin.plan("/crm", vec![Reply::Status(410); 20]);
    accept(&worker).await;
    let id = accept(&worker).await;
    assert_eq!(
        alert(&origin, "destination_gone", 1).await["data"]["event"],
        id.as_str()
    );
    assert_eq!(origin.received("/ops").len(), 3, "and of nothing else");
}

#[tokio::test]
async fn a_quarantined_body_raises_one_alert_however_often_it_is_sent() {
    let origin = Origin::start();
    let worker = setup(Setup::bare(), &origin, 1200, "").started().await;
    for _ in 0..3 {
        let hook = worker.hook("acme");
        let answer = worker
            .request("POST", &hook, "application/xml", "<event><type>")
            .await;
        assert_eq!(answer.status.as_u16(), 422);
    }
    let received = alert(&origin, "quarantined", 1).await;
    assert_eq!(received["data"]["count"], 1);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(alerts(&origin, "quarantined").len(), 1);
}

#[tokio::test]
async fn an_alert_can_be_a_line_for_slack_and_its_failure_raises_no_alert() {
    let origin = Origin::start();
    let worker = setup(Setup::bare(), &origin, 1200, "schedule = [1]")
        .var("ALERTS", "chat ops")
        .destination(
            "chat",
            &format!(
                "url = \"{}\"\nevents = []\nformat = \"slack\"\nschedule = [1]",
                origin.url("/chat")
            ),
        )
        .started()
        .await;
    origin.plan("/crm", vec![Reply::Status(500); 2]);
    origin.plan("/chat", vec![Reply::Status(500); 2]);
    accept(&worker).await;
    origin.requests("/chat", 2).await;
    sleep(Duration::from_secs(2)).await;
    let received = origin.received("/chat");
    assert_eq!(received.len(), 2, "its own end is no news");
    let body = received[0].json();
    let text = body["text"].as_str().unwrap();
    assert!(
        text.starts_with("[acme] a delivery's attempts ran out"),
        "{text}"
    );
    assert_eq!(body.as_object().unwrap().len(), 1);
    alert(&origin, "dead_letter", 1).await;
    assert_eq!(origin.requests_at("/ops"), 1, "both are alerted in one");
}

#[tokio::test]
async fn a_failed_recovery_raises_an_alert_with_a_remedy_and_without_the_token() {
    let (origin, admin) = (Origin::start(), Admin::start());
    let token = "a-token-that-3scale-does-not-know";
    let worker = Setup::bare()
        .source(
            "acme",
            "acme-secret-0123456789",
            &format!("admin_url = \"{}\"", admin.url),
        )
        .secret("SOURCE_ACME_ACCESS_TOKEN", token)
        .secret("CONSOLE_TOKEN", "an-operators-token")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", "60")
        .var("ALERTS", "ops")
        .destination(
            "ops",
            &format!("url = \"{}\"\nevents = []", origin.url("/ops")),
        )
        .started()
        .await;
    for _ in 0..3 {
        let request = reqwest::Client::new()
            .post(worker.url("/api/v1/recoveries"))
            .bearer_auth("an-operators-token");
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["recoveries"][0]["state"], "access_denied");
    }
    let received = alert(&origin, "recovery_failed", 1).await;
    let text = received["data"]["text"].as_str().unwrap();
    assert!(
        text.contains("access_denied") && text.contains("ACCESS_TOKEN"),
        "{text}"
    );
    assert!(!text.contains(token), "{text}");
    sleep(Duration::from_millis(500)).await;
    assert_eq!(origin.requests_at("/ops"), 1, "once in ten minutes");
}

/// The same after its last event was removed. Runs in `wrangler dev`, since workerd alone cannot trigger the cron.
#[tokio::test]
async fn a_silent_source_raises_an_alert_even_after_its_last_event_was_removed() {
    let origin = Origin::start();
    // An hour takes 12 s.
    let worker = setup(Setup::default(), &origin, 300, "")
        .var("RETENTION_DAYS", "0")
        .var("DEDUP_WINDOW_SECONDS", "1")
        .secret("CONSOLE_TOKEN", TOKEN)
        .started()
        .await;
    let id = accept(&worker).await;
    origin.delivery("/crm", &id).await;
    let path = format!("/events/{id}");
    let forgotten = async {
        while call(&worker, Method::GET, &path, "").await.status != StatusCode::NOT_FOUND {
            sleep(Duration::from_millis(200)).await;
            worker.get("/cdn-cgi/handler/scheduled").await;
        }
    };
    tokio::time::timeout(PATIENCE, forgotten).await.unwrap();
    assert_eq!(origin.requests_at("/ops"), 0, "it was heard of just now");
    sleep(Duration::from_secs(12)).await;
    worker.get("/cdn-cgi/handler/scheduled").await;
    alert(&origin, "source_silent", 1).await;
}

/// Runs in `wrangler dev`, since workerd alone cannot trigger the cron.
#[tokio::test]
async fn overdue_deliveries_and_a_silent_source_raise_one_alert_each() {
    let origin = Origin::start();
    // An hour takes 2 s: after that, deliveries are overdue and the source is silent.
    let worker = setup(Setup::default(), &origin, 1800, "schedule = [604800]")
        .started()
        .await;
    let cron = async || {
        worker.get("/cdn-cgi/handler/scheduled").await;
    };
    cron().await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(
        origin.requests_at("/ops"),
        0,
        "one that never sent is being set up"
    );
    origin.plan("/crm", vec![Reply::Status(500)]);
    let id = accept(&worker).await;
    origin.delivery("/crm", &id).await;
    cron().await;
    sleep(Duration::from_millis(2200)).await;
    cron().await;
    cron().await;
    let overdue = alert(&origin, "overdue", 1).await;
    assert_eq!(
        (&overdue["data"]["event"], &overdue["data"]["count"]),
        (&json!(id), &json!(1))
    );
    alert(&origin, "source_silent", 1).await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(origin.received("/ops").len(), 2, "each once");
}
