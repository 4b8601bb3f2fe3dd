//! What somebody without a secret can send, and what they learn.

use harness::fixtures::PATIENCE;
use harness::fixtures::answer::Answer;
use harness::fixtures::notification;
use harness::fixtures::operator::TOKEN;
use harness::fixtures::raw;
use harness::fixtures::worker::{Setup, Worker};
use serde_json::{Value, json};

const SECRET: &str = "acme-secret-of-strangers";

/// Two secrets and several shards, one of them guessable: as much as there is to find out.
async fn start() -> Worker {
    Setup::bare()
        .source(
            "acme",
            &format!("{SECRET} old-secret-of-strangers"),
            "shards = 4",
        )
        .source("weak", "1234567", "")
        .secret("CONSOLE_TOKEN", TOKEN)
        .started()
        .await
}

/// A request as it would arrive from elsewhere, with these header lines.
async fn from_elsewhere(worker: &Worker, method: &str, path: &str, headers: &str) -> String {
    let request = format!("{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    raw::exchange(worker.port(), request.as_bytes(), false).await
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

async fn with_token(worker: &Worker, path: &str, token: &str) -> Answer {
    let request = reqwest::Client::new()
        .get(worker.url(path))
        .bearer_auth(token);
    Answer::of(request.send().await.unwrap()).await
}

/// The lines of the log of this kind, once there are this many: a line may come after the answer.
async fn lines(worker: &Worker, event: &str, count: usize) -> Vec<Value> {
    let looking = async {
        loop {
            let log = worker.log();
            let lines = log
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let lines: Vec<_> = lines.filter(|line| line["event"] == event).collect();
            if lines.len() >= count {
                return lines;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let lines = tokio::time::timeout(PATIENCE, looking).await;
    lines.unwrap_or_else(|_| panic!("no {count} lines: {}", worker.log()))
}

#[tokio::test]
async fn healthz_tells_strangers_a_word_and_operators_the_details() {
    let worker = start().await;
    let host = "Host: edge.example.com\r\n";
    let answer = from_elsewhere(&worker, "GET", "/healthz", host).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert_eq!(body(&answer), json!({ "status": "misconfigured" }));

    let authorized = format!("{host}Authorization: Bearer {TOKEN}\r\n");
    let answer = from_elsewhere(&worker, "GET", "/healthz", &authorized).await;
    let details = body(&answer);
    assert_eq!(details["mistakes"][0]["item"], "SOURCE_WEAK_SECRET");
    assert_eq!(details["rotations"][0]["source"], "acme");

    let wrong = format!("{host}Authorization: Bearer wrong\r\n");
    let answer = from_elsewhere(&worker, "GET", "/healthz", &wrong).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[tokio::test]
async fn whoever_guesses_tokens_is_not_listened_to_for_a_while() {
    let worker = start().await;
    let destinations = "/api/v1/destinations";
    assert_eq!(with_token(&worker, destinations, TOKEN).await.status, 200);
    for number in 0..5 {
        let path = if number % 2 == 0 {
            destinations
        } else {
            "/healthz"
        };
        let answer = with_token(&worker, path, &format!("guess-{number}")).await;
        answer.problem(401, "unauthorized");
    }
    for (path, token) in [
        (destinations, "another-guess"),
        (destinations, TOKEN),
        ("/healthz", TOKEN),
    ] {
        let answer = with_token(&worker, path, token).await;
        answer.problem(429, "too_many_guesses");
        assert_eq!(answer.header("retry-after"), "60");
    }
    // Notifications, and whoever presents nothing, are none of this.
    worker.accept("acme", &notification("user.created")).await;
    assert_eq!(worker.get("/healthz").await.status, 503);
}

#[tokio::test]
async fn a_host_that_makes_no_url_gets_400_and_a_line_in_the_log() {
    let worker = start().await;
    let hosts = [
        "Host: a.example\r\nHost: b.example\r\n",
        "Host: a b\r\n",
        "Host: [::1\r\n",
        "Host: a.example:99999\r\n",
    ];
    for host in hosts {
        for path in [
            "/hooks/acme?token=x",
            "/healthz",
            "/api/v1/events",
            "/nothing",
        ] {
            let answer = from_elsewhere(&worker, "GET", path, host).await;
            assert!(
                answer.starts_with("HTTP/1.1 400 "),
                "{host} {path}: {answer}"
            );
            assert_eq!(body(&answer)["code"], "invalid_host");
        }
    }
    let refused = lines(&worker, "refused", 16).await;
    assert_eq!(refused.len(), 16, "{}", worker.log());
    assert_eq!(refused[0]["outcome"], "invalid_host");
    assert!(!worker.log().contains("a request without a URL"));
}

#[tokio::test]
async fn a_hooks_401_names_its_scheme_and_the_log_says_which_it_was() {
    let worker = start().await;
    for path in [
        "/hooks/nobody?token=s3cret-in-a-url",
        "/hooks/acme?key=s3cret-in-a-url",
        "/hooks/acme?token=s3cret-in-a-url",
    ] {
        let answer = worker
            .request("POST", path, "application/xml", "<event/>")
            .await;
        answer.problem(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="hooks""#);
    }
    let details: Vec<_> = lines(&worker, "ingest", 3)
        .await
        .iter()
        .map(|line| line["detail"].as_str().unwrap().to_owned())
        .collect();
    assert!(details[0].contains("no source"), "{details:?}");
    assert!(details[1].contains("no secret"), "{details:?}");
    assert!(details[2].contains("SOURCE_<NAME>_SECRET"), "{details:?}");
    assert!(!worker.log().contains("s3cret-in-a-url"));
}

#[tokio::test]
async fn a_compressed_body_and_one_without_a_type_are_refused_and_not_quarantined() {
    let worker = start().await;
    let hook = format!("/hooks/acme?token={SECRET}");
    let post = |headers: &'static str| {
        let request = format!("Host: localhost\r\n{headers}Content-Length: 8\r\n");
        let (worker, hook) = (&worker, &hook);
        async move { from_elsewhere(worker, "POST", hook, &request).await }
    };
    let xml = "Content-Type: application/xml\r\nContent-Encoding: gzip\r\n";
    let answer = post(xml).await;
    assert!(answer.starts_with("HTTP/1.1 415 "), "{answer}");
    assert_eq!(body(&answer)["code"], "unsupported_encoding");
    let answer = post("").await;
    assert_eq!(body(&answer)["code"], "unsupported_media_type");
    let detail = body(&answer)["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("no Content-Type"), "{detail}");
}

#[tokio::test]
async fn answers_are_not_stored_and_are_what_they_say() {
    let worker = start().await;
    let hook = format!("/hooks/acme?token={SECRET}");
    let id = worker.accept("acme", &notification("user.created")).await;
    let mut answers = vec![
        worker.get(&hook).await,
        worker.get("/healthz").await,
        worker.get("/nothing").await,
        worker.get("/api/v1/events").await,
    ];
    for path in ["/api/v1/events", &format!("/api/v1/events/{id}")] {
        answers.push(with_token(&worker, path, TOKEN).await);
    }
    for answer in answers {
        assert_eq!(
            answer.header("cache-control"),
            "no-store",
            "{}",
            answer.text
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    let schema = worker.get("/schemas/event.json").await;
    assert_eq!(schema.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn the_apis_404_names_the_thing_and_the_choices() {
    let worker = start().await;
    let no_event = "/api/v1/events/0192f3c4-0000-7000-8000-000000000000";
    for (path, words) in [
        (no_event, "RETENTION_DAYS"),
        ("/api/v1/events/2", "UUID"),
        ("/api/v1/nothing", "events/{id}"),
    ] {
        let answer = with_token(&worker, path, TOKEN).await;
        answer.problem(404, "not_found");
        assert!(answer.text.contains(words), "{}", answer.text);
        assert!(!answer.text.contains("CONSOLE_TOKEN"), "{}", answer.text);
    }
}
