//! Misbehaving origins, each with its own random generator, that record the events they have taken.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use serde::Serialize;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use super::ledger::{Arrival, Ledger};

/// The ways in which an origin treats an attempt, each with its percentage; the rest gets 204.
const FAULTS: [(Fault, u8); 5] = [
    (Fault::Error, 20),
    (Fault::AsksToWait, 5),
    (Fault::Hangs, 5),
    (Fault::Resets, 2),
    (Fault::AnswersLate, 1),
];
/// The most failures that an event meets at one origin. The schedule has ten attempts: after ten failures an event is a
/// dead letter, which waits to be replayed. That is guaranteed too, but it is not counted here.
const MOST_FAULTS: u32 = 8;
/// The value of `Retry-After`. The Worker shares our clock, but counts in milliseconds.
const WAIT: Duration = Duration::from_secs(1);
const TOLERANCE: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// 500.
    Error,
    /// 429 with `Retry-After`.
    AsksToWait,
    /// No answer until long after the timeout; the event is not taken.
    Hangs,
    /// TCP's RST in place of an answer.
    Resets,
    /// The event is taken, but the response is sent after the timeout.
    AnswersLate,
}

/// One origin; it serves as long as the runtime lives.
pub(crate) struct Origin {
    url: String,
    shared: Arc<Shared>,
}

/// An origin's actions, by kind.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Served {
    name: &'static str,
    requests: u64,
    answered_2xx: u64,
    errors_500: u64,
    asked_to_wait_429: u64,
    hung: u64,
    reset: u64,
    answered_late: u64,
}

struct Shared {
    index: usize,
    webhook: Webhook,
    timeout: Duration,
    ledger: Arc<Ledger>,
    log: Mutex<Log>,
}

struct Log {
    rng: fastrand::Rng,
    served: Served,
    met: HashMap<String, Met>,
}

/// An event's history at this origin.
#[derive(Default)]
struct Met {
    faults: u32,
    /// It was asked to wait at this attempt, then.
    asked: Option<(u32, Instant)>,
}

impl Origin {
    pub(crate) async fn start(
        name: &'static str,
        index: usize,
        secret: &str,
        rng: fastrand::Rng,
        timeout: Duration,
        ledger: &Arc<Ledger>,
    ) -> anyhow::Result<Self> {
        let served = Served {
            name,
            ..Served::default()
        };
        let shared = Arc::new(Shared {
            index,
            webhook: Webhook::new(secret)?,
            timeout,
            ledger: Arc::clone(ledger),
            log: Mutex::new(Log {
                rng,
                served,
                met: HashMap::new(),
            }),
        });
        let app = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&shared));
        // Without lingering, a connection that is dropped ends with RST and not with FIN.
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/{name}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_zero_linger();
        });
        tokio::spawn(axum::serve(listener, app).into_future());
        Ok(Self { url, shared })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.shared.log().served.name
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn served(&self) -> Served {
        self.shared.log().served.clone()
    }
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let Ok((id, arrival)) = shared.read(&headers, &body) else {
        shared.ledger.damaged();
        return StatusCode::BAD_REQUEST.into_response();
    };
    match shared.draw(&id, arrival.attempt) {
        None => {
            shared.ledger.arrived(shared.index, &id, arrival);
            StatusCode::NO_CONTENT.into_response()
        }
        Some(Fault::Error) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Fault::AsksToWait) => {
            let wait = [("retry-after", WAIT.as_secs().to_string())];
            (StatusCode::TOO_MANY_REQUESTS, wait).into_response()
        }
        Some(Fault::Hangs) => {
            sleep(shared.timeout * 4).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        // The only way to close the connection from a handler; `resume_unwind` prints nothing.
        Some(Fault::Resets) => std::panic::resume_unwind(Box::new("reset")),
        Some(Fault::AnswersLate) => {
            let late = Arrival {
                late: true,
                ..arrival
            };
            shared.ledger.arrived(shared.index, &id, late);
            sleep(shared.timeout * 2).await;
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

impl Shared {
    /// Verifies and parses the request.
    fn read(&self, headers: &HeaderMap, body: &[u8]) -> anyhow::Result<(String, Arrival)> {
        self.webhook.verify(body, headers)?;
        let header = |name| anyhow::Ok(headers.get(name).context("a header is missing")?.to_str()?);
        let event: Value = serde_json::from_slice(body)?;
        let member = |name| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let id = header("webhook-id")?;
        anyhow::ensure!(member("id") == id, "two ids");
        let arrival = Arrival {
            attempt: header("webhook-attempt")?.parse()?,
            subject: format!("{} {}", member("type"), member("subject")),
            late: false,
            at: Instant::now(),
        };
        Ok((id.to_owned(), arrival))
    }

    /// Draws the treatment of an attempt, and records it.
    fn draw(&self, id: &str, attempt: u32) -> Option<Fault> {
        let mut log = self.log();
        let log = &mut *log;
        let met = log.met.entry(id.to_owned()).or_default();
        let now = Instant::now();
        // A lower or equal number is an attempt whose predecessor was killed before it was recorded. After the timeout the
        // Worker may have given up before it saw the answer.
        let early = |(asked, at): (u32, Instant)| {
            attempt > asked && now + TOLERANCE < at + WAIT && now < at + self.timeout
        };
        if met.asked.take().is_some_and(early) {
            self.ledger.too_early();
        }
        let mut cast = log.rng.u8(0..100);
        let fault = FAULTS
            .into_iter()
            .find(|(_, share)| {
                let hit = cast < *share;
                cast = cast.saturating_sub(*share);
                hit
            })
            .map(|(fault, _)| fault)
            .filter(|_| met.faults < MOST_FAULTS);
        met.faults += u32::from(fault.is_some());
        if fault == Some(Fault::AsksToWait) {
            met.asked = Some((attempt, now));
        }
        log.served.count(fault);
        fault
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} attempts: {} answered 2xx, {} with 500, {} with 429, {} hung, {} reset, {} answered late",
            self.name,
            self.requests,
            self.answered_2xx,
            self.errors_500,
            self.asked_to_wait_429,
            self.hung,
            self.reset,
            self.answered_late
        )
    }
}

impl Served {
    fn count(&mut self, fault: Option<Fault>) {
        self.requests += 1;
        *match fault {
            None => &mut self.answered_2xx,
            Some(Fault::Error) => &mut self.errors_500,
            Some(Fault::AsksToWait) => &mut self.asked_to_wait_429,
            Some(Fault::Hangs) => &mut self.hung,
            Some(Fault::Resets) => &mut self.reset,
            Some(Fault::AnswersLate) => &mut self.answered_late,
        } += 1;
    }
}
