//! The programs of `docs/recipes`, as they are, with the built Worker.

use std::io::Write;
use std::process::Stdio;

use harness::deployment::project;
use harness::fixtures::origin::Origin;
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, fresh_id, notification};
use harness::{kv, languages, signing_secret};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

fn recipe(file: &str) -> String {
    let file = project().join("docs/recipes").join(file);
    std::fs::read_to_string(file).unwrap()
}

#[tokio::test]
async fn a_queues_consumer_and_a_worker_by_service_binding_get_what_is_sent() {
    let origin = Origin::start();
    let consumer = recipe("queue-consumer/wrangler.toml")
        .replace("https://crm.example.com/3scale", &origin.url("/crm"));
    let service = recipe("service-worker/wrangler.toml").replace(
        "binding = \"APPLICATIONS\"",
        "binding = \"APPLICATIONS\"\nid = \"applications\"",
    );
    let worker = Setup::default()
        .source("acme", "acme-secret-0123456789", "")
        .destination("jobs", "queue = \"JOBS\"")
        .destination("applications", "service = \"APPLICATIONS\"\nevents = [\"application.*\"]")
        .config(
            "queues = { producers = [{ binding = \"JOBS\", queue = \"3scale-events\" }] }\n\
             services = [{ binding = \"APPLICATIONS\", service = \"applications\" }]\n\
             kv_namespaces = [{ binding = \"EVENTS\" }, { binding = \"STATES\", id = \"applications\" }]",
        )
        .beside("crm-consumer", &consumer, &recipe("queue-consumer/index.js"))
        .beside("applications", &service, &recipe("service-worker/index.js"))
        .started()
        .await;
    let object = fresh_id();
    let created = notification("application.created").id(object);
    let id = worker.accept("acme", &created).await;
    let got = origin.delivery("/crm", &id).await;
    assert_eq!(got.json()["type"], "net.3scale.application.created");
    assert_eq!(got.json()["data"]["object"]["id"], object);

    let worker = applications(worker, |names| *names == [format!("application/{object}")]).await;
    let deleted = notification("application.deleted").id(object);
    worker.accept("acme", &deleted).await;
    applications(worker, <[String]>::is_empty).await;
}

/// Waits until the recipe's namespace has such keys.
async fn applications(worker: Worker, are_there: impl Fn(&[String]) -> bool) -> Worker {
    let deadline = Instant::now() + PATIENCE;
    let mut worker = worker;
    loop {
        let looked = tokio::task::spawn_blocking(move || {
            let entries = kv::list(&worker.deployment, "STATES").unwrap();
            (worker, entries)
        });
        let (back, entries) = looked.await.unwrap();
        worker = back;
        let names: Vec<_> = entries.into_iter().map(|entry| entry.key).collect();
        if are_there(&names) {
            return worker;
        }
        assert!(Instant::now() < deadline, "{names:?}");
        sleep(std::time::Duration::from_millis(300)).await;
    }
}

/// What is pasted into Zapier and n8n.
#[tokio::test]
async fn the_function_to_paste_verifies_what_is_sent_and_nothing_else() {
    let origin = Origin::start();
    let secret = signing_secret();
    let worker = Setup::default()
        .source("acme", "acme-secret-0123456789", "")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .secret("DESTINATION_ZAP_SIGNING_SECRET", &secret)
        .destination("zap", &format!("url = \"{}\"", origin.url("/zap")))
        .started()
        .await;
    let id = worker.accept("acme", &notification("user.created")).await;
    let delivery = origin.delivery("/zap", &id).await;
    let input = |timestamp: &str, secret: &str, body: &str| {
        json!({
            "id": delivery.header("webhook-id"),
            "timestamp": timestamp,
            "signature": delivery.header("webhook-signature"),
            "body": body,
            "secret": secret,
        })
    };
    let body = std::str::from_utf8(&delivery.body).unwrap();
    let timestamp = delivery.header("webhook-timestamp");
    let event = verified(&input(timestamp, &secret, body)).unwrap();
    assert_eq!(event["id"], id.as_str());

    let other = signing_secret();
    for (forged, why) in [
        (input(timestamp, &other, body), "no valid signature"),
        (
            input(timestamp, &secret, &format!("{body} ")),
            "no valid signature",
        ),
        (input("1700000000", &secret, body), "the timestamp"),
    ] {
        let refused = verified(&forged).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    // n8n's workflow has the very same function.
    let workflow: Value = serde_json::from_str(&recipe("n8n.json")).unwrap();
    let code = workflow["nodes"][1]["parameters"]["jsCode"]
        .as_str()
        .unwrap();
    assert!(code.starts_with(&recipe("verify.js")));
}

/// What `docs/recipes/verify.js` returns, or what it throws.
fn verified(input: &Value) -> Result<Value, String> {
    let read =
        "console.log(JSON.stringify(verify(JSON.parse(require('fs').readFileSync(0, 'utf8')))))";
    let mut child = languages::javascript()
        .args(["-e", &format!("{}\n{read}", recipe("verify.js"))])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take();
    stdin
        .unwrap()
        .write_all(input.to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}
