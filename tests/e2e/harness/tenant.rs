//! A tenant of 3scale behind its admin API, which misbehaves on demand and remembers each request.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::BACKGROUND;
use stand_in::admin_api;
use stand_in::credentials::{AccessToken, Credentials};
use stand_in::failures::Failure;
use stand_in::sidekiq::{Pace, Sidekiq};
use stand_in::tenant::{Tenant, Webhook};

pub(crate) const ACCESS_TOKEN: &str = "adm1n-t0ken-of-the-tenant";

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) authorization: String,
}

/// Makes an answer in 3scale's place.
type Fault = Arc<dyn Fn() -> Response + Send + Sync>;

/// The tenant; clones are the same one.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) url: String,
    pub(crate) tenant: Arc<Tenant>,
    state: Arc<Log>,
}

#[derive(Default)]
struct Log {
    calls: Mutex<Vec<Call>>,
    fault: Mutex<Option<Fault>>,
}

impl Admin {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// A tenant with something changed.
    pub(crate) fn with(change: impl FnOnce(&mut Tenant)) -> Self {
        let credentials = Credentials {
            access_tokens: vec![
                AccessToken::admin(ACCESS_TOKEN),
                AccessToken::admin("narrow-token").scopes(&["stats"]),
                AccessToken::admin("member-token").of_a_member(),
            ],
            provider_key: None,
        };
        let mut tenant = Tenant::new(credentials, Webhook::default());
        change(&mut tenant);
        let tenant = Arc::new(tenant);
        let state = Arc::new(Log::default());
        let app = admin_api::router(tenant.clone())
            .layer(middleware::from_fn_with_state(state.clone(), between));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        BACKGROUND
            .spawn(async move { axum::serve(TcpListener::from_std(listener).unwrap(), app).await });
        Self { url, tenant, state }
    }

    /// From now on every request is answered so.
    pub(crate) fn answers(&self, fault: Fault) {
        *self.state.fault.lock().unwrap() = Some(fault);
    }

    /// From now on it answers as 3scale does.
    pub(crate) fn recovers(&self) {
        *self.state.fault.lock().unwrap() = None;
    }

    pub(crate) fn calls(&self, method: &str) -> Vec<Call> {
        let calls = self.state.calls.lock().unwrap();
        calls
            .iter()
            .filter(|call| call.method == method)
            .cloned()
            .collect()
    }

    /// 3scale gave this document up at this time, having tried this URL.
    pub(crate) fn gave_up(&self, xml: &str, at: DateTime<Utc>, url: &str) {
        let failure = Failure::new(Uuid::new_v4(), at, url.to_owned(), xml.to_owned());
        self.tenant.failures.lock().unwrap().push(failure);
    }

    /// What sends its notifications, so many times as fast as in life, and lists what it gives up.
    pub(crate) fn sidekiq(&self, time_factor: f64) -> Arc<Sidekiq> {
        let pace = Pace {
            time_factor,
            threads: 50,
            ..Pace::default()
        };
        Arc::new(Sidekiq::new(pace, self.tenant.failures.clone(), |_| {}))
    }

    /// How many entries the list has.
    pub(crate) fn listed(&self) -> usize {
        self.tenant.failures.lock().unwrap().len()
    }

    pub(crate) fn list(&self) -> String {
        self.tenant.failures.lock().unwrap().xml()
    }
}

impl Call {
    pub(crate) fn carries(&self, token: &str) -> bool {
        self.authorization == format!("Basic {}", STANDARD.encode(format!(":{token}")))
    }
}

pub(crate) fn seconds_ago(seconds: i64) -> DateTime<Utc> {
    Utc::now() - Duration::seconds(seconds)
}

/// An answer of this status, with these headers.
pub(crate) fn fault(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: impl Into<String>,
) -> Fault {
    let body = body.into();
    Arc::new(move || {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(Body::from(body.clone())).unwrap()
    })
}

/// A list whose connection breaks in the middle.
pub(crate) fn cut_off(body: impl Into<String>) -> Fault {
    let body = body.into();
    Arc::new(move || {
        let pieces = [
            Ok(body.clone()),
            Err(std::io::Error::other("the connection broke")),
        ];
        Response::builder()
            .header("content-type", "application/xml; charset=utf-8")
            .body(Body::from_stream(futures_util::stream::iter(pieces)))
            .unwrap()
    })
}

async fn between(State(log): State<Arc<Log>>, request: Request, next: Next) -> Response {
    let authorization = request.headers().get("authorization");
    log.calls.lock().unwrap().push(Call {
        method: request.method().to_string(),
        uri: request.uri().to_string(),
        authorization: authorization
            .map_or("", |value| value.to_str().unwrap())
            .to_owned(),
    });
    let fault = log.fault.lock().unwrap().clone();
    match fault {
        Some(fault) => fault(),
        None => next.run(request).await,
    }
}
