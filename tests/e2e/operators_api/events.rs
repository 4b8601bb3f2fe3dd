//! One event with its neighbours, and the export of many.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use harness::fixtures::operator::{call, get, post};
use harness::fixtures::origin::Origin;
use harness::fixtures::worker::Worker;
use harness::fixtures::{fresh_id, notification};
use stand_in::wire::BodyFormat;

use super::{user, worker};

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
