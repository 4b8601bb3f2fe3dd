//! An origin service: verifies the deliveries of threescale-edge, drops repeats, prints each event.
//!
//! One file to copy from. The four steps that any origin needs are in [`receive`]: keep the body byte for byte, verify
//! its signature, drop repeats, and only then parse it.

use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Router, routing};
use clap::Parser;
use serde_json::{Map, Value};
use standardwebhooks::Webhook;

const EXAMPLES: &str = "Examples:
  cargo run --example origin -- --secret whsec_bG9jYWwtc2lnbmluZy1zZWNyZXQtMzItYnl0ZXMhIQ==
  ORIGIN_SECRETS='whsec_new whsec_old' cargo run --example origin -- --json | jq .data.object.id

The last lines of .dev.vars make it the destination `crm` of `make dev`.";

/// Receives events from threescale-edge, verifies them, and prints each one once.
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
struct Options {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// A signing secret of the destination; several may be valid at once during a rotation
    #[arg(
        long = "secret",
        env = "ORIGIN_SECRETS",
        required = true,
        value_delimiter = ' ',
        hide_env_values = true
    )]
    secrets: Vec<String>,
    /// Print each event as one JSON object per line
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let app = router(&options.secrets, options.json)?;
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    eprintln!("origin listens on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

fn router(secrets: &[String], json: bool) -> anyhow::Result<Router> {
    let webhooks = secrets
        .iter()
        .map(|secret| Webhook::new(secret))
        .collect::<Result<_, _>>()?;
    let origin = Origin {
        webhooks,
        seen: Mutex::default(),
        json,
    };
    Ok(Router::new()
        .fallback(routing::post(receive))
        // An account with many users makes a large notification, and JSON is larger than its XML.
        .layer(DefaultBodyLimit::max(8 * 1024 * 1024))
        .with_state(Arc::new(origin)))
}

struct Origin {
    webhooks: Vec<Webhook>,
    /// The ids that were handled. A real origin stores them in its database, beside the changes that the event made.
    seen: Mutex<HashSet<String>>,
    json: bool,
}

async fn receive(State(origin): State<Arc<Origin>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    // The signature covers the exact bytes: verify first, parse afterwards.
    if let Err(why) = origin.verify(&headers, &body) {
        eprintln!("refused: {why}");
        return StatusCode::UNAUTHORIZED;
    }
    let event = match Event::read(&headers, &body) {
        Ok(event) => event,
        Err(why) => {
            eprintln!("refused: {why}");
            return StatusCode::BAD_REQUEST;
        }
    };
    let is_first = origin
        .seen
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(event.id.clone());
    if !is_first {
        eprintln!("{} again: dropped", event.id);
    } else if origin.json {
        println!("{}", event.json);
    } else {
        println!("{event}");
    }
    // A repeat is a success too: the sender only needs to know that the event has arrived.
    StatusCode::NO_CONTENT
}

impl Origin {
    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
        let mut why = String::from("no secret");
        for webhook in &self.webhooks {
            match webhook.verify(body, headers) {
                Ok(()) => return Ok(()),
                Err(error) => why = error.to_string(),
            }
        }
        Err(why)
    }
}

/// One event, in any of the three formats.
#[derive(Clone, Debug)]
struct Event {
    /// `webhook-id`: the same in every attempt.
    id: String,
    /// `webhook-attempt`: 1 for the first.
    attempt: String,
    /// The `CloudEvent`; for `format = "xml"` only `id` and the notification's `type` and `action`.
    envelope: Value,
    /// The same as text: as it came, where it came as JSON.
    json: String,
}

impl Event {
    fn read(headers: &HeaderMap, body: &[u8]) -> anyhow::Result<Self> {
        let header = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let media_type = header("content-type")
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        let cloud_event = match media_type.as_str() {
            "application/cloudevents+json" => serde_json::from_slice(body)?,
            "application/json" if headers.contains_key("ce-id") => {
                binary(headers, serde_json::from_slice(body)?)
            }
            "application/xml" => notification(header("webhook-id"), std::str::from_utf8(body)?),
            other => anyhow::bail!("cannot read {other:?}"),
        };
        let json = match media_type.as_str() {
            "application/cloudevents+json" => std::str::from_utf8(body)?.to_owned(),
            _ => cloud_event.to_string(),
        };
        let has_type = cloud_event.get("type").is_some_and(Value::is_string);
        anyhow::ensure!(has_type, "not a CloudEvent");
        Ok(Self {
            id: header("webhook-id").to_owned(),
            attempt: header("webhook-attempt").to_owned(),
            envelope: cloud_event,
            json,
        })
    }

    fn text(&self, name: &str) -> &str {
        self.envelope
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or("-")
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, subject, time) = (self.text("type"), self.text("subject"), self.text("time"));
        write!(
            f,
            "{}  {kind:<43} {subject:<16} {time}  attempt {}",
            self.id, self.attempt
        )
    }
}

/// `format = "cloudevents-binary"`: each attribute is a header, the body is `data`.
fn binary(headers: &HeaderMap, data: Value) -> Value {
    let attributes = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix("ce-")?;
        Some((name.to_owned(), Value::from(value.to_str().ok()?)))
    });
    let mut event: Map<String, Value> = attributes.collect();
    event.insert("datacontenttype".into(), "application/json".into());
    event.insert("data".into(), data);
    Value::Object(event)
}

/// `format = "xml"`: 3scale's own document. Use a real XML parser for more than its envelope.
fn notification(id: &str, xml: &str) -> Value {
    let between = |open: &str, close: &str| {
        Some(
            xml.split_once(open)?
                .1
                .split_once(close)?
                .0
                .trim()
                .to_owned(),
        )
    };
    serde_json::json!({
        "id": id,
        "type": format!(
            "net.3scale.{}.{}",
            between("<type>", "</type>").unwrap_or_default(),
            between("<action>", "</action>").unwrap_or_default()
        ),
        "xml": xml,
    })
}
