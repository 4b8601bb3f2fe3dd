//! What an open inbox keeps in memory: how far its dispatcher is, when its alarm rings, and what is under way to each
//! destination. All of it may be lost: SQLite has the rest.

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

/// How long the dispatcher's loop sleeps at the most: a little more than the slowest attempt.
pub(super) const LONGEST_SLEEP_MS: i64 = 65_000;
/// A loop that has not turned for this long is dead.
const DEAD_AFTER_MS: i64 = 2 * LONGEST_SLEEP_MS;
/// An alarm that is overdue by this is taken for lost: they have been seen to get stuck.
const ALARM_LOST_AFTER_MS: i64 = 30_000;

/// The memory of an open inbox.
#[derive(Default)]
pub(super) struct Memory {
    /// When the dispatcher's loop last turned, while it runs.
    pub(super) beat: Cell<Option<i64>>,
    /// For when the alarm is set, as far as we know.
    pub(super) alarm_at: Cell<Option<i64>>,
    /// Whether an outcome could not be recorded in this run.
    pub(super) failed_to_record: Cell<bool>,
    /// Whether a replay has not ended.
    pub(super) replaying: Cell<bool>,
    /// One for each configured destination, in the configuration's order.
    pub(super) destinations: Vec<DestinationState>,
    pub(super) notify: Notify,
}

impl Memory {
    /// `health` is the store's record of destinations, including those that are no longer configured;
    /// `replaying`, whether it has a replay that has not ended.
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

    /// A replay has been asked for, and is in the store.
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
