//! What has waited goes out in one stream: one alarm begins 45 attempts, and the next one takes over at once.

use std::time::Duration;

use harness::fixtures::notification;
use harness::fixtures::operator::{TOKEN, call};
use harness::fixtures::origin::Origin;
use harness::fixtures::worker::{Setup, Worker};

/// Four alarms' worth.
const EVENTS: usize = 180;

async fn tell(worker: &Worker, what: &str) {
    let path = format!("/destinations/crm/{what}");
    let answer = call(worker, reqwest::Method::POST, &path, "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn between_two_runs_of_a_backlog_there_is_no_pause() {
    let origin = Origin::start();
    let worker = Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .secret("CONSOLE_TOKEN", TOKEN)
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
        .started()
        .await;
    tell(&worker, "pause").await;
    for _ in 0..EVENTS {
        worker.accept("acme", &notification("user.created")).await;
    }
    tell(&worker, "resume").await;
    origin.requests("/crm", EVENTS).await;
    let mut at: Vec<_> = origin.received("/crm").iter().map(|one| one.at).collect();
    at.sort_unstable();
    let gaps = at.windows(2).map(|pair| pair[1] - pair[0]);
    // One may be a busy machine's.
    let pauses = gaps.filter(|gap| *gap >= Duration::from_millis(900));
    assert!(pauses.count() < 2, "{at:?}");
}
