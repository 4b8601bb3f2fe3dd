//! Sends events to destinations, with one file per kind of destination. The rules are in `delivery`.

pub mod http;
pub mod kv;
pub mod queue;

use std::{pin::pin, time::Duration};

use edge_core::{
    config::{Destination, Transport},
    delivery::outcome::{Failure, Outcome},
    destination::{batch::Batch, http::Message},
    event::Event,
    mask::Mask,
};
use futures_util::future::{Either, select};
use worker::{Delay, Env};

const BINDING_TIMEOUT: Duration = Duration::from_mins(1);

/// The result of an attempt.
#[derive(Debug)]
pub struct Sent {
    /// The outcome, which decides how the delivery continues.
    pub outcome: Outcome,
    /// The beginning of the response's body, if there is one, without secrets.
    pub answer: Option<String>,
}

impl From<Outcome> for Sent {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            answer: None,
        }
    }
}

/// Makes one attempt to get an event to a destination. The response is masked before it is stored.
pub async fn send(
    env: &Env,
    destination: &Destination,
    event: &Event<'_>,
    attempt: u32,
    now_ms: i64,
    mask: &Mask,
) -> Sent {
    let redact = &destination.redact;
    match &destination.transport {
        None => misconfigured(),
        Some(Transport::Http { route, options }) => {
            match Message::new(event, options, redact, attempt, now_ms) {
                Ok(message) => http::post(&message, env, route, options.timeout_ms, mask).await,
                Err(problem) => Outcome::failed(problem).into(),
            }
        }
        Some(Transport::Kv {
            binding,
            keep,
            ttl_seconds,
        }) => {
            let put = kv::put(env, binding, *keep, *ttl_seconds, event, redact);
            in_time(put).await.into()
        }
        Some(Transport::Queue { binding }) => in_time(queue::send(env, binding, event, redact))
            .await
            .into(),
    }
}

/// Makes one attempt to get several events to a destination, in one request or under one key. `attempt` is the highest
/// of theirs.
pub async fn send_batch(
    env: &Env,
    destination: &Destination,
    batch: Batch,
    attempt: u32,
    now_ms: i64,
    mask: &Mask,
) -> Sent {
    match &destination.transport {
        Some(Transport::Http { route, options }) => {
            match Message::of_batch(batch, options, attempt, now_ms) {
                Ok(message) => http::post(&message, env, route, options.timeout_ms, mask).await,
                Err(problem) => Outcome::failed(problem).into(),
            }
        }
        Some(Transport::Kv {
            binding,
            ttl_seconds,
            ..
        }) => in_time(kv::put_batch(env, binding, *ttl_seconds, batch))
            .await
            .into(),
        // It is a mistake to set `batch` for a queue.
        Some(Transport::Queue { .. }) | None => misconfigured(),
    }
}

/// The dispatcher does not start what cannot be sent.
fn misconfigured() -> Sent {
    Outcome::failed(Failure::Unsendable(
        "its destination's configuration has mistakes: see /healthz",
    ))
    .into()
}

/// A binding has no timeout of its own, and must not hold its connection for ever.
async fn in_time(sending: impl Future<Output = Outcome>) -> Outcome {
    match select(pin!(sending), pin!(Delay::from(BINDING_TIMEOUT))).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => Outcome::failed(Failure::Binding(
            "did not answer within a minute".to_owned(),
        )),
    }
}
