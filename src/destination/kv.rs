//! A KV namespace: each event under a key of its own, or the latest state of each object, so that
//! readers at the edge find it there.

use serde::Serialize;
use serde_json::Value;
use threescale::Redact;
use worker::{Env, kv::KvStore};

use crate::{
    config::Keep,
    delivery::outcome::{Failure, Outcome},
    event::{Event, rfc3339},
};

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

/// The action after which nothing comes.
const DELETED: &str = "deleted";
/// An id may be as long as somebody writes it; real ones have some digits.
const LONGEST_ID: usize = 128;

impl Summary {
    fn of(event: &Event<'_>) -> Self {
        let id = |text: &str| text.chars().take(LONGEST_ID).collect::<String>();
        Self {
            r#type: event.type_name().to_owned(),
            action: event.action().to_owned(),
            object: event.object_id().map(id),
            account: event.account_id().map(id),
            time: event.time(),
            received: rfc3339(event.received_ms),
            sequence: event.sequence,
        }
    }
}

/// What decides which of two states of an object is the later one.
struct State {
    time: String,
    sequence: String,
    deleted: bool,
}

impl State {
    fn of(event: &Event<'_>) -> Self {
        Self {
            time: event.time(),
            sequence: event.sequence(),
            deleted: event.action() == DELETED,
        }
    }

    /// Of a CloudEvent as it is stored.
    fn stored(event: &Value) -> Self {
        let text = |pointer| {
            event
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        Self {
            time: text("/time").to_owned(),
            sequence: text("/sequence").to_owned(),
            deleted: text("/data/action") == DELETED,
        }
    }

    /// 3scale sends in no order: the later `updated_at` wins, of equal ones the one that came later,
    /// and nothing follows a deletion.
    fn replaces(&self, stored: &Self) -> bool {
        self.deleted
            || (!stored.deleted && (&self.time, &self.sequence) >= (&stored.time, &stored.sequence))
    }
}

/// Stores it. Doing so again stores the same under the same key.
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
            Keep::Events => put_event(&kv, ttl_seconds, event, redact).await,
            Keep::Objects => put_object(&kv, ttl_seconds, event, redact).await,
        },
        Err(error) => Err(error),
    };
    match stored {
        Ok(()) => Outcome::Delivered { status: None },
        Err(error) => Outcome::failed(Failure::Binding(error.to_string())),
    }
}

async fn put_event(
    kv: &KvStore,
    ttl: Option<u64>,
    event: &Event<'_>,
    redact: &Redact,
) -> worker::Result<()> {
    let key = format!("events/{}/{}/{}", event.source, event.type_name(), event.id);
    write(kv, &key, &event.to_json(redact), &Summary::of(event), ttl).await
}

/// What has no id is no state of any object, and there is nothing to keep.
async fn put_object(
    kv: &KvStore,
    ttl: Option<u64>,
    event: &Event<'_>,
    redact: &Redact,
) -> worker::Result<()> {
    let summary = Summary::of(event);
    let Some(id) = &summary.object else {
        return Ok(());
    };
    let key = format!("objects/{}/{}/{id}", event.source, event.type_name());
    if let Some(stored) = kv.get(&key).text().await?
        && let Ok(stored) = serde_json::from_str(&stored)
        && !State::of(event).replaces(&State::stored(&stored))
    {
        return Ok(());
    }
    write(kv, &key, &event.to_json(redact), &summary, ttl).await
}

async fn write(
    kv: &KvStore,
    key: &str,
    value: &[u8],
    summary: &Summary,
    ttl: Option<u64>,
) -> worker::Result<()> {
    let mut put = kv.put_bytes(key, value)?.metadata(summary)?;
    if let Some(seconds) = ttl {
        put = put.expiration_ttl(seconds);
    }
    Ok(put.execute().await?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(time: &str, sequence: &str, action: &str) -> State {
        State::stored(&json!({ "time": time, "sequence": sequence, "data": { "action": action } }))
    }

    #[test]
    fn the_later_state_wins_and_nothing_follows_a_deletion() {
        let stored = state("2021-05-15T01:37:53Z", "05", "updated");
        let replaces = |time, sequence, action| state(time, sequence, action).replaces(&stored);
        assert!(replaces("2021-05-15T01:37:54Z", "01", "updated"));
        assert!(replaces("2021-05-15T01:37:53Z", "06", "updated"));
        assert!(
            replaces("2021-05-15T01:37:53Z", "05", "updated"),
            "the same again"
        );
        assert!(!replaces("2021-05-15T01:37:53Z", "04", "updated"));
        assert!(!replaces("2021-05-15T01:37:52Z", "09", "updated"));
        assert!(
            replaces("2021-05-15T01:37:50Z", "01", "deleted"),
            "deleted is final"
        );
        let deleted = state("2021-05-15T01:37:53Z", "05", "deleted");
        assert!(!state("2021-05-15T01:37:59Z", "09", "updated").replaces(&deleted));
    }
}
