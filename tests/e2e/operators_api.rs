//! The rest of the API for operators: figures, objects, exports, test events, the audit list. Every answer is checked
//! against `schemas/openapi.json` by the client.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep, timeout};

use harness::fixtures::answer::{Answer, encode};
use harness::fixtures::operator::{TOKEN, call, get, post, sent};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, fresh_id, notification};
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;
use stand_in::wire::BodyFormat;

const READER: &str = "the-readers-own-token";

/// `acme` is spread over this many inboxes; `other` has one. `crm` gets users, `billing` accounts; both have two attempts.
async fn worker(origin: &Origin, shards: u32) -> Worker {
    let to = |name: &str, events: &str| {
        let url = origin.url(&format!("/{name}"));
        format!("url = \"{url}\"\nschedule = [1]\nevents = [\"{events}\"]")
    };
    let tokens = format!("{TOKEN} ann:write:the-writers-own-token grafana:read:{READER}");
    Setup::bare()
        .source(
            "acme",
            "acme-secret-0123456789",
            &format!("shards = {shards}"),
        )
        .source("other", "other-secret-0123456789", "")
        .destination("crm", &to("crm", "user.*"))
        .destination("billing", &to("billing", "account.*"))
        .secret("CONSOLE_TOKEN", &tokens)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", "1000")
        .started()
        .await
}

async fn settled(worker: &Worker) {
    let settled = async {
        while get(worker, "/events?state=waiting").await["events"] != json!([]) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, settled).await.unwrap();
}

async fn with_token(worker: &Worker, method: Method, path: &str, token: &str) -> Answer {
    let request = reqwest::Client::new()
        .request(method, worker.url(path))
        .bearer_auth(token);
    sent(request).await
}

fn user(account: u64) -> Notification {
    notification("user.created").user(move |user| user.account_id = account)
}

#[tokio::test]
async fn the_description_is_open_to_all_even_without_a_token_set() {
    let worker = Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .started()
        .await;
    let answer = worker.get("/api/v1/openapi.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/openapi.json");
    assert_eq!(answer.text, std::fs::read_to_string(file).unwrap());
    worker.get("/api/v1/events").await.problem(404, "not_found");
    worker.get("/metrics").await.problem(404, "not_found");
}

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
async fn an_event_is_shown_with_its_document_and_its_neighbours() {
    let origin = Origin::start();
    let worker = worker(&origin, 4).await;
    let object = fresh_id();
    let mut ids = vec![];
    let mut last = String::new();
    for state in ["pending", "active", "suspended"] {
        let user = user(7).id(object).state(state);
        ids.push(worker.accept("acme", &user).await);
        worker.accept("acme", &notification("user.updated")).await;
        last = user.xml();
    }
    let again = worker.push("acme", &last, BodyFormat::Xml).await;
    assert_eq!(again.status, "duplicate");
    let event = async |id: &str| get(&worker, &format!("/events/{id}")).await;
    let (first, middle, end) = (
        event(&ids[0]).await,
        event(&ids[1]).await,
        event(&ids[2]).await,
    );
    assert_eq!(
        (&first["previous"], &first["next"]),
        (&Value::Null, &ids[1].clone().into())
    );
    assert_eq!(
        (&middle["previous"], &middle["next"]),
        (&ids[0].clone().into(), &ids[2].clone().into())
    );
    assert_eq!(
        (&end["previous"], &end["next"]),
        (&ids[1].clone().into(), &Value::Null)
    );
    assert_eq!(end["document"], last);
    assert_eq!(
        (&end["source"], &end["repeats"]),
        (&"acme".into(), &1.into())
    );
}

/// The lines of an export.
async fn exported(worker: &Worker, query: &str) -> Vec<Value> {
    let answer = call(worker, Method::GET, &format!("/events.ndjson{query}"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let lines = answer.text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn an_export_has_each_event_of_its_filter_as_it_is_shown_alone() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let worker = worker(&origin, shards).await;
        let mut accepted = vec![];
        for number in 0..30 {
            let source = if number % 3 == 2 { "other" } else { "acme" };
            accepted.push(worker.accept(source, &user(number)).await);
        }
        worker
            .accept("acme", &notification("account.created"))
            .await;
        accepted.sort_by(|one, other| other.cmp(one));
        let all = exported(&worker, "?type=user").await;
        let ids: Vec<_> = all
            .iter()
            .map(|event| event["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids, accepted, "newest first, each once");
        for event in &all {
            let id = event["id"].as_str().unwrap();
            assert_eq!(
                get(&worker, &format!("/events/{id}")).await["event"],
                *event
            );
        }
        let rest = exported(&worker, &format!("?type=user&cursor={}", ids[9])).await;
        assert_eq!(rest, all[10..]);
        assert_eq!(exported(&worker, "").await.len(), 31);
        assert_eq!(exported(&worker, "?source=other").await.len(), 10);
        assert!(exported(&worker, "?object=0").await.is_empty());
    }
}

/// More than an inbox gives at once: pages end by size as well as by number.
#[tokio::test]
async fn an_export_goes_on_page_by_page() {
    let origin = Origin::start();
    let worker = worker(&origin, 1).await;
    post(
        &worker,
        "/destinations/crm/pause",
        &json!({}),
        StatusCode::OK,
    )
    .await;
    let long = "x".repeat(60_000);
    let mut accepted = BTreeSet::new();
    for number in 0..40 {
        let user = user(number).extra_field("notes", &long);
        accepted.insert(worker.accept("acme", &user).await);
    }
    for _ in 0..33 {
        let some = (0..16).map(async |_| worker.accept("acme", &user(1)).await);
        accepted.extend(futures_util::future::join_all(some).await);
    }
    let all = exported(&worker, "").await;
    let ids: Vec<_> = all
        .iter()
        .map(|event| event["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        ids.is_sorted_by(|newer, older| newer > older),
        "newest first, each once"
    );
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), accepted);
}

/// An account with two users and an application, of which the first user has three states and the second is deleted;
/// `other` has a user of the first one's id.
struct Family {
    account: u64,
    one: u64,
    two: u64,
    app: u64,
    /// The first user's event with the latest state, and the one that came last.
    latest: String,
    last: String,
}

impl Family {
    async fn sent_to(worker: &Worker) -> Self {
        let [account, one, two, app] = [(); 4].map(|()| fresh_id());
        let at = |second: u32| format!("2026-11-22T10:00:{second:02}Z");
        let of_account = |kind: &str| {
            notification(kind)
                .user(move |user| user.account_id = account)
                .application(move |application| application.user_account_id = account)
        };
        let mut ids = vec![];
        for notification in [
            notification("account.created")
                .id(account)
                .updated_at(&at(1)),
            of_account("user.created").id(one).updated_at(&at(1)),
            // 3scale sends in no order: the later state comes first.
            of_account("user.updated")
                .id(one)
                .updated_at(&at(9))
                .state("active"),
            of_account("user.updated")
                .id(one)
                .updated_at(&at(5))
                .state("pending"),
            of_account("user.created").id(two),
            of_account("user.deleted").id(two),
            of_account("application.created").id(app),
        ] {
            ids.push(worker.accept("acme", &notification).await);
        }
        worker.accept("other", &user(3).id(one)).await;
        let (latest, last) = (ids[2].clone(), ids[3].clone());
        Self {
            account,
            one,
            two,
            app,
            latest,
            last,
        }
    }
}

#[tokio::test]
async fn paging_gives_each_object_of_all_sources_and_inboxes_once() {
    for shards in [1, 4] {
        let worker = worker(&Origin::start(), shards).await;
        let Family {
            account,
            one,
            two,
            app,
            ..
        } = Family::sent_to(&worker).await;
        let mut seen = vec![];
        let mut cursor = String::new();
        loop {
            let page = get(&worker, &format!("/objects?limit=2{cursor}")).await;
            for object in page["objects"].as_array().unwrap() {
                let text = |name: &str| object[name].as_str().unwrap().to_owned();
                seen.push((text("type"), text("id"), text("source")));
            }
            let Some(next) = page["cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={}", encode(next));
        }
        let row = |kind: &str, id: u64, source: &str| {
            (kind.to_owned(), id.to_string(), source.to_owned())
        };
        let mut all = [
            row("account", account, "acme"),
            row("application", app, "acme"),
            row("user", one, "acme"),
            row("user", one, "other"),
            row("user", two, "acme"),
        ];
        all.sort();
        assert_eq!(seen, all);
        let users = get(
            &worker,
            &format!("/objects?type=user&source=acme&account={account}"),
        )
        .await;
        assert_eq!(users["objects"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn an_object_is_shown_with_its_latest_state_its_history_and_what_belongs_to_it() {
    for shards in [1, 4] {
        let worker = worker(&Origin::start(), shards).await;
        let Family {
            account,
            one,
            two,
            app,
            latest,
            last,
        } = Family::sent_to(&worker).await;
        let shown = get(&worker, &format!("/objects/user/{one}?source=acme")).await;
        let shown = &shown["objects"][0];
        assert_eq!(
            (&shown["event"], &shown["deleted"]),
            (&latest.clone().into(), &false.into())
        );
        assert_eq!(shown["object"]["state"], "active");
        let event = get(&worker, &format!("/events/{latest}")).await;
        assert_eq!(shown["object"], event["event"]["data"]["object"]);
        let history = shown["history"].as_array().unwrap();
        assert_eq!(
            (history.len(), &history[0]["id"]),
            (3, &last.into()),
            "as they came"
        );
        assert_eq!(shown["related"], json!([]));
        let both = get(&worker, &format!("/objects/user/{one}")).await;
        assert_eq!(both["objects"].as_array().unwrap().len(), 2);

        let shown = get(&worker, &format!("/objects/account/{account}")).await;
        let related = shown["objects"][0]["related"].as_array().unwrap();
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let related: Vec<_> = related
            .iter()
            .map(|one| (text(one, "type"), text(one, "id"), one["deleted"] == true))
            .collect();
        let expected = [
            ("application".to_owned(), app.to_string(), false),
            ("user".to_owned(), one.to_string(), false),
            ("user".to_owned(), two.to_string(), true),
        ];
        assert_eq!(related, expected);
        let gone = call(&worker, Method::GET, "/objects/user/0", "").await;
        gone.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_test_of_each_kind_goes_the_way_of_all_events_to_one_destination() {
    let origin = Origin::start();
    let worker = worker(&origin, 4).await;
    for kind in Kind::ALL {
        let body = json!({ "kind": kind.to_string() });
        let sent = post(
            &worker,
            "/destinations/crm/test",
            &body,
            StatusCode::ACCEPTED,
        )
        .await;
        assert_eq!(
            (&sent["destination"], &sent["source"]),
            (&"crm".into(), &"acme".into())
        );
        let id = sent["id"].as_str().unwrap();
        let delivered = origin.delivery("/crm", id).await;
        let shown = get(&worker, &format!("/events/{id}")).await;
        assert_eq!(shown["event"], delivered.json());
        let deliveries = shown["deliveries"].as_array().unwrap();
        assert_eq!(deliveries.len(), 1, "{kind}: only where it was asked for");
        // The same as the stand-in for 3scale writes.
        let object = &delivered.json()["data"]["object"];
        let (object_id, time) = (
            object["id"].as_u64().unwrap(),
            object["updated_at"].as_str().unwrap(),
        );
        let of_account = Notification::of(kind)
            .id(object_id)
            .created_at(time)
            .updated_at(time)
            .user(|user| user.account_id = object_id)
            .application(|application| application.user_account_id = object_id)
            .account(|account| {
                for user in &mut account.users {
                    user.account_id = object_id;
                    time.clone_into(&mut user.created_at);
                    time.clone_into(&mut user.updated_at);
                }
            });
        assert_eq!(shown["document"], of_account.xml(), "{kind}");
    }
    for body in [
        json!({}),
        json!({ "kind": "user.exploded" }),
        json!({ "kind": "user.created", "source": "x" }),
    ] {
        let answer = call(
            &worker,
            Method::POST,
            "/destinations/crm/test",
            &body.to_string(),
        )
        .await;
        answer.problem(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn what_was_done_is_recorded_with_who_did_it_and_looking_is_not() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let worker = worker(&origin, shards).await;
        let id = worker.accept("acme", &user(1)).await;
        let ann = "the-writers-own-token";
        let paused = with_token(&worker, Method::POST, "/api/v1/destinations/crm/pause", ann).await;
        assert_eq!(paused.status, 200);
        let refused = with_token(
            &worker,
            Method::POST,
            "/api/v1/destinations/crm/pause",
            READER,
        )
        .await;
        refused.problem(403, "read_only_token");
        let missing =
            with_token(&worker, Method::POST, "/api/v1/destinations/crn/pause", ann).await;
        missing.problem(404, "not_found");
        post(
            &worker,
            "/destinations/crm/resume",
            &json!({}),
            StatusCode::OK,
        )
        .await;
        post(
            &worker,
            &format!("/events/{id}/replay"),
            &json!({ "destinations": ["crm"] }),
            StatusCode::OK,
        )
        .await;
        let all = json!({ "source": "acme", "type": "user" });
        post(
            &worker,
            "/replays",
            &json!({ "all": true, "dry_run": true }),
            StatusCode::OK,
        )
        .await;
        post(&worker, "/replays", &all, StatusCode::ACCEPTED).await;
        for path in [
            "/events",
            "/destinations",
            "/sources",
            "/stats",
            "/usage",
            "/objects",
        ] {
            get(&worker, path).await;
        }
        let mut actions = vec![];
        let mut cursor = String::new();
        loop {
            let page = get(&worker, &format!("/audit?limit=3{cursor}")).await;
            actions.extend(page["actions"].as_array().unwrap().clone());
            let Some(next) = page["cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        let told: Vec<_> = actions
            .iter()
            .map(|one| {
                (
                    one["action"].as_str().unwrap(),
                    one["token"].as_str(),
                    one["source"].as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("start_replay", None, Some("acme")),
                ("replay_event", None, None),
                ("resume_destination", None, None),
                ("pause_destination", Some("ann"), None),
            ]
        );
        assert_eq!(
            actions[0]["details"],
            json!({ "filter": { "kind": "user" } })
        );
        assert_eq!(
            actions[1]["details"],
            json!({ "event": id, "destinations": ["crm"] })
        );
        assert_eq!(actions[3]["details"], json!({ "destination": "crm" }));
    }
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

#[tokio::test]
async fn a_replay_is_cancelled_and_what_was_sent_stays_counted() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let worker = worker(&origin, shards).await;
        for account in 0..40 {
            worker.accept("acme", &user(account)).await;
        }
        settled(&worker).await;
        post(
            &worker,
            "/destinations/crm/pause",
            &json!({}),
            StatusCode::OK,
        )
        .await;
        let begun = post(
            &worker,
            "/replays",
            &json!({ "all": true }),
            StatusCode::ACCEPTED,
        )
        .await;
        let id = begun["id"].as_str().unwrap();
        let shown = get(&worker, &format!("/replays/{id}")).await;
        assert_eq!(
            (&shown["id"], &shown["ended_at"]),
            (&id.into(), &Value::Null)
        );
        let before = origin.requests_at("/crm");
        let cancelled = post(
            &worker,
            &format!("/replays/{id}/cancel"),
            &json!({}),
            StatusCode::OK,
        )
        .await;
        assert!(cancelled["cancelled_at"].is_string() && cancelled["ended_at"].is_string());
        assert_eq!(cancelled["deliveries"], 0);
        post(
            &worker,
            "/destinations/crm/resume",
            &json!({}),
            StatusCode::OK,
        )
        .await;
        let new = worker.accept("acme", &user(1)).await;
        origin.delivery("/crm", &new).await;
        sleep(Duration::from_millis(500)).await;
        assert_eq!(origin.requests_at("/crm"), before + 1, "only the new one");
        assert_eq!(get(&worker, &format!("/replays/{id}")).await, cancelled);
        // Again is the same; one that has ended was not cancelled.
        let again = post(
            &worker,
            &format!("/replays/{id}/cancel"),
            &json!({}),
            StatusCode::OK,
        )
        .await;
        assert_eq!(again, cancelled);
        let none = call(
            &worker,
            Method::GET,
            "/replays/0192f3c4-0000-7000-8000-000000000000",
            "",
        )
        .await;
        none.problem(404, "not_found");
    }
}
