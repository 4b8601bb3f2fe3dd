//! The origin of the examples: verified, once, in all three formats.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed: clippy knows that of its functions, not of their helpers"
)]

use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::net::TcpListener;

use origin::{Notice, router};

#[path = "../examples/origin.rs"]
#[expect(dead_code, reason = "its main is not ours")]
mod origin;

const CURRENT: &str = "whsec_Y3VycmVudC1zZWNyZXQtb2YtMjQtYnl0ZXM=";
const OLD: &str = "whsec_b2xkLXNlY3JldC10aGF0LWlzLTI0LWJ5dGVz";

struct Running {
    url: String,
    notices: Arc<Mutex<Vec<String>>>,
}

/// The origin with two secrets; each notice is kept as `event: …`, `repeat: …` or `refused: …`.
async fn origin() -> Running {
    let notices = Arc::new(Mutex::new(vec![]));
    let kept = notices.clone();
    let app = router(&[CURRENT.to_owned(), OLD.to_owned()], move |notice| {
        kept.lock().unwrap().push(match notice {
            Notice::Event(event) => format!("event: {}", event.json()["type"]),
            Notice::Repeat(id) => format!("repeat: {id}"),
            Notice::Refused(why) => format!("refused: {why}"),
        });
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, app.unwrap()).into_future());
    Running { url, notices }
}

impl Running {
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
            all.insert(
                name.parse::<axum::http::HeaderName>().unwrap(),
                value.parse().unwrap(),
            );
        }
        let request = reqwest::Client::new()
            .post(&self.url)
            .headers(all)
            .body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    }

    fn notices(&self) -> Vec<String> {
        self.notices.lock().unwrap().clone()
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
    let origin = origin().await;
    for _ in 0..2 {
        assert_eq!(
            origin.post(CURRENT, "e1", &STRUCTURED, &event("e1")).await,
            204
        );
    }
    assert_eq!(
        origin.notices(),
        [r#"event: "net.3scale.user.created""#, "repeat: e1"]
    );
}

#[tokio::test]
async fn each_of_the_valid_secrets_is_accepted_and_no_other() {
    let origin = origin().await;
    assert_eq!(origin.post(OLD, "e1", &STRUCTURED, &event("e1")).await, 204);
    assert_eq!(
        origin
            .post("whsec_YW5vdGhlcg==", "e2", &STRUCTURED, &event("e2"))
            .await,
        401
    );
    assert_eq!(origin.notices()[1], "refused: signature invalid");
    let unsigned = reqwest::Client::new()
        .post(&origin.url)
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(unsigned.status(), 401);
}

#[tokio::test]
async fn all_three_formats_are_understood() {
    let origin = origin().await;
    let binary = [
        ("content-type", "application/json"),
        ("ce-id", "e2"),
        ("ce-type", "net.3scale.user.deleted"),
    ];
    let xml = "<event><action>updated</action><type>user</type><object/></event>";
    assert_eq!(
        origin.post(CURRENT, "e1", &STRUCTURED, &event("e1")).await,
        204
    );
    assert_eq!(origin.post(CURRENT, "e2", &binary, "{}").await, 204);
    assert_eq!(
        origin
            .post(CURRENT, "e3", &[("content-type", "application/xml")], xml)
            .await,
        204
    );
    assert_eq!(
        origin
            .post(CURRENT, "e4", &[("content-type", "text/plain")], xml)
            .await,
        400
    );
    let types: Vec<_> = origin
        .notices()
        .iter()
        .take(3)
        .map(|notice| notice.replace('"', ""))
        .collect();
    assert_eq!(
        types,
        [
            "event: net.3scale.user.created",
            "event: net.3scale.user.deleted",
            "event: net.3scale.user.updated"
        ]
    );
}
