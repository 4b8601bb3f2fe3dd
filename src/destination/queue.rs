//! A Cloudflare Queue: its consumer gets the CloudEvent as text. A message holds at most 128 KB.

use edge_core::{
    delivery::outcome::{Failure, Outcome},
    event::Event,
};
use threescale::Redact;
use worker::{Env, QueueContentType, RawMessageBuilder, wasm_bindgen::JsValue};

/// Sends the event to the queue as text: the crate turns maps into JavaScript's `Map`, which arrives empty.
pub async fn send(env: &Env, binding: &str, event: &Event<'_>, redact: &Redact) -> Outcome {
    match try_send(env, binding, event, redact).await {
        Ok(()) => Outcome::Delivered { status: None },
        Err(error) => Outcome::failed(Failure::Binding(error.to_string())),
    }
}

async fn try_send(
    env: &Env,
    binding: &str,
    event: &Event<'_>,
    redact: &Redact,
) -> worker::Result<()> {
    let json = String::from_utf8_lossy(&event.to_json(redact)).into_owned();
    let message = RawMessageBuilder::new(JsValue::from_str(&json))
        .build_with_content_type(QueueContentType::Text);
    env.queue(binding)?.send_raw(message).await
}
