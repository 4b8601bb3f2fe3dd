//! Replays of many events.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::{
    filter::Filter, id::ReplayId, name::DestinationName, sort::sort_by_key, time::UnixMillis,
};

/// Asks for the progress of the newest replays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListReplays {}

/// Asks for the progress of one replay. The reply is `None` if it is not in this inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetReplay {
    /// Its id.
    pub id: ReplayId,
}

/// Ends a replay: what it has not begun is not sent again. The reply is its progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelReplay {
    /// Its id.
    pub id: ReplayId,
}

/// Delivers again all events that match a filter, or counts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartReplay {
    /// The replay's id. `None` to count only.
    pub id: Option<ReplayId>,
    /// The filter.
    pub filter: Filter,
    /// The destinations. `None` leaves them to the filter: those of the deliveries that it names, else every
    /// destination that wants the event now.
    pub destinations: Option<Vec<DestinationName>>,
}

/// The extent of a replay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayCount {
    /// Events.
    pub events: u64,
    /// Deliveries of these events.
    pub deliveries: u64,
}

impl ReplayCount {
    /// The sum over inboxes.
    #[must_use]
    pub fn merge(inboxes: &[Self]) -> Self {
        inboxes.iter().fold(Self::default(), |sum, one| Self {
            events: sum.events + one.events,
            deliveries: sum.deliveries + one.deliveries,
        })
    }
}

/// The progress of a replay, in one inbox or in all that it covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayProgress {
    /// Its id.
    pub id: ReplayId,
    /// When it was requested.
    pub asked_at: UnixMillis,
    /// When everything was sent. `None` while an inbox is not done.
    pub ended_at: Option<UnixMillis>,
    /// When an operator ended it.
    #[serde(default)]
    pub cancelled_at: Option<UnixMillis>,
    /// Events that were sent again so far.
    pub events: u64,
    /// Deliveries of these events.
    pub deliveries: u64,
    /// All deliveries that it means; of a cancelled one, those that were sent.
    #[serde(default)]
    pub all_deliveries: u64,
    /// Which events it was asked to send.
    #[serde(default)]
    pub filter: Filter,
}

/// How many replays are listed.
pub const LISTED_REPLAYS: usize = 50;

impl ReplayProgress {
    /// The newest replays first, each summed over the inboxes that it covers.
    #[must_use]
    pub fn merge(inboxes: Vec<Vec<Self>>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for one in inboxes.into_iter().flatten() {
            match all.iter_mut().find(|known| known.id == one.id) {
                Some(known) => known.add(&one),
                None => all.push(one),
            }
        }
        sort_by_key(&mut all, |replay| Reverse(replay.id));
        all.truncate(LISTED_REPLAYS);
        all
    }

    fn add(&mut self, other: &Self) {
        self.asked_at = self.asked_at.min(other.asked_at);
        self.ended_at = self.ended_at.zip(other.ended_at).map(|(a, b)| a.max(b));
        self.cancelled_at = self.cancelled_at.max(other.cancelled_at);
        self.events += other.events;
        self.deliveries += other.deliveries;
        self.all_deliveries += other.all_deliveries;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay(number: u8, asked: i64, ended: Option<i64>, deliveries: u64) -> ReplayProgress {
        ReplayProgress {
            id: ReplayId::new(number.into(), &[number; 10]),
            asked_at: UnixMillis(asked),
            ended_at: ended.map(UnixMillis),
            cancelled_at: None,
            events: 1,
            deliveries,
            all_deliveries: deliveries,
            filter: Filter::default(),
        }
    }

    #[test]
    fn progress_is_summed_up_over_inboxes_newest_first() {
        let merged = ReplayProgress::merge(vec![
            vec![
                replay(3, 3000, Some(4000), 6),
                replay(1, 1000, Some(2000), 1),
            ],
            vec![replay(3, 3000, None, 20), replay(2, 2000, Some(2500), 0)],
            vec![
                replay(3, 2999, Some(5000), 0),
                replay(1, 1000, Some(3000), 2),
            ],
        ]);
        let sum = |events, one: ReplayProgress| ReplayProgress { events, ..one };
        assert_eq!(
            merged,
            [
                sum(3, replay(3, 2999, None, 26)),
                sum(1, replay(2, 2000, Some(2500), 0)),
                sum(2, replay(1, 1000, Some(3000), 3)),
            ]
        );
    }

    #[test]
    fn the_newest_fifty_are_listed() {
        let many = (0..60).map(|number| replay(number, 0, None, 0)).collect();
        let listed = ReplayProgress::merge(vec![many]);
        assert_eq!(listed.len(), LISTED_REPLAYS);
        assert_eq!(listed[0].id, replay(59, 0, None, 0).id);
    }

    #[test]
    fn counts_are_added() {
        let count = |events, deliveries| ReplayCount { events, deliveries };
        assert_eq!(
            ReplayCount::merge(&[count(1, 2), count(10, 20)]),
            count(11, 22)
        );
    }
}
