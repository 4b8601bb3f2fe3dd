//! The figures of an inbox, for Prometheus and for the list of sources. None of them is a row of its own: they are what
//! the inbox stores anyway, and what it counts in memory since it was loaded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::destinations::DestinationOverview;
use crate::{name::DestinationName, time::UnixMillis};

/// Asks for an inbox's figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMetrics {}

/// The figures of an inbox, or of all inboxes of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxMetrics {
    /// Events that were appended to the log so far: the highest `seq`.
    pub events: u64,
    /// Repeats so far.
    pub repeats: u64,
    /// When the source last sent something.
    pub last_received_at: Option<UnixMillis>,
    /// When 3scale's Ping! button was last pressed.
    pub last_ping_at: Option<UnixMillis>,
    /// When an old value of the secret was last used.
    pub old_secret_last_used_at: Option<UnixMillis>,
    /// The bodies in the quarantine by their code.
    pub quarantine: BTreeMap<String, Quarantined>,
    /// The state of each destination.
    pub destinations: Vec<DestinationOverview>,
    /// The attempts at each destination since the inbox was loaded.
    pub attempts: BTreeMap<DestinationName, Attempts>,
}

/// What is in the quarantine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Different bodies.
    pub bodies: u64,
    /// How often they came: 3scale sends each six times.
    pub times: u64,
}

/// The upper bounds of the histogram's buckets, in milliseconds; the last bucket has none.
pub const BOUNDS_MS: [i64; 9] = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000];

/// Attempts at a destination.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Their number by outcome: `delivered`, `gone`, or the kind of failure.
    pub outcomes: BTreeMap<String, u64>,
    /// Their number by duration: one bucket for each bound, and one for what took longer.
    pub buckets: [u64; BOUNDS_MS.len() + 1],
    /// How long they took together, in milliseconds.
    pub total_ms: u64,
}

impl Attempts {
    /// Counts one.
    pub fn count(&mut self, outcome: &str, took_ms: i64) {
        let times = self.outcomes.entry(outcome.to_owned()).or_default();
        *times = times.saturating_add(1);
        let bounds = BOUNDS_MS.iter().position(|bound| took_ms <= *bound);
        let bucket = bounds.unwrap_or(BOUNDS_MS.len());
        if let Some(bucket) = self.buckets.get_mut(bucket) {
            *bucket = bucket.saturating_add(1);
        }
        let took_ms = u64::try_from(took_ms).unwrap_or_default();
        self.total_ms = self.total_ms.saturating_add(took_ms);
    }

    fn add(&mut self, other: &Self) {
        for (outcome, times) in &other.outcomes {
            let sum = self.outcomes.entry(outcome.clone()).or_default();
            *sum = sum.saturating_add(*times);
        }
        for (bucket, times) in self.buckets.iter_mut().zip(other.buckets) {
            *bucket = bucket.saturating_add(times);
        }
        self.total_ms = self.total_ms.saturating_add(other.total_ms);
    }
}

impl InboxMetrics {
    /// The figures of a source, from those of its inboxes.
    #[must_use]
    pub fn merge(inboxes: Vec<Self>) -> Self {
        let mut all = Self::default();
        let mut destinations = Vec::new();
        for one in inboxes {
            all.events = all.events.saturating_add(one.events);
            all.repeats = all.repeats.saturating_add(one.repeats);
            all.last_received_at = all.last_received_at.max(one.last_received_at);
            all.last_ping_at = all.last_ping_at.max(one.last_ping_at);
            all.old_secret_last_used_at =
                all.old_secret_last_used_at.max(one.old_secret_last_used_at);
            for (code, quarantined) in one.quarantine {
                let sum = all.quarantine.entry(code).or_default();
                sum.bodies = sum.bodies.saturating_add(quarantined.bodies);
                sum.times = sum.times.saturating_add(quarantined.times);
            }
            for (name, attempts) in &one.attempts {
                all.attempts.entry(name.clone()).or_default().add(attempts);
            }
            destinations.push(one.destinations);
        }
        all.destinations = DestinationOverview::merge(destinations);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_counts_in_the_bucket_of_its_duration_and_under_its_outcome() {
        let mut attempts = Attempts::default();
        for (outcome, ms) in [
            ("delivered", 0),
            ("delivered", 50),
            ("timeout", 51),
            ("timeout", 60_000),
        ] {
            attempts.count(outcome, ms);
        }
        // A clock may go back.
        attempts.count("status", -3);
        assert_eq!(attempts.buckets, [3, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(attempts.total_ms, 60_101);
        let outcomes: Vec<_> = attempts.outcomes.into_iter().collect();
        let is = |name: &str, times| (name.to_owned(), times);
        assert_eq!(
            outcomes,
            [is("delivered", 2), is("status", 1), is("timeout", 2)]
        );
    }

    #[test]
    fn the_figures_of_inboxes_are_summed_up() {
        let inbox = |events, last: i64, ms| {
            let mut attempts = Attempts::default();
            attempts.count("delivered", ms);
            InboxMetrics {
                events,
                repeats: 1,
                last_received_at: Some(UnixMillis(last)),
                last_ping_at: Some(UnixMillis(last - 1)),
                quarantine: [(
                    "malformed_xml".to_owned(),
                    Quarantined {
                        bodies: 1,
                        times: 6,
                    },
                )]
                .into(),
                attempts: [("crm".parse().unwrap(), attempts)].into(),
                ..InboxMetrics::default()
            }
        };
        let all = InboxMetrics::merge(vec![
            inbox(3, 10, 1),
            inbox(4, 20, 70),
            InboxMetrics::default(),
        ]);
        assert_eq!((all.events, all.repeats), (7, 2));
        assert_eq!(all.last_received_at, Some(UnixMillis(20)));
        assert_eq!(all.last_ping_at, Some(UnixMillis(19)));
        let quarantined = all.quarantine.get("malformed_xml").unwrap();
        assert_eq!(
            *quarantined,
            Quarantined {
                bodies: 2,
                times: 12
            }
        );
        let attempts = all.attempts.values().next().unwrap();
        assert_eq!((attempts.outcomes["delivered"], attempts.total_ms), (2, 71));
        assert_eq!(attempts.buckets[..2], [1, 1]);
    }
}
