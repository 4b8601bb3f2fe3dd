//! A destination's response is recorded with the attempt: its beginning, without our secrets, and never at the cost of
//! the delivery.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use harness::fixtures::notification;
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::raw;
use harness::fixtures::worker::{Setup, Worker};

const SOURCE_SECRET: &str = "acme-secret-0123456789";
const TOKEN: &str = "an-operators-token-for-answers";
const SIGNING: &str = "whsec_YW5zd2Vycy1zaWduaW5nLWtleQ==";
const AUTHORIZATION: &str = "Bearer d0wnstream/authorization";

fn setup(url: &str) -> Setup {
    Setup::bare()
        .source("acme", SOURCE_SECRET, "")
        .origin_of("crm", url, SIGNING, "")
        .secret("DESTINATION_CRM_AUTHORIZATION", AUTHORIZATION)
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
}

/// The first attempt of a new event.
async fn attempt(worker: &Worker) -> Value {
    let id = worker.accept("acme", &notification("user.created")).await;
    worker.attempts(TOKEN, &id, "crm", 1).await[0].clone()
}

#[tokio::test]
async fn the_first_4_kib_of_each_answer_are_recorded() {
    let origin = Origin::start();
    let worker = setup(&origin.url("/crm")).started().await;
    let long = "é".repeat(100_000);
    for (status, body, recorded) in [
        (200, b"taken".to_vec(), Value::from("taken")),
        (
            500,
            b"{\"why\": \"no room\"}".to_vec(),
            "{\"why\": \"no room\"}".into(),
        ),
        (202, vec![], Value::Null),
        (200, b"\xff and \0".to_vec(), "\u{fffd} and \0".into()),
        (400, long.into_bytes(), "é".repeat(2048).into()),
    ] {
        origin.plan("/crm", [Reply::Body(status, body)]);
        let attempt = attempt(&worker).await;
        assert_eq!(attempt["status"], status);
        assert_eq!(attempt["answer"], recorded);
    }
}

/// The runtime cannot decompress it, which is no failure of the delivery.
#[tokio::test]
async fn an_empty_answer_that_claims_to_be_compressed_is_an_answer() {
    let origin = Origin::start();
    let worker = setup(&origin.url("/crm")).started().await;
    for encoding in ["gzip", "br"] {
        let headers = vec![("content-encoding", encoding.to_owned())];
        origin.plan("/crm", [Reply::Headers(200, headers)]);
        let attempt = attempt(&worker).await;
        assert_eq!(
            (&attempt["outcome"], &attempt["status"]),
            (&"delivered".into(), &200.into())
        );
    }
}

#[tokio::test]
async fn an_answer_that_echoes_our_secrets_is_recorded_without_them() {
    let origin = Origin::start();
    let worker = setup(&origin.url("/crm")).started().await;
    let bare = SIGNING.trim_start_matches("whsec_");
    let credentials = AUTHORIZATION.trim_start_matches("Bearer ");
    let in_json = credentials.replace('/', "\\/");
    let secrets = [
        SOURCE_SECRET,
        TOKEN,
        SIGNING,
        bare,
        AUTHORIZATION,
        credentials,
        &in_json,
    ];
    origin.plan("/crm", [Reply::Body(500, secrets.join("\n").into())]);
    let echo = attempt(&worker).await;
    assert_eq!(echo["answer"], ["[secret]"; 7].join("\n"));
    // A secret that begins inside the recorded part and ends outside it.
    let across = format!("{}{AUTHORIZATION}", "x".repeat(4090));
    origin.plan("/crm", [Reply::Body(400, across.into())]);
    let echo = attempt(&worker).await;
    assert_eq!(echo["answer"], format!("{}[secret]", "x".repeat(4090)));
    for secret in secrets {
        assert_eq!(
            worker.stored_in(secret.as_bytes()),
            None,
            "{secret} is stored"
        );
        assert!(!worker.log().contains(secret), "{secret} is in the log");
    }
    assert!(
        worker.stored_in(b"xxxx[secret]").is_some(),
        "this looks at the wrong files"
    );
    assert!(!worker.log().contains("xxxx"), "answers are not logged");
}

#[tokio::test]
async fn a_body_that_breaks_off_or_does_not_end_leaves_the_delivery_as_it_is() {
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun";
    for linger in [Duration::ZERO, Duration::from_hours(1)] {
        let address = raw::answering(announced, linger);
        let worker = setup(&format!("http://{address}/")).started().await;
        let began = Instant::now();
        let attempt = attempt(&worker).await;
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
        assert_eq!(attempt["outcome"], "delivered", "{attempt}");
        assert_eq!(attempt["answer"], "begun", "{attempt}");
        assert!(attempt["ms"].as_i64().unwrap() < 1500, "{attempt}");
    }
}

#[tokio::test]
async fn of_a_delivery_the_newest_50_attempts_are_kept() {
    let origin = Origin::start();
    let waits = vec!["1"; 55].join(", ");
    let worker = setup(&origin.url("/crm"))
        .destination(
            "crm",
            &format!("url = \"{}\"\nschedule = [{waits}]", origin.url("/crm")),
        )
        .var("TIME_FACTOR", "1000000")
        .started()
        .await;
    let answers = (1..=56).map(|nth: u8| Reply::Body(500, format!("answer {nth}").into()));
    origin.plan("/crm", answers);
    let id = worker.accept("acme", &notification("user.created")).await;
    origin.nth_attempt("/crm", &id, 56).await;
    let recorded = async {
        loop {
            let attempts = worker.attempts(TOKEN, &id, "crm", 50).await;
            assert_eq!(attempts.len(), 50);
            if attempts[49]["answer"] == "answer 56" {
                return attempts;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let attempts = tokio::time::timeout(harness::fixtures::PATIENCE, recorded)
        .await
        .unwrap();
    assert_eq!(attempts[0]["answer"], "answer 7");
}
