//! One destination as the dispatcher sees it: how it is doing, and what is under way to it. And over
//! all of them: what may begin now, and when to look again.

use std::cell::{Cell, RefCell};

use super::{
    fair_share::{Demand, allocate},
    plan::Health,
    rate::Rate,
};

/// The limits on one destination's attempts.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Under way at once.
    pub concurrency: usize,
    /// Begun in a second.
    pub rate: Option<u32>,
}

/// A destination. Shared by attempts that run at the same time, so it changes from inside.
#[derive(Debug)]
pub struct DestinationState {
    limits: Limits,
    health: Cell<Health>,
    rate: Cell<Rate>,
    under_way: RefCell<Vec<i64>>,
    /// When it last began an attempt, by a count that all destinations share.
    last_start: Cell<u64>,
}

impl DestinationState {
    /// With nothing under way.
    #[must_use]
    pub fn new(limits: Limits, health: Health) -> Self {
        Self {
            limits,
            health: Cell::new(health),
            rate: Cell::default(),
            under_way: RefCell::default(),
            last_start: Cell::default(),
        }
    }

    /// How it has been doing.
    pub fn health(&self) -> Health {
        self.health.get()
    }

    /// How it is doing now.
    pub fn set_health(&self, health: Health) {
        self.health.set(health);
    }

    /// How many attempts are under way.
    pub fn busy(&self) -> usize {
        self.under_way.borrow().len()
    }

    fn has(&self, seq: i64) -> bool {
        self.under_way.borrow().contains(&seq)
    }

    /// Not after one failure or two: a destination that mostly works keeps its places.
    fn is_failing(&self) -> bool {
        self.health.get().breaker.failures > 2
    }

    /// How many more attempts may begin now by this destination's own limits.
    fn allows(&self, now_ms: i64) -> usize {
        let at_once = self.health.get().allows(self.limits.concurrency, now_ms);
        at_once
            .saturating_sub(self.busy())
            .min(self.rate.get().allows(self.limits.rate, now_ms))
    }

    fn begin(&self, seq: i64, now_ms: i64) {
        self.under_way.borrow_mut().push(seq);
        self.rate
            .set(self.rate.get().began(self.limits.rate, now_ms));
    }

    /// The attempt has ended.
    pub fn end(&self, seq: i64) {
        self.under_way.borrow_mut().retain(|one| *one != seq);
    }

    /// When a delivery that is due at `due` can be tried, or `None` while the destination is paused.
    fn earliest(&self, due: i64) -> Option<i64> {
        Some(
            self.health
                .get()
                .earliest(due)?
                .max(self.rate.get().next_at()),
        )
    }

    /// Until when its breaker or its rate keeps what is due.
    fn blocked_until(&self) -> Option<i64> {
        self.earliest(i64::MIN)
    }
}

/// The deliveries that begin now, each with the index of its destination: `most` at the most, and `places` under way
/// in all. `due` finds up to so many deliveries of a destination that are due, those under way among them, and `seq`
/// tells which one it is.
///
/// # Errors
///
/// That of `due`; then nothing begins.
pub fn start<D, E>(
    destinations: &[DestinationState],
    places: usize,
    most: usize,
    now_ms: i64,
    mut due: impl FnMut(usize, usize) -> Result<Vec<D>, E>,
    seq: impl Fn(&D) -> i64,
) -> Result<Vec<(usize, D)>, E> {
    let mut queues = Vec::new();
    let mut demands = Vec::new();
    for (index, destination) in destinations.iter().enumerate() {
        let allowed = destination.allows(now_ms).min(most);
        let mut queue = Vec::new();
        if allowed > 0 {
            queue = due(index, destination.busy() + allowed)?;
            queue.retain(|one| !destination.has(seq(one)));
            queue.truncate(allowed);
        }
        demands.push(Demand {
            busy: destination.busy(),
            wants: queue.len(),
            failing: destination.is_failing(),
            last_start: destination.last_start.get(),
        });
        queues.push(queue);
    }
    let mut starting = Vec::new();
    let granted = allocate(places, &demands);
    let now = 1 + destinations
        .iter()
        .map(|destination| destination.last_start.get())
        .max()
        .unwrap_or(0);
    for (index, ((queue, destination), granted)) in queues
        .into_iter()
        .zip(destinations)
        .zip(granted)
        .enumerate()
    {
        for one in queue.into_iter().take(granted.min(most - starting.len())) {
            destination.begin(seq(&one), now_ms);
            destination.last_start.set(now);
            starting.push((index, one));
        }
    }
    Ok(starting)
}

/// When something is due next that can be tried; `due` tells it of each destination.
///
/// # Errors
///
/// That of `due`.
pub fn next_due<E>(
    destinations: &[DestinationState],
    mut due: impl FnMut(usize) -> Result<Option<i64>, E>,
) -> Result<Option<i64>, E> {
    let mut next: Option<i64> = None;
    for (index, destination) in destinations.iter().enumerate() {
        let at = due(index)?.and_then(|due| destination.earliest(due));
        next = next.into_iter().chain(at).min();
    }
    Ok(next)
}

/// When something changes by itself: a wait ends, a probe is due, a rate allows one more. What is
/// due already waits for a place, which an attempt's end gives. `due_after_now` tells of each destination
/// when the first delivery is due that is not due yet.
pub fn next_change(
    destinations: &[DestinationState],
    now_ms: i64,
    mut due_after_now: impl FnMut(usize) -> Option<i64>,
) -> Option<i64> {
    let mut next: Option<i64> = None;
    for (index, destination) in destinations.iter().enumerate() {
        let at = due_after_now(index).and_then(|due| destination.earliest(due));
        let blocked = destination.blocked_until().filter(|until| *until > now_ms);
        next = next.into_iter().chain(at).chain(blocked).min();
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::breaker::Breaker;

    /// How many of a hundred begin after so many failures, and again while those are under way.
    fn begin(failures: u32, concurrency: usize) -> [usize; 2] {
        let breaker = Breaker {
            failures,
            probe_at: None,
        };
        let health = Health {
            breaker,
            ..Health::default()
        };
        let limits = Limits {
            concurrency,
            rate: None,
        };
        let destinations = [DestinationState::new(limits, health)];
        let due = |_, limit| Ok::<_, ()>((0..100).take(limit).collect());
        [(), ()].map(|()| {
            start(&destinations, 6, 45, 0, due, |seq| *seq)
                .unwrap()
                .len()
        })
    }

    #[test]
    fn with_more_destinations_than_places_each_gets_its_turn() {
        let limits = Limits {
            concurrency: 6,
            rate: None,
        };
        let destinations: Vec<DestinationState> = (0..8)
            .map(|_| DestinationState::new(limits, Health::default()))
            .collect();
        let mut counts = [0; 8];
        let mut next = 0;
        let mut under_way = std::collections::VecDeque::new();
        for _ in 0..1000 {
            let due = |_, limit| {
                next += 100;
                Ok::<_, ()>((next..).take(limit).collect::<Vec<i64>>())
            };
            for (index, seq) in start(&destinations, 6, 45, 0, due, |seq| *seq).unwrap() {
                counts[index] += 1;
                under_way.push_back((index, seq));
            }
            // One attempt ends at a time.
            if let Some((index, seq)) = under_way.pop_front() {
                destinations[index].end(seq);
            }
        }
        let spread = counts.iter().max().unwrap() - counts.iter().min().unwrap();
        assert!(spread <= 2, "{counts:?}");
    }

    #[test]
    fn what_is_under_way_does_not_begin_again_and_one_that_fails_gets_one_place() {
        assert_eq!(begin(0, 6), [6, 0]);
        assert_eq!(begin(2, 4), [4, 0]);
        assert_eq!(begin(3, 6), [1, 0]);
    }
}
