//! A KV namespace: each event under a key of its own, or the latest state of each object, so that
//! readers at the edge find it there.

use serde::{Deserialize, Serialize};
use threescale::Redact;
use worker::{Env, kv::KvStore};

use crate::{
    config::Keep,
    delivery::outcome::{Failure, Outcome},
    event::{Event, rfc3339},
};

/// Shown by a listing of keys, so that a list needs no value. KV allows 1,024 bytes for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
}

/// An id may be as long as somebody writes it; real ones have some digits.
const LONGEST_ID: usize = 128;

impl Summary {
    fn of(event: &Event<'_>) -> Self {
        let id = |text: &str| text.chars().take(LONGEST_ID).collect::<String>();
        let notification = &event.notification;
        Self {
            r#type: notification.type_name().to_owned(),
            action: notification.action().to_owned(),
            object: notification.object_id().map(id),
            account: notification.account_id().map(id),
            time: event.time(),
            received: rfc3339(event.received_ms),
            sequence: event.sequence,
            deleted: notification.action() == "deleted",
        }
    }

    /// Whether this state of an object replaces the `stored` one. 3scale sends in no order: the later
    /// `updated_at` wins, of equal ones the one that came later, and nothing follows a deletion.
    fn replaces(&self, stored: &Self) -> bool {
        self.deleted
            || (!stored.deleted && (&self.time, self.sequence) >= (&stored.time, stored.sequence))
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
    let key = format!(
        "events/{}/{}/{}",
        event.source,
        event.notification.type_name(),
        event.id
    );
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
    let key = format!(
        "objects/{}/{}/{id}",
        event.source,
        event.notification.type_name()
    );
    let (_, stored): (_, Option<Summary>) = kv.get(&key).text_with_metadata().await?;
    if stored.is_some_and(|stored| !summary.replaces(&stored)) {
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
    use super::*;

    fn state(time: &str, sequence: i64, deleted: bool) -> Summary {
        Summary {
            r#type: "user".into(),
            action: String::new(),
            object: None,
            account: None,
            time: time.into(),
            received: String::new(),
            sequence,
            deleted,
        }
    }

    #[test]
    fn the_later_state_wins_and_nothing_follows_a_deletion() {
        let stored = state("2021-05-15T01:37:53Z", 5, false);
        assert!(state("2021-05-15T01:37:54Z", 1, false).replaces(&stored));
        assert!(state("2021-05-15T01:37:53Z", 6, false).replaces(&stored));
        assert!(
            state("2021-05-15T01:37:53Z", 5, false).replaces(&stored),
            "the same again"
        );
        assert!(!state("2021-05-15T01:37:53Z", 4, false).replaces(&stored));
        assert!(!state("2021-05-15T01:37:52Z", 9, false).replaces(&stored));
        let deleted = state("2021-05-15T01:37:53Z", 5, true);
        assert!(
            deleted.replaces(&state("2021-05-15T01:37:59Z", 9, false)),
            "deleted is final"
        );
        assert!(!state("2021-05-15T01:37:59Z", 9, false).replaces(&deleted));
    }
}
