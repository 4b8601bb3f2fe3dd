//! The state that an open inbox holds in memory: the dispatcher's progress, the time of its alarm, and the attempts
//! under way to each destination. All of it may be lost: SQLite has the rest.

use std::cell::Cell;

use edge_core::{
    config::{Config, Destination},
    delivery::{
        destination_state::{DestinationState, Limits},
        plan::Health,
    },
    name::DestinationName,
};
use worker::{Date, DateInit, Result, ScheduledTime, Storage};

use super::notify::Notify;
use crate::platform::now_ms;

/// The longest that the dispatcher's loop sleeps: a little more than the slowest attempt.
pub(super) const LONGEST_SLEEP_MS: i64 = 65_000;
/// A loop without an iteration for this long is dead.
const DEAD_AFTER_MS: i64 = 2 * LONGEST_SLEEP_MS;
/// An alarm that is overdue by this much is taken for lost: alarms have been seen to get stuck.
const ALARM_LOST_AFTER_MS: i64 = 30_000;

/// The memory of an open inbox.
#[derive(Default)]
pub(super) struct Memory {
    /// When the dispatcher's loop last began an iteration, while it runs.
    pub(super) beat: Cell<Option<i64>>,
    /// The time for which the alarm is set, to our knowledge.
    pub(super) alarm_at: Cell<Option<i64>>,
    /// `true` if an outcome could not be recorded in this run.
    pub(super) failed_to_record: Cell<bool>,
    /// `true` while a replay is unfinished.
    pub(super) replaying: Cell<bool>,
    /// One for each configured destination, in the configuration's order.
    pub(super) destinations: Vec<DestinationState>,
    pub(super) notify: Notify,
}

impl Memory {
    /// `health` is the store's record of destinations, including those that are no longer configured; `replaying` says
    /// whether the store has an unfinished replay.
    pub(super) fn new(
        config: &Config,
        health: &[(DestinationName, Health)],
        replaying: bool,
    ) -> Self {
        let state = |destination: &Destination| {
            let known = health.iter().find(|(known, _)| *known == destination.name);
            let limits = Limits {
                concurrency: destination.concurrency,
                rate: destination.rate,
            };
            DestinationState::new(
                limits,
                known.map_or_else(Health::default, |(_, health)| *health),
            )
        };
        Self {
            destinations: config.destinations.iter().map(state).collect(),
            replaying: Cell::new(replaying),
            ..Self::default()
        }
    }

    /// Makes sure that deliveries due at `at` are looked at then. Setting an alarm costs a commit,
    /// so it is done only if none is early enough.
    pub(super) async fn expect(&self, storage: &Storage, at: i64) -> Result<()> {
        let now = now_ms();
        let beat = self.beat.get();
        if beat.is_some_and(|beat| now - beat < DEAD_AFTER_MS) {
            self.notify.notify();
            return Ok(());
        }
        match self.alarm_at.get() {
            Some(set) if set <= at && now - set < ALARM_LOST_AFTER_MS => Ok(()),
            _ => self.set_alarm(storage, at).await,
        }
    }

    /// Called once a requested replay is in the store.
    pub(super) async fn begin_replay(&self, storage: &Storage) -> Result<()> {
        self.replaying.set(true);
        self.expect(storage, now_ms()).await
    }

    /// Sets the alarm, whatever it was before.
    pub(super) async fn set_alarm(&self, storage: &Storage, at: i64) -> Result<()> {
        // First, so that an arrival while we wait does not set it later again.
        self.alarm_at.set(Some(at));
        let date = Date::new(DateInit::Millis(at.max(0).cast_unsigned()));
        let set = storage.set_alarm(ScheduledTime::new(date.into())).await;
        if set.is_err() {
            self.alarm_at.set(None);
        }
        set
    }
}
