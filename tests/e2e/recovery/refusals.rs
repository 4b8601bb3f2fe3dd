//! Errors of 3scale's admin API, and secrets that must not leak.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::stream::{self, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{SECRET, TOKEN, World, one, run, setup};
use harness::fixtures::notification;
use harness::fixtures::tenant::{ACCESS_TOKEN, Admin, cut_off, fault};
use harness::fixtures::worker::Setup;

const XML: &[(&str, &str)] = &[("content-type", "application/xml; charset=utf-8")];
const HTML: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];

#[tokio::test]
async fn the_token_and_the_secret_are_in_no_url_and_no_log() {
    let world = World::start().await;
    world.gave_up(&notification("user.created"), 120);
    world.run().await;
    world.empties().await;
    let calls = [world.admin.calls("GET"), world.admin.calls("DELETE")].concat();
    assert!(calls.len() >= 3);
    for call in &calls {
        assert!(call.carries(ACCESS_TOKEN), "{call:?}");
        assert!(!call.uri.contains(ACCESS_TOKEN), "{call:?}");
    }
    let log = world.worker.log();
    assert!(log.contains(r#""event":"recovery""#), "{log}");
    for secret in [ACCESS_TOKEN, SECRET] {
        assert!(!log.contains(secret), "{log}");
    }
    let shown = one(&world.worker, Method::GET).await.to_string();
    assert!(
        !shown.contains(SECRET) && !shown.contains(ACCESS_TOKEN),
        "{shown}"
    );
}

#[tokio::test]
async fn each_refusal_has_a_state_and_deletes_nothing() {
    let world = World::start().await;
    world.gave_up(&notification("user.created"), 120);
    let list = world.admin.list();
    let sample = |name: &str| {
        let path = format!(
            "{}/crates/threescale/tests/samples/{name}",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read_to_string(path).unwrap()
    };
    let half = list.replace("</webhooks-failures>", "<webhooks-failure><id>x</id>");
    let to_login: &[_] = &[("location", "https://sso.example.com/login?s=s3cret-session")];
    let wait: &[_] = &[("retry-after", "7200")];
    let table = [
        (
            "access_denied",
            fault(403, XML, sample("error_access_denied_403.xml")),
        ),
        (
            "scope_missing",
            fault(403, XML, sample("error_token_scope_403.xml")),
        ),
        ("not_allowed", fault(403, &[], "")),
        (
            "refused",
            fault(403, HTML, "<html>Attention required</html>"),
        ),
        ("refused", fault(404, HTML, "<html>Not found</html>")),
        ("redirected", fault(302, to_login, "")),
        ("redirected", fault(307, to_login, "")),
        ("rate_limited", fault(429, wait, "")),
        ("unavailable", fault(500, HTML, "<html>oops</html>")),
        ("unavailable", fault(503, wait, "")),
        (
            "not_a_list",
            fault(200, HTML, "<!DOCTYPE html><html>Sign in</html>"),
        ),
        (
            "not_a_list",
            fault(200, XML, "<!DOCTYPE html><html>Sign in</html>"),
        ),
        (
            "not_a_list",
            fault(200, XML, "<error>Access denied</error>"),
        ),
        ("not_a_list", fault(200, &[], "")),
        ("broken_list", fault(200, XML, "")),
        ("broken_list", fault(200, XML, half)),
        ("network", cut_off(list)),
    ];
    for (number, (state, fault)) in (1_u32..).zip(table) {
        world.admin.answers(fault);
        let run = world.run().await;
        assert_eq!(run["state"], state, "{number}: {run}");
        assert!(
            run["detail"]
                .as_str()
                .is_some_and(|detail| detail.len() > 10),
            "{run}"
        );
        assert_eq!(run["deleted_up_to"], Value::Null, "{run}");
        assert_eq!(run["failures_in_a_row"], number, "{run}");
        assert!(run["next_at"].is_string() && run["more"] == false, "{run}");
    }
    assert_eq!(world.admin.calls("DELETE").len(), 0);
    // The entries before the break were ingested, and only once.
    world.origin.requests("/crm", 1).await;
    assert!(!world.worker.log().contains("s3cret-session"));

    world.admin.recovers();
    let run = world.run().await;
    assert_eq!(
        (&run["state"], &run["failures_in_a_row"], &run["next_at"]),
        (&json!("ok"), &json!(0), &Value::Null)
    );
    assert_eq!(world.admin.listed(), 0);
    assert_eq!(world.delivered(), 1);
}

#[tokio::test]
async fn a_delete_that_fails_is_a_failure_and_duplicates_nothing() {
    let world = World::start().await;
    world.gave_up(&notification("user.created"), 120);
    world.gave_up(&notification("user.created"), 110);
    let list = world.admin.list();
    world.admin.answers(fault(200, XML, list));
    let run = world.run().await;
    assert_eq!((&run["state"], &run["taken_in"]), (&json!("ok"), &json!(2)));
    assert_eq!(world.admin.listed(), 2, "the DELETE went to the fault");
    world.admin.recovers();
    world.empties().await;
    world.origin.requests("/crm", 2).await;
    assert_eq!(world.delivered(), 2);
}

#[tokio::test]
async fn tokens_without_the_scope_and_of_a_member_are_distinguished() {
    for (token, state) in [
        ("unknown-token", "access_denied"),
        ("narrow-token", "scope_missing"),
        ("member-token", "not_allowed"),
    ] {
        let admin = Admin::start();
        let worker = setup(&admin, token).started().await;
        let run = run(&worker).await;
        assert_eq!(run["state"], state, "{run}");
    }
}

#[tokio::test]
async fn silence_for_half_a_minute_is_a_timeout_and_a_second_run_does_not_wait() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = Admin::start();
    let worker = Setup::bare()
        .source(
            "acme",
            SECRET,
            &format!("admin_url = \"http://{}\"", silent.local_addr().unwrap()),
        )
        .secret("SOURCE_ACME_ACCESS_TOKEN", ACCESS_TOKEN)
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .destination(
            "other",
            "url = \"http://127.0.0.1:9\"\nevents = [\"invoice.*\"]",
        )
        .started()
        .await;
    drop(admin);
    let second = async {
        sleep(Duration::from_secs(1)).await;
        run(&worker).await
    };
    let (first, second) = tokio::join!(run(&worker), second);
    assert_eq!(second["state"], "running", "{second}");
    assert_eq!(first["state"], "timeout", "{first}");
    drop(silent);
    assert_eq!(run(&worker).await["state"], "network");
}

/// An entry without an end: a step reads so much and no more.
#[tokio::test]
async fn a_list_without_an_end_is_read_up_to_a_limit() {
    let world = World::start().await;
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = sent.clone();
    world.admin.answers(Arc::new(move || {
        let counter = counter.clone();
        let piece = Bytes::from(vec![b'x'; 1 << 16]);
        let start = Bytes::from_static(b"<webhooks-failures><webhooks-failure><id>");
        let endless = stream::repeat_with(move || {
            counter.fetch_add(1 << 16, Ordering::Relaxed);
            Ok::<_, std::io::Error>(piece.clone())
        });
        let body = stream::once(async { Ok(start) }).chain(endless);
        Response::builder()
            .header("content-type", "application/xml")
            .body(Body::from_stream(body))
            .unwrap()
    }));
    // What was read of the entry is in the quarantine after the first step. From then on nothing moves.
    let mut steps = 0;
    while world.run().await["state"] != "stuck" {
        steps += 1;
        assert!(steps < 20, "{}", world.worker.log());
        sleep(Duration::from_millis(200)).await;
    }
    let asked = world.admin.calls("GET").len();
    // Some more is on its way when a step stops.
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent < asked * (128 << 20), "{asked} steps, {sent} bytes");
    assert_eq!(world.admin.calls("DELETE").len(), 0);
}
