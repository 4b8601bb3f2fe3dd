//! One destination as the dispatcher sees it: how it is doing, and what is under way to it.

use std::cell::{Cell, RefCell};

use crate::{
    config::Destination,
    delivery::{plan::Health, rate::Rate},
};

#[derive(Default)]
pub(super) struct Lane {
    health: Cell<Health>,
    rate: Cell<Rate>,
    under_way: RefCell<Vec<i64>>,
}

impl Lane {
    pub(super) fn new(health: Health) -> Self {
        Self {
            health: Cell::new(health),
            ..Self::default()
        }
    }

    pub(super) fn health(&self) -> Health {
        self.health.get()
    }

    pub(super) fn set_health(&self, health: Health) {
        self.health.set(health);
    }

    pub(super) fn busy(&self) -> usize {
        self.under_way.borrow().len()
    }

    pub(super) fn has(&self, seq: i64) -> bool {
        self.under_way.borrow().contains(&seq)
    }

    /// Not after one failure or two: a destination that mostly works keeps its places.
    pub(super) fn is_failing(&self) -> bool {
        self.health.get().breaker.failures > 2
    }

    /// How many more attempts may begin now, as far as this destination alone is concerned.
    pub(super) fn allows(&self, destination: &Destination, now_ms: i64) -> usize {
        let at_once = self.health.get().allows(destination.concurrency, now_ms);
        at_once
            .saturating_sub(self.busy())
            .min(self.rate.get().allows(destination.rate, now_ms))
    }

    pub(super) fn begin(&self, seq: i64, destination: &Destination, now_ms: i64) {
        self.under_way.borrow_mut().push(seq);
        self.rate
            .set(self.rate.get().began(destination.rate, now_ms));
    }

    pub(super) fn end(&self, seq: i64) {
        self.under_way.borrow_mut().retain(|one| *one != seq);
    }

    /// When a delivery that is due at `due` can be tried, or `None` while the destination is paused.
    pub(super) fn earliest(&self, due: i64) -> Option<i64> {
        Some(
            self.health
                .get()
                .earliest(due)?
                .max(self.rate.get().next_at()),
        )
    }

    /// Until when its breaker or its rate keeps what is due.
    pub(super) fn blocked_until(&self) -> Option<i64> {
        self.earliest(i64::MIN)
    }
}
