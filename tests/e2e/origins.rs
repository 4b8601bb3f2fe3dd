//! Where an event comes from is decided when it is accepted: a retry says the same, whatever the configuration says by
//! then, since receivers know a repeat by `source` and `id`.

use serde_json::{Value, json};

use harness::fixtures::notification;
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};

const MEMBERS: [&str; 3] = ["source", "id", "dataschema"];

fn of(event: &Value) -> [Value; 3] {
    MEMBERS.map(|name| event[name].clone())
}

async fn worker(origin: &Origin) -> Worker {
    Setup::bare()
        .source(
            "acme",
            "acme-secret-0123456789",
            "admin_url = \"https://acme-admin.3scale.net\"",
        )
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", "2")
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
        .started()
        .await
}

#[tokio::test]
async fn a_retry_has_the_source_and_the_schema_of_the_first_attempt_after_both_have_moved() {
    let origin = Origin::start();
    let mut worker = worker(&origin).await;
    origin.plan("/crm", [Reply::Status(500)]);
    let old = worker.accept("acme", &notification("user.created")).await;
    let first = origin.delivery("/crm", &old).await.json();
    assert_eq!(first["source"], "https://acme-admin.3scale.net");
    let schema = format!("{}/schemas/user.json", worker.url(""));
    assert_eq!(first["dataschema"], json!(schema));

    worker.kill9();
    let worker = worker
        .reconfigured(|vars| {
            vars["SOURCES"]["acme"]["admin_url"] = "https://moved-admin.3scale.net".into();
            let vars = vars.as_table_mut().unwrap();
            vars.insert("PUBLIC_URL".to_owned(), "https://hooks.example.com".into());
        })
        .await;
    let new = worker.accept("acme", &notification("user.created")).await;
    let after = origin.delivery("/crm", &new).await.json();
    assert_eq!(after["source"], "https://moved-admin.3scale.net");
    assert_eq!(
        after["dataschema"],
        "https://hooks.example.com/schemas/user.json"
    );
    let second = origin.nth_attempt("/crm", &old, 2).await.json();
    assert_eq!(of(&second), of(&first));
}

/// Without `PUBLIC_URL`, an event has the address at which 3scale called.
#[tokio::test]
async fn a_retry_has_the_address_at_which_its_event_came_in() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    origin.plan("/crm", [Reply::Status(500)]);
    let old = worker.accept("acme", &notification("user.created")).await;
    let first = origin.delivery("/crm", &old).await.json();

    let url = format!("http://localhost:{}{}", worker.port(), worker.hook("acme"));
    let xml = notification("user.created").xml();
    let answer = stand_in::wire::push(
        &url.parse().unwrap(),
        &xml,
        stand_in::wire::BodyFormat::Xml,
        harness::fixtures::PATIENCE,
    )
    .await
    .unwrap();
    let receipt: Value = serde_json::from_str(&answer.body).unwrap();
    let other = origin
        .delivery("/crm", receipt["id"].as_str().unwrap())
        .await
        .json();
    let schema = format!("http://localhost:{}/schemas/user.json", worker.port());
    assert_eq!(other["dataschema"], json!(schema));
    let second = origin.nth_attempt("/crm", &old, 2).await.json();
    assert_eq!(of(&second), of(&first));
}
