//! Figures: `/metrics`, by hour, of sources, and what is left of the free plan.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep, timeout};

use harness::fixtures::operator::{TOKEN, get, post, sent};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, notification};
use stand_in::wire::BodyFormat;

use super::{READER, settled, user, with_token, worker};

/// The value of a metric with these labels, as the parser of another project reads it.
fn value(text: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    use prometheus_parse::{Scrape, Value};
    let lines = text.lines().map(|line| Ok(line.to_owned()));
    let scrape = Scrape::parse(lines).unwrap();
    let name = format!("threescale_edge_{name}");
    let mut samples = scrape.samples.into_iter().filter(|sample| {
        let mut labels = labels.iter();
        sample.metric == name
            && labels.all(|(label, value)| sample.labels.get(label) == Some(value))
    });
    let sample = samples.next()?;
    assert!(samples.next().is_none(), "{name} {labels:?} is there twice");
    Some(match sample.value {
        Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => value,
        Value::Histogram(buckets) => {
            assert!(buckets.is_sorted_by(
                |one, other| one.less_than < other.less_than && one.count <= other.count
            ));
            buckets.last().unwrap().count
        }
        Value::Summary(_) => panic!("{name} is a summary"),
    })
}

#[tokio::test]
async fn prometheus_reads_what_has_happened_and_nothing_is_written_for_it() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let worker = worker(&origin, shards).await;
        origin.plan("/crm", [Reply::Status(500), Reply::Status(500)]);
        let first = user(1);
        worker.accept("acme", &first).await;
        settled(&worker).await;
        for account in 2..5 {
            worker.accept("acme", &user(account)).await;
        }
        settled(&worker).await;
        let again = worker.push("acme", &first.xml(), BodyFormat::Xml).await;
        assert_eq!(again.status, "duplicate");
        let broken = "<event><action>created</action";
        worker
            .request("POST", &worker.hook("acme"), "application/xml", broken)
            .await
            .problem(422, "malformed_xml");
        post(
            &worker,
            "/destinations/billing/pause",
            &json!({}),
            StatusCode::OK,
        )
        .await;
        worker
            .accept("acme", &notification("account.created"))
            .await;
        sleep(Duration::from_millis(1100)).await;

        let answer = with_token(&worker, Method::GET, "/metrics", READER).await;
        assert_eq!(
            answer.header("content-type"),
            "text/plain; version=0.0.4; charset=utf-8"
        );
        let text = answer.text;
        let acme = [("source", "acme")];
        let crm = [("source", "acme"), ("destination", "crm")];
        let billing = [("source", "acme"), ("destination", "billing")];
        let is = |name: &str, labels: &[(&str, &str)], expected: f64| {
            let value = value(&text, name, labels)
                .unwrap_or_else(|| panic!("no {name} {labels:?}: {text}"));
            assert!(
                (value - expected).abs() < f64::EPSILON,
                "{name} {labels:?}: {value}"
            );
        };
        let with =
            |labels: [(&'static str, &'static str); 2], name: &'static str, value: &'static str| {
                [labels[0], labels[1], (name, value)]
            };
        is("source_up", &acme, 1.0);
        is("events_accepted_total", &acme, 5.0);
        is("events_accepted_total", &[("source", "other")], 0.0);
        is("duplicates_total", &acme, 1.0);
        is(
            "quarantine_bodies",
            &[("source", "acme"), ("code", "malformed_xml")],
            1.0,
        );
        is("deliveries", &with(crm, "outcome", "delivered"), 3.0);
        is("deliveries", &with(crm, "outcome", "dead"), 1.0);
        is("deliveries", &with(billing, "outcome", "waiting"), 1.0);
        is("paused", &billing, 1.0);
        is("breaker_open", &crm, 0.0);
        is("attempts_total", &with(crm, "outcome", "status"), 2.0);
        is("attempts_total", &with(crm, "outcome", "delivered"), 3.0);
        is("attempt_duration_seconds", &crm, 5.0);
        let age = value(&text, "oldest_waiting_age_seconds", &billing).unwrap();
        assert!((1.0..60.0).contains(&age), "{age}");
        assert!(value(&text, "last_received_timestamp_seconds", &acme).unwrap() > 1.7e9);
        // A second look finds the same, but for the age.
        let again = with_token(&worker, Method::GET, "/metrics", READER)
            .await
            .text;
        let rest = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.contains("_age_seconds"));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(rest(&again), rest(&text));
        for secret in [TOKEN, READER, "acme-secret", "127.0.0.1"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn a_scraper_may_use_basic_with_any_user_and_nothing_else_may() {
    let worker = worker(&Origin::start(), 1).await;
    let basic = async |path: &str, password: &str| {
        let request = reqwest::Client::new()
            .get(worker.url(path))
            .basic_auth("prometheus", Some(password));
        sent(request).await
    };
    assert_eq!(basic("/metrics", READER).await.status, 200);
    basic("/metrics", "wrong")
        .await
        .problem(401, "unauthorized");
    basic("/api/v1/events", READER)
        .await
        .problem(401, "unauthorized");
    worker.get("/metrics").await.problem(401, "unauthorized");
    let answer = with_token(&worker, Method::POST, "/metrics", TOKEN).await;
    answer.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn repeats_are_still_counted_when_their_events_are_gone_and_after_a_crash() {
    let origin = Origin::start();
    let mut worker = Setup::default()
        .source("acme", "acme-secret-0123456789", "")
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("RETENTION_DAYS", "0")
        .var("DEDUP_WINDOW_SECONDS", "5")
        .started()
        .await;
    let first = notification("user.created");
    let id = worker.accept("acme", &first).await;
    origin.delivery("/crm", &id).await;
    for _ in 0..3 {
        worker.push("acme", &first.xml(), BodyFormat::Xml).await;
    }
    let repeats = async |worker: &Worker| {
        let text = with_token(worker, Method::GET, "/metrics", TOKEN)
            .await
            .text;
        value(&text, "duplicates_total", &[("source", "acme")]).unwrap()
    };
    assert!((repeats(&worker).await - 3.0).abs() < f64::EPSILON);
    let forgotten = async {
        while get(&worker, "/events").await["events"] != json!([]) {
            worker.get("/cdn-cgi/handler/scheduled").await;
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(PATIENCE, forgotten).await.unwrap();
    assert!((repeats(&worker).await - 3.0).abs() < f64::EPSILON, "gone");
    worker.kill9();
    let worker = worker.restarted().await;
    assert!(
        (repeats(&worker).await - 3.0).abs() < f64::EPSILON,
        "after a crash"
    );
}

#[tokio::test]
async fn figures_by_hour_sources_and_usage_count_what_has_happened() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let worker = worker(&origin, shards).await;
        origin.plan("/crm", [Reply::Status(500), Reply::Status(500)]);
        worker.accept("acme", &user(1)).await;
        settled(&worker).await;
        for account in 0..70 {
            worker.accept("acme", &user(account)).await;
        }
        worker.accept("other", &user(1)).await;
        settled(&worker).await;
        // What succeeded at first try is written within a quarter of a second.
        sleep(Duration::from_millis(400)).await;

        let stats = get(&worker, "/stats?since=2h").await;
        let sum = |name: &str| {
            let hours = stats["hours"].as_array().unwrap().iter();
            hours.map(|hour| hour[name].as_u64().unwrap()).sum::<u64>()
        };
        assert_eq!(
            (sum("events"), sum("delivered"), sum("failed")),
            (72, 71, 2)
        );
        assert_eq!(stats["complete"], true);
        let destinations = stats["destinations"].as_array().unwrap();
        let crm = destinations
            .iter()
            .find(|one| one["name"] == "crm")
            .unwrap();
        assert_eq!((&crm["delivered"], &crm["failed"]), (&71.into(), &2.into()));
        assert_eq!(crm["success_rate"], 0.972);
        assert!(crm["p50_ms"].as_u64() <= crm["p95_ms"].as_u64());
        let of_other = get(&worker, "/stats?source=other").await;
        assert_eq!(of_other["hours"].as_array().unwrap().len(), 24);
        assert_eq!(
            of_other["hours"][23]["events"].as_u64().unwrap()
                + of_other["hours"][22]["events"].as_u64().unwrap(),
            1
        );

        let sources = get(&worker, "/sources").await;
        let acme = &sources["sources"][0];
        assert_eq!(
            (&acme["name"], &acme["inboxes"]),
            (&"acme".into(), &shards.into())
        );
        assert_eq!(
            (&acme["events"], &acme["silent"]),
            (&71.into(), &Value::Null)
        );
        assert!(acme["last_received_at"].is_string());
        assert_eq!(
            (&acme["rotating"], &acme["registrable"]),
            (&false.into(), &false.into())
        );

        // Who looks at the hook without pressing Ping! leaves no trace.
        let hook = worker.hook("acme");
        assert_eq!(worker.get(&hook).await.status, 200);
        let before = get(&worker, "/sources").await;
        assert_eq!(before["sources"][0]["last_ping_at"], Value::Null);
        let ping = worker.get(&format!("{hook}&ping=3scale")).await;
        assert_eq!(ping.status, 200, "{}", ping.text);
        let after = get(&worker, "/sources").await;
        assert!(after["sources"][0]["last_ping_at"].is_string(), "{after}");
        assert_eq!(after["sources"][1]["last_ping_at"], Value::Null);

        let usage = get(&worker, "/usage").await;
        let requests = &usage["limits"][0];
        // Unless midnight passes.
        assert!(requests["used"].as_u64().unwrap() <= 72, "{requests}");
        assert_eq!(
            requests["used"].as_u64().unwrap() + requests["left"].as_u64().unwrap(),
            100_000
        );
    }
}
