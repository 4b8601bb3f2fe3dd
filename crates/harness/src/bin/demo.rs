//! `make demo`: 16 kinds of notification go in as 3scale sends them, and come out at an origin and in KV.
//!
//! Exits with 0 only if the origin has received and verified all 16 and KV holds all 16.

use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use harness::deployment::Deployment;
use harness::example::{self, Language};
use harness::process::Log;
use harness::{free_port, kv, signing_secret, wrangler};
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;
use stand_in::target::Target;
use stand_in::wire::{self, BodyFormat};

/// The longest that the events may take to the origin and into KV.
const PATIENCE: Duration = Duration::from_secs(30);

// Nothing else runs here, so blocking calls do no harm.
#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let signing_secret = signing_secret();
    println!("building and starting the origin, which is examples/origin.rs");
    let store = tempfile::tempdir()?;
    let port = free_port()?;
    let origin = example::origin(Language::Rust, port, store.path(), &signing_secret)?
        .context("no origin")?;
    let token = format!("{:032x}", fastrand::u128(..));
    let deployment = deployment(&origin.url(), &token, &signing_secret)?;
    println!("starting the Worker");
    let worker = wrangler::dev(&deployment, free_port()?, &Log::default())?;

    let accepted =
        send_all(&format!("{}/hooks/default?token={token}", worker.url()).parse()?).await?;
    let missing_at_origin = wait_for_origin(origin.log(), &accepted).await;
    let (stored, missing_in_kv) = wait_for_kv(&deployment, &accepted)?;

    let received = received(origin.log());
    println!("\nThe origin has verified:");
    for event in &received {
        println!("  {event}");
    }
    println!("\nKV holds (wrangler kv key list --binding EVENTS):");
    for entry in &stored {
        println!("  {}  {}", entry.key, entry.metadata);
    }
    let created = |event: &&Received| event.text("type").ends_with("application.created");
    if let Some(event) = received.iter().find(created) {
        println!(
            "\nOne event, whole, as the origin got it:\n\n{}",
            event.whole()?
        );
    }
    // Dropped before the folder that it works in.
    drop(worker);
    Ok(verdict(&accepted, &missing_at_origin, &missing_in_kv))
}

/// The shipped configuration with one more destination: `crm`, the origin.
fn deployment(origin: &str, token: &str, signing_secret: &str) -> anyhow::Result<Deployment> {
    let vars = format!(
        "DESTINATIONS = {{ crm = {{ url = \"{origin}/\" }}, archive = {{ kv = \"EVENTS\" }} }}"
    );
    Deployment::new(
        vars.parse()?,
        &[
            ("SOURCE_DEFAULT_SECRET", token),
            ("DESTINATION_CRM_SIGNING_SECRET", signing_secret),
            ("ALLOW_LOCAL_TARGETS", "true"),
        ],
    )
}

/// The ids that the Worker assigned, by kind.
async fn send_all(target: &Target) -> anyhow::Result<BTreeMap<String, Kind>> {
    println!("\n3scale sends to {target}:");
    let mut accepted = BTreeMap::new();
    for kind in Kind::ALL {
        let answer = wire::push(
            target,
            &Notification::of(kind).xml(),
            BodyFormat::Xml,
            wire::TIMEOUT,
        )
        .await?;
        println!("  {kind:<29} {} {}", answer.status, answer.body.trim());
        if answer.is_success() {
            let body: Value =
                serde_json::from_str(&answer.body).context("the answer is not JSON")?;
            let id = body
                .get("id")
                .and_then(Value::as_str)
                .context("the answer has no id")?;
            accepted.insert(id.to_owned(), kind);
        }
    }
    Ok(accepted)
}

/// An event that the origin has verified and printed: the JSON as it came.
struct Received {
    json: String,
    event: Value,
}

impl Received {
    fn text(&self, name: &str) -> &str {
        self.event.get(name).and_then(Value::as_str).unwrap_or("-")
    }

    /// With line breaks, and otherwise as it came.
    fn whole(&self) -> anyhow::Result<String> {
        let mut pretty = vec![];
        let mut from = serde_json::Deserializer::from_str(&self.json);
        let mut to = serde_json::Serializer::pretty(&mut pretty);
        serde_transcode::transcode(&mut from, &mut to)?;
        Ok(String::from_utf8(pretty)?)
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [id, kind, subject, time] =
            ["id", "type", "subject", "time"].map(|name| self.text(name));
        write!(f, "{id}  {kind:<41} {subject:<16} {time}")
    }
}

/// The events that the origin has printed so far.
fn received(log: &Log) -> Vec<Received> {
    let text = log.text();
    let lines = text.lines();
    let events = lines.filter_map(|line| {
        let event = serde_json::from_str(line).ok()?;
        Some(Received {
            json: line.to_owned(),
            event,
        })
    });
    events.collect()
}

/// The kinds whose event did not arrive in time.
async fn wait_for_origin(log: &Log, accepted: &BTreeMap<String, Kind>) -> Vec<Kind> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let received = received(log);
        let missing = missing(accepted, |id| {
            received.iter().any(|event| event.text("id") == id)
        });
        if missing.is_empty() || Instant::now() > deadline {
            return missing;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// The contents of KV, and the kinds whose event did not arrive there in time.
fn wait_for_kv(
    deployment: &Deployment,
    accepted: &BTreeMap<String, Kind>,
) -> anyhow::Result<(Vec<kv::Entry>, Vec<Kind>)> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        // Each look starts wrangler, which takes a second or two: that is the pause, too.
        let stored = kv::list(deployment, "EVENTS")?;
        let missing = missing(accepted, |id| {
            stored.iter().any(|entry| entry.key.ends_with(id))
        });
        if missing.is_empty() || Instant::now() > deadline {
            return Ok((stored, missing));
        }
    }
}

fn missing(accepted: &BTreeMap<String, Kind>, there: impl Fn(&str) -> bool) -> Vec<Kind> {
    accepted
        .iter()
        .filter(|(id, _)| !there(id))
        .map(|(_, &kind)| kind)
        .collect()
}

fn verdict(accepted: &BTreeMap<String, Kind>, at_origin: &[Kind], in_kv: &[Kind]) -> ExitCode {
    let refused: Vec<_> = Kind::ALL
        .into_iter()
        .filter(|kind| !accepted.values().any(|accepted| accepted == kind))
        .collect();
    println!();
    if refused.is_empty() && at_origin.is_empty() && in_kv.is_empty() {
        println!("16 sent, 16 received and verified by the origin, 16 in KV");
        return ExitCode::SUCCESS;
    }
    for (what, kinds) in [
        ("not accepted", refused.as_slice()),
        ("missing at the origin", at_origin),
        ("missing in KV", in_kv),
    ] {
        for kind in kinds {
            println!("{what}: {kind}");
        }
    }
    ExitCode::FAILURE
}
