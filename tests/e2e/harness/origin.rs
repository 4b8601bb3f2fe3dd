//! An origin that misbehaves on demand, and remembers each request with its headers and exact body.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

use super::schemas::assert_valid;
use super::{BACKGROUND, PATIENCE};

/// What the origin does with the next request at a path; without a plan it answers 204.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Status(u16),
    Headers(u16, Vec<(&'static str, String)>),
    Body(u16, Vec<u8>),
    /// Keeps the connection open without a word.
    Hang,
    /// Closes the connection without a word.
    Reset,
    /// Answers with this status once [`Origin::release`] is called.
    Held(u16),
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) at: Instant,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Panics if it is a whole CloudEvent and not a valid one.
    pub(crate) fn is_as_its_schema_says(&self) {
        let media_type = self.header("content-type");
        if media_type.starts_with("application/cloudevents+json") {
            assert_valid(&self.json());
        }
    }

    /// Whether the Standard Webhooks library accepts it with this secret.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        Webhook::new(secret)
            .unwrap()
            .verify(&self.body, &self.headers)
            .is_ok()
    }
}

/// The origin; clones are the same one.
#[derive(Clone)]
pub(crate) struct Origin {
    address: SocketAddr,
    state: Arc<Log>,
}

struct Log {
    requests: Mutex<Vec<Request>>,
    plans: Mutex<HashMap<String, VecDeque<Reply>>>,
    changed: Notify,
    held: Semaphore,
}

impl Origin {
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap())
    }

    pub(crate) fn start_at(address: SocketAddr) -> Self {
        let state = Arc::new(Log {
            requests: Mutex::default(),
            plans: Mutex::default(),
            changed: Notify::new(),
            held: Semaphore::new(0),
        });
        let app = Router::new().fallback(receive).with_state(state.clone());
        // Bound here, so that it answers from the moment that it has an address.
        let listener = std::net::TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        BACKGROUND
            .spawn(async move { axum::serve(TcpListener::from_std(listener).unwrap(), app).await });
        Self { address, state }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next requests at the path get these replies, one each.
    pub(crate) fn plan(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        self.state
            .plans
            .lock()
            .unwrap()
            .entry(path.to_owned())
            .or_default()
            .extend(replies);
    }

    /// Lets one held request have its answer.
    pub(crate) fn release(&self) {
        self.state.held.add_permits(1);
    }

    /// All requests at the path that carry this event, oldest first.
    pub(crate) fn attempts(&self, path: &str, id: &str) -> Vec<Request> {
        let requests = self.state.requests.lock().unwrap();
        requests
            .iter()
            .filter(|request| request.path == path && request.header("webhook-id") == id)
            .cloned()
            .collect()
    }

    /// All requests at the path, oldest first.
    pub(crate) fn received(&self, path: &str) -> Vec<Request> {
        let requests = self.state.requests.lock().unwrap();
        let at_path = requests.iter().filter(|request| request.path == path);
        at_path.cloned().collect()
    }

    pub(crate) fn requests_at(&self, path: &str) -> usize {
        self.state
            .requests
            .lock()
            .unwrap()
            .iter()
            .filter(|request| request.path == path)
            .count()
    }

    /// Waits for the first attempt of this event at the path.
    pub(crate) async fn delivery(&self, path: &str, id: &str) -> Request {
        self.nth_attempt(path, id, 1).await
    }

    pub(crate) async fn nth_attempt(&self, path: &str, id: &str, nth: usize) -> Request {
        let arrived = self.once(|| self.attempts(path, id).get(nth - 1).cloned());
        let request = arrived
            .await
            .unwrap_or_else(|_| panic!("no attempt {nth} of {id} at {path} within {PATIENCE:?}"));
        request.is_as_its_schema_says();
        request
    }

    /// Waits until so many requests have come at the path.
    pub(crate) async fn requests(&self, path: &str, count: usize) {
        let arrived = self.once(|| (self.requests_at(path) >= count).then_some(()));
        arrived.await.unwrap_or_else(|_| {
            let there = self.requests_at(path);
            panic!("{there} of {count} requests at {path} within {PATIENCE:?}")
        });
    }

    /// What `look` finds, once it does.
    async fn once<T>(&self, look: impl Fn() -> Option<T>) -> Result<T, Elapsed> {
        let found = async {
            loop {
                let changed = self.state.changed.notified();
                tokio::pin!(changed);
                // Registered before looking, so that what comes in between is not missed.
                changed.as_mut().enable();
                if let Some(found) = look() {
                    return found;
                }
                changed.await;
            }
        };
        timeout(PATIENCE, found).await
    }
}

async fn receive(
    State(log): State<Arc<Log>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let reply = log
        .plans
        .lock()
        .unwrap()
        .get_mut(&path)
        .and_then(VecDeque::pop_front);
    log.requests.lock().unwrap().push(Request {
        path,
        headers,
        body,
        at: Instant::now(),
    });
    log.changed.notify_waiters();
    match reply {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(Reply::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Reply::Headers(status, headers)) => {
            let mut response = StatusCode::from_u16(status).unwrap().into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
        Some(Reply::Body(status, body)) => {
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
        Some(Reply::Held(status)) => {
            let held = log.held.acquire().await;
            held.unwrap().forget();
            StatusCode::from_u16(status).unwrap().into_response()
        }
        Some(Reply::Hang) => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        // The only way out of a handler that closes the connection; `resume_unwind` prints nothing.
        Some(Reply::Reset) => std::panic::resume_unwind(Box::new("reset")),
    }
}
