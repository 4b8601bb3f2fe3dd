//! What events are sent to: one file a kind. These carry; `delivery` decides.

pub mod http;
pub mod kv;
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
    match &destination.target {
        Target::Http {
            url,
            format,
            timeout_ms,
            signing,
            authorization,
        } => {
            let message = match http::Message::new(
                event,
                *format,
                &destination.redact,
                signing,
                attempt,
                now_ms,
            ) {
                Ok(message) => message,
                Err(problem) => return Outcome::failed(problem),
            };
            message.post(url, *timeout_ms, authorization.as_ref()).await
        }
        Target::Kv {
            binding,
            ttl_seconds,
        } => {
            kv::put(
                env,
                binding,
                *ttl_seconds,
                &kv::Entry::new(event, &destination.redact),
            )
            .await
        }
    }
}
