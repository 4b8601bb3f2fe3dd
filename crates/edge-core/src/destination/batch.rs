//! Several events together: a JSON array of CloudEvents, for one request or one value in KV.

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use threescale::Redact;
use uuid::{Builder, Uuid};

use crate::{event::Event, id::EventId, time::rfc3339};

/// The size beyond which no event is added: six of these are under way at the most, 15 MB of the 128 that an isolate
/// has. An event that is larger goes by itself.
const MOST_BYTES: usize = 2_500_000;

/// Events in the log's order, as one body.
#[derive(Debug, Default)]
pub struct Batch {
    /// An array, or nothing.
    json: Vec<u8>,
    ids: Vec<EventId>,
    source: String,
    first: Ends,
    last: Ends,
}

/// What a listing tells of the first and the last event.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    sequence: i64,
    received_ms: i64,
}

/// The metadata of a batch in KV.
#[derive(Debug, Serialize)]
pub struct BatchSummary {
    events: usize,
    first_sequence: i64,
    last_sequence: i64,
    first_received: String,
    last_received: String,
}

impl Batch {
    /// Adds an event. `false` if there is no room for it: it goes with the next ones.
    pub fn push(&mut self, event: &Event<'_>, redact: &Redact) -> bool {
        let json = event.to_json(redact);
        if !self.ids.is_empty() && self.json.len().saturating_add(json.len()) > MOST_BYTES {
            return false;
        }
        let end = Ends {
            sequence: event.sequence,
            received_ms: event.received_ms,
        };
        if self.json.pop().is_some() {
            self.json.push(b',');
        } else {
            self.json.push(b'[');
            event.source.as_str().clone_into(&mut self.source);
            self.first = end;
        }
        self.json.extend(json);
        self.json.push(b']');
        self.ids.push(event.id);
        self.last = end;
        true
    }

    /// `true` if no event was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The same for the same events in the same order, so that a repeat of all of them is known by it: a UUID of
    /// version 8. Of one event, its own id.
    #[must_use]
    pub fn id(&self) -> String {
        if let [id] = self.ids.as_slice() {
            return id.to_string();
        }
        self.digest().hyphenated().to_string()
    }

    /// The key in KV. It sorts by the first event; the digest tells batches apart that begin with the same one, so that
    /// a replay of some of the events overwrites nothing.
    #[must_use]
    pub fn key(&self) -> String {
        let first = self.ids.first().map(EventId::to_string).unwrap_or_default();
        let digest = self.digest().simple();
        format!("batches/{}/{first}-{digest}", self.source)
    }

    /// The metadata in KV, so that a list needs no values.
    #[must_use]
    pub fn summary(&self) -> BatchSummary {
        BatchSummary {
            events: self.ids.len(),
            first_sequence: self.first.sequence,
            last_sequence: self.last.sequence,
            first_received: rfc3339(self.first.received_ms),
            last_received: rfc3339(self.last.received_ms),
        }
    }

    /// The array.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.json
    }

    /// A hash of all ids.
    fn digest(&self) -> Uuid {
        let mut hash = Sha256::new();
        for id in &self.ids {
            hash.update(id.to_bytes());
        }
        let mut bytes = [0; 16];
        for (byte, hashed) in bytes.iter_mut().zip(hash.finalize()) {
            *byte = hashed;
        }
        Builder::from_custom_bytes(bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use threescale::{Limits, Notification};

    use super::*;
    use crate::{event::Content, name::SourceName};

    /// An event with so many elements of 100,000 bytes.
    fn push(batch: &mut Batch, seq: i64, padding: usize) -> bool {
        let source: SourceName = "acme".parse().unwrap();
        let note = format!("<note>{}</note>", "a".repeat(100_000)).repeat(padding);
        let xml = format!(
            "<event><action>updated</action><type>x</type><object><x><id>{seq}</id>{note}</x></object></event>"
        );
        let limits = Limits {
            bytes: xml.len(),
            ..Limits::default()
        };
        let notification = Notification::parse_with(xml.as_bytes(), &limits).unwrap();
        let event = Event {
            id: EventId::in_log(1_700_000_000_000, seq, 0, 0),
            source: &source,
            source_uri: "/sources/acme",
            sequence: seq,
            received_ms: 1_700_000_000_000 + seq,
            given_up_ms: None,
            base: "",
            content: Content::Notification(notification),
            document: xml.as_bytes(),
        };
        batch.push(&event, &Redact::none())
    }

    fn of(seqs: &[i64]) -> Batch {
        let mut batch = Batch::default();
        assert!(batch.is_empty());
        for seq in seqs {
            assert!(push(&mut batch, *seq, 0));
        }
        batch
    }

    #[test]
    fn the_body_is_an_array_of_the_events() {
        for seqs in [&[7][..], &[1, 2, 5]] {
            let body: Value = serde_json::from_slice(&of(seqs).into_body()).unwrap();
            let ids = body.as_array().unwrap().iter();
            let ids: Vec<i64> = ids
                .map(|event| event["sequence"].as_str().unwrap().parse().unwrap())
                .collect();
            assert_eq!(ids, seqs);
        }
    }

    #[test]
    fn the_same_events_have_the_same_id_and_others_another() {
        let all = [&[1][..], &[1, 2], &[1, 2, 3], &[1, 3], &[2, 3], &[2]];
        let ids: std::collections::BTreeSet<_> = all.iter().map(|seqs| of(seqs).id()).collect();
        let keys: std::collections::BTreeSet<_> = all.iter().map(|seqs| of(seqs).key()).collect();
        assert_eq!((ids.len(), keys.len()), (all.len(), all.len()));
        for seqs in all {
            assert_eq!(of(seqs).id(), of(seqs).id());
            assert_eq!(of(seqs).key(), of(seqs).key());
        }
        let id = of(&[1, 2]).id();
        assert_eq!((id.len(), id.get(14..15)), (36, Some("8")));
        let alone = EventId::in_log(1_700_000_000_000, 7, 0, 0).to_string();
        assert_eq!(of(&[7]).id(), alone);
        let key = of(&[7, 8]).key();
        assert!(key.starts_with(&format!("batches/acme/{alone}-")), "{key}");
    }

    #[test]
    fn a_batch_that_would_grow_too_large_takes_no_more_but_always_one() {
        let mut batch = Batch::default();
        assert!(push(&mut batch, 1, 26));
        assert!(!push(&mut batch, 2, 0));
        let mut batch = of(&[1]);
        assert!(push(&mut batch, 2, 13));
        assert!(!push(&mut batch, 3, 13));
        assert!(push(&mut batch, 4, 0));
        assert!(batch.into_body().len() <= MOST_BYTES);
    }

    #[test]
    fn a_summary_tells_how_many_and_from_when() {
        let summary = serde_json::to_value(of(&[3, 4, 9]).summary()).unwrap();
        assert_eq!(
            summary,
            serde_json::json!({
                "events": 3, "first_sequence": 3, "last_sequence": 9,
                "first_received": "2023-11-14T22:13:20.003Z", "last_received": "2023-11-14T22:13:20.009Z",
            })
        );
    }
}
