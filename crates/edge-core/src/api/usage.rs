//! `GET /api/v1/usage`: what is left today of Cloudflare's free plan, as far as it can be told from what is stored
//! anyway. Counting each row and request would cost rows and requests.

use serde::Serialize;

use crate::{
    config::{Config, Transport},
    messages::statistics::{CountHours, DestinationHours, HourCounts},
    time::{UnixMillis, rfc3339},
};

/// Of a day in UTC, after which all of it begins anew.
const DAY_MS: i64 = 86_400_000;

/// The free plan's limits for a day.
const REQUESTS: u64 = 100_000;
const ROWS_WRITTEN: u64 = 100_000;
const KV_WRITES: u64 = 1000;

/// The rows of an event: its own, two in indexes, and its share of the rows of destinations and of the alarm.
const ROWS_OF_EVENT: u64 = 5;
/// The rows of a failed attempt: its record, and that of the delivery which waits, with its index.
const ROWS_OF_FAILURE: u64 = 4;
/// The requests of an event: to the Worker, and to its inbox.
const REQUESTS_OF_EVENT: u64 = 1;

/// What was used today.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// The day, in UTC.
    pub day: String,
    /// When the limits begin anew.
    pub resets_at: UnixMillis,
    /// `false` if older attempts than those counted here are recorded, so that more was used.
    pub complete: bool,
    /// Each limit.
    pub limits: Vec<Limit>,
}

/// A limit of the free plan.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// What is limited.
    pub name: &'static str,
    /// What was used at least.
    pub used: u64,
    /// The limit for a day.
    pub limit: u64,
    /// What is left at most.
    pub left: u64,
    /// How `used` was found.
    pub basis: &'static str,
}

/// The hours of today.
#[must_use]
pub fn today(now_ms: i64) -> CountHours {
    let since_ms = now_ms.div_euclid(DAY_MS).saturating_mul(DAY_MS);
    CountHours {
        since_ms,
        hours: 24,
    }
}

impl Usage {
    /// From the counts of each inbox.
    #[must_use]
    pub fn of(config: &Config, asked: &CountHours, inboxes: Vec<HourCounts>) -> Self {
        let counts = HourCounts::merge(inboxes);
        let sum = |hours: &[u64]| hours.iter().copied().fold(0, u64::saturating_add);
        let events = sum(&counts.events);
        let is_kv = |one: &&DestinationHours| {
            let configured = config.destination(one.name.as_str());
            configured.is_some_and(|one| matches!(one.transport, Some(Transport::Kv { .. })))
        };
        let kv = counts.destinations.iter().filter(is_kv);
        let kv_writes = kv
            .map(|one| sum(&one.delivered))
            .fold(0, u64::saturating_add);
        let failed = counts.destinations.iter().map(|one| sum(&one.failed));
        let failed = failed.fold(0, u64::saturating_add);
        let rows = events
            .saturating_mul(ROWS_OF_EVENT)
            .saturating_add(failed.saturating_mul(ROWS_OF_FAILURE));
        let limit = |name, used: u64, limit: u64, basis| Limit {
            name,
            used,
            limit,
            left: limit.saturating_sub(used),
            basis,
        };
        let day = rfc3339(asked.since_ms);
        Self {
            day: day.get(..10).unwrap_or_default().to_owned(),
            resets_at: UnixMillis(asked.since_ms.saturating_add(DAY_MS)),
            complete: counts.complete,
            limits: vec![
                limit(
                    "requests",
                    events.saturating_mul(REQUESTS_OF_EVENT),
                    REQUESTS,
                    "one for each event; repeats, refused calls and calls of this API are not counted",
                ),
                limit(
                    "rows_written",
                    rows,
                    ROWS_WRITTEN,
                    "estimated: 5 for each event, 4 for each failed attempt",
                ),
                limit(
                    "kv_writes",
                    kv_writes,
                    KV_WRITES,
                    "deliveries to KV namespaces that succeeded today; of a batch, each event",
                ),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    #[test]
    fn a_day_is_one_of_utc_and_what_is_used_is_taken_from_what_there_is() {
        let asked = today(1_700_000_000_000);
        let hours = |name: &str, delivered, failed| DestinationHours {
            name: name.parse().unwrap(),
            delivered,
            failed,
            durations_ms: Vec::new(),
        };
        let counts = HourCounts {
            events: vec![10, 20],
            destinations: vec![
                hours("archive", vec![700, 400], vec![0]),
                hours("crm", vec![9], vec![3]),
            ],
            complete: true,
        };
        let usage = Usage::of(&config(), &asked, vec![counts]);
        assert_eq!(usage.day, "2023-11-14");
        assert_eq!(usage.resets_at.to_string(), "2023-11-15T00:00:00.000Z");
        let figures: Vec<_> = usage
            .limits
            .iter()
            .map(|one| (one.name, one.used, one.left))
            .collect();
        assert_eq!(
            figures,
            [
                ("requests", 30, 99_970),
                ("rows_written", 162, 99_838),
                ("kv_writes", 1100, 0)
            ]
        );
    }
}
