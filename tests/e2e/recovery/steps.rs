//! Long lists, steps, the cron, and lost memory.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{World, call, one, run, setup, setup_in};
use harness::fixtures::tenant::{ACCESS_TOKEN, Admin, fault, seconds_ago};
use harness::fixtures::worker::Setup;
use harness::fixtures::{PATIENCE, notification};

/// More entries than one step takes, none of which can be decided yet.
#[tokio::test]
async fn an_entry_that_cannot_be_decided_yet_hides_nothing_behind_it() {
    let world = World::start().await;
    let padding = "x".repeat(230_000);
    for _ in 0..10 {
        let sent = ["a", "b", "c", "d"]
            .iter()
            .fold(notification("user.updated"), |sent, name| {
                sent.extra_field(name, &padding)
            });
        world.worker.accept("acme", &sent).await;
        world.gave_up(&sent, 5);
    }
    world.gave_up(&notification("user.created"), 5);
    let first = world.run().await;
    assert_eq!(
        (&first["held"], &first["taken_in"]),
        (&json!(10), &json!(1)),
        "{first}"
    );
    world.empties().await;
    world.origin.requests("/crm", 11).await;
}

#[tokio::test]
async fn a_long_list_is_ingested_in_consecutive_steps() {
    const ENTRIES: usize = 5000;
    let admin = Admin::start();
    let worker = setup(&admin, ACCESS_TOKEN).started().await;
    let hook = worker.url(&worker.hook("acme"));
    let padding = "x".repeat(3500);
    for _ in 0..ENTRIES {
        let xml = notification("application.created")
            .extra_field("note", &padding)
            .xml();
        admin.gave_up(&xml, seconds_ago(600), &hook);
    }
    assert!(admin.list().len() > 20_000_000, "{}", admin.list().len());
    let first = run(&worker).await;
    assert_eq!(
        (&first["state"], &first["more"]),
        (&json!("ok"), &json!(true)),
        "{first}"
    );
    let deadline = Instant::now() + PATIENCE;
    while admin.listed() > 0 {
        assert!(
            Instant::now() < deadline,
            "{} left; {}",
            admin.listed(),
            worker.log()
        );
        sleep(Duration::from_millis(500)).await;
        if one(&worker, Method::GET).await["more"] == false {
            run(&worker).await;
        }
    }
    let steps: Vec<Value> = worker
        .log()
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["event"] == "recovery")
        .collect();
    let taken_in: u64 = steps
        .iter()
        .filter_map(|step| step["taken_in"].as_u64())
        .sum();
    assert_eq!(taken_in, 5000, "{steps:?}");
    assert!(steps.len() >= 3, "{steps:?}");
}

#[tokio::test]
async fn recovery_is_requested_by_name_and_needs_a_token() {
    let admin = Admin::start();
    let worker = setup(&admin, ACCESS_TOKEN)
        .source("plain", "plain-secret-of-recovery", "")
        .started()
        .await;
    let answer = call(&worker, Method::POST, r#"{"source":"acme"}"#).await;
    assert_eq!(
        answer.json()["recoveries"].as_array().map(Vec::len),
        Some(1)
    );
    for body in [
        r#"{"source":"plain"}"#,
        r#"{"source":"nobody"}"#,
        r#"{"sauce":"acme"}"#,
        "[]",
    ] {
        call(&worker, Method::POST, body)
            .await
            .problem(400, "invalid_parameter");
    }
    call(&worker, Method::PUT, "")
        .await
        .problem(405, "method_not_allowed");
    let stranger = worker.request("POST", "/api/v1/recoveries", "", "").await;
    stranger.problem(401, "unauthorized");
}

#[tokio::test]
async fn the_cron_runs_it_but_not_soon_after_a_failure() {
    let admin = Admin::start();
    let worker = setup_in(Setup::default(), &admin, ACCESS_TOKEN, "")
        // A pause of five minutes takes 30 s.
        .var("TIME_FACTOR", "10")
        .started()
        .await;
    let hook = worker.url(&worker.hook("acme"));
    admin.gave_up(&notification("user.created").xml(), seconds_ago(200), &hook);
    admin.gave_up(&notification("user.created").xml(), seconds_ago(100), &hook);
    assert_eq!(one(&worker, Method::GET).await["state"], "not_yet");
    let deadline = Instant::now() + PATIENCE;
    while admin.listed() > 0 {
        assert!(Instant::now() < deadline, "{}", worker.log());
        worker.get("/cdn-cgi/handler/scheduled").await;
        sleep(Duration::from_millis(200)).await;
    }

    admin.answers(fault(503, &[], ""));
    assert_eq!(run(&worker).await["state"], "unavailable");
    let asked = admin.calls("GET").len();
    for _ in 0..3 {
        worker.get("/cdn-cgi/handler/scheduled").await;
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(admin.calls("GET").len(), asked);
    assert_eq!(one(&worker, Method::GET).await["failures_in_a_row"], 1);
}

/// As after a crash between the inbox's commit and recovery's: only the inbox knows the ingested entries.
#[tokio::test]
async fn a_recovery_that_has_lost_its_memory_duplicates_nothing() {
    let World {
        admin,
        origin,
        mut worker,
    } = World::start().await;
    let hook = worker.url(&worker.hook("acme"));
    admin.gave_up(&notification("user.created").xml(), seconds_ago(120), &hook);
    admin.gave_up("<event/>", seconds_ago(120), &hook);
    let first = run(&worker).await;
    assert_eq!(
        (&first["taken_in"], &first["quarantined"]),
        (&json!(1), &json!(1)),
        "{first}"
    );
    assert_eq!(admin.listed(), 2);
    origin.requests("/crm", 1).await;

    worker.kill9();
    let memory = worker.deployment.state().join("threescale-edge-Recovery");
    std::fs::remove_dir_all(memory).unwrap();
    let worker = worker.restarted().await;
    let second = run(&worker).await;
    assert_eq!(
        (&second["known"], &second["taken_in"]),
        (&json!(2), &json!(0)),
        "{second}"
    );
    assert_eq!(run(&worker).await["read"], 2);
    assert_eq!(admin.listed(), 0);
    // It may arrive twice, since the Worker died, but with one id.
    let arrived = origin.received("/crm");
    let ids: BTreeSet<_> = arrived
        .iter()
        .map(|request| request.header("webhook-id"))
        .collect();
    assert_eq!(ids.len(), 1);
}
