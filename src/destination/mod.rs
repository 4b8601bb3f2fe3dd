//! What events are sent to: one file a kind. These carry; `delivery` decides.

pub mod http;
pub mod kv;
pub mod queue;
pub mod target;

use worker::Env;

use crate::{
    config::{Destination, Target},
    delivery::outcome::Outcome,
    event::Event,
};

/// One try to get an event to a destination.
pub async fn send(
    env: &Env,
    destination: &Destination,
    event: &Event<'_>,
    attempt: u32,
    now_ms: i64,
) -> Outcome {
    let redact = &destination.redact;
    match &destination.target {
        Target::Http { route, posting } => {
            match http::Message::new(event, posting, redact, attempt, now_ms) {
                Ok(message) => message.post(env, route, posting.timeout_ms).await,
                Err(problem) => Outcome::failed(problem),
            }
        }
        Target::Kv {
            binding,
            keep,
            ttl_seconds,
        } => kv::put(env, binding, *keep, *ttl_seconds, event, redact).await,
        Target::Queue { binding } => queue::send(env, binding, event, redact).await,
    }
}
