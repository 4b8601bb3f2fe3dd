//! The list of events: each filter, and paging through several sources and inboxes.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;
use tokio::time::{Duration, sleep, timeout};

use harness::fixtures::answer::encode;
use harness::fixtures::operator::{TOKEN, call, get};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, fresh_id, notification};

/// `acme` is spread over this many inboxes; `other` has one. `crm` gets the users of both, `billing` the accounts.
async fn worker(origin: &Origin, shards: u32) -> Worker {
    let to = |name: &str, settings: &str| {
        let url = origin.url(&format!("/{name}"));
        format!("url = \"{url}\"\nschedule = [1]\n{settings}")
    };
    Setup::bare()
        .acme_and_other(shards)
        .destination("crm", &to("crm", "events = [\"user.*\"]"))
        .destination("billing", &to("billing", "events = [\"account.*\"]"))
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", "1000")
        .started()
        .await
}

/// The list's result for this query, in order, from as many pages as it takes.
async fn list(worker: &Worker, query: &str) -> Vec<Value> {
    let mut all = vec![];
    let mut cursor = String::new();
    loop {
        let page = get(worker, &format!("/events?{query}{cursor}")).await;
        let events = page["events"].as_array().unwrap();
        all.extend(events.iter().cloned());
        let Some(next) = page["cursor"].as_str() else {
            return all;
        };
        cursor = format!("&cursor={}", encode(next));
    }
}

fn ids(events: &[Value]) -> Vec<String> {
    let id = |event: &Value| event["id"].as_str().unwrap().to_owned();
    events.iter().map(id).collect()
}

/// The ids in the list for this query, sorted.
async fn found(worker: &Worker, query: &str) -> BTreeSet<String> {
    let ids = ids(&list(worker, query).await);
    let set: BTreeSet<_> = ids.iter().cloned().collect();
    assert_eq!(set.len(), ids.len(), "{query}: one is there twice");
    set
}

async fn settled(worker: &Worker, query: &str, count: usize) {
    let there = async {
        while found(worker, query).await.len() != count {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, there)
        .await
        .unwrap_or_else(|_| panic!("not {count} for {query}"));
}

#[tokio::test]
async fn paging_gives_each_event_of_all_sources_and_inboxes_once_newest_first() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let worker = worker(&origin, shards).await;
        let mut accepted = vec![];
        for number in 0..40 {
            let source = if number % 4 == 3 { "other" } else { "acme" };
            let user = notification("user.created").user(|user| user.account_id = number);
            accepted.push(worker.accept(source, &user).await);
        }
        accepted.reverse();
        for limit in [1, 7, 40, 200] {
            let all = list(&worker, &format!("limit={limit}")).await;
            let times: Vec<_> = all
                .iter()
                .map(|event| event["received_at"].as_str().unwrap())
                .collect();
            assert!(
                times.is_sorted_by(|newer, older| newer >= older),
                "{times:?}"
            );
            let ids = ids(&all);
            assert!(
                ids.is_sorted_by(|newer, older| newer > older),
                "by id, and each once"
            );
            let sorted: BTreeSet<_> = ids.into_iter().collect();
            assert_eq!(
                sorted,
                accepted.iter().cloned().collect(),
                "{shards} {limit}"
            );
        }
        // An event that arrives in between is newer than any page to come.
        let first = get(&worker, "/events?limit=10").await;
        let newer = worker.accept("acme", &notification("user.created")).await;
        let cursor = first["cursor"].as_str().unwrap();
        let second = get(&worker, &format!("/events?limit=200&cursor={cursor}")).await;
        assert_eq!(second["events"].as_array().unwrap().len(), 30);
        assert_eq!(second["cursor"], Value::Null);
        assert!(!second.to_string().contains(&newer));
    }
}

#[tokio::test]
async fn an_event_is_listed_with_all_its_properties() {
    let origin = Origin::start();
    let worker = worker(&origin, 4).await;
    let object = fresh_id();
    let user = notification("user.created")
        .id(object)
        .user(|user| user.account_id = 4711)
        .updated_at("2021-05-14T20:22:53Z");
    let id = worker.accept("acme", &user).await;
    let delivered = origin.delivery("/crm", &id).await.json();
    settled(&worker, "state=delivered", 1).await;
    let again = worker
        .push("acme", &user.xml(), stand_in::wire::BodyFormat::Xml)
        .await;
    assert_eq!(again.status, "duplicate");

    let event = list(&worker, "").await.remove(0);
    assert_eq!(event["id"], id);
    assert_eq!(event["source"], "acme");
    assert_eq!(event["action"], "created");
    assert_eq!(event["object"], object.to_string());
    assert_eq!(event["account"], "4711");
    assert_eq!(event["repeats"], 1);
    assert_eq!(
        event["deliveries"],
        serde_json::json!({ "crm": "delivered" })
    );
    // As the destination has it.
    for member in ["type", "time", "sequence"] {
        assert_eq!(event[member], delivered[member], "{member}");
    }
    let received = event["received_at"].as_str().unwrap();
    let received: chrono::DateTime<chrono::Utc> = received.parse().unwrap();
    assert!((chrono::Utc::now() - received).num_seconds().abs() < 60);
}

#[tokio::test]
async fn each_filter_finds_the_matching_events_and_no_others() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let worker = worker(&origin, shards).await;
        // One of the users' first deliveries dies: both of its attempts fail.
        origin.plan("/crm", [Reply::Status(500), Reply::Status(500)]);
        let user =
            |account| notification("user.created").user(move |user| user.account_id = account);
        let object = fresh_id();
        let dead = worker.accept("acme", &user(1).id(object)).await;
        settled(&worker, "state=dead", 1).await;
        sleep(Duration::from_millis(5)).await;
        let changed = user(1).id(object).extra_field("nickname", "Jane_100%");
        let renamed = worker.accept("acme", &changed).await;
        sleep(Duration::from_millis(5)).await;
        let account = worker
            .accept("acme", &notification("account.updated"))
            .await;
        let application = worker
            .accept("acme", &notification("application.created"))
            .await;
        let elsewhere = worker.accept("other", &user(2)).await;
        settled(&worker, "state=delivered", 3).await;

        let time = list(&worker, "q=jane").await[0]["received_at"]
            .as_str()
            .unwrap()
            .to_owned();
        let before = async |query: &str| found(&worker, query).await;
        let is = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<BTreeSet<_>>();
        let all = is(&[&dead, &renamed, &account, &application, &elsewhere]);

        assert_eq!(before("").await, all);
        assert_eq!(before("source=other").await, is(&[&elsewhere]));
        assert_eq!(
            before("type=user").await,
            is(&[&dead, &renamed, &elsewhere])
        );
        assert_eq!(
            before("type=net.3scale.account.updated").await,
            is(&[&account])
        );
        assert_eq!(
            before("action=created").await,
            is(&[&dead, &renamed, &application, &elsewhere])
        );
        assert_eq!(
            before(&format!("object={object}")).await,
            is(&[&dead, &renamed])
        );
        assert_eq!(
            before(&format!("type=user&object={object}")).await,
            is(&[&dead, &renamed])
        );
        assert_eq!(
            before(&format!("type=account&object={object}")).await,
            is(&[])
        );
        assert_eq!(before("account=1&type=user").await, is(&[&dead, &renamed]));
        assert_eq!(before("account=2&type=user").await, is(&[&elsewhere]));
        assert_eq!(before("state=dead").await, is(&[&dead]));
        assert_eq!(before("state=dead&destination=billing").await, is(&[]));
        assert_eq!(
            before("state=delivered&destination=billing").await,
            is(&[&account])
        );
        assert_eq!(before("state=waiting").await, is(&[]));
        assert_eq!(
            before("destination=crm").await,
            is(&[&dead, &renamed, &elsewhere])
        );
        // Neither character is a wildcard.
        assert_eq!(before("q=JANE_100%25").await, is(&[&renamed]));
        assert_eq!(before("q=jane%25").await, is(&[]));
        assert_eq!(before("q=' OR 1").await, is(&[]));
        assert_eq!(
            before(&format!("q={}", account.to_uppercase())).await,
            is(&[&account])
        );
        assert_eq!(before(&format!("since={time}")).await, &all - &is(&[&dead]));
        assert_eq!(before(&format!("until={time}")).await, is(&[&dead]));
        assert_eq!(before(&format!("since={time}&until={time}")).await, is(&[]));
        assert_eq!(
            before(&format!("since={time}&type=user&limit=1")).await,
            is(&[&renamed, &elsewhere])
        );
        assert_eq!(before("until=2020-01-01T00:00:00Z").await, is(&[]));
        assert_eq!(before("since=2999-01-01T00:00:00%2B02:00").await, is(&[]));
    }
}

#[tokio::test]
async fn a_wrong_parameter_is_named_with_the_values_that_would_be_right() {
    let worker = worker(&Origin::start(), 1).await;
    for (query, name, right) in [
        ("colour=red", "colour", "destination"),
        ("source=nobody", "source", "acme, other"),
        ("state=lost", "state", "waiting, delivered or dead"),
        ("since=yesterday", "since", "2026-11-22T10:00:00Z"),
        ("limit=0", "limit", "200"),
        ("cursor=1%27%20OR%201", "cursor", "earlier"),
        ("q=", "q", "empty"),
    ] {
        let answer = call(&worker, Method::GET, &format!("/events?{query}"), "").await;
        let detail = answer.problem(400, "invalid_parameter")["detail"].to_string();
        assert!(
            detail.contains(&format!("`{name}`")) && detail.contains(right),
            "{detail}"
        );
    }
    let answer = call(&worker, Method::DELETE, "/events", "").await;
    answer.problem(405, "method_not_allowed");
}
