//! SIGKILL to the whole runtime after the 200, at the worst moments: nothing that was accepted is lost.

use std::time::Duration;

use harness::fixtures::notification;
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::signing_secret;

async fn worker_with(origin: &Origin, signing: &str) -> Worker {
    Setup::default()
        .source("acme", "acme-secret-0123456789", "")
        .origin_of("origin", &origin.url("/events"), signing, "")
        .destination("archive", "kv = \"EVENTS\"")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .started()
        .await
}

/// Pushes, kills once the origin has received the first attempt, starts again, and waits for the second.
async fn is_delivered_after_a_kill_during(first: Reply) {
    let (origin, signing) = (Origin::start(), signing_secret());
    let mut worker = worker_with(&origin, &signing).await;
    origin.plan("/events", [first]);
    let notification = notification("application.created");
    let id = worker.accept("acme", &notification).await;
    origin.delivery("/events", &id).await;

    worker.kill9();
    worker = tokio::task::spawn_blocking(move || {
        worker.restart();
        worker
    })
    .await
    .unwrap();

    let delivery = origin.nth_attempt("/events", &id, 2).await;
    assert!(delivery.is_signed_with(&signing));
    assert_eq!(
        delivery.json()["subject"],
        origin.attempts("/events", &id)[0].json()["subject"]
    );
    worker.stored(&id);
    // What was accepted before the kill is still known: 3scale's retry is a repeat.
    let retry = worker
        .push("acme", &notification.xml(), stand_in::wire::BodyFormat::Xml)
        .await;
    assert_eq!((retry.status.as_str(), retry.id), ("duplicate", id));
}

#[tokio::test]
async fn an_event_is_delivered_after_a_kill_while_its_origin_was_down() {
    is_delivered_after_a_kill_during(Reply::Status(500)).await;
}

#[tokio::test]
async fn an_event_is_delivered_after_a_kill_in_the_middle_of_an_attempt() {
    is_delivered_after_a_kill_during(Reply::Hang).await;
}

#[tokio::test]
async fn a_kill_right_after_the_200_loses_none_of_twenty_events() {
    let (origin, signing) = (Origin::start(), signing_secret());
    let mut worker = worker_with(&origin, &signing).await;
    let mut ids = vec![];
    for _ in 0..20 {
        ids.push(worker.accept("acme", &notification("user.created")).await);
    }
    worker.kill9();
    let worker = tokio::task::spawn_blocking(move || {
        worker.restart();
        worker
    })
    .await
    .unwrap();
    for id in &ids {
        origin.delivery("/events", id).await;
    }
    worker.stored(&ids[19]);
}

/// The guard on which the harness relies: no process of wrangler outlives the one that started it.
#[tokio::test]
async fn after_a_kill_nothing_listens_on_the_port() {
    let origin = Origin::start();
    let mut worker = worker_with(&origin, &signing_secret()).await;
    let port = worker.port();
    worker.kill9();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    while tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .is_ok()
    {
        assert!(
            tokio::time::Instant::now() < deadline,
            "workerd is still there"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
