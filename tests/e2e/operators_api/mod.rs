//! The rest of the API for operators. Every answer is checked against `schemas/openapi.json` by the client.

mod actions;
mod events;
mod figures;
mod objects;

use reqwest::Method;
use serde_json::json;
use tokio::time::{Duration, sleep, timeout};

use harness::fixtures::answer::Answer;
use harness::fixtures::operator::{TOKEN, get, sent};
use harness::fixtures::origin::Origin;
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, notification};
use stand_in::notifications::Notification;

const READER: &str = "the-readers-own-token";

/// `acme` is spread over this many inboxes; `other` has one. `crm` gets users, `billing` accounts; both have two attempts.
async fn worker(origin: &Origin, shards: u32) -> Worker {
    let to = |name: &str, events: &str| {
        let url = origin.url(&format!("/{name}"));
        format!("url = \"{url}\"\nschedule = [1]\nevents = [\"{events}\"]")
    };
    let tokens = format!("{TOKEN} ann:write:the-writers-own-token grafana:read:{READER}");
    Setup::bare()
        .acme_and_other(shards)
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
