//! The origin is down, slow or strange, and comes back: each event arrives, under the same id.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::shared::shared;
use harness::fixtures::notification;
use harness::fixtures::origin::{Origin, Reply};

/// Sends one event whose first attempt meets `reply`, and waits for the second.
async fn is_tried_again_after(outage: &str, reply: Reply, wait: Duration) {
    let shared = shared().await;
    let path = format!("/{outage}");
    shared.origin.plan(&path, [reply]);
    let begin = Instant::now();
    let id = shared
        .worker
        .accept(outage, &notification("user.created"))
        .await;
    let second = shared.origin.nth_attempt(&path, &id, 2).await;
    assert!(
        begin.elapsed() >= wait,
        "{outage}: after {:?}",
        begin.elapsed()
    );

    let attempts = shared.origin.attempts(&path, &id);
    let numbers: Vec<_> = attempts
        .iter()
        .map(|attempt| attempt.header("webhook-attempt"))
        .collect();
    assert_eq!(numbers, ["1", "2"], "{outage}");
    assert_eq!(attempts[0].body, attempts[1].body, "{outage}");
    assert!(
        second.is_signed_with(&shared.signing),
        "{outage}: each attempt has its own signature"
    );
    let timestamp = |nth: usize| {
        attempts[nth]
            .header("webhook-timestamp")
            .parse::<u64>()
            .unwrap()
    };
    assert!(timestamp(1) > timestamp(0), "{outage}");
}

/// Side by side, since each waits for the schedule's 5 seconds.
#[tokio::test]
async fn whatever_an_event_meets_at_its_origin_the_next_attempt_delivers_it() {
    let wait = Duration::from_secs(5);
    let elsewhere = vec![("location", shared().await.origin.url("/elsewhere"))];
    tokio::join!(
        is_tried_again_after("status-500", Reply::Status(500), wait),
        is_tried_again_after("status-404", Reply::Status(404), wait),
        is_tried_again_after("reset", Reply::Reset, wait),
        is_tried_again_after("redirect-302", Reply::Headers(302, elsewhere.clone()), wait),
        is_tried_again_after("redirect-307", Reply::Headers(307, elsewhere), wait),
    );
    assert_eq!(
        shared().await.origin.requests_at("/elsewhere"),
        0,
        "a redirect was followed"
    );
}

#[tokio::test]
async fn a_retry_waits_as_long_as_the_origin_asks() {
    let reply = Reply::Headers(503, vec![("retry-after", "8".to_owned())]);
    is_tried_again_after("asks-to-wait", reply, Duration::from_secs(8)).await;
}

#[tokio::test]
async fn a_hanging_origin_is_cut_off_tried_again_and_delays_nobody_else() {
    let shared = shared().await;
    shared.origin.plan("/slow", [Reply::Hang]);
    let begin = Instant::now();
    let id = shared
        .worker
        .accept("slow", &notification("user.created"))
        .await;
    shared.origin.delivery("/beside-slow", &id).await;
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "the other destination after {:?}",
        begin.elapsed()
    );
    let second = shared.origin.nth_attempt("/slow", &id, 2).await;
    assert_eq!(second.header("webhook-attempt"), "2");
}

#[tokio::test]
async fn an_origin_that_refused_connections_gets_the_event_once_it_listens() {
    let shared = shared().await;
    let id = shared
        .worker
        .accept("refused", &notification("application.created"))
        .await;
    let origin = Origin::start_at(SocketAddr::from(([127, 0, 0, 1], shared.refused_port)));
    let delivery = origin.delivery("/refused", &id).await;
    assert!(delivery.is_signed_with(&shared.signing));
    assert_eq!(origin.attempts("/refused", &id).len(), 1);
}
