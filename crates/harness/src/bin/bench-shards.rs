//! `make bench-shards`: how many events a source ingests and delivers per second with 1, 4 and 16 inboxes.
//!
//! Each round measures every number of inboxes once, so that load from elsewhere on the machine affects all of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use clap::Parser;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use harness::deployment::Deployment;
use harness::process::{Log, Process};
use harness::{free_port, usage, workerd};
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;

/// Measures how ingest and delivery grow with the inboxes of a source, in workerd alone
#[derive(Parser)]
struct Options {
    /// How many inboxes
    #[arg(long, value_delimiter = ',', default_value = "1,4,16")]
    shards: Vec<u32>,
    /// How many events each measurement sends
    #[arg(long, default_value_t = 3000)]
    events: u64,
    /// How often each is measured
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long the origin takes to answer, in milliseconds
    #[arg(long, default_value_t = 50)]
    origin_ms: u64,
    /// Connections that send at once
    #[arg(long, default_value_t = 16)]
    connections: u64,
    /// Where to write the figures as JSON
    #[arg(long)]
    results: Option<PathBuf>,
}

/// One measurement, in events per second.
#[derive(Clone, Copy, Debug)]
struct Measured {
    taken: f64,
    delivered: f64,
    /// Of the whole runtime for one event, from its arrival to its delivery.
    cpu_ms: f64,
}

/// The median of the rounds, with the lowest and the highest.
#[derive(Clone, Copy, Debug, Serialize)]
struct Figure {
    median: f64,
    least: f64,
    most: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Figures {
    shards: u32,
    taken_per_second: Figure,
    delivered_per_second: Figure,
    cpu_ms_per_event: Figure,
}

const TOKEN: &str = "a-token-for-the-measurement";
/// The longest that the delivery of all events may take.
const PATIENCE: Duration = Duration::from_mins(5);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let mut all: Vec<Vec<Measured>> = vec![vec![]; options.shards.len()];
    for round in 1..=options.rounds {
        for (shards, measured) in options.shards.iter().zip(&mut all) {
            eprintln!("round {round} of {}: {shards} inboxes", options.rounds);
            measured.push(measure(&options, *shards).await?);
        }
    }
    let figures: Vec<_> = options
        .shards
        .iter()
        .zip(&all)
        .map(|(shards, measured)| Figures {
            shards: *shards,
            taken_per_second: Figure::of(measured, |one| one.taken),
            delivered_per_second: Figure::of(measured, |one| one.delivered),
            cpu_ms_per_event: Figure::of(measured, |one| one.cpu_ms),
        })
        .collect();
    show(&figures, &options);
    if let Some(file) = &options.results {
        std::fs::write(file, serde_json::to_string_pretty(&figures)? + "\n")?;
    }
    Ok(())
}

fn show(figures: &[Figures], options: &Options) {
    println!(
        "{} events over {} connections; the origin answers after {} ms; median (least to most) of {} rounds",
        options.events, options.connections, options.origin_ms, options.rounds
    );
    println!("inboxes | taken/s            | delivered/s        | CPU ms/event");
    for one in figures {
        println!(
            "{:>7} | {:<18} | {:<18} | {}",
            one.shards,
            one.taken_per_second.text(0),
            one.delivered_per_second.text(0),
            one.cpu_ms_per_event.text(2),
        );
    }
    if let [first, .., last] = figures {
        println!(
            "{} inboxes beside {}: {:.2} times as many ingested, {:.2} times as many delivered",
            last.shards,
            first.shards,
            last.taken_per_second.median / first.taken_per_second.median,
            last.delivered_per_second.median / first.delivered_per_second.median,
        );
    }
}

async fn measure(options: &Options, shards: u32) -> anyhow::Result<Measured> {
    let arrived = Arc::new(AtomicU64::new(0));
    let origin = serve(
        Arc::clone(&arrived),
        Duration::from_millis(options.origin_ms),
    )
    .await?;
    let vars = format!(
        "SOURCES = {{ acme = {{ shards = {shards} }} }}\nDESTINATIONS = {{ crm = {{ url = \"{origin}/\" }} }}"
    );
    let secrets = [
        ("SOURCE_ACME_SECRET", TOKEN),
        ("CONSOLE_TOKEN", TOKEN),
        ("ALLOW_LOCAL_TARGETS", "true"),
    ];
    let deployment = Deployment::new(vars.parse()?, &secrets)?;
    let port = free_port()?;
    let (worker, deployment) = tokio::task::spawn_blocking(move || {
        let worker = workerd::serve(&deployment, port, &Log::default())?;
        anyhow::Ok((worker, deployment))
    })
    .await??;
    let client = reqwest::Client::new();
    let operate = |action: &str| {
        let url = format!("{}/api/v1/destinations/crm/{action}", worker.url());
        client.post(url).bearer_auth(TOKEN).send()
    };

    // The runtime has to optimise the Worker first.
    send(&worker, 0, options.events / 10, options.connections).await?;
    until(&arrived, options.events / 10).await?;

    operate("pause").await?.error_for_status()?;
    let (began, used) = (Instant::now(), usage::of(worker.group())?.cpu);
    send(&worker, options.events, options.events, options.connections).await?;
    let taken_in = began.elapsed();

    let (before, began) = (arrived.load(Ordering::Relaxed), Instant::now());
    operate("resume").await?.error_for_status()?;
    until(&arrived, before + options.events).await?;
    let delivered_in = began.elapsed();
    let cpu = usage::of(worker.group())?.cpu.saturating_sub(used);
    drop(worker);
    drop(deployment);
    let events = u32::try_from(options.events)?;
    Ok(Measured {
        taken: f64::from(events) / taken_in.as_secs_f64(),
        delivered: f64::from(events) / delivered_in.as_secs_f64(),
        cpu_ms: cpu.as_secs_f64() * 1000.0 / f64::from(events),
    })
}

/// Sends this many events about as many accounts, as fast as the given number of connections can.
async fn send(worker: &Process, first: u64, count: u64, connections: u64) -> anyhow::Result<()> {
    let kind: Kind = "account.created".parse().map_err(anyhow::Error::msg)?;
    let client = reqwest::Client::new();
    let hook = format!("{}/hooks/acme?token={TOKEN}", worker.url());
    let mut senders = JoinSet::new();
    for connection in 0..connections {
        let (client, hook) = (client.clone(), hook.clone());
        senders.spawn(async move {
            for number in (connection..count).step_by(usize::try_from(connections)?) {
                let xml = Notification::of(kind).id(first + number + 1).xml();
                let request = client.post(&hook).header("content-type", "application/xml");
                request.body(xml).send().await?.error_for_status()?;
            }
            anyhow::Ok(())
        });
    }
    senders.join_all().await.into_iter().collect()
}

async fn serve(arrived: Arc<AtomicU64>, takes: Duration) -> anyhow::Result<String> {
    let receive = async move |State(arrived): State<Arc<AtomicU64>>| {
        sleep(takes).await;
        arrived.fetch_add(1, Ordering::Relaxed);
        StatusCode::NO_CONTENT
    };
    let app = Router::new().route("/", post(receive)).with_state(arrived);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, app).into_future());
    Ok(url)
}

async fn until(arrived: &AtomicU64, count: u64) -> anyhow::Result<()> {
    let began = Instant::now();
    while arrived.load(Ordering::Relaxed) < count {
        anyhow::ensure!(began.elapsed() < PATIENCE, "not all events were delivered");
        sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

impl Figure {
    fn of(measured: &[Measured], what: impl Fn(&Measured) -> f64) -> Self {
        let mut all: Vec<f64> = measured.iter().map(what).collect();
        all.sort_by(f64::total_cmp);
        let at = |index: usize| all.get(index).copied().unwrap_or(f64::NAN);
        Self {
            median: at(all.len() / 2),
            least: at(0),
            most: at(all.len().saturating_sub(1)),
        }
    }

    fn text(self, digits: usize) -> String {
        let Self {
            median,
            least,
            most,
        } = self;
        format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
    }
}
