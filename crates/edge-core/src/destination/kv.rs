//! A KV namespace: each event under a key of its own, or the latest state of each object, so that
//! readers at the edge find it there. Keys, values and the choice of the later state.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use threescale::Timestamp;

use crate::{
    event::{self, Event},
    time::rfc3339,
};

/// The metadata shown by a listing of keys, so that a list needs no values. KV allows 1,024 bytes for it.
#[derive(Debug, Serialize)]
pub struct Summary {
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

/// The action after which an object has no further states.
const DELETED: &str = "deleted";
/// The longest id that is used as it is; an id may have any length, and real ones have some digits. In bytes, as JSON:
/// with four of these in a summary, and one behind the longest names in a key, both stay within KV's limits.
const LONGEST_ID: usize = 128;
/// How much of a longer id stands in front of its hash.
const KEPT_OF_ID: usize = 95;
/// The hash's length: half of SHA-256, in hexadecimal.
const HASH_LENGTH: usize = 32;

impl Summary {
    /// The summary of an event.
    #[must_use]
    pub fn of(event: &Event<'_>) -> Self {
        Self {
            r#type: event.type_name().to_owned(),
            action: event.action().to_owned(),
            object: event.object_id().map(bounded),
            account: event.account_id().map(bounded),
            time: event.time(),
            received: rfc3339(event.received_ms),
            sequence: event.sequence,
        }
    }
}

/// The properties that decide which of two states of an object is the later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectState {
    time: String,
    sequence: String,
    deleted: bool,
}

impl ObjectState {
    /// The state in an event.
    #[must_use]
    pub fn of(event: &Event<'_>) -> Self {
        Self {
            time: event.time(),
            sequence: event.sequence(),
            deleted: event.action() == DELETED,
        }
    }

    /// The state in a row of the inbox: `updated_at` in seconds since 1970, `received_ms` in milliseconds.
    #[must_use]
    pub fn of_row(action: &str, updated_at: Option<i64>, received_ms: i64, seq: i64) -> Self {
        let updated_at =
            updated_at.and_then(|at| Timestamp::from_unix_millis(at.saturating_mul(1000)));
        Self {
            time: event::time(updated_at, received_ms),
            sequence: event::sequence(seq),
            deleted: action == DELETED,
        }
    }

    /// The state in a stored CloudEvent.
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

    /// 3scale sends in no order: the later `updated_at` wins, then the later arrival, and nothing follows a deletion.
    fn replaces(&self, stored: &Self) -> bool {
        self.deleted
            || (!stored.deleted && (&self.time, &self.sequence) >= (&stored.time, &stored.sequence))
    }

    /// `true` if one of these other states replaces this one, so that it need not be written. A deletion is always
    /// written.
    #[must_use]
    pub fn is_superseded(&self, others: &[Self]) -> bool {
        !self.deleted && others.iter().any(|other| other.replaces(self))
    }
}

/// The key under which an event is stored.
#[must_use]
pub fn event_key(event: &Event<'_>) -> String {
    format!("events/{}/{}/{}", event.source, event.type_name(), event.id)
}

/// The key under which the latest state of its object is stored. An event about no object has none.
#[must_use]
pub fn object_key(event: &Event<'_>) -> Option<String> {
    let id = bounded(event.object_id()?);
    Some(format!(
        "objects/{}/{}/{id}",
        event.source,
        event.type_name()
    ))
}

/// `true` if an event's state of its object replaces the CloudEvent that is stored under its key. A value that cannot
/// be read is replaced.
#[must_use]
pub fn replaces(event: &Event<'_>, stored: &str) -> bool {
    serde_json::from_str(stored).map_or(true, |stored| {
        ObjectState::of(event).replaces(&ObjectState::stored(&stored))
    })
}

/// The id, if it is short; else its beginning and a hash of it, so that two ids never share a key.
fn bounded(id: &str) -> String {
    if json_length(id) <= LONGEST_ID && !is_cut(id) {
        return id.to_owned();
    }
    let mut length = 0;
    let fits = |c: &char| {
        length += json_length(c.encode_utf8(&mut [0; 4]));
        length <= KEPT_OF_ID
    };
    let kept: String = id.chars().take_while(fits).collect();
    let digest = Sha256::digest(id);
    let hash = digest.iter().take(HASH_LENGTH / 2);
    hash.fold(kept + "~", |hex, byte| hex + &format!("{byte:02x}"))
}

/// `true` if the id looks like a shortened one: then it is hashed as well, so that it cannot pass for one.
fn is_cut(id: &str) -> bool {
    id.rsplit_once('~').is_some_and(|(_, hash)| {
        hash.len() == HASH_LENGTH && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The number of bytes that it takes inside a JSON string.
fn json_length(text: &str) -> usize {
    serde_json::to_string(text).map_or(usize::MAX, |json| json.len() - 2)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use threescale::Notification;

    use super::*;
    use crate::event::Content;

    fn state(time: &str, sequence: &str, action: &str) -> ObjectState {
        ObjectState::stored(
            &json!({ "time": time, "sequence": sequence, "data": { "action": action } }),
        )
    }

    fn with_event<T>(id: &str, use_event: impl FnOnce(&Event<'_>) -> T) -> T {
        let xml = format!(
            "<event><action>updated</action><type>{0}</type><object><{0}><id>{id}</id></{0}></object></event>",
            "t".repeat(64)
        );
        use_event(&Event {
            id: "0192f3c4-0000-7000-8000-000000000000".parse().unwrap(),
            source: &"s".repeat(63).parse().unwrap(),
            source_uri: "/sources/acme",
            sequence: i64::MAX,
            received_ms: 1_700_000_000_123,
            base: "",
            content: Content::Notification(Notification::parse(xml.as_bytes()).unwrap()),
            document: xml.as_bytes(),
        })
    }

    #[test]
    fn keys_and_metadata_are_within_kvs_limits_for_any_id() {
        for id in [
            "\u{1f600}".repeat(128),
            "9".repeat(200_000),
            "\"".repeat(128),
            "\u{e9}".repeat(65),
            "&#x9;x".repeat(100),
        ] {
            with_event(&id, |event| {
                assert!(event_key(event).len() <= 512);
                assert!(object_key(event).unwrap().len() <= 512);
                let metadata = serde_json::to_string(&Summary::of(event)).unwrap();
                assert!(metadata.len() <= 1024, "{metadata}");
            });
        }
    }

    #[test]
    fn ids_that_differ_have_keys_that_differ() {
        let key = |id: &str| with_event(id, |event| object_key(event).unwrap());
        let long = "9".repeat(300);
        let cut = key(&long);
        let id_like_a_cut_one = cut.rsplit('/').next().unwrap();
        let ids = [
            "11",
            "12",
            &long,
            &format!("{long}0"),
            &"9".repeat(128),
            id_like_a_cut_one,
        ];
        let keys: std::collections::BTreeSet<_> = ids.iter().map(|id| key(id)).collect();
        assert_eq!(keys.len(), ids.len(), "{keys:#?}");
        assert!(key("11").ends_with("/11"));
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

    #[test]
    fn a_row_and_a_stored_event_hold_the_same_state() {
        let row = ObjectState::of_row("updated", Some(1_621_042_673), 9_000_000_000_000, 5);
        let stored = state("2021-05-15T01:37:53Z", "00000000000000000005", "updated");
        assert_eq!(row, stored);
        let row = ObjectState::of_row("deleted", None, 1_700_000_000_123, 6);
        let stored = state(
            "2023-11-14T22:13:20.123Z",
            "00000000000000000006",
            "deleted",
        );
        assert_eq!(row, stored);
    }

    #[test]
    fn a_state_is_superseded_by_a_later_one_and_a_deletion_by_none() {
        let at = |updated_at, seq, action| ObjectState::of_row(action, Some(updated_at), 0, seq);
        let this = at(100, 5, "updated");
        assert!(this.is_superseded(&[at(90, 9, "updated"), at(101, 4, "updated")]));
        assert!(this.is_superseded(&[at(100, 6, "updated")]));
        assert!(this.is_superseded(&[at(90, 1, "deleted")]));
        assert!(!this.is_superseded(&[at(100, 4, "updated"), at(99, 9, "updated")]));
        assert!(!at(90, 1, "deleted").is_superseded(&[at(101, 9, "deleted")]));
    }
}
