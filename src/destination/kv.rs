//! Reads and writes a KV namespace.

use edge_core::{
    config::Keep,
    delivery::outcome::{Failure, Outcome},
    destination::{
        batch::Batch,
        kv::{Summary, event_key, object_key, replaces},
    },
    event::Event,
};
use serde::Serialize;
use serde_json::Value;
use threescale::Redact;
use worker::{Env, kv::KvStore};

/// Stores the event. Doing so again stores the same value under the same key.
pub async fn put(
    env: &Env,
    binding: &str,
    keep: Keep,
    ttl_seconds: Option<u64>,
    event: &Event<'_>,
    redact: &Redact,
) -> Outcome {
    let stored = match env.kv(binding) {
        Ok(kv) => match keep {
            Keep::Events => write(&kv, &event_key(event), event, redact, ttl_seconds).await,
            Keep::Objects => put_object(&kv, ttl_seconds, event, redact).await,
        },
        Err(error) => Err(error),
    };
    outcome(stored)
}

/// Stores several events under one key. Doing so again stores the same value under the same key.
pub async fn put_batch(env: &Env, binding: &str, ttl: Option<u64>, batch: Batch) -> Outcome {
    let (key, summary, value) = (batch.key(), batch.summary(), batch.into_body());
    let stored = match env.kv(binding) {
        Ok(kv) => store(&kv, &key, &value, summary, ttl).await,
        Err(error) => Err(error),
    };
    outcome(stored)
}

fn outcome(stored: worker::Result<()>) -> Outcome {
    match stored {
        Ok(()) => Outcome::Delivered { status: None },
        Err(error) => Outcome::failed(Failure::Binding(error.to_string())),
    }
}

async fn put_object(
    kv: &KvStore,
    ttl: Option<u64>,
    event: &Event<'_>,
    redact: &Redact,
) -> worker::Result<()> {
    // An event about no object is not a state of any, so there is nothing to store.
    let Some(key) = object_key(event) else {
        return Ok(());
    };
    match kv.get(&key).text_with_metadata::<Value>().await? {
        (Some(stored), metadata) if !replaces(event, &stored, metadata.as_ref()) => Ok(()),
        _ => write(kv, &key, event, redact, ttl).await,
    }
}

async fn write(
    kv: &KvStore,
    key: &str,
    event: &Event<'_>,
    redact: &Redact,
    ttl: Option<u64>,
) -> worker::Result<()> {
    store(kv, key, &event.to_json(redact), Summary::of(event), ttl).await
}

async fn store(
    kv: &KvStore,
    key: &str,
    value: &[u8],
    summary: impl Serialize,
    ttl: Option<u64>,
) -> worker::Result<()> {
    let mut put = kv.put_bytes(key, value)?.metadata(summary)?;
    if let Some(seconds) = ttl {
        put = put.expiration_ttl(seconds);
    }
    Ok(put.execute().await?)
}
