//! Figures by hour: events from the log, attempts from their records.

use serde::{Deserialize, Serialize};

use crate::{name::DestinationName, sort::sort_by, time::UnixMillis};

/// The length of an hour.
pub const HOUR_MS: i64 = 3_600_000;

/// Asks for the figures of some hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountHours {
    /// When the first of them begins.
    pub since_ms: i64,
    /// How many there are.
    pub hours: usize,
}

/// The figures of some hours, in an inbox or in several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourCounts {
    /// Events that were taken in, for each hour.
    pub events: Vec<u64>,
    /// Attempts at each destination.
    pub destinations: Vec<DestinationHours>,
    /// `false` if there are more records of attempts than are read: the older ones are missing.
    pub complete: bool,
}

/// Attempts at a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationHours {
    /// The destination.
    pub name: DestinationName,
    /// Those that succeeded, for each hour.
    pub delivered: Vec<u64>,
    /// Those that failed.
    pub failed: Vec<u64>,
    /// How long the newest took, in milliseconds.
    pub durations_ms: Vec<u32>,
}

/// How many durations of a destination are told.
pub const MOST_DURATIONS: usize = 2000;

/// An attempt, as it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// When it began or ended, in milliseconds since 1970.
    pub at: i64,
    /// How long it took.
    pub took_ms: u32,
    /// `true` if it succeeded.
    pub delivered: bool,
}

impl DestinationHours {
    /// The attempts of these hours, among those that are given, in any order.
    #[must_use]
    pub fn of(name: DestinationName, hours: &CountHours, attempts: &[Counted]) -> Self {
        let mut all = Self {
            name,
            delivered: vec![0; hours.hours],
            failed: vec![0; hours.hours],
            durations_ms: Vec::new(),
        };
        let mut newest = Vec::new();
        for attempt in attempts {
            let counts = if attempt.delivered {
                &mut all.delivered
            } else {
                &mut all.failed
            };
            let hour = attempt
                .at
                .saturating_sub(hours.since_ms)
                .div_euclid(HOUR_MS);
            let hour = usize::try_from(hour).ok();
            if let Some(count) = hour.and_then(|hour| counts.get_mut(hour)) {
                *count = count.saturating_add(1);
                newest.push((attempt.at, attempt.took_ms));
            }
        }
        sort_by(&mut newest, |one, other| other.cmp(one));
        newest.truncate(MOST_DURATIONS);
        all.durations_ms = newest.into_iter().map(|(_, took_ms)| took_ms).collect();
        all
    }
}

impl HourCounts {
    /// The sum over inboxes.
    #[must_use]
    pub fn merge(inboxes: Vec<Self>) -> Self {
        let mut all = Self {
            complete: true,
            ..Self::default()
        };
        for one in inboxes {
            all.complete &= one.complete;
            add(&mut all.events, &one.events);
            for other in one.destinations {
                let mut known = all.destinations.iter_mut();
                match known.find(|known| known.name == other.name) {
                    None => all.destinations.push(other),
                    Some(known) => {
                        add(&mut known.delivered, &other.delivered);
                        add(&mut known.failed, &other.failed);
                        known.durations_ms.extend(other.durations_ms);
                    }
                }
            }
        }
        all
    }
}

fn add(sums: &mut Vec<u64>, others: &[u64]) {
    if sums.len() < others.len() {
        sums.resize(others.len(), 0);
    }
    for (sum, other) in sums.iter_mut().zip(others) {
        *sum = sum.saturating_add(*other);
    }
}

impl CountHours {
    /// When each hour begins, and the end of the last one.
    pub fn bounds(&self) -> impl Iterator<Item = UnixMillis> {
        let since_ms = self.since_ms;
        (0..=self.hours).map(move |hour| {
            let hour = i64::try_from(hour).unwrap_or(i64::MAX);
            UnixMillis(since_ms.saturating_add(hour.saturating_mul(HOUR_MS)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: i64 = 1_700_000_000_000;

    fn attempt(at: i64, took_ms: u32, delivered: bool) -> Counted {
        Counted {
            at: SINCE + at,
            took_ms,
            delivered,
        }
    }

    #[test]
    fn an_attempt_counts_in_its_hour_and_outside_of_all_not_at_all() {
        let hours = CountHours {
            since_ms: SINCE,
            hours: 2,
        };
        let counts = DestinationHours::of(
            "crm".parse().unwrap(),
            &hours,
            &[
                attempt(-1, 1, true),
                attempt(0, 2, true),
                attempt(HOUR_MS - 1, 3, false),
                attempt(HOUR_MS, 4, true),
                attempt(2 * HOUR_MS, 5, true),
            ],
        );
        assert_eq!((counts.delivered, counts.failed), (vec![1, 1], vec![1, 0]));
        assert_eq!(counts.durations_ms, [4, 3, 2], "the newest first");
        let bounds: Vec<_> = hours.bounds().map(|at| at.0 - SINCE).collect();
        assert_eq!(bounds, [0, HOUR_MS, 2 * HOUR_MS]);
    }

    #[test]
    fn inboxes_are_added_hour_by_hour() {
        let inbox = |events: Vec<u64>, complete| {
            let hours = CountHours {
                since_ms: SINCE,
                hours: 2,
            };
            let name = "crm".parse().unwrap();
            HourCounts {
                events,
                destinations: vec![DestinationHours::of(name, &hours, &[attempt(0, 7, true)])],
                complete,
            }
        };
        let all = HourCounts::merge(vec![inbox(vec![1, 2], true), inbox(vec![10, 0], false)]);
        assert_eq!((all.events, all.complete), (vec![11, 2], false));
        let [crm] = all.destinations.as_slice() else {
            panic!()
        };
        assert_eq!(crm.delivered, [2, 0]);
        assert_eq!(crm.durations_ms, [7, 7]);
        assert!(HourCounts::merge(Vec::new()).complete);
    }
}
