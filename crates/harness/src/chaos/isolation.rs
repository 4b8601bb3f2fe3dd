//! The cost of broken destinations for healthy ones: the time from a 200 to the event's arrival at two healthy origins,
//! alone and beside one that hangs, one that fails and one that asks for a pause of a day.
//!
//! A figure and not a test: it depends on the machine.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Serialize;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use crate::deployment::Deployment;
use crate::free_port;
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;
use stand_in::target::Target;
use stand_in::wire::{self, BodyFormat};

use super::runtime::Runtime;

const HEALTHY: [&str; 2] = ["healthy-one", "healthy-two"];
const BROKEN: [&str; 3] = ["hangs", "fails", "asks-to-wait"];
/// The real schedule: nothing is accelerated here.
const RATE: u32 = 50;
/// The runtime has to load and to optimise the Worker first.
const WARM_UP: u32 = 3 * RATE;
/// The longest that the last events may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Both measurements.
#[derive(Clone, Debug, Serialize)]
pub struct Isolation {
    /// How many events 3scale sent per second.
    pub events_per_second: u32,
    /// The duration.
    pub seconds: u64,
    /// With the healthy origins only.
    pub alone: Latency,
    /// With three broken origins beside them.
    pub beside_broken_ones: Latency,
}

/// Of all deliveries to healthy origins, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    /// Deliveries that arrived.
    pub deliveries: usize,
    /// Deliveries that did not arrive in time.
    pub never_arrived: usize,
    /// From 3scale's 200 to the arrival: the median.
    pub accept_to_arrival_p50_ms: f64,
    /// The 99th percentile.
    pub accept_to_arrival_p99_ms: f64,
    /// The maximum.
    pub accept_to_arrival_max_ms: f64,
    /// From 3scale's request to its 200: the median.
    pub answer_p50_ms: f64,
    /// The 99th percentile.
    pub answer_p99_ms: f64,
}

/// When each event arrived first, by destination and id.
#[derive(Clone, Default)]
struct Arrivals(Arc<Mutex<HashMap<(String, String), Instant>>>);

/// The sender's view of an event.
struct Accepted {
    id: String,
    sent: Instant,
    at: Instant,
}

/// Measures twice, for this long each.
///
/// # Errors
/// When the Worker does not start, or refuses an event.
pub async fn measure(seconds: u64) -> anyhow::Result<Isolation> {
    Ok(Isolation {
        events_per_second: RATE,
        seconds,
        alone: latency(&[], seconds).await.context("alone")?,
        beside_broken_ones: latency(&BROKEN, seconds)
            .await
            .context("beside broken ones")?,
    })
}

/// The limits for healthy destinations.
const LONGEST_P99_MS: f64 = 1000.0;

impl Isolation {
    /// `true` if the limit holds beside broken destinations.
    pub fn holds(&self) -> bool {
        let beside = &self.beside_broken_ones;
        beside.never_arrived == 0 && beside.accept_to_arrival_p99_ms < LONGEST_P99_MS
    }

    /// The part of the delay that the broken ones cause.
    pub fn ratio_of_p99(&self) -> f64 {
        self.beside_broken_ones.accept_to_arrival_p99_ms / self.alone.accept_to_arrival_p99_ms
    }
}

async fn latency(broken: &[&str], seconds: u64) -> anyhow::Result<Latency> {
    let arrivals = Arrivals::default();
    let origin = serve(arrivals.clone()).await?;
    let token = format!("{:032x}", fastrand::u128(..));
    let destinations: Vec<_> = HEALTHY
        .iter()
        .chain(broken)
        .map(|name| format!("{name} = {{ url = \"{origin}/{name}\" }}"))
        .collect();
    let vars = format!(
        "SOURCES = {{ acme = {{}} }}\nDESTINATIONS = {{ {} }}",
        destinations.join(", ")
    );
    let secrets = [
        ("SOURCE_ACME_SECRET", token.as_str()),
        ("ALLOW_LOCAL_TARGETS", "true"),
    ];
    let runtime = Runtime::start(Deployment::new(vars.parse()?, &secrets)?, free_port()?).await?;
    let hook: Target = format!("{}/hooks/acme?token={token}", runtime.url()).parse()?;

    arrivals.all(&send(&hook, 0, WARM_UP).await?).await;
    let count = RATE * u32::try_from(seconds)?;
    let accepted = send(&hook, u64::from(WARM_UP), count).await?;
    arrivals.all(&accepted).await;
    runtime.stop();
    Ok(Latency::of(&accepted, &arrivals))
}

/// Sends this many events at the rate, each over a connection of its own as 3scale does.
async fn send(hook: &Target, already: u64, count: u32) -> anyhow::Result<Vec<Accepted>> {
    let mut ticks = interval(Duration::from_secs(1) / RATE);
    let mut pushes = JoinSet::new();
    let numbers = already + 1..=already + u64::from(count);
    for (number, kind) in numbers.zip(Kind::ALL.into_iter().cycle()) {
        ticks.tick().await;
        let hook = hook.clone();
        pushes.spawn(async move {
            let sent = Instant::now();
            let xml = Notification::of(kind).id(number).xml();
            let answer = wire::push(&hook, &xml, BodyFormat::Xml, wire::TIMEOUT).await?;
            let at = Instant::now();
            anyhow::ensure!(answer.is_success(), "answered {}", answer.status);
            let body: Value = serde_json::from_str(&answer.body)?;
            let id = body.get("id").and_then(Value::as_str);
            let id = id.context("a 200 without an id")?.to_owned();
            Ok(Accepted { id, sent, at })
        });
    }
    pushes.join_all().await.into_iter().collect()
}

async fn serve(arrivals: Arrivals) -> anyhow::Result<String> {
    let app = Router::new()
        .route("/{name}", post(receive))
        .with_state(arrivals);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, app).into_future());
    Ok(url)
}

async fn receive(
    Path(name): Path<String>,
    State(arrivals): State<Arrivals>,
    headers: HeaderMap,
) -> Response {
    match name.as_str() {
        "hangs" => {
            sleep(Duration::from_mins(2)).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        "fails" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "asks-to-wait" => {
            let a_day = [("retry-after", "86400")];
            (StatusCode::SERVICE_UNAVAILABLE, a_day).into_response()
        }
        _ => {
            let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
            arrivals.note(name, id.unwrap_or_default());
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

impl Arrivals {
    fn note(&self, name: String, id: &str) {
        let mut arrivals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals
            .entry((name, id.to_owned()))
            .or_insert_with(Instant::now);
    }

    /// Waits until all have arrived, with a limit.
    async fn all(&self, accepted: &[Accepted]) {
        let deadline = Instant::now() + PATIENCE;
        while self.of(accepted).len() < accepted.len() * HEALTHY.len() && Instant::now() < deadline
        {
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The delay of each delivery that has arrived. One that arrived before the 200 took no time.
    fn of(&self, accepted: &[Accepted]) -> Vec<Duration> {
        let arrivals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = accepted
            .iter()
            .flat_map(|event| HEALTHY.map(|name| (event, name)));
        pairs
            .filter_map(|(event, name)| {
                let arrival = arrivals.get(&(name.to_owned(), event.id.clone()))?;
                Some(arrival.saturating_duration_since(event.at))
            })
            .collect()
    }
}

impl Latency {
    fn of(accepted: &[Accepted], arrivals: &Arrivals) -> Self {
        let deliveries = arrivals.of(accepted);
        let answers: Vec<_> = accepted.iter().map(|event| event.at - event.sent).collect();
        let (arrived, answered) = (Sorted::of(&deliveries), Sorted::of(&answers));
        Self {
            deliveries: deliveries.len(),
            never_arrived: accepted.len() * HEALTHY.len() - deliveries.len(),
            accept_to_arrival_p50_ms: arrived.percentile(50),
            accept_to_arrival_p99_ms: arrived.percentile(99),
            accept_to_arrival_max_ms: arrived.percentile(100),
            answer_p50_ms: answered.percentile(50),
            answer_p99_ms: answered.percentile(99),
        }
    }
}

/// Times in milliseconds, shortest first.
struct Sorted(Vec<f64>);

impl Sorted {
    fn of(times: &[Duration]) -> Self {
        let mut times: Vec<_> = times
            .iter()
            .map(|time| time.as_secs_f64() * 1000.0)
            .collect();
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// The smallest time that this percentage of them does not exceed.
    fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0
            .get(rank.saturating_sub(1))
            .copied()
            .unwrap_or(f64::NAN)
    }
}
