//! A KV namespace: each event under a key of its own, or the latest state of each object, so that
//! readers at the edge find it there. Keys, values and the choice of the later state.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use threescale::Timestamp;

use crate::{
    dedup::rule,
    event::{self, Event},
    id::EventId,
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
    /// When 3scale may have sent it first, in milliseconds since 1970: it decides between two states with equal times.
    first_sent: i64,
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
            first_sent: first_sent(event.received_ms, event.given_up_ms),
        }
    }
}

/// When 3scale may have sent a notification first. What it gave up, it had begun to send some minutes before, however
/// late recovery fetched it.
fn first_sent(received_ms: i64, given_up_ms: Option<i64>) -> i64 {
    given_up_ms.map_or(received_ms, |given_up| {
        given_up.saturating_sub(rule::TRIES_MS)
    })
}

/// The properties that decide which of two states of an object is the later one: the same for KV and for the inbox,
/// and for two inboxes of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectState {
    time: String,
    first_sent: i64,
    /// Decides between two that came within one millisecond.
    id: String,
    deleted: bool,
}

impl ObjectState {
    /// The state in an event.
    #[must_use]
    pub fn of(event: &Event<'_>) -> Self {
        Self {
            time: event.time(),
            first_sent: first_sent(event.received_ms, event.given_up_ms),
            id: event.id.to_string(),
            deleted: event.action() == DELETED,
        }
    }

    /// The state in a row of the inbox: `updated_at` in seconds since 1970, the others in milliseconds.
    #[must_use]
    pub fn of_row(
        id: EventId,
        action: &str,
        updated_at: Option<i64>,
        received_ms: i64,
        given_up_ms: Option<i64>,
    ) -> Self {
        let updated_at =
            updated_at.and_then(|at| Timestamp::from_unix_millis(at.saturating_mul(1000)));
        Self {
            time: event::time(updated_at, received_ms),
            first_sent: first_sent(received_ms, given_up_ms),
            id: id.to_string(),
            deleted: action == DELETED,
        }
    }

    /// The state in a stored CloudEvent and its metadata.
    fn stored(event: &Value, metadata: Option<&Value>) -> Self {
        let first_sent = metadata.and_then(|metadata| metadata.get("first_sent"));
        let text = |pointer| {
            event
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        Self {
            time: text("/time").to_owned(),
            first_sent: first_sent.and_then(Value::as_i64).unwrap_or_default(),
            id: text("/id").to_owned(),
            deleted: text("/data/action") == DELETED,
        }
    }

    /// 3scale sends in no order: the later `updated_at` wins, then what it sent first later, and nothing follows a
    /// deletion.
    #[must_use]
    pub fn replaces(&self, stored: &Self) -> bool {
        let order = |state: &Self| (state.time.clone(), state.first_sent, state.id.clone());
        self.deleted || (!stored.deleted && order(self) >= order(stored))
    }

    /// `true` if nothing follows it.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted
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
pub fn replaces(event: &Event<'_>, stored: &str, metadata: Option<&Value>) -> bool {
    serde_json::from_str(stored).map_or(true, |stored| {
        ObjectState::of(event).replaces(&ObjectState::stored(&stored, metadata))
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
    use threescale::{Notification, Redact};

    use super::*;
    use crate::event::Content;

    fn state(time: &str, first_sent: i64, action: &str) -> ObjectState {
        let event = json!({ "time": time, "id": "b", "data": { "action": action } });
        ObjectState::stored(&event, Some(&json!({ "first_sent": first_sent })))
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
            given_up_ms: None,
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
        let stored = state("2021-05-15T01:37:53Z", 5, "updated");
        let replaces = |time, first_sent, action| state(time, first_sent, action).replaces(&stored);
        assert!(replaces("2021-05-15T01:37:54Z", 1, "updated"));
        assert!(replaces("2021-05-15T01:37:53Z", 6, "updated"));
        assert!(
            replaces("2021-05-15T01:37:53Z", 5, "updated"),
            "the same again"
        );
        assert!(!replaces("2021-05-15T01:37:53Z", 4, "updated"));
        assert!(!replaces("2021-05-15T01:37:52Z", 9, "updated"));
        assert!(
            replaces("2021-05-15T01:37:50Z", 1, "deleted"),
            "deleted is final"
        );
        let deleted = state("2021-05-15T01:37:53Z", 5, "deleted");
        assert!(!state("2021-05-15T01:37:59Z", 9, "updated").replaces(&deleted));
    }

    /// A key does not touch its application, so both notifications have one `updated_at`.
    #[test]
    fn a_key_that_was_deleted_does_not_come_back_when_its_creation_is_recovered_late() {
        let minute = |minute: i64| 1_700_000_000_000 + minute * 60_000;
        let row = |id: u8, action, received, given_up| {
            let id = EventId::new(received, &[id; 10]);
            ObjectState::of_row(id, action, Some(1_700_000_000), received, given_up)
        };
        let created = row(1, "key_created", minute(55), Some(minute(6)));
        let deleted = row(2, "key_deleted", minute(50), None);
        assert!(deleted.replaces(&created) && !created.replaces(&deleted));
        assert!(created.is_superseded(&[deleted]));
    }

    /// A new inbox counts from 1 again.
    #[test]
    fn a_state_in_a_young_inbox_replaces_an_older_one_of_another() {
        let row = |ms, seq| {
            let id = EventId::in_log(ms, seq, 0, 0);
            ObjectState::of_row(id, "updated", Some(100), ms, None)
        };
        assert!(row(2000, 1).replaces(&row(1000, 99_999)));
        assert!(!row(1000, 99_999).replaces(&row(2000, 1)));
        assert!(
            row(2000, 8).replaces(&row(2000, 7)),
            "within one millisecond"
        );
    }

    #[test]
    fn a_row_and_a_stored_event_hold_the_same_state() {
        with_event("7", |event| {
            let stored: Value = serde_json::from_slice(&event.to_json(&Redact::none())).unwrap();
            let metadata = serde_json::to_value(Summary::of(event)).unwrap();
            let stored = ObjectState::stored(&stored, Some(&metadata));
            assert_eq!(stored, ObjectState::of(event));
            let row = ObjectState::of_row(event.id, "updated", None, event.received_ms, None);
            assert_eq!(row, stored);
        });
    }

    #[test]
    fn a_state_is_superseded_by_a_later_one_and_a_deletion_by_none() {
        let at = |updated_at, received, action| {
            ObjectState::of_row(
                EventId::new(0, &[0; 10]),
                action,
                Some(updated_at),
                received,
                None,
            )
        };
        let this = at(100, 5, "updated");
        assert!(this.is_superseded(&[at(90, 9, "updated"), at(101, 4, "updated")]));
        assert!(this.is_superseded(&[at(100, 6, "updated")]));
        assert!(this.is_superseded(&[at(90, 1, "deleted")]));
        assert!(!this.is_superseded(&[at(100, 4, "updated"), at(99, 9, "updated")]));
        assert!(!at(90, 1, "deleted").is_superseded(&[at(101, 9, "deleted")]));
    }
}
