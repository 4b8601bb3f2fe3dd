//! Alerts: conditions that an operator hears about without looking. At most one of a kind is sent in ten minutes, with
//! the number of occurrences since the last.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::{
    delivery::plan::Health,
    id::EventId,
    name::{DestinationName, SourceName},
    time::UnixMillis,
};

/// The type of alerts among an inbox's events. No notification's type contains a dot.
pub const TYPE: &str = "edge.alert";

/// The pause between two alerts of a kind.
pub const PAUSE_MS: i64 = 10 * 60_000;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $code:literal $words:literal)*) => {
        /// A kind of alert.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $code)] $kind,)*
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The stable code: the end of the CloudEvent's `type`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)* }
            }

            /// A description, for people.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$kind => $words,)* }
            }
        }
    };
}

kinds! {
    /// A delivery's attempts ran out.
    DeadLetter "dead_letter" "a delivery's attempts ran out: it stays until it is replayed"
    /// A destination's breaker opened.
    BreakerOpened "breaker_opened" "a destination failed five times in a row: its deliveries wait while it is probed"
    /// A destination's breaker closed.
    BreakerClosed "breaker_closed" "a destination works again: its waiting deliveries are being sent"
    /// A destination answered 410.
    DestinationGone "destination_gone" "a destination answered 410 and is paused: its deliveries wait until it is resumed"
    /// A body that cannot be parsed was quarantined.
    Quarantined "quarantined" "a body could not be parsed and is in the quarantine"
    /// Deliveries have been waiting for longer than `OVERDUE_AFTER_MINUTES`.
    Overdue "overdue" "deliveries have been waiting for too long"
    /// The failed deliveries cannot be fetched from 3scale.
    RecoveryFailed "recovery_failed" "the failed deliveries could not be fetched from 3scale"
    /// The list of failures has entries that were sent to another address.
    RecoveryForeign "recovery_foreign" "3scale's list of failures has entries for another address: they stay there"
    /// Nothing has arrived for longer than the source's `silent_after_hours`.
    SourceSilent "source_silent" "nothing has arrived from the source for longer than expected"
}

impl Kind {
    /// The kind with this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// The alert that a change of a destination's health calls for, if any.
    #[must_use]
    pub fn of_change(before: Health, after: Health) -> Option<Self> {
        if after.paused && !before.paused {
            return Some(Self::DestinationGone);
        }
        match (before.breaker.probe_at, after.breaker.probe_at) {
            (None, Some(_)) => Some(Self::BreakerOpened),
            (Some(_), None) => Some(Self::BreakerClosed),
            _ => None,
        }
    }
}

/// An occurrence that calls for an alert. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence<'a> {
    /// The kind of alert.
    pub kind: Kind,
    /// The destination that it is about.
    pub destination: Option<&'a DestinationName>,
    /// The event that it is about.
    pub event: Option<EventId>,
    /// Details, for people.
    pub detail: Option<&'a str>,
    /// The number of occurrences.
    pub times: i64,
}

/// An alert as it is sent: the CloudEvent's `data`.
#[derive(Debug, Serialize)]
pub struct Alert<'a> {
    /// The kind of alert.
    pub kind: Kind,
    /// The source in whose inbox it happened.
    pub source: &'a SourceName,
    /// The number of occurrences since the last alert of this kind.
    pub count: i64,
    /// The time of the first of them.
    pub since: UnixMillis,
    /// The destinations that it is about.
    pub destinations: &'a [DestinationName],
    /// The event concerned by the last of them.
    pub event: Option<EventId>,
    /// Details of the last of them.
    pub detail: Option<&'a str>,
    /// A summary in one sentence.
    pub text: String,
}

/// The occurrences of one kind since its last alert.
#[derive(Debug)]
pub struct PendingAlert {
    /// The kind of alert.
    pub kind: Kind,
    /// Their number.
    pub count: i64,
    /// The time of the first of them.
    pub since: UnixMillis,
    /// The destinations that it is about.
    pub destinations: Vec<DestinationName>,
    /// The event concerned by the last of them.
    pub event: Option<EventId>,
    /// Details of the last of them.
    pub detail: Option<String>,
}

impl PendingAlert {
    /// The alert's JSON.
    #[must_use]
    pub fn to_json(&self, source: &SourceName) -> Vec<u8> {
        let alert = Alert {
            kind: self.kind,
            source,
            count: self.count,
            since: self.since,
            destinations: &self.destinations,
            event: self.event,
            detail: self.detail.as_deref(),
            text: self.text(source),
        };
        serde_json::to_vec(&alert).unwrap_or_default()
    }

    fn text(&self, source: &SourceName) -> String {
        let mut text = format!("[{source}] {}", self.kind.words());
        // Writing to a String cannot fail.
        if !self.destinations.is_empty() {
            let names: Vec<_> = self
                .destinations
                .iter()
                .map(DestinationName::as_str)
                .collect();
            let _ = write!(text, " ({})", names.join(", "));
        }
        if self.count > 1 {
            let _ = write!(text, "; {} times since {}", self.count, self.since);
        }
        if let Some(detail) = &self.detail {
            let _ = write!(text, "; the last: {detail}");
        }
        if let Some(event) = &self.event {
            let _ = write!(text, "; event {event}");
        }
        text
    }
}

/// `true` if a source from which something last arrived at `last_ms` has been silent for too long.
#[must_use]
pub fn is_silent(last_ms: Option<i64>, silent_after_ms: Option<i64>, now_ms: i64) -> bool {
    // One that has never sent anything is being set up.
    matches!((last_ms, silent_after_ms), (Some(last), Some(limit)) if now_ms - last > limit)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::delivery::breaker::Breaker;

    #[test]
    fn a_kind_is_found_by_its_code() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_code(kind.code()), Some(*kind));
            let json = serde_json::to_string(kind).unwrap();
            assert_eq!(json, format!("\"{}\"", kind.code()));
        }
        assert_eq!(Kind::of_code("other"), None);
    }

    #[test]
    fn a_destination_raises_an_alert_only_when_its_health_changes() {
        let open = Health {
            breaker: Breaker {
                failures: 5,
                probe_at: Some(1),
            },
            ..Health::default()
        };
        let gone = Health {
            paused: true,
            ..Health::default()
        };
        let works = Health::default();
        assert_eq!(Kind::of_change(works, open), Some(Kind::BreakerOpened));
        assert_eq!(Kind::of_change(open, works), Some(Kind::BreakerClosed));
        assert_eq!(Kind::of_change(works, gone), Some(Kind::DestinationGone));
        assert_eq!(Kind::of_change(open, open), None);
        assert_eq!(Kind::of_change(gone, gone), None);
    }

    #[test]
    fn an_alert_gives_the_count_the_destinations_and_the_details() {
        let id = EventId::new(5, &[1; 10]);
        let pending = PendingAlert {
            kind: Kind::DeadLetter,
            count: 3,
            since: UnixMillis(1_700_000_000_000),
            destinations: ["crm", "erp"].map(|name| name.parse().unwrap()).into(),
            event: Some(id),
            detail: Some("answered 500".into()),
        };
        let alert = pending.to_json(&"acme".parse().unwrap());
        let alert: Value = serde_json::from_slice(&alert).unwrap();
        assert_eq!(
            alert,
            json!({
                "kind": "dead_letter",
                "source": "acme",
                "count": 3,
                "since": "2023-11-14T22:13:20.000Z",
                "destinations": ["crm", "erp"],
                "event": id,
                "detail": "answered 500",
                "text": format!(
                    "[acme] a delivery's attempts ran out: it stays until it is replayed (crm, erp); \
                     3 times since 2023-11-14T22:13:20.000Z; the last: answered 500; event {id}"
                ),
            })
        );
    }

    #[test]
    fn a_source_that_should_have_sent_something_is_silent() {
        assert!(is_silent(Some(0), Some(1000), 1001));
        assert!(!is_silent(Some(0), Some(1000), 1000));
        assert!(!is_silent(Some(0), None, i64::MAX));
        assert!(!is_silent(None, Some(1000), i64::MAX));
    }
}
