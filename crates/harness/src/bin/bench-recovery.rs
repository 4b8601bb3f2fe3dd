//! `make bench-recovery`: the cost of recovering from a list of failures of 50 MB: steps, time, processor, memory.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::{TimeDelta, Utc};
use clap::Parser;
use serde::Serialize;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use harness::deployment::Deployment;
use harness::process::{Log, Process};
use harness::{free_port, usage, workerd};
use stand_in::admin_api;
use stand_in::credentials::{AccessToken, Credentials};
use stand_in::failures::Failure;
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;
use stand_in::tenant::{Tenant, Webhook};

/// Recovers from a long list of failures, in workerd alone, and measures the cost
#[derive(Parser)]
struct Options {
    /// How many entries the list has
    #[arg(long, default_value_t = 12_500)]
    entries: u64,
    /// How long each is at the least, in bytes
    #[arg(long, default_value_t = 4000)]
    bytes: usize,
    /// Where to write the figures as JSON
    #[arg(long)]
    results: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Figures {
    entries: u64,
    list_mb: f64,
    steps: usize,
    seconds: f64,
    cpu_seconds: f64,
    /// Of the whole runtime, before the run: the engine with the Worker loaded, and one push served.
    memory_before_mb: f64,
    /// The peak during the run.
    memory_peak_mb: f64,
}

const TOKEN: &str = "a-token-for-the-measurement";
const PATIENCE: Duration = Duration::from_mins(5);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let tenant = Arc::new(Tenant::new(
        Credentials {
            access_tokens: vec![AccessToken::admin(TOKEN)],
            provider_key: None,
        },
        Webhook::default(),
    ));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let admin_url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, admin_api::router(tenant.clone())).into_future());
    let (worker, _deployment) = start(&admin_url).await?;
    let hook = format!("{}/hooks/acme?token={TOKEN}", worker.url());

    let kind: Kind = "application.created".parse().map_err(anyhow::Error::msg)?;
    let push = Notification::of(kind).id(1).xml();
    let client = reqwest::Client::new();
    let request = client.post(&hook).header("content-type", "application/xml");
    request.body(push).send().await?.error_for_status()?;

    let padding = "x".repeat(options.bytes.saturating_sub(1500));
    let gave_up = Utc::now() - TimeDelta::hours(1);
    for id in 1..=options.entries {
        let xml = Notification::of(kind)
            .id(id + 1)
            .extra_field("note", &padding)
            .xml();
        let failure = Failure::new(
            Uuid::new_v4(),
            gave_up + TimeDelta::milliseconds(i64::try_from(id)?),
            hook.clone(),
            xml,
        );
        lock(&tenant).push(failure);
    }
    let list_bytes = u32::try_from(lock(&tenant).xml().len())?;

    let before = usage::of(worker.group())?;
    let began = Instant::now();
    while !lock(&tenant).is_empty() {
        anyhow::ensure!(
            began.elapsed() < PATIENCE,
            "{} entries are left",
            lock(&tenant).len()
        );
        let url = format!("{}/api/v1/recoveries", worker.url());
        let answer: Value = client
            .post(url)
            .bearer_auth(TOKEN)
            .send()
            .await?
            .json()
            .await?;
        let state = answer
            .pointer("/recoveries/0/state")
            .and_then(Value::as_str);
        anyhow::ensure!(matches!(state, Some("ok" | "running")), "{answer}");
        sleep(Duration::from_millis(200)).await;
    }
    let after = usage::of(worker.group())?;
    let steps = worker
        .log()
        .text()
        .lines()
        .filter(|line| line.contains(r#""event":"recovery""#))
        .count();
    let figures = Figures {
        entries: options.entries,
        list_mb: f64::from(list_bytes) / 1e6,
        steps,
        seconds: began.elapsed().as_secs_f64(),
        cpu_seconds: after.cpu.saturating_sub(before.cpu).as_secs_f64(),
        memory_before_mb: before.memory_mb,
        memory_peak_mb: after.peak_memory_mb,
    };
    println!("{}", serde_json::to_string_pretty(&figures)?);
    if let Some(file) = &options.results {
        std::fs::write(file, serde_json::to_string_pretty(&figures)? + "\n")
            .context("writing the figures")?;
    }
    Ok(())
}

fn lock(tenant: &Tenant) -> std::sync::MutexGuard<'_, stand_in::failures::Failures> {
    tenant
        .failures
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

async fn start(admin_url: &str) -> anyhow::Result<(Process, Deployment)> {
    let vars = format!(
        "SOURCES = {{ acme = {{ admin_url = \"{admin_url}\" }} }}\nTIME_FACTOR = \"1000\"\nDESTINATIONS = {{}}"
    );
    let secrets = [
        ("SOURCE_ACME_SECRET", TOKEN),
        ("SOURCE_ACME_ACCESS_TOKEN", TOKEN),
        ("CONSOLE_TOKEN", TOKEN),
        ("ALLOW_LOCAL_TARGETS", "true"),
    ];
    let deployment = Deployment::new(vars.parse()?, &secrets)?;
    let port = free_port()?;
    tokio::task::spawn_blocking(move || {
        let worker = workerd::serve(&deployment, port, &Log::default())?;
        anyhow::Ok((worker, deployment))
    })
    .await?
}
