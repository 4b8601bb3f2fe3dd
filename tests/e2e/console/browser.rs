//! The console in a real browser, driven by the scripts in `tests/console`: Debian's Chromium with Playwright, and axe.

use std::path::PathBuf;
use std::process::Command;

use reqwest::StatusCode;
use serde_json::json;

use harness::deployment::project;
use harness::fixtures::database::change;
use harness::fixtures::operator::{TOKEN, get, post};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{fresh_id, notification};
use harness::languages;

use super::HOSTILE;

async fn worker(origin: &Origin) -> Worker {
    let to = |name: &str, more: &str| {
        let url = origin.url(&format!("/{name}"));
        format!("url = \"{url}\"\n{more}")
    };
    // wrangler's own pipeline of assets, and its headers for them.
    Setup::default()
        .source("acme", "acme-secret-0123456789", "silent_after_hours = 24")
        .source(
            "emea",
            "emea-secret-0123456789",
            "admin_url = \"https://emea-admin.3scale.net\"",
        )
        .secret("SOURCE_EMEA_ACCESS_TOKEN", "a-token-that-is-not-used")
        .source("apac", "apac-secret-0123456789", "")
        .destination("crm", &to("crm", ""))
        .destination("billing", &to("billing", "schedule = [2, 3600]"))
        .destination(
            "search",
            &to("search", "events = [\"user.*\"]\nschedule = [1]"),
        )
        .secret(
            "CONSOLE_TOKEN",
            &format!("{TOKEN} ann:read:the-readers-own-token"),
        )
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .started()
        .await
}

/// The same, with its events over a day, the fewer the longer ago.
async fn with_a_past(mut worker: Worker) -> Worker {
    worker.kill9();
    let times = "WITH head (seq) AS (SELECT max(seq) FROM events) UPDATE events
        SET received_at = received_at - 33000 * (head.seq - events.seq) * (head.seq - events.seq) FROM head";
    // An id begins with its time.
    let ids = "UPDATE events SET id = unhex(printf('%012X', received_at) || substr(hex(id), 13))";
    change(&worker, &[times, ids]);
    worker.restarted().await
}

/// Runs a script; panics with what it says if it fails.
async fn run(script: &str, worker: &Worker, more: &[(&str, String)]) {
    let mut command: Command = languages::javascript();
    command
        .current_dir(project())
        .arg(format!("tests/console/{script}.mjs"))
        .env("URL", worker.url(""))
        .env("TOKEN", TOKEN)
        .env("PICTURES", pictures())
        .envs(more.iter().map(|(name, value)| (*name, value)));
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    assert!(
        output.status.success(),
        "{script}: {}{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        worker.log()
    );
}

fn pictures() -> PathBuf {
    project().join("target/screenshots")
}

#[tokio::test]
async fn each_page_is_open_to_all_and_is_drawn_light_and_dark_wide_and_narrow() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let failing = r#"{"error":"upstream timed out","code":"E_LEDGER","hint":"<b>try later</b>"}"#;
    origin.plan(
        "/billing",
        (0..60).map(|_| Reply::Body(503, failing.into())),
    );
    origin.plan("/search", [Reply::Status(500), Reply::Status(500)]);
    for _ in 0..3 {
        for kind in stand_in::kinds::Kind::ALL {
            worker
                .accept("acme", &notification(&kind.to_string()))
                .await;
        }
    }
    let account = 4217;
    worker
        .accept(
            "emea",
            &notification("account.created")
                .id(account)
                .updated_at("2026-11-20T09:00:00Z"),
        )
        .await;
    let application = |kind: &str| {
        notification(kind)
            .id(90_210)
            .application(move |app| app.user_account_id = account)
    };
    worker
        .accept(
            "emea",
            &application("application.created").updated_at("2026-11-20T09:01:00Z"),
        )
        .await;
    let event = worker
        .accept(
            "emea",
            &application("application.suspended")
                .updated_at("2026-11-21T12:30:00Z")
                .state("suspended")
                .extra_field("cost_centre", HOSTILE)
                .extra_field("client_secret", "hunter2hunter2"),
        )
        .await;
    let broken = "<event>\n  <action>created</action>\n  <type>user</typo>\n</event>";
    worker
        .request("POST", &worker.hook("acme"), "application/xml", broken)
        .await
        .problem(422, "malformed_xml");
    operate(&worker).await;
    // Its second may have to wait: by then the breaker may be open.
    worker.attempts(TOKEN, &event, "billing", 1).await;
    let worker = with_a_past(worker).await;
    let quarantined = get(&worker, "/quarantine").await;
    let replays = get(&worker, "/replays").await;
    let pages = json!([
        ["events", "/console/events"],
        ["events-filtered", "/console/events?account=4217&since=24h"],
        ["events-nothing", "/console/events?q=nothing-like-that"],
        ["event", format!("/console/events/{event}")],
        ["destinations", "/console/destinations"],
        ["quarantine", "/console/quarantine"],
        [
            "quarantined",
            format!(
                "/console/quarantine/{}",
                quarantined["bodies"][0]["id"].as_str().unwrap()
            )
        ],
        ["sources", "/console/sources"],
        ["replays", "/console/replays"],
        [
            "replay",
            format!(
                "/console/replays/{}",
                replays["replays"][0]["id"].as_str().unwrap()
            )
        ],
        ["replay-new", "/console/replays/new?state=waiting"],
        ["objects", "/console/objects"],
        ["object", "/console/objects/account/4217"],
        ["health", "/console/health"],
        ["audit", "/console/audit"],
    ]);
    run("pictures", &worker, &[("PAGES", pages.to_string())]).await;
}

/// What operators do, so that the audit list and the list of replays have something in them.
async fn operate(worker: &Worker) {
    for (path, body, status) in [
        ("/destinations/search/pause", json!({}), StatusCode::OK),
        (
            "/replays",
            json!({ "source": "acme", "type": "user", "destinations": ["crm"] }),
            StatusCode::ACCEPTED,
        ),
        (
            "/replays",
            json!({ "state": "waiting", "destination": "billing", "since": "7d" }),
            StatusCode::ACCEPTED,
        ),
    ] {
        post(worker, path, &body, status).await;
    }
}

/// The environment of scripts that send something themselves.
fn hook(worker: &Worker) -> (&'static str, String) {
    ("HOOK", worker.url(&worker.hook("acme")))
}

#[tokio::test]
async fn an_operators_day_by_keyboard_and_reading_without_scripts() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let once = [Reply::Body(503, b"try later".to_vec()), Reply::Status(204)];
    origin.plan("/billing", once.clone().into_iter().chain(once));
    run("flows", &worker, &[hook(&worker)]).await;
}

#[tokio::test]
async fn all_by_keyboard_from_signing_in_to_signing_out() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    run("keyboard", &worker, &[hook(&worker)]).await;
}

#[tokio::test]
async fn many_are_replayed_after_their_count_and_a_replay_is_cancelled() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    run("replays", &worker, &[hook(&worker)]).await;
    // Five at first, five again, and none of those that were cancelled.
    assert_eq!(origin.requests_at("/crm"), 10);
}

#[tokio::test]
async fn the_selected_are_sent_again_and_all_that_match_are_exported() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    run("selection", &worker, &[hook(&worker)]).await;
    assert_eq!(origin.requests_at("/crm"), 6, "two of four once more");
}

/// Three bodies are such that a later parser understands them: they are put into the rows of others while the Worker is
/// stopped.
#[tokio::test]
async fn what_cannot_be_read_is_looked_at_parsed_again_and_dropped() {
    let origin = Origin::start();
    let mut worker = worker(&origin).await;
    for number in 0..4 {
        let broken = format!("<event><a>{number}</a>");
        worker
            .request("POST", &worker.hook("acme"), "application/xml", broken)
            .await
            .problem(422, "malformed_xml");
    }
    worker.kill9();
    let repaired: Vec<_> = (0..3)
        .map(|number| {
            let user = notification("user.created").id(fresh_id()).xml();
            format!(
                "UPDATE quarantine SET body = CAST('{}' AS BLOB) \
                 WHERE CAST(body AS TEXT) = '<event><a>{number}</a>'",
                user.replace('\'', "''")
            )
        })
        .collect();
    assert_eq!(change(&worker, &repaired), 3);
    let worker = worker.restarted().await;
    run("quarantine", &worker, &[hook(&worker)]).await;
    assert_eq!(origin.requests_at("/crm"), 3);
}
