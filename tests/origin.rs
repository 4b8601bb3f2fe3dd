//! The example `origin`, run as a program: it verifies, drops repeats, and reads all three formats.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed: clippy knows that of its functions, not of their helpers"
)]

use std::process::Command;
use std::time::Duration;

use harness::process::{Log, Process};
use harness::{example, free_port};
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::time::{sleep, timeout};

const CURRENT: &str = "whsec_Y3VycmVudC1zZWNyZXQtb2YtMjQtYnl0ZXM=";
const OLD: &str = "whsec_b2xkLXNlY3JldC10aGF0LWlzLTI0LWJ5dGVz";

struct Origin(Process);

impl Origin {
    /// With two secrets; prints JSON.
    fn start() -> Self {
        let port = free_port().unwrap();
        let mut program = Command::new(example::build("origin").unwrap());
        program
            .args(["--json", "--listen", &format!("127.0.0.1:{port}")])
            .env("ORIGIN_SECRETS", format!("{CURRENT} {OLD}"));
        let listens = |output: &str| output.contains("origin listens on");
        Self(Process::start(&program, None, port, &Log::default(), listens).unwrap())
    }

    async fn post(&self, secret: &str, id: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        let now = chrono::Utc::now().timestamp();
        let signature = Webhook::new(secret)
            .unwrap()
            .sign(id, now, body.as_bytes())
            .unwrap();
        let mut all = HeaderMap::new();
        let own = [
            ("webhook-id", id),
            ("webhook-timestamp", &now.to_string()),
            ("webhook-signature", &signature),
        ];
        for (name, value) in own.iter().chain(headers) {
            all.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        let request = reqwest::Client::new()
            .post(self.0.url())
            .headers(all)
            .body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    }

    /// The `number`th line that it prints about deliveries, from 1.
    async fn line(&self, number: usize) -> String {
        let printed = async {
            loop {
                // The first line says where it listens.
                if let Some(line) = self.0.log().text().lines().nth(number) {
                    return line.to_owned();
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(10), printed).await.unwrap()
    }

    /// The type of the event that it printed as its `number`th line.
    async fn printed_type(&self, number: usize) -> String {
        let event: Value = serde_json::from_str(&self.line(number).await).unwrap();
        event
            .get("type")
            .and_then(Value::as_str)
            .unwrap()
            .to_owned()
    }
}

const STRUCTURED: [(&str, &str); 1] = [(
    "content-type",
    "application/cloudevents+json; charset=UTF-8",
)];

fn event(id: &str) -> String {
    json!({ "specversion": "1.0", "id": id, "type": "net.3scale.user.created", "data": Value::Null }).to_string()
}

#[tokio::test]
async fn a_repeat_is_answered_like_the_first_and_handled_once() {
    let origin = Origin::start();
    let answer = origin.post(CURRENT, "e1", &STRUCTURED, &event("e1")).await;
    assert_eq!(answer, 204);
    assert_eq!(origin.printed_type(1).await, "net.3scale.user.created");
    let answer = origin.post(CURRENT, "e1", &STRUCTURED, &event("e1")).await;
    assert_eq!(answer, 204);
    assert_eq!(origin.line(2).await, "e1 again: dropped");
}

#[tokio::test]
async fn each_of_the_valid_secrets_is_accepted_and_no_other() {
    let origin = Origin::start();
    assert_eq!(origin.post(OLD, "e1", &STRUCTURED, &event("e1")).await, 204);
    assert_eq!(origin.printed_type(1).await, "net.3scale.user.created");
    let other = "whsec_YW5vdGhlcg==";
    let answer = origin.post(other, "e2", &STRUCTURED, &event("e2")).await;
    assert_eq!(answer, 401);
    assert_eq!(origin.line(2).await, "refused: signature invalid");
    let unsigned = reqwest::Client::new().post(origin.0.url()).body("{}");
    assert_eq!(unsigned.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn all_three_formats_are_understood() {
    let origin = Origin::start();
    let binary = [
        ("content-type", "application/json"),
        ("ce-id", "e2"),
        ("ce-type", "net.3scale.user.deleted"),
    ];
    let xml = "<event><action>updated</action><type>user</type><object/></event>";
    let plain = [("content-type", "application/xml")];
    let answers = [
        origin.post(CURRENT, "e1", &STRUCTURED, &event("e1")).await,
        origin.post(CURRENT, "e2", &binary, "{}").await,
        origin.post(CURRENT, "e3", &plain, xml).await,
    ];
    assert_eq!(answers, [204, 204, 204]);
    assert_eq!(origin.printed_type(1).await, "net.3scale.user.created");
    assert_eq!(origin.printed_type(2).await, "net.3scale.user.deleted");
    assert_eq!(origin.printed_type(3).await, "net.3scale.user.updated");
    let text = [("content-type", "text/plain")];
    assert_eq!(origin.post(CURRENT, "e4", &text, xml).await, 400);
}
