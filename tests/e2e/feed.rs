//! The feed: everything since a cursor, oldest first, over several inboxes, each once.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use harness::fixtures::answer::encode;
use harness::fixtures::operator::{TOKEN, call, get, post};
use harness::fixtures::origin::Origin;
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{fresh_id, notification};

async fn worker(origin: &Origin) -> Worker {
    Setup::bare()
        .source("acme", "acme-secret-0123456789", "shards = 3")
        .source("other", "other-secret-0123456789", "")
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .started()
        .await
}

async fn page(worker: &Worker, query: &str) -> Value {
    get(worker, &format!("/feed?{query}")).await
}

/// Everything from a cursor on, and the cursor after it.
async fn rest(worker: &Worker, mut cursor: String, query: &str) -> (Vec<Value>, String) {
    let mut all = vec![];
    loop {
        let feed = page(worker, &format!("cursor={}{query}", encode(&cursor))).await;
        all.extend(feed["items"].as_array().unwrap().clone());
        feed["cursor"].as_str().unwrap().clone_into(&mut cursor);
        if feed["more"] == false {
            return (all, cursor);
        }
    }
}

fn ids(items: &[Value]) -> Vec<String> {
    let id = |item: &Value| item["summary"]["id"].as_str().unwrap().to_owned();
    items.iter().map(id).collect()
}

async fn push(worker: &Worker, number: u64) -> String {
    let source = if number % 5 == 4 { "other" } else { "acme" };
    let one = notification("user.created").user(|user| user.account_id = number);
    worker.accept(source, &one).await
}

#[tokio::test]
async fn nothing_is_missed_and_nothing_comes_twice_while_events_arrive() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let start = page(&worker, "").await;
    assert_eq!(
        (&start["items"], &start["more"]),
        (&json!([]), &json!(false))
    );
    let cursor = start["cursor"].as_str().unwrap().to_owned();
    let (mut pushed, mut given) = (vec![], vec![]);
    let pushing = async {
        let mut ids = vec![];
        for number in 0..80 {
            ids.push(push(&worker, number).await);
        }
        ids
    };
    let reading = async {
        let (mut cursor, mut all) = (cursor.clone(), vec![]);
        for _ in 0..60 {
            let feed = page(&worker, &format!("limit=2&cursor={}", encode(&cursor))).await;
            all.extend(ids(feed["items"].as_array().unwrap()));
            feed["cursor"].as_str().unwrap().clone_into(&mut cursor);
        }
        (all, cursor)
    };
    let (new, (read, end)) = tokio::join!(pushing, reading);
    pushed.extend(new);
    given.extend(read);
    let (last, end) = rest(&worker, end, "&limit=7").await;
    given.extend(ids(&last));
    let mut counts = BTreeMap::new();
    for id in &given {
        *counts.entry(id.clone()).or_insert(0) += 1;
    }
    let missed = pushed.iter().filter(|id| !counts.contains_key(*id)).count();
    let doubled = counts.values().filter(|count| **count > 1).count();
    println!(
        "{} events, missed {missed}, doubled {doubled}",
        pushed.len()
    );
    assert_eq!((missed, doubled, given.len()), (0, 0, pushed.len()));
    assert_eq!(rest(&worker, end, "").await.0.len(), 0);

    // From the beginning, all of it in the order in which it came.
    let (all, _) = rest(&worker, "0".to_owned(), "").await;
    assert_eq!(ids(&all), pushed);
    let item = &all[0];
    let event = get(&worker, &format!("/events/{}", ids(&all)[0])).await;
    assert_eq!(
        (&item["event"], &item["replayed_at"]),
        (&event["event"], &Value::Null)
    );
}

#[tokio::test]
async fn replays_of_one_and_of_many_follow_once_and_a_filter_holds_for_them_too() {
    let origin = Origin::start();
    let mut worker = worker(&origin).await;
    let mut users = vec![];
    for number in 0..9 {
        users.push(push(&worker, number).await);
    }
    let account = worker
        .accept("acme", &notification("account.created"))
        .await;
    let (_, cursor) = rest(&worker, "0".to_owned(), "").await;
    post(
        &worker,
        &format!("/events/{account}/replay"),
        &json!({}),
        StatusCode::OK,
    )
    .await;
    let replay = json!({ "type": "user" });
    post(&worker, "/replays", &replay, StatusCode::ACCEPTED).await;
    let count = json!({ "type": "user", "dry_run": true });
    post(&worker, "/replays", &count, StatusCode::OK).await;
    for limit in [1, 3, 200] {
        let (items, _) = rest(&worker, cursor.clone(), &format!("&limit={limit}")).await;
        assert!(items.iter().all(|item| item["replayed_at"].is_string()));
        let mut replayed = ids(&items);
        replayed.sort();
        let mut all = users.clone();
        all.push(account.clone());
        all.sort();
        assert_eq!(replayed, all, "limit {limit}");
    }
    let (items, _) = rest(&worker, cursor.clone(), "&type=account").await;
    assert_eq!(ids(&items), [account.as_str()]);
    // What began after a replay does not have it; what began before does, again after a restart.
    assert_eq!(page(&worker, "").await["items"], json!([]));
    worker.kill9();
    let worker = worker.restarted().await;
    let (items, end) = rest(&worker, cursor, "").await;
    assert_eq!(items.len(), 10);
    let new = push(&worker, fresh_id()).await;
    assert_eq!(ids(&rest(&worker, end, "").await.0), [new]);
    let refused = call(&worker, Method::GET, "/feed?cursor=x", "").await;
    assert_eq!(refused.status, 400);
    let refused = call(&worker, Method::GET, "/feed?state=dead", "").await;
    assert_eq!(refused.status, 400);
}
