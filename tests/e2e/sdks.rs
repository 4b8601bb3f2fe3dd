//! What the real runtime delivers, read by the SDKs that people use: each has to accept the signature of the bytes that
//! arrived, refuse a forged one, and find the event that we sent. `docs/events.md` has the table.
//!
//! `tests/sdk` has the readers in other languages: recorded deliveries in, what the SDK made of them out.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, FixedOffset};
use cloudevents::binding::http::to_event;
use cloudevents::event::Data;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Map, Value, json};
use standardwebhooks::Webhook;

use harness::fixtures::notification;
use harness::fixtures::origin::{Origin, Request};
use harness::fixtures::worker::{Setup, Worker};
use harness::{languages, signing_secret};
use stand_in::notifications::Notification;
use stand_in::wire::BodyFormat;

const ADMIN: &str = "https://zeta-admin.3scale.net";
const CITY: &str = "Zürich, “東京” & Ελλάδα 🦀 100% \\ \u{202e}";
/// An object id that a header can only have in percent-encoding.
const ODD_ID: &str = "Zürich 7";

/// Recorded deliveries of one Worker.
struct Recorded {
    secret: String,
    /// In both modes: an ordinary event with much Unicode, an alert, and one with Unicode in its `subject`.
    ordinary: [Request; 2],
    alert: [Request; 2],
    odd: [Request; 2],
    /// With `format = "xml"`: no CloudEvent, but signed too.
    xml: Request,
}

impl Recorded {
    async fn new() -> Self {
        let origin = Origin::start();
        let secret = signing_secret();
        let worker = worker(&origin, &secret).await;
        let unicode = notification("account.updated").extra_field("city", CITY);
        let id = worker.accept("zeta", &unicode).await;
        let odd = with_an_odd_id();
        let odd = worker.push("zeta", &odd, BodyFormat::Xml).await.id;
        // Makes an alert.
        let hook = worker.hook("zeta");
        worker
            .request("POST", &hook, "application/xml", "<event><type>")
            .await;
        for path in ["/ops", "/ops-binary"] {
            origin.requests(path, 1).await;
        }
        let alert = |path| origin.received(path).remove(0);
        let (xml, document) = (origin.delivery("/xml", &id).await, unicode.xml());
        assert_eq!(xml.body, document);
        Self {
            ordinary: [
                origin.delivery("/structured", &id).await,
                origin.delivery("/binary", &id).await,
            ],
            alert: [alert("/ops"), alert("/ops-binary")],
            odd: [
                origin.delivery("/structured", &odd).await,
                origin.delivery("/binary", &odd).await,
            ],
            xml,
            secret,
        }
    }

    fn all(&self) -> Vec<&Request> {
        let pairs = [&self.ordinary, &self.alert, &self.odd];
        let events = pairs.into_iter().flatten();
        events.chain([&self.xml]).collect()
    }

    /// For a reader: all as they came, then all forged in each way.
    fn deliveries(&self) -> Vec<Delivery> {
        let forgeries: [fn(&mut Delivery); 4] = [
            |_| (),
            |delivery| delivery.secret = signing_secret(),
            |delivery| *delivery.body.last_mut().unwrap() ^= 1,
            |delivery| {
                let other = "01a20052-ca61-73fb-8e19-a8a407a700d3";
                let id = HeaderName::from_static("webhook-id");
                delivery.headers.insert(id, other.parse().unwrap());
            },
        ];
        let mut deliveries = vec![];
        for forge in forgeries {
            for request in self.all() {
                let mut delivery = Delivery {
                    secret: self.secret.clone(),
                    headers: request.headers.clone(),
                    body: request.body.to_vec(),
                };
                forge(&mut delivery);
                deliveries.push(delivery);
            }
        }
        deliveries
    }

    /// Compares what an SDK made of [`Self::deliveries`]. `decodes` tells whether it decodes what is percent-encoded
    /// in a header.
    fn compare(&self, read: &[Value], decodes: bool) {
        let (genuine, forged) = read.split_at(self.all().len());
        assert_eq!(read.len(), 4 * genuine.len());
        for (read, request) in genuine.iter().zip(self.all()) {
            let path = &request.path;
            assert_eq!(read["verified"], true, "{path}: {}", read["verified"]);
        }
        for read in forged {
            assert!(read["verified"]["error"].is_string(), "forged: {read}");
        }
        let [structured, binary, alert, binary_alert, odd, binary_odd, _] = genuine else {
            panic!("{genuine:?}");
        };
        let types = self
            .ordinary
            .each_ref()
            .map(|request| request.header("content-type"));
        assert_eq!(
            types,
            [
                "application/cloudevents+json; charset=utf-8",
                "application/json"
            ]
        );
        let sent = self.ordinary[0].json();
        assert_eq!(sent["data"]["object"]["extra_fields"]["city"], CITY);
        assert_eq!(sent["source"], ADMIN);
        for read in [structured, binary] {
            assert_same_event(&read["event"], &sent);
        }
        let sent = self.alert[0].json();
        assert_eq!(sent["type"], "net.3scale.edge.alert.quarantined");
        assert_same_event(&alert["event"], &sent);
        assert_same_event(&binary_alert["event"], &sent);
        let mut sent = self.odd[0].json();
        assert_eq!(sent["subject"], format!("account/{ODD_ID}"));
        assert_same_event(&odd["event"], &sent);
        if !decodes {
            sent["subject"] = "account/Z%C3%BCrich%207".into();
        }
        assert_same_event(&binary_odd["event"], &sent);
    }
}

struct Delivery {
    secret: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Delivery {
    fn json(&self) -> Value {
        let headers = self.headers.iter();
        let headers: Map<String, Value> = headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
            .collect();
        json!({ "secret": self.secret, "headers": headers, "body": STANDARD.encode(&self.body) })
    }
}

async fn worker(origin: &Origin, secret: &str) -> Worker {
    let to = |setup: Setup, name: &str, settings: &str| {
        setup.origin_of(name, &origin.url(&format!("/{name}")), secret, settings)
    };
    let binary = "format = \"cloudevents-binary\"";
    let setup = Setup::bare()
        .source(
            "zeta",
            "zeta-secret-0123456789",
            &format!("admin_url = \"{ADMIN}\""),
        )
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("ALERTS", "ops ops-binary");
    let setup = to(setup, "structured", "");
    let setup = to(setup, "binary", binary);
    let setup = to(setup, "xml", "format = \"xml\"");
    let setup = to(setup, "ops", "events = []");
    let setup = to(setup, "ops-binary", &format!("events = []\n{binary}"));
    setup.started().await
}

fn with_an_odd_id() -> String {
    let id = harness::fixtures::fresh_id();
    let usual = Notification::of("account.created".parse().unwrap()).id(id);
    let xml = usual.xml();
    let odd = xml.replace(&format!("<id>{id}</id>"), &format!("<id>{ODD_ID}</id>"));
    assert_ne!(xml, odd);
    odd
}

/// Times as moments, and numbers as JavaScript has them, for which 0.0 is 0.
fn assert_same_event(read: &Value, sent: &Value) {
    let normal = |event: &Value| {
        let mut event = event.clone();
        let time = event["time"].as_str().unwrap_or_else(|| panic!("{event}"));
        let time: DateTime<FixedOffset> = time.parse().unwrap();
        event["time"] = time.timestamp_millis().into();
        with_floats(event)
    };
    assert_eq!(normal(read), normal(sent));
}

fn with_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(items) => items.into_iter().map(with_floats).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            members
                .map(|(name, value)| (name, with_floats(value)))
                .collect()
        }
        other => other,
    }
}

/// Runs a reader with the deliveries as its input.
fn run(mut reader: Command, deliveries: &[Delivery]) -> Vec<Value> {
    let deliveries: Vec<_> = deliveries.iter().map(Delivery::json).collect();
    let mut child = reader
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = serde_json::to_vec(&deliveries).unwrap();
    // It reads all of it before it prints. Dropped, so that it ends.
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{reader:?}: {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn read_in_rust(delivery: &Delivery) -> Value {
    let webhook = Webhook::new(&delivery.secret).unwrap();
    let verified = webhook.verify(&delivery.body, &delivery.headers);
    let event = to_event(&delivery.headers, delivery.body.clone());
    json!({
        "verified": verified.map_or_else(|error| json!({ "error": error.to_string() }), |()| true.into()),
        "event": event.map_or_else(|error| json!({ "error": error.to_string() }), as_json),
    })
}

/// In binary mode this SDK leaves `data` as bytes.
fn as_json(mut event: cloudevents::Event) -> Value {
    if let Some(Data::Binary(bytes)) = event.data() {
        let data: Value = serde_json::from_slice(bytes).unwrap_or_default();
        event.set_data_unchecked(data);
    }
    serde_json::to_value(event).unwrap()
}

#[tokio::test]
async fn the_sdks_for_rust_read_and_verify_what_arrives() {
    let recorded = Recorded::new().await;
    let read: Vec<_> = recorded.deliveries().iter().map(read_in_rust).collect();
    recorded.compare(&read, false);
}

#[tokio::test]
async fn the_sdks_for_javascript_read_and_verify_what_arrives() {
    let recorded = Recorded::new().await;
    let mut reader = languages::javascript();
    reader.arg("tests/sdk/read.mjs");
    recorded.compare(&run(reader, &recorded.deliveries()), false);
}

#[tokio::test]
async fn the_sdks_for_python_read_and_verify_what_arrives() {
    let Some(mut reader) = languages::python() else {
        return;
    };
    let recorded = Recorded::new().await;
    reader.arg("tests/sdk/read.py");
    recorded.compare(&run(reader, &recorded.deliveries()), true);
}

#[test]
fn the_table_has_the_versions_that_are_tried() {
    let read =
        |file: &str| std::fs::read_to_string(harness::deployment::project().join(file)).unwrap();
    let table = read("docs/events.md");
    let npm: Value = serde_json::from_str(&read("package.json")).unwrap();
    let crates: toml::Table = read("Cargo.lock").parse().unwrap();
    let crates = crates["package"].as_array().unwrap();
    let requirements = read("tests/sdk/requirements.txt");
    for (kind, name) in [
        ("npm", "cloudevents"),
        ("npm", "standardwebhooks"),
        ("PyPI", "cloudevents"),
        ("PyPI", "standardwebhooks"),
        ("crate", "cloudevents-sdk"),
        ("crate", "standardwebhooks"),
    ] {
        let version = match kind {
            "npm" => npm["devDependencies"][name].as_str().unwrap(),
            "PyPI" => {
                let prefix = format!("{name}==");
                let mut lines = requirements.lines();
                let version = lines.find_map(|line| line.strip_prefix(&prefix));
                version.unwrap().trim_end_matches(" \\")
            }
            _ => {
                let package = crates
                    .iter()
                    .find(|package| package["name"].as_str() == Some(name));
                package.unwrap()["version"].as_str().unwrap()
            }
        };
        let row = format!("{kind} `{name}` | {version} |");
        assert!(table.contains(&row), "{row} is not in docs/events.md");
    }
}
