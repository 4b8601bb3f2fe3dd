//! The quarantine through the API: what is in it, parsing it again, dropping it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use harness::fixtures::operator::{TOKEN, call, get, post};
use harness::fixtures::origin::Origin;
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{database, notification};
use stand_in::wire::BodyFormat;

async fn worker(origin: &Origin, shards: u32) -> Worker {
    Setup::bare()
        .acme_and_other(shards)
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .started()
        .await
}

/// Pushes a body that cannot be parsed.
async fn push(worker: &Worker, source: &str, body: impl Into<reqwest::Body>, code: &str) {
    let answer = worker
        .request("POST", &worker.hook(source), "application/xml", body)
        .await;
    answer.problem(422, code);
}

async fn listed(worker: &Worker, query: &str) -> Vec<Value> {
    let mut all = vec![];
    let mut cursor = String::new();
    loop {
        let page = get(worker, &format!("/quarantine?{query}{cursor}")).await;
        all.extend(page["bodies"].as_array().unwrap().clone());
        let Some(next) = page["cursor"].as_str() else {
            return all;
        };
        cursor = format!("&cursor={next}");
    }
}

async fn reparse(worker: &Worker, body: &Value) -> Value {
    let id = body["id"].as_str().unwrap();
    let path = format!("/quarantine/{id}/reparse");
    post(worker, &path, &json!({}), StatusCode::OK).await
}

#[tokio::test]
async fn what_is_in_the_quarantine_is_listed_shown_as_it_came_and_dropped() {
    let worker = worker(&Origin::start(), 4).await;
    let broken = "<event>\n  <action>created</action>\n  <type>user</typo>\n</event>";
    push(&worker, "acme", broken, "malformed_xml").await;
    push(&worker, "acme", broken, "malformed_xml").await;
    push(&worker, "other", "<html/>", "not_a_notification").await;
    push(
        &worker,
        "acme",
        &b"<event>\xff</event>"[..],
        "invalid_encoding",
    )
    .await;

    let all = listed(&worker, "limit=1").await;
    let codes: Vec<_> = all
        .iter()
        .map(|body| body["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        ["invalid_encoding", "not_a_notification", "malformed_xml"],
        "newest first"
    );
    assert_eq!(listed(&worker, "source=other").await, all[1..2]);
    assert_eq!(listed(&worker, "code=malformed_xml").await, all[2..]);
    assert_eq!(listed(&worker, "code=else").await, Vec::<Value>::new());

    let one = &all[2];
    assert_eq!((&one["line"], &one["times"]), (&3.into(), &2.into()));
    assert_eq!(
        (&one["recovered"], &one["bytes"]),
        (&false.into(), &broken.len().into())
    );
    let path = format!("/quarantine/{}", one["id"].as_str().unwrap());
    let shown = get(&worker, &path).await;
    assert_eq!(shown["body"], json!({ "text": broken }));
    assert_eq!(shown["detail"], one["detail"]);
    let bytes = get(
        &worker,
        &format!("/quarantine/{}", all[0]["id"].as_str().unwrap()),
    )
    .await;
    assert_eq!(
        bytes["body"],
        json!({ "base64": "PGV2ZW50Pv88L2V2ZW50Pg==" })
    );

    let still = reparse(&worker, one).await;
    assert_eq!(
        (&still["status"], &still["code"]),
        (&"unparsable".into(), &"malformed_xml".into())
    );
    assert_eq!(call(&worker, Method::DELETE, &path, "").await.status, 200);
    for method in [Method::GET, Method::DELETE] {
        call(&worker, method, &path, "")
            .await
            .problem(404, "not_found");
    }
    assert_eq!(listed(&worker, "").await, all[..2]);
    let audit = get(&worker, "/audit").await;
    let actions: Vec<_> = audit["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["action"].clone())
        .collect();
    // What is not there is not found only once the action is recorded.
    assert_eq!(
        actions,
        ["drop_quarantined", "drop_quarantined", "reparse_quarantine"]
    );
}

/// Bodies that a later parser understands: they are put into the rows of others while the Worker is stopped.
#[tokio::test]
async fn what_a_better_parser_understands_becomes_events_once() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let mut worker = worker(&origin, shards).await;
        let users: Vec<_> = (0..25)
            .map(|number| notification("user.created").user(move |user| user.account_id = number))
            .collect();
        for number in 0..users.len() {
            push(
                &worker,
                "acme",
                format!("<event><a>{number}</a>"),
                "malformed_xml",
            )
            .await;
        }
        push(&worker, "acme", "<event><b>", "malformed_xml").await;
        let before = listed(&worker, "").await;
        worker.kill9();
        let statements: Vec<_> = users
            .iter()
            .enumerate()
            .map(|(number, user)| {
                let xml = user.xml().replace('\'', "''");
                format!(
                    "UPDATE quarantine SET body = CAST('{xml}' AS BLOB) \
                     WHERE CAST(body AS TEXT) = '<event><a>{number}</a>'"
                )
            })
            .collect();
        assert_eq!(database::change(&worker, &statements), 25);
        let worker = worker.restarted().await;

        // One alone; and one that came again meanwhile.
        let first = before.last().unwrap();
        let taken = reparse(&worker, first).await;
        assert_eq!(taken["status"], "accepted", "{taken}");
        let event = taken["event"].as_str().unwrap();
        origin.delivery("/crm", event).await;
        let shown = get(&worker, &format!("/events/{event}")).await;
        assert_eq!(shown["document"], users[0].xml());
        let again = worker.push("acme", &users[1].xml(), BodyFormat::Xml).await;
        let second = reparse(&worker, &before[before.len() - 2]).await;
        assert_eq!(
            (&second["status"], &second["event"]),
            (&"duplicate".into(), &again.id.into())
        );

        let mut results = vec![];
        let mut body = json!({ "code": "malformed_xml", "source": "acme" });
        loop {
            let page = post(&worker, "/quarantine/reparse", &body, StatusCode::OK).await;
            results.extend(page["results"].as_array().unwrap().clone());
            if page["cursor"].is_null() {
                break;
            }
            body["cursor"] = page["cursor"].clone();
        }
        assert_eq!(results.len(), 24);
        let accepted = results
            .iter()
            .filter(|one| one["status"] == "accepted")
            .count();
        assert_eq!(accepted, 23, "{results:?}");
        assert_eq!(
            listed(&worker, "").await,
            before[..1],
            "the last one is broken still"
        );
        for result in results.iter().filter(|one| one["status"] == "accepted") {
            origin
                .delivery("/crm", result["event"].as_str().unwrap())
                .await;
        }
        assert_eq!(
            get(&worker, "/events?limit=200").await["events"]
                .as_array()
                .unwrap()
                .len(),
            25
        );
    }
}

#[tokio::test]
async fn a_wrong_request_about_the_quarantine_is_named() {
    let worker = worker(&Origin::start(), 1).await;
    for (body, name) in [
        ("", "code"),
        ("{\"code\":1}", "code"),
        ("{\"code\":\"x\",\"cursor\":\"2\"}", "cursor"),
    ] {
        let answer = call(&worker, Method::POST, "/quarantine/reparse", body).await;
        let problem = answer.problem(400, "invalid_parameter");
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .starts_with(&format!("`{name}`")),
            "{problem}"
        );
    }
    call(&worker, Method::GET, "/quarantine/2", "")
        .await
        .problem(404, "not_found");
    call(&worker, Method::GET, "/quarantine/reparse", "")
        .await
        .problem(405, "method_not_allowed");
    let none = post(
        &worker,
        "/quarantine/reparse",
        &json!({ "code": "x" }),
        StatusCode::OK,
    )
    .await;
    assert_eq!(none, json!({ "results": [], "cursor": null }));
}
