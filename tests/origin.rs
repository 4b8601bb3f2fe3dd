//! The examples of an `origin`, run as programs: they verify, drop repeats, and print what they have stored.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed: clippy knows that of its functions, not of their helpers"
)]

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use harness::example::{self, Language};
use harness::free_port;
use harness::process::Process;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

const CURRENT: &str = "whsec_Y3VycmVudC1zZWNyZXQtb2YtMjQtYnl0ZXM=";
const OLD: &str = "whsec_b2xkLXNlY3JldC10aGF0LWlzLTI0LWJ5dGVz";
const OTHER: &str = "whsec_YW5vdGhlci1zZWNyZXQtb2YtMjQtYnl0ZXM=";

struct Origin {
    process: Process,
    language: Language,
    folder: TempDir,
}

impl Origin {
    /// With two secrets; prints JSON. `None` where the language is left out on this machine, which `make test` says.
    fn start(language: Language) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        Self::start_in(folder, language)
    }

    fn start_in(folder: TempDir, language: Language) -> Option<Self> {
        let store = folder.path().join("events");
        let secrets = format!("{CURRENT} {OLD}");
        let port = free_port().unwrap();
        let process = example::origin(language, port, &store, &secrets).unwrap()?;
        Some(Self {
            process,
            language,
            folder,
        })
    }

    /// Killed, and started again with what it has stored.
    fn restart(self) -> Self {
        drop(self.process);
        Self::start_in(self.folder, self.language).unwrap()
    }

    async fn post(&self, secret: &str, id: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        let now = Utc::now().timestamp();
        let signature = Webhook::new(secret)
            .unwrap()
            .sign(id, now, body.as_bytes())
            .unwrap();
        let own = [
            ("webhook-id", id),
            ("webhook-timestamp", &now.to_string()),
            ("webhook-signature", &signature),
        ];
        let headers: Vec<_> = own.iter().chain(headers).copied().collect();
        self.post_as_it_is(&headers, body).await
    }

    async fn post_as_it_is(&self, headers: &[(&str, &str)], body: &str) -> u16 {
        let headers = headers.iter().map(|(name, value)| {
            let name: HeaderName = name.parse().unwrap();
            (name, value.parse().unwrap())
        });
        let request = reqwest::Client::new()
            .post(self.process.url())
            .headers(headers.collect::<HeaderMap>())
            .body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    }

    /// The `number`th line that it prints about deliveries, from 1.
    async fn line(&self, number: usize) -> String {
        let printed = async {
            loop {
                // The first line says where it listens.
                if let Some(line) = self.process.log().text().lines().nth(number) {
                    return line.to_owned();
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(10), printed).await.unwrap()
    }

    /// The event that it printed as its `number`th line. Each SDK has a spelling of times of its own.
    async fn printed(&self, number: usize) -> Value {
        let mut event: Value = serde_json::from_str(&self.line(number).await).unwrap();
        let time = event.get_mut("time").unwrap();
        let moment: DateTime<Utc> = time.as_str().unwrap().parse().unwrap();
        *time = moment.to_rfc3339_opts(SecondsFormat::Secs, true).into();
        event
    }

    /// Its type.
    async fn printed_type(&self, number: usize) -> String {
        let event: Value = serde_json::from_str(&self.line(number).await).unwrap();
        let r#type = event.get("type").and_then(Value::as_str);
        r#type.unwrap().to_owned()
    }
}

const STRUCTURED: [(&str, &str); 1] = [(
    "content-type",
    "application/cloudevents+json; charset=utf-8",
)];

fn event(id: &str) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": "https://acme-admin.3scale.net",
        "type": "net.3scale.user.created",
        "time": "2026-11-28T00:04:09Z",
        "datacontenttype": "application/json",
        "data": { "type": "user", "object": { "id": 7, "username": "Zoë \"東京\" \\ \n 🦀", "ids": [1, -2.5e-3, null] } },
    })
}

async fn stores_each_event_once(language: Language) {
    let Some(origin) = Origin::start(language) else {
        return;
    };
    let body = event("e1").to_string();
    assert_eq!(origin.post(CURRENT, "e1", &STRUCTURED, &body).await, 204);
    assert_eq!(origin.printed(1).await, event("e1"));
    // A repeat is answered like the first.
    assert_eq!(origin.post(CURRENT, "e1", &STRUCTURED, &body).await, 204);
    assert_eq!(origin.line(2).await, "e1 again: dropped");
    if language == Language::Rust {
        return; // It stores nothing.
    }
    let origin = origin.restart();
    assert_eq!(origin.post(CURRENT, "e1", &STRUCTURED, &body).await, 204);
    assert_eq!(origin.line(1).await, "e1 again: dropped");
    let next = event("e2").to_string();
    assert_eq!(origin.post(CURRENT, "e2", &STRUCTURED, &next).await, 204);
    assert_eq!(origin.printed(2).await, event("e2"));
}

async fn accepts_what_a_valid_secret_signed_and_nothing_else(language: Language) {
    let Some(origin) = Origin::start(language) else {
        return;
    };
    let body = event("e1").to_string();
    assert_eq!(origin.post(OLD, "e1", &STRUCTURED, &body).await, 204);
    assert_eq!(origin.printed_type(1).await, "net.3scale.user.created");

    let body = event("e2").to_string();
    assert_eq!(origin.post(OTHER, "e2", &STRUCTURED, &body).await, 401);
    assert!(origin.line(2).await.starts_with("refused: "));
    let now = Utc::now().timestamp();
    let webhook = Webhook::new(CURRENT).unwrap();
    let signature = |time, body: &str| webhook.sign("e2", time, body.as_bytes()).unwrap();
    let an_hour_ago = now - 3600;
    for (what, time, signature) in [
        ("another body", now, signature(now, "{}")),
        ("long ago", an_hour_ago, signature(an_hour_ago, &body)),
        ("another time", now, signature(now - 1, &body)),
        ("no version", now, signature(now, &body).replace("v1,", "")),
        ("no base64", now, "v1,%%%".to_owned()),
        ("empty", now, String::new()),
    ] {
        let headers = [
            STRUCTURED[0],
            ("webhook-id", "e2"),
            ("webhook-timestamp", &time.to_string()),
            ("webhook-signature", &signature),
        ];
        assert_eq!(origin.post_as_it_is(&headers, &body).await, 401, "{what}");
    }
    assert_eq!(origin.post_as_it_is(&STRUCTURED, &body).await, 401);
    // It was never taken for stored.
    assert_eq!(origin.post(CURRENT, "e2", &STRUCTURED, &body).await, 204);
}

async fn says_that_it_cannot_read_what_is_no_event(language: Language) {
    let Some(origin) = Origin::start(language) else {
        return;
    };
    for (id, body) in [("e1", "{\"specversion\":"), ("e2", "[1]"), ("e3", "")] {
        assert_eq!(
            origin.post(CURRENT, id, &STRUCTURED, body).await,
            400,
            "{body:?}"
        );
    }
}

macro_rules! in_each_language {
    ($($name:ident: $language:ident),*) => {$(
        mod $name {
            use super::*;

            #[tokio::test]
            async fn stores_each_event_once() {
                super::stores_each_event_once(Language::$language).await;
            }

            #[tokio::test]
            async fn accepts_what_a_valid_secret_signed_and_nothing_else() {
                super::accepts_what_a_valid_secret_signed_and_nothing_else(Language::$language).await;
            }

            #[tokio::test]
            async fn says_that_it_cannot_read_what_is_no_event() {
                super::says_that_it_cannot_read_what_is_no_event(Language::$language).await;
            }
        }
    )*};
}

in_each_language!(rust: Rust, javascript: JavaScript, python: Python, java: Java);

#[tokio::test]
async fn all_three_formats_are_understood_in_rust() {
    let origin = Origin::start(Language::Rust).unwrap();
    let binary = [
        ("content-type", "application/json"),
        ("ce-id", "e2"),
        ("ce-type", "net.3scale.user.deleted"),
    ];
    let xml = "<event><action>updated</action><type>user</type><object/></event>";
    let plain = [("content-type", "application/xml")];
    let structured = event("e1").to_string();
    let answers = [
        origin.post(CURRENT, "e1", &STRUCTURED, &structured).await,
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
