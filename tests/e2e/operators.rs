//! The API for operators: the history of an event, pause, resume, replay.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use harness::fixtures::answer::Answer;
use harness::fixtures::operator::{TOKEN, sent};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, notification};

fn setup(origin: &Origin) -> Setup {
    let signing = "whsec_b3BlcmF0b3JzLXRlc3Qtc2lnbmluZy1rZXk=";
    Setup::default()
        .source("acme", "acme-secret-of-operators", "")
        .source("other", "other-secret-of-operators", "")
        .origin_of("crm", &origin.url("/crm"), signing, "sources = [\"acme\"]")
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
}

async fn call(worker: &Worker, method: Method, path: &str, token: &str) -> Answer {
    let request = reqwest::Client::new()
        .request(method, worker.url(path))
        .bearer_auth(token);
    sent(request).await
}

async fn get(worker: &Worker, path: &str) -> Value {
    let answer = call(worker, Method::GET, path, TOKEN).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

async fn post(worker: &Worker, path: &str) -> Value {
    let answer = call(worker, Method::POST, path, TOKEN).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

/// The state of the destination `crm` for the source `acme`.
async fn crm(worker: &Worker) -> Value {
    let all = get(worker, "/api/v1/destinations").await;
    let of_acme = all["sources"].as_array().unwrap();
    let acme = of_acme.iter().find(|one| one["source"] == "acme").unwrap();
    let destinations = acme["destinations"].as_array().unwrap();
    destinations
        .iter()
        .find(|one| one["name"] == "crm")
        .unwrap()
        .clone()
}

#[tokio::test]
async fn an_operator_sees_the_attempts_of_an_event_and_replays_it() {
    let origin = Origin::start();
    let worker = setup(&origin).started().await;
    let id = worker.accept("acme", &notification("user.created")).await;
    let first = origin.delivery("/crm", &id).await;

    let seen = get(&worker, &format!("/api/v1/events/{id}")).await;
    assert_eq!(seen["event"], first.json());
    assert_eq!(seen["deliveries"][0]["destination"], "crm");

    let replayed = post(&worker, &format!("/api/v1/events/{id}/replay")).await;
    assert_eq!(replayed, serde_json::json!({ "id": id, "deliveries": 1 }));
    let again = origin.nth_attempt("/crm", &id, 2).await;
    assert_eq!(again.body, first.body, "the same event under the same id");
    assert_eq!(
        again.header("webhook-attempt"),
        "1",
        "its attempts start over"
    );
    let seen = get(&worker, &format!("/api/v1/events/{id}")).await;
    let attempts = seen["deliveries"][0]["attempts"].as_array().unwrap();
    assert!(!attempts.is_empty());
}

#[tokio::test]
async fn a_destination_that_says_gone_twice_waits_until_it_is_resumed() {
    let origin = Origin::start();
    let worker = setup(&origin).started().await;
    origin.plan("/crm", [Reply::Status(410), Reply::Status(410)]);
    let first = worker.accept("acme", &notification("user.created")).await;
    origin.nth_attempt("/crm", &first, 1).await;
    assert_ne!(crm(&worker).await["state"], "paused", "after one");
    let second = worker.accept("acme", &notification("user.updated")).await;
    let paused = async {
        while crm(&worker).await["state"] != "paused" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, paused).await.unwrap();

    let paused = crm(&worker).await;
    assert_eq!(
        (&paused["state"], &paused["waiting"], &paused["dead"]),
        (&"paused".into(), &2.into(), &0.into())
    );
    assert!(
        paused["oldest_waiting_at"].is_string(),
        "one sees for how long"
    );
    assert_eq!(origin.requests_at("/crm"), 2, "nothing more was sent");

    post(&worker, "/api/v1/destinations/crm/resume").await;
    for id in [first, second] {
        let again = origin.nth_attempt("/crm", &id, 2).await;
        assert_eq!(
            again.header("webhook-attempt"),
            "1",
            "410 uses up no attempt"
        );
    }
}

/// With a schedule of one wait there are two attempts.
#[tokio::test]
async fn a_410_uses_up_no_attempt_of_a_delivery_that_fails_otherwise_then() {
    let origin = Origin::start();
    let url = origin.url("/crm");
    let worker = Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .destination("crm", &format!("url = \"{url}\"\nschedule = [1]"))
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", "100")
        .started()
        .await;
    origin.plan("/crm", [410, 500].map(Reply::Status));
    let id = worker.accept("acme", &notification("user.created")).await;
    let attempts = worker.attempts(TOKEN, &id, "crm", 3).await;
    let statuses: Vec<_> = attempts.iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [410, 500, 204]);
    let numbers: Vec<_> = origin
        .attempts("/crm", &id)
        .iter()
        .map(|one| one.header("webhook-attempt").to_owned())
        .collect();
    assert_eq!(numbers, ["1", "1", "2"]);
}

/// A first-try success has no row of its own: it is in its destination's row, then in a batch of 64.
#[tokio::test]
async fn the_attempt_of_a_first_try_success_is_shown_after_200_more_and_a_restart() {
    let origin = Origin::start();
    let mut worker = setup(&origin).started().await;
    origin.plan("/crm", [Reply::Body(200, b"thank you".to_vec())]);
    let first = worker.accept("acme", &notification("user.created")).await;
    let attempts = worker.attempts(TOKEN, &first, "crm", 1).await;
    let look = |attempt: &Value| {
        ["number", "outcome", "status", "at", "ms", "answer"].map(|name| attempt[name].clone())
    };
    assert_eq!(attempts.len(), 1);
    let seen = look(&attempts[0]);
    println!("{}", attempts[0]);
    assert_eq!(seen[2], 200);
    assert!(attempts[0].to_string().contains("thank you"));

    let mut last = first.clone();
    for _ in 0..200 {
        last = worker.accept("acme", &notification("user.created")).await;
    }
    let delivered = async {
        while crm(&worker).await["delivered"] != 201 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, delivered).await.unwrap();
    assert_eq!(
        look(&worker.attempts(TOKEN, &first, "crm", 1).await[0]),
        seen
    );
    worker.kill9();
    let worker = worker.restarted().await;
    let again = worker.attempts(TOKEN, &first, "crm", 1).await;
    assert_eq!((again.len(), look(&again[0])), (1, seen));
    let newest = worker.attempts(TOKEN, &last, "crm", 1).await;
    assert_eq!((newest.len(), &newest[0]["status"]), (1, &204.into()));
}

#[tokio::test]
async fn a_paused_destination_gets_its_events_when_resumed() {
    let origin = Origin::start();
    let worker = setup(&origin).started().await;
    post(&worker, "/api/v1/destinations/crm/pause").await;
    let id = worker.accept("acme", &notification("user.created")).await;
    assert_eq!(crm(&worker).await["waiting"], 1);
    assert_eq!(origin.requests_at("/crm"), 0);
    post(&worker, "/api/v1/destinations/crm/resume").await;
    origin.delivery("/crm", &id).await;
}

#[tokio::test]
async fn the_api_requires_the_token_and_the_right_method() {
    let origin = Origin::start();
    let worker = setup(&origin).started().await;
    for token in ["", "wrong", "an-operators-toke"] {
        let answer = call(&worker, Method::GET, "/api/v1/destinations", token).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert_eq!(answer.json()["code"], "unauthorized");
    }
    let answer = call(&worker, Method::DELETE, "/api/v1/destinations", TOKEN).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "GET");
    for path in [
        "/api/v1/nothing",
        "/api/v1/events/no-such-id",
        "/api/v1/events/",
    ] {
        let answer = call(&worker, Method::GET, path, TOKEN).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn without_a_token_there_is_no_api() {
    let worker = Setup::default()
        .source("acme", "acme-secret-of-operators", "")
        .started()
        .await;
    let answer = call(&worker, Method::GET, "/api/v1/destinations", "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_cron_removes_delivered_events_and_keeps_the_others() {
    let origin = Origin::start();
    let worker = setup(&origin)
        .destination(
            "down",
            "url = \"http://127.0.0.1:9/\"\nevents = [\"account.*\"]",
        )
        .var("RETENTION_DAYS", "0")
        .var("DEDUP_WINDOW_SECONDS", "1")
        .started()
        .await;
    let delivered = worker.accept("acme", &notification("user.created")).await;
    let waiting = worker
        .accept("acme", &notification("account.created"))
        .await;
    origin.delivery("/crm", &delivered).await;
    origin.delivery("/crm", &waiting).await;

    let forgotten = async {
        loop {
            worker.get("/cdn-cgi/handler/scheduled").await;
            let path = format!("/api/v1/events/{delivered}");
            let answer = call(&worker, Method::GET, &path, TOKEN).await;
            if answer.status == StatusCode::NOT_FOUND {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(PATIENCE, forgotten).await.unwrap();
    let kept = get(&worker, &format!("/api/v1/events/{waiting}")).await;
    assert_eq!(kept["deliveries"].as_array().unwrap().len(), 2);
}
