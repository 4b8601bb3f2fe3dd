//! The state of destinations, and the operators' actions on them.

use serde::{Deserialize, Serialize};

use crate::{name::DestinationName, state::DestinationHealth, time::UnixMillis};

/// Asks for the state of each destination, including those that are no longer configured and have deliveries left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListDestinations {}

/// Pauses a destination, or resumes it. Its deliveries are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseDestination {
    /// The destination.
    pub destination: DestinationName,
    /// `true` to pause it, `false` to resume it.
    pub paused: bool,
}

/// Drops the undelivered events of a destination that is no longer configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropDestination {
    /// The destination.
    pub destination: DestinationName,
}

/// The state of a destination in an inbox, or in all inboxes of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationOverview {
    /// Its name.
    pub name: DestinationName,
    /// Its state.
    pub state: DestinationHealth,
    /// Failed attempts since the last success.
    pub failures_in_a_row: u32,
    /// When its open breaker lets an attempt through.
    pub next_probe_at: Option<UnixMillis>,
    /// Waiting deliveries.
    pub waiting: u64,
    /// Completed deliveries, of the events that are stored.
    pub delivered: u64,
    /// Deliveries whose attempts ran out.
    pub dead: u64,
    /// When the oldest waiting event was received.
    pub oldest_waiting_at: Option<UnixMillis>,
}

impl DestinationOverview {
    /// Adds the figures of another inbox of the same source for the same destination: counts are summed, and of states
    /// and times the worst and the earliest are shown. Each inbox has a breaker of its own.
    pub fn add(&mut self, other: &Self) {
        self.state = self.state.max(other.state);
        self.failures_in_a_row = self.failures_in_a_row.max(other.failures_in_a_row);
        self.next_probe_at = earliest(self.next_probe_at, other.next_probe_at);
        self.waiting += other.waiting;
        self.delivered += other.delivered;
        self.dead += other.dead;
        self.oldest_waiting_at = earliest(self.oldest_waiting_at, other.oldest_waiting_at);
    }

    /// The destinations of a source, merged from the figures of its inboxes.
    #[must_use]
    pub fn merge(inboxes: Vec<Vec<Self>>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for one in inboxes.into_iter().flatten() {
            // A destination that is no longer configured is known only to inboxes that have deliveries left for it.
            match all.iter_mut().find(|known| known.name == one.name) {
                Some(known) => known.add(&one),
                None => all.push(one),
            }
        }
        all
    }
}

fn earliest(one: Option<UnixMillis>, other: Option<UnixMillis>) -> Option<UnixMillis> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overview(name: &str, state: DestinationHealth, waiting: u64) -> DestinationOverview {
        DestinationOverview {
            name: name.parse().unwrap(),
            state,
            failures_in_a_row: 0,
            next_probe_at: None,
            waiting,
            delivered: 1,
            dead: 0,
            oldest_waiting_at: None,
        }
    }

    #[test]
    fn counts_are_added_and_the_worst_state_and_the_earliest_time_shown() {
        let open = DestinationOverview {
            failures_in_a_row: 7,
            next_probe_at: Some(UnixMillis(5000)),
            dead: 2,
            oldest_waiting_at: Some(UnixMillis(3000)),
            ..overview("crm", DestinationHealth::Open, 40)
        };
        let failing = DestinationOverview {
            failures_in_a_row: 2,
            oldest_waiting_at: Some(UnixMillis(2000)),
            ..overview("crm", DestinationHealth::Failing, 0)
        };
        let ok = overview("crm", DestinationHealth::Ok, 3);
        let all = DestinationOverview::merge(vec![vec![ok], vec![open], vec![failing]]);
        assert_eq!(
            all,
            [DestinationOverview {
                failures_in_a_row: 7,
                next_probe_at: Some(UnixMillis(5000)),
                delivered: 3,
                dead: 2,
                oldest_waiting_at: Some(UnixMillis(2000)),
                ..overview("crm", DestinationHealth::Open, 43)
            }]
        );
    }

    #[test]
    fn a_destination_that_only_some_inboxes_know_is_shown_once() {
        let inbox = |names: &[&str]| -> Vec<_> {
            let ok = |name: &&str| overview(name, DestinationHealth::Ok, 1);
            names.iter().map(ok).collect()
        };
        let all = DestinationOverview::merge(vec![
            inbox(&["crm"]),
            inbox(&["crm", "old"]),
            inbox(&["crm", "older", "old"]),
        ]);
        let counts: Vec<_> = all
            .iter()
            .map(|one| (one.name.as_str(), one.waiting))
            .collect();
        assert_eq!(counts, [("crm", 3), ("old", 2), ("older", 1)]);
        assert!(DestinationOverview::merge(Vec::new()).is_empty());
    }
}
