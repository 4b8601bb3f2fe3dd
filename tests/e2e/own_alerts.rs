//! An alert is one of our own by what it is, not by its spelling: 3scale may send a type of any name, and a replay sends
//! alerts only where alerts go.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use harness::fixtures::operator::{TOKEN, call, get, post};
use harness::fixtures::origin::Reply;
use harness::fixtures::origin::{Origin, Request};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, notification};
use stand_in::wire::BodyFormat;

/// Alerts go to `ops`, which gets nothing else, and all events to `crm`.
async fn worker(origin: &Origin) -> Worker {
    let crm = origin.url("/crm");
    Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .secret("CONSOLE_TOKEN", TOKEN)
        .var("TIME_FACTOR", "1000")
        .var("ALERTS", "ops")
        .destination("crm", &format!("url = \"{crm}\"\nschedule = [1]"))
        .destination(
            "ops",
            &format!("url = \"{}\"\nevents = []", origin.url("/ops")),
        )
        .started()
        .await
}

/// An event of 3scale's that looks like an alert.
async fn accept_look_alike(worker: &Worker) -> String {
    let id = harness::fixtures::fresh_id();
    let xml = format!(
        "<event><action>dead_letter</action><type>edge.alert</type><object><alert><id>{id}</id></alert></object></event>"
    );
    let receipt = worker.push("acme", &xml, BodyFormat::Xml).await;
    assert_eq!(receipt.status, "accepted");
    receipt.id
}

fn ids(requests: &[Request]) -> Vec<String> {
    let ids = requests.iter().map(|one| one.header("webhook-id"));
    ids.map(str::to_owned).collect()
}

#[tokio::test]
async fn an_event_whose_type_is_that_of_an_alert_is_an_ordinary_event() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let id = accept_look_alike(&worker).await;
    let event = origin.delivery("/crm", &id).await.json();
    assert_eq!(event["type"], "net.3scale.edge.alert.dead_letter");
    assert!(
        event["data"]["object"]["alert"]["id"].is_string(),
        "{event}"
    );
    let schema = format!("{}/schemas/generic.json", worker.url(""));
    assert_eq!(event["dataschema"], json!(schema));
    let deliveries = get(&worker, &format!("/events/{id}")).await["deliveries"].take();
    let names: Vec<_> = deliveries
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["destination"])
        .collect();
    assert_eq!(names, ["crm"]);
    // It is found and replayed like any other, too.
    let path = format!("/events/{id}/replay");
    let answer = call(&worker, Method::POST, &path, "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    origin.nth_attempt("/crm", &id, 2).await;
    assert_eq!(origin.requests_at("/ops"), 0);
}

#[tokio::test]
async fn a_replay_sends_an_alert_only_where_alerts_go() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let look_alike = accept_look_alike(&worker).await;
    origin.delivery("/crm", &look_alike).await;
    origin.plan("/crm", [Reply::Status(500), Reply::Status(500)]);
    let event = worker.accept("acme", &notification("user.created")).await;
    origin.requests("/ops", 1).await;
    let alert = ids(&origin.received("/ops")).remove(0);
    assert_eq!(
        origin.received("/ops")[0].json()["data"]["event"],
        json!(event)
    );
    // Recorded: what a replay finds under way is not sent twice.
    worker.attempts(TOKEN, &alert, "ops", 1).await;

    let started = post(
        &worker,
        "/replays",
        &json!({ "all": true }),
        StatusCode::ACCEPTED,
    )
    .await;
    let ended = async {
        loop {
            let all = get(&worker, "/replays").await;
            let one = all["replays"]
                .as_array()
                .unwrap()
                .iter()
                .find(|one| one["id"] == started["id"]);
            if one.is_some_and(|one| one["ended_at"] != Value::Null) {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, ended).await.unwrap();
    let at_crm = ids(&origin.received("/crm"));
    assert_eq!(at_crm.len(), 5, "{at_crm:?}");
    assert!(!at_crm.contains(&alert));
    assert_eq!(ids(&origin.received("/ops")), [&*alert, &*alert]);

    call(
        &worker,
        Method::POST,
        &format!("/events/{alert}/replay"),
        "",
    )
    .await;
    origin.nth_attempt("/ops", &alert, 3).await;
    assert!(!ids(&origin.received("/crm")).contains(&alert));
}
