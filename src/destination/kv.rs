//! A KV namespace: each event under a key of its own, so that readers at the edge find it there.

use serde::Serialize;
use threescale::Redact;
use worker::Env;

use crate::{
    delivery::outcome::{Failure, Outcome},
    event::{Event, rfc3339},
};

/// What is stored of one event.
#[derive(Debug)]
pub struct Entry {
    key: String,
    value: Vec<u8>,
    summary: Summary,
}

/// Shown by a listing of keys, so that a list needs no value. KV allows 1,024 bytes for it.
#[derive(Debug, Serialize)]
struct Summary {
    r#type: String,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    time: String,
    received: String,
    sequence: i64,
}

/// KV takes 512 bytes of key, and 1,024 of metadata.
const LONGEST_PART: usize = 128;

impl Entry {
    /// Works out what to store.
    #[must_use]
    pub fn new(event: &Event<'_>, redact: &Redact) -> Self {
        let notification = &event.notification;
        let part = |text: &str| text.chars().take(LONGEST_PART).collect::<String>();
        Self {
            key: format!(
                "events/{}/{}/{}",
                event.source,
                notification.type_name(),
                event.id
            ),
            value: event.to_json(redact),
            summary: Summary {
                r#type: notification.type_name().to_owned(),
                action: notification.action().to_owned(),
                object: notification.object_id().map(part),
                account: notification.account_id().map(part),
                time: event.time(),
                received: rfc3339(event.received_ms),
                sequence: event.sequence,
            },
        }
    }
}

/// Stores it. Doing so again stores the same under the same key.
pub async fn put(env: &Env, binding: &str, ttl_seconds: Option<u64>, entry: &Entry) -> Outcome {
    match try_put(env, binding, ttl_seconds, entry).await {
        Ok(()) => Outcome::Delivered { status: None },
        Err(error) => Outcome::failed(Failure::Kv(error.to_string())),
    }
}

async fn try_put(
    env: &Env,
    binding: &str,
    ttl_seconds: Option<u64>,
    entry: &Entry,
) -> worker::Result<()> {
    let mut put = env
        .kv(binding)?
        .put_bytes(&entry.key, &entry.value)?
        .metadata(&entry.summary)?;
    if let Some(seconds) = ttl_seconds {
        put = put.expiration_ttl(seconds);
    }
    Ok(put.execute().await?)
}
