//! `make demo`: 16 kinds of notification go in as 3scale sends them, and come out at an origin and in KV.
//!
//! Ends with 0 only if the origin has received and verified all 16 and KV holds all 16.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use harness::deployment::Deployment;
use harness::kv;
use harness::process::Log;
use harness::{free_port, signing_secret, wrangler};
use origin::{Event, Notice};
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;
use stand_in::target::Target;
use stand_in::wire::{self, BodyFormat};

#[path = "../../../../examples/origin.rs"]
#[expect(dead_code, reason = "its main is not ours")]
mod origin;

/// How long the events may take to the origin and into KV.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let signing_secret = signing_secret();
    let received = Received::default();
    let origin = start_origin(&signing_secret, received.clone()).await?;

    let token = format!("{:032x}", fastrand::u128(..));
    let deployment = deployment(&origin, &token, &signing_secret)?;
    println!("starting the Worker");
    let (deployment, worker) = tokio::task::spawn_blocking(move || {
        let worker = wrangler::dev(&deployment, free_port()?, &Log::default())?;
        anyhow::Ok((deployment, worker))
    })
    .await??;

    let accepted =
        send_all(&format!("{}/hooks/default?token={token}", worker.url()).parse()?).await?;
    let missing_at_origin = wait_for_origin(&received, &accepted).await;
    let (deployment, stored, missing_in_kv) = wait_for_kv(deployment, &accepted).await?;

    println!("\nThe origin at {origin} received and verified:");
    for event in received.lock().iter() {
        println!("  {event}");
    }
    println!("\nKV holds (wrangler kv key list --binding EVENTS):");
    for entry in &stored {
        println!("  {}  {}", entry.key, entry.metadata);
    }
    drop((worker, deployment));

    Ok(verdict(&accepted, &missing_at_origin, &missing_in_kv))
}

/// What the origin has verified, in the order of its coming.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<Event>>>);

impl Received {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Event>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn start_origin(signing_secret: &str, received: Received) -> anyhow::Result<String> {
    let app = origin::router(&[signing_secret.to_owned()], move |notice| match notice {
        Notice::Event(event) => received.lock().push(event),
        Notice::Repeat(_) => {}
        Notice::Refused(why) => eprintln!("the origin refused a delivery: {why}"),
    })?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, app).into_future());
    Ok(url)
}

/// The shipped configuration with one more destination: the origin.
fn deployment(origin: &str, token: &str, signing_secret: &str) -> anyhow::Result<Deployment> {
    let vars = format!(
        "DESTINATIONS = {{ origin = {{ url = \"{origin}\" }}, archive = {{ kv = \"EVENTS\" }} }}"
    );
    Deployment::new(
        vars.parse()?,
        &[
            ("SOURCE_DEFAULT_SECRET", token),
            ("DESTINATION_ORIGIN_SIGNING_SECRET", signing_secret),
            ("ALLOW_LOCAL_TARGETS", "true"),
        ],
    )
}

/// The ids that the Worker gave, by kind.
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

/// Kinds whose event did not come in time.
async fn wait_for_origin(received: &Received, accepted: &BTreeMap<String, Kind>) -> Vec<Kind> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let missing = missing(accepted, |id| {
            received.lock().iter().any(|event| event.id == id)
        });
        if missing.is_empty() || Instant::now() > deadline {
            return missing;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn wait_for_kv(
    deployment: Deployment,
    accepted: &BTreeMap<String, Kind>,
) -> anyhow::Result<(Deployment, Vec<kv::Entry>, Vec<Kind>)> {
    let deadline = Instant::now() + PATIENCE;
    let mut deployment = deployment;
    loop {
        // Each look is a start of wrangler, which takes a second or two: that is the pause, too.
        let (same, stored) =
            tokio::task::spawn_blocking(move || (kv::list(&deployment, "EVENTS"), deployment))
                .await
                .map(|(s, d)| (d, s))?;
        let stored = stored?;
        deployment = same;
        let missing = missing(accepted, |id| {
            stored.iter().any(|entry| entry.key.ends_with(id))
        });
        if missing.is_empty() || Instant::now() > deadline {
            return Ok((deployment, stored, missing));
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
