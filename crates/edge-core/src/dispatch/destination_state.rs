//! One destination as the dispatcher sees it: its place in the log, its limits, and how it shares the places. And over
//! all of them: which attempts begin now, and when to look again.

use super::{
    budget::Budget,
    fair_share::{Demand, allocate},
    rate::Rate,
};
use crate::inbox_log::{Destination, DestinationId, Log, Start};
use crate::sort::sort_by_key;

/// How long a destination that came back gets one more attempt at once for each second, so that what waited does not
/// knock it over again.
const REVIVING_STEP_MS: i64 = 1000;

/// The limits on one destination's attempts.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Under way at once.
    pub concurrency: usize,
    /// Begun in a second.
    pub rate: Option<u32>,
}

/// A destination.
#[derive(Debug)]
pub struct DestinationState {
    /// Its deliveries.
    pub deliveries: Destination,
    /// `None`: nothing can be sent there, since it is not configured, or has a mistake. Its deliveries wait.
    limits: Option<Limits>,
    /// `true` if it is another Worker, called through a binding.
    is_service: bool,
    rate: Rate,
    /// When it last began an attempt, by a count that all destinations share.
    last_start: u64,
}

/// The attempts that begin now.
#[derive(Debug)]
pub struct Begun<E> {
    /// Each with the index of its destination: the events of one attempt, in the log's order.
    pub starts: Vec<(usize, Vec<Start>)>,
    /// What may begin after these.
    pub budget: Budget,
    /// The log's failure, after which no more have begun.
    pub error: Option<E>,
}

impl DestinationState {
    /// With nothing under way.
    #[must_use]
    pub fn new(deliveries: Destination, limits: Option<Limits>) -> Self {
        Self {
            deliveries,
            limits,
            is_service: false,
            rate: Rate::default(),
            last_start: 0,
        }
    }

    /// The same, if it is another Worker that is called through a binding.
    #[must_use]
    pub fn of_service(self, is_service: bool) -> Self {
        Self { is_service, ..self }
    }

    /// Not after one failure or two: a destination that mostly works keeps its places.
    fn is_failing(&self) -> bool {
        self.deliveries.state().health.breaker.failures > 2
    }

    /// How many may be under way while it comes back, and from when on one more.
    fn reviving(&self, now_ms: i64) -> Option<(usize, i64)> {
        let at = self.deliveries.state().revived_at?;
        let steps = now_ms.saturating_sub(at).max(0) / REVIVING_STEP_MS;
        let most = usize::try_from(steps).map_or(usize::MAX, |steps| steps.saturating_add(1));
        let next = steps.saturating_add(1).saturating_mul(REVIVING_STEP_MS);
        Some((most, at.saturating_add(next)))
    }

    /// How many more attempts may begin now by this destination's own limits.
    fn allows(&self, now_ms: i64) -> usize {
        let Some(limits) = self.limits else { return 0 };
        let reviving = self.reviving(now_ms).map_or(usize::MAX, |(most, _)| most);
        self.deliveries
            .state()
            .health
            .allows(limits.concurrency.min(reviving), now_ms)
            .saturating_sub(self.deliveries.busy())
            .min(self.rate.allows(limits.rate, now_ms))
    }

    fn demand(&self, now_ms: i64, has_more: bool) -> Demand {
        Demand {
            busy: self.deliveries.busy(),
            wants: if has_more { self.allows(now_ms) } else { 0 },
            failing: self.is_failing(),
            last_start: self.last_start,
        }
    }

    /// When the next attempt can begin.
    ///
    /// # Errors
    ///
    /// That of the log.
    pub fn start_at<L: Log>(&self, log: &L, now_ms: i64) -> Result<Option<i64>, L::Error> {
        if self.limits.is_none() {
            return Ok(None);
        }
        let at = self.deliveries.start_at(log, now_ms)?;
        Ok(at.map(|at| at.max(self.rate.next_at())))
    }

    /// When more can begin than can now.
    fn more_at<L: Log>(&self, log: &L, now_ms: i64) -> Result<Option<i64>, L::Error> {
        let start = self.start_at(log, now_ms)?;
        if start.is_none_or(|at| at > now_ms) {
            return Ok(start);
        }
        let due = self.deliveries.next_due_at(log, now_ms)?;
        let concurrency = self.limits.map_or(0, |limits| limits.concurrency);
        let step = self
            .reviving(now_ms)
            .filter(|(most, _)| *most < concurrency && *most <= self.deliveries.busy())
            .map(|(_, next)| next);
        Ok(due.into_iter().chain(step).min())
    }
}

/// Begins the attempts that can be made now and that the budget allows, `places` under way in all. Which destination has
/// something to send is found out by asking it for the next.
pub fn start<L: Log>(
    destinations: &mut [DestinationState],
    places: usize,
    budget: impl Into<Budget>,
    now_ms: i64,
    log: impl Fn(DestinationId) -> L,
) -> Begun<L::Error> {
    let mut starts = Vec::new();
    let mut budget = budget.into();
    let mut has_more = vec![true; destinations.len()];
    loop {
        let demands: Vec<_> = destinations
            .iter()
            .zip(&has_more)
            .map(|(destination, has_more)| destination.demand(now_ms, *has_more))
            .collect();
        let granted = allocate(places, &demands);
        // Who has waited longest begins first, and so waits longest again.
        let mut queue: Vec<_> = destinations
            .iter_mut()
            .zip(&mut has_more)
            .zip(granted)
            .enumerate()
            .collect();
        sort_by_key(&mut queue, |(_, ((destination, _), _))| {
            destination.last_start
        });
        let mut turn = demands.iter().map(|one| one.last_start).max().unwrap_or(0);
        let mut has_begun = false;
        for (index, ((destination, has_more), granted)) in queue {
            let log = log(destination.deliveries.id());
            for _ in 0..granted {
                if !budget.allows(destination.is_service) {
                    *has_more = false;
                    break;
                }
                let next = match destination.deliveries.next(&log, now_ms) {
                    Ok(next) => next,
                    Err(error) => {
                        let error = Some(error);
                        return Begun {
                            starts,
                            budget,
                            error,
                        };
                    }
                };
                if next.is_empty() {
                    *has_more = false;
                    break;
                }
                let limit = destination.limits.and_then(|limits| limits.rate);
                destination.rate = destination.rate.began(limit, now_ms);
                budget = budget.after(destination.is_service);
                turn += 1;
                destination.last_start = turn;
                starts.push((index, next));
                has_begun = true;
            }
        }
        let is_settled = demands
            .iter()
            .zip(&has_more)
            .all(|(demand, has_more)| demand.wants == 0 || *has_more);
        if !has_begun && is_settled {
            return Begun {
                starts,
                budget,
                error: None,
            };
        }
    }
}

/// When the next attempt can begin, or an outcome is to be written: for the alarm.
///
/// # Errors
///
/// That of the log.
pub fn wake_at<L: Log>(
    destinations: &[DestinationState],
    now_ms: i64,
    log: impl Fn(DestinationId) -> L,
) -> Result<Option<i64>, L::Error> {
    earliest(destinations, now_ms, |destination, id| {
        destination.start_at(&log(id), now_ms)
    })
}

/// When something changes by itself while attempts are under way: a wait ends, a probe is due, a rate allows one more,
/// one that came back may have one more at once, outcomes are to be written. What is due already waits for a place,
/// which an attempt's end gives.
///
/// # Errors
///
/// That of the log.
pub fn next_change<L: Log>(
    destinations: &[DestinationState],
    now_ms: i64,
    log: impl Fn(DestinationId) -> L,
) -> Result<Option<i64>, L::Error> {
    earliest(destinations, now_ms, |destination, id| {
        destination.more_at(&log(id), now_ms)
    })
}

/// The earliest time at which an attempt can begin, as `begin_at` says it of each destination, or outcomes are to be
/// written.
fn earliest<E>(
    destinations: &[DestinationState],
    now_ms: i64,
    begin_at: impl Fn(&DestinationState, DestinationId) -> Result<Option<i64>, E>,
) -> Result<Option<i64>, E> {
    let mut next: Option<i64> = None;
    for destination in destinations {
        let begin = begin_at(destination, destination.deliveries.id())?;
        let write = destination.deliveries.write_at(now_ms);
        next = next.into_iter().chain(begin).chain(write).min();
    }
    Ok(next)
}

#[cfg(test)]
mod tests;
