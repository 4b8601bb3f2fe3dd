//! What events are sent to: one file a kind. These carry; `delivery` decides.

mod answer;
pub mod http;
pub mod kv;
pub mod queue;
pub mod target;

use worker::Env;

use crate::{
    config::{Destination, Target},
    delivery::outcome::Outcome,
    event::Event,
    mask::Mask,
};

/// What came of an attempt, and what was answered.
#[derive(Debug)]
pub struct Sent {
    /// What came of it.
    pub outcome: Outcome,
    /// The first of the answer's body, without secrets, where there is one.
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

/// One try to get an event to a destination. What it answers is shown behind the mask.
pub async fn send(
    env: &Env,
    destination: &Destination,
    event: &Event<'_>,
    attempt: u32,
    now_ms: i64,
    mask: &Mask,
) -> Sent {
    let redact = &destination.redact;
    match &destination.target {
        Target::Http { route, posting } => {
            match http::Message::new(event, posting, redact, attempt, now_ms) {
                Ok(message) => message.post(env, route, posting.timeout_ms, mask).await,
                Err(problem) => Outcome::failed(problem).into(),
            }
        }
        Target::Kv {
            binding,
            keep,
            ttl_seconds,
        } => kv::put(env, binding, *keep, *ttl_seconds, event, redact)
            .await
            .into(),
        Target::Queue { binding } => queue::send(env, binding, event, redact).await.into(),
    }
}
