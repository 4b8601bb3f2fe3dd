//! `GET /api/v1/stats`: figures by hour, and how each destination has been doing.

use serde::Serialize;

use super::{
    json_body::wrong,
    query::{pairs, source},
};
use crate::{
    config::Config,
    messages::statistics::{CountHours, DestinationHours, HOUR_MS, HourCounts},
    name::{DestinationName, SourceName},
    problem::Problem,
    sort::sort_by,
    time::{UnixMillis, range},
};

const DEFAULT_HOURS: i64 = 24;
const MOST_HOURS: i64 = 7 * 24;

/// Parses a query: the source, or all of them, and the hours. The last of them is the one that has begun; of what is
/// longer ago than seven days, these seven days are told.
///
/// # Errors
///
/// A value is invalid.
pub fn read(
    query: &str,
    config: &Config,
    now_ms: i64,
) -> Result<(Option<SourceName>, CountHours), Problem> {
    let mut of = None;
    let mut since_ms = now_ms.saturating_sub((DEFAULT_HOURS - 1) * HOUR_MS);
    for (name, value) in pairs(query)? {
        if name == "source" {
            of = Some(source(&value, config)?);
            continue;
        }
        let time = range::parse(&value, now_ms)
            .ok_or_else(|| wrong("since", &format!("must be a time: {}", range::FORMS)))?;
        let oldest = now_ms.saturating_sub(MOST_HOURS * HOUR_MS);
        since_ms = time.clamp(oldest, now_ms);
    }
    let first = since_ms.div_euclid(HOUR_MS);
    let hours = now_ms
        .div_euclid(HOUR_MS)
        .saturating_sub(first)
        .saturating_add(1);
    let hours = CountHours {
        since_ms: first.saturating_mul(HOUR_MS),
        hours: usize::try_from(hours).unwrap_or_default(),
    };
    Ok((of, hours))
}

/// The figures of some hours.
#[derive(Debug, Serialize)]
pub struct Stats {
    /// When the first hour begins.
    pub since: UnixMillis,
    /// `false` if older attempts than those counted here are recorded.
    pub complete: bool,
    /// Each hour.
    pub hours: Vec<Hour>,
    /// Each destination, over all of these hours.
    pub destinations: Vec<DestinationStats>,
}

/// An hour.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Hour {
    /// When it begins.
    pub at: UnixMillis,
    /// Events that were taken in.
    pub events: u64,
    /// Attempts that succeeded, at all destinations.
    pub delivered: u64,
    /// Attempts that failed.
    pub failed: u64,
}

/// A destination.
#[derive(Debug, PartialEq, Serialize)]
pub struct DestinationStats {
    /// Its name.
    pub name: DestinationName,
    /// Attempts that succeeded.
    pub delivered: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// The share of attempts that succeeded; `None` if there were none.
    pub success_rate: Option<f64>,
    /// Half of the newest attempts took at most so long, in milliseconds.
    pub p50_ms: Option<u32>,
    /// 19 of 20 did.
    pub p95_ms: Option<u32>,
    /// Succeeded, for each hour.
    pub delivered_by_hour: Vec<u64>,
    /// Failed, for each hour.
    pub failed_by_hour: Vec<u64>,
}

impl Stats {
    /// The answer, from the counts of each inbox.
    #[must_use]
    pub fn of(asked: &CountHours, inboxes: Vec<HourCounts>) -> Self {
        let counts = HourCounts::merge(inboxes);
        let at = |values: &[u64], hour: usize| values.get(hour).copied().unwrap_or_default();
        let sum = |of: &dyn Fn(&DestinationHours) -> u64| {
            let each = counts.destinations.iter().map(of);
            each.fold(0, u64::saturating_add)
        };
        let hours = asked.bounds().take(asked.hours).enumerate();
        Self {
            since: UnixMillis(asked.since_ms),
            complete: counts.complete,
            hours: hours
                .map(|(hour, begins)| Hour {
                    at: begins,
                    events: at(&counts.events, hour),
                    delivered: sum(&|one| at(&one.delivered, hour)),
                    failed: sum(&|one| at(&one.failed, hour)),
                })
                .collect(),
            destinations: counts
                .destinations
                .iter()
                .map(|one| {
                    let delivered = one.delivered.iter().sum();
                    let failed = one.failed.iter().sum();
                    let mut durations = one.durations_ms.clone();
                    sort_by(&mut durations, Ord::cmp);
                    DestinationStats {
                        name: one.name.clone(),
                        delivered,
                        failed,
                        success_rate: rate(delivered, failed),
                        p50_ms: percentile(&durations, 50),
                        p95_ms: percentile(&durations, 95),
                        delivered_by_hour: one.delivered.clone(),
                        failed_by_hour: one.failed.clone(),
                    }
                })
                .collect(),
        }
    }
}

/// To three digits: more would be noise.
fn rate(delivered: u64, failed: u64) -> Option<f64> {
    let all = delivered.saturating_add(failed);
    let thousandths = delivered.saturating_mul(1000).checked_div(all)?;
    let thousandths = u32::try_from(thousandths).ok()?;
    Some(f64::from(thousandths) / 1000.0)
}

/// The value that so many in a hundred do not exceed.
fn percentile(sorted: &[u32], percent: usize) -> Option<u32> {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    /// 22:13:20.
    const NOW: i64 = 1_700_000_000_000;

    fn asked(query: &str) -> Result<CountHours, Problem> {
        read(query, &config(), NOW).map(|(_, hours)| hours)
    }

    #[test]
    fn hours_are_whole_and_the_last_is_the_one_that_has_begun() {
        let default = asked("").unwrap();
        assert_eq!(default.hours, 24);
        let begin = |hours: &CountHours| UnixMillis(hours.since_ms).to_string();
        assert_eq!(begin(&default), "2023-11-13T23:00:00.000Z");
        let two = asked("since=1h").unwrap();
        assert_eq!(
            (two.hours, begin(&two)),
            (2, "2023-11-14T21:00:00.000Z".to_owned())
        );
        assert_eq!(asked("since=0s").unwrap().hours, 1);
        assert_eq!(asked("since=8d").unwrap().hours, 169);
        assert_eq!(asked("since=2023-11-15").unwrap().hours, 1);
        for wrong in ["since=x", "since=2h&since=1h", "source=x"] {
            assert!(asked(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn figures_are_summed_up_and_percentiles_taken() {
        let asked = asked("since=1h").unwrap();
        let crm = DestinationHours {
            name: "crm".parse().unwrap(),
            delivered: vec![18, 1],
            failed: vec![0, 1],
            durations_ms: (1..=20).rev().collect(),
        };
        let none = DestinationHours {
            name: "idle".parse().unwrap(),
            delivered: vec![0, 0],
            failed: vec![0, 0],
            durations_ms: Vec::new(),
        };
        let counts = HourCounts {
            events: vec![19, 1],
            destinations: vec![crm, none],
            complete: true,
        };
        let stats = Stats::of(&asked, vec![counts]);
        let hours: Vec<_> = stats
            .hours
            .iter()
            .map(|hour| (hour.events, hour.delivered, hour.failed))
            .collect();
        assert_eq!(hours, [(19, 18, 0), (1, 1, 1)]);
        let [crm, idle] = stats.destinations.as_slice() else {
            panic!()
        };
        assert_eq!(
            (crm.success_rate, crm.p50_ms, crm.p95_ms),
            (Some(0.95), Some(10), Some(19))
        );
        assert_eq!((idle.success_rate, idle.p50_ms), (None, None));
    }
}
