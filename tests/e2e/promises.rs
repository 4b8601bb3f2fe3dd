//! Failures of other webhook gateways, one test for each: an event that is lost after its dedup mark, a failing
//! destination that keeps an event from the others, one destination's `Retry-After` applied to all.
//!
//! Two more are elsewhere: [`crate::duplicates`] has equal requests at the same time, [`crate::storage`] a failure to
//! record an outcome.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use harness::fixtures::notification;
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use stand_in::notifications::Notification;
use stand_in::target::Target;
use stand_in::wire::{self, BodyFormat};

const SECRET: &str = "acme-secret-0123456789";

fn setup() -> Setup {
    Setup::bare()
        .source("acme", SECRET, "")
        .secret("ALLOW_LOCAL_TARGETS", "true")
}

fn to(origin: &Origin, name: &str) -> String {
    format!("url = \"{}\"", origin.url(&format!("/{name}")))
}

/// The runtime is killed while notifications arrive. Those without a response are sent again, as 3scale does: whether
/// the first try was committed or not, the event arrives, and it is one event.
#[tokio::test]
async fn a_failure_after_the_dedup_mark_does_not_lose_the_event() {
    let origin = Origin::start();
    let mut worker = setup()
        .destination("crm", &to(&origin, "crm"))
        .started()
        .await;
    for round in 0..4 {
        let hook: Target = worker.url(&worker.hook("acme")).parse().unwrap();
        let sending: Vec<_> = (0..25)
            .map(|_| {
                let (hook, notification) = (hook.clone(), notification("user.created"));
                tokio::spawn(async move {
                    let limit = Duration::from_secs(5);
                    let xml = notification.xml();
                    let first = wire::push(&hook, &xml, BodyFormat::Xml, limit).await;
                    (notification, first.is_ok_and(|answer| answer.is_success()))
                })
            })
            .collect();
        // At another moment in each round: some requests have been answered, some have not.
        sleep(Duration::from_millis(5 + 10 * round)).await;
        worker.kill9();
        worker = worker.restarted().await;
        for sent in sending {
            let (notification, answered) = sent.await.unwrap();
            let again = worker
                .push("acme", &notification.xml(), BodyFormat::Xml)
                .await;
            assert!(!answered || again.status == "duplicate", "{again:?}");
            let delivery = origin.delivery("/crm", &again.id).await;
            let subject = &delivery.json()["subject"];
            let ids = ids_about(&origin, subject.as_str().unwrap());
            assert_eq!(ids, [again.id.as_str()], "one event, with one id");
        }
    }
}

fn ids_about(origin: &Origin, subject: &str) -> Vec<String> {
    let about =
        |request: &&harness::fixtures::origin::Request| request.json()["subject"] == subject;
    let received = origin.received("/crm");
    let mut ids: Vec<_> = received
        .iter()
        .filter(about)
        .map(|request| request.header("webhook-id").to_owned())
        .collect();
    ids.dedup();
    ids
}

#[tokio::test]
async fn a_failing_destination_keeps_the_event_from_no_other_and_makes_no_new_ids() {
    let origin = Origin::start();
    let worker = setup()
        .var("TIME_FACTOR", "100")
        .destination("first", &to(&origin, "first"))
        .destination("second", &to(&origin, "second"))
        .destination("third", &to(&origin, "third"))
        .started()
        .await;
    origin.plan("/second", [Reply::Status(500), Reply::Reset]);
    let id = worker.accept("acme", &notification("user.created")).await;
    for path in ["/first", "/third"] {
        origin.delivery(path, &id).await;
    }
    let third_try = origin.nth_attempt("/second", &id, 3).await;
    assert_eq!(third_try.header("webhook-attempt"), "3");
    // No other destination got it again, or under another id.
    for path in ["/first", "/second", "/third"] {
        let received = origin.received(path);
        assert_eq!(received.len(), if path == "/second" { 3 } else { 1 });
        let same =
            |request: &harness::fixtures::origin::Request| request.header("webhook-id") == id;
        assert!(received.iter().all(same), "{path}");
    }
}

#[tokio::test]
async fn a_retry_after_of_one_destination_delays_no_other() {
    let origin = Origin::start();
    let worker = setup()
        .destination("patient", &to(&origin, "patient"))
        .destination("prompt", &to(&origin, "prompt"))
        .started()
        .await;
    let week = vec![("retry-after", "604800".to_owned())];
    origin.plan("/patient", [Reply::Headers(429, week)]);
    // The other one fails, too: its own second attempt comes by the schedule, after five seconds.
    origin.plan("/prompt", [Reply::Status(500)]);
    let (begin, event) = (Instant::now(), notification("user.created"));
    let id = worker.accept("acme", &event).await;
    origin.nth_attempt("/prompt", &id, 2).await;
    assert!(
        begin.elapsed() < Duration::from_secs(9),
        "{:?}",
        begin.elapsed()
    );
    let later = accept_new(&worker).await;
    origin.delivery("/prompt", &later).await;
    // Its own next event is another delivery, for which no wait was requested.
    origin.delivery("/patient", &later).await;
    assert_eq!(origin.attempts("/patient", &id).len(), 1);
}

async fn accept_new(worker: &Worker) -> String {
    let event: Notification = notification("user.updated");
    worker.accept("acme", &event).await
}
