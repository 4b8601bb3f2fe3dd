//! Gets deliveries to their destinations: runs on the alarm, begins attempts for what is due, and
//! sets the alarm for what is due later.
//!
//! There is one object for an inbox and one dispatcher in it, so what is under way is remembered in
//! memory alone: if the object dies, the delivery is still due, and the alarm that called us comes
//! back, since it is only gone once we have returned.

mod attempt;
mod bell;

use std::{cell::Cell, rc::Rc};

use edge_core::{
    config::{Config, Destination},
    delivery::{
        breaker::Breaker,
        destination_state::{self, DestinationState, Limits},
        plan::Health,
    },
    name::DestinationName,
};
use worker::{Date, DateInit, Result, ScheduledTime, Storage, js_sys::futures::spawn_local};

use self::bell::Bell;
use super::{alerts, context::Core, replays, store::Due};
use crate::{
    log,
    platform::{now_ms, others_first},
};

/// The runtime has six connections for one invocation.
const PLACES: usize = 6;
/// The free plan allows 50 subrequests for one invocation; the next alarm goes on.
const MOST_IN_ONE_RUN: usize = 45;
/// An alarm may run for 15 minutes.
const LONGEST_RUN_MS: i64 = 5 * 60_000;
/// How long the loop sleeps at the most: a little more than the slowest attempt.
const LONGEST_SLEEP_MS: i64 = 65_000;
/// A loop that has not turned for so long is dead.
const DEAD_AFTER_MS: i64 = 2 * LONGEST_SLEEP_MS;
/// After trouble with the storage.
const PAUSE_AFTER_TROUBLE_MS: i64 = 60_000;
/// An alarm that is overdue by this is taken for lost: they have been seen to get stuck.
const ALARM_LOST_AFTER_MS: i64 = 30_000;

/// What is known in memory. All of it may be lost.
#[derive(Default)]
pub(super) struct Dispatcher {
    /// When the loop last turned, while it runs.
    beat: Cell<Option<i64>>,
    /// For when the alarm is set, as far as we know.
    alarm_at: Cell<Option<i64>>,
    /// Whether an outcome could not be recorded in this run.
    troubled: Cell<bool>,
    /// Whether a replay has not ended.
    replaying: Cell<bool>,
    /// One for each configured destination, in the configuration's order.
    destinations: Vec<DestinationState>,
    bell: Bell,
}

impl Dispatcher {
    /// `health` is what the store remembers of destinations, those that are no longer configured among them;
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
        let destinations = config.destinations.iter().map(state).collect();
        Self {
            destinations,
            replaying: Cell::new(replaying),
            ..Self::default()
        }
    }

    pub(super) fn is_replaying(&self) -> bool {
        self.replaying.get()
    }

    /// An attempt has ended: the loop goes on, or an alarm is set for what this has made due if the
    /// loop has ended before.
    async fn has_ended(&self, core: &Core) {
        if self.beat.get().is_some() {
            self.bell.ring();
            return;
        }
        let expected = match self.next_due(core) {
            Ok(Some(at)) => self.expect(&core.storage, at).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = expected {
            log::trouble("going on after an attempt", &error);
        }
    }

    /// A replay has been asked for, and is in the store.
    pub(super) async fn begin_replay(&self, storage: &Storage) -> Result<()> {
        self.replaying.set(true);
        self.expect(storage, now_ms()).await
    }

    /// Makes sure that deliveries due at `at` are looked at then. Setting an alarm costs a commit,
    /// so it is done only if none is early enough.
    pub(super) async fn expect(&self, storage: &Storage, at: i64) -> Result<()> {
        let now = now_ms();
        if self
            .beat
            .get()
            .is_some_and(|beat| now - beat < DEAD_AFTER_MS)
        {
            self.bell.ring();
            return Ok(());
        }
        match self.alarm_at.get() {
            Some(set) if set <= at && now - set < ALARM_LOST_AFTER_MS => Ok(()),
            _ => self.set_alarm(storage, at).await,
        }
    }

    /// The alarm: sends until nothing is due, then sets the alarm for what is due next.
    pub(super) async fn run(core: &Rc<Core>) -> Result<()> {
        let this = &core.dispatcher;
        this.alarm_at.set(None);
        this.troubled.set(false);
        if let Err(error) = alerts::tell(core, now_ms()) {
            log::trouble("telling an alert", &error);
            this.troubled.set(true);
        }
        this.send_what_is_due(core).await;
        this.beat.set(None);
        let not_before = if this.troubled.get() {
            now_ms() + PAUSE_AFTER_TROUBLE_MS
        } else {
            i64::MIN
        };
        match this.next_due(core)? {
            Some(at) => this.set_alarm(&core.storage, at.max(not_before)).await,
            None => Ok(()),
        }
    }

    /// When something is due next that can be tried.
    pub(super) fn next_due(&self, core: &Core) -> Result<Option<i64>> {
        let due = destination_state::next_due(&self.destinations, |index| {
            let Some(destination) = core.config.destinations.get(index) else {
                return Ok(None);
            };
            core.store.next_due(&destination.name)
        })?;
        // The next step of a replay is due at once.
        let replay = self.replaying.get().then(now_ms);
        let alert = alerts::next_at(core)?;
        Ok(due.into_iter().chain(replay).chain(alert).min())
    }

    /// Tells what was gathered, and sees to it that it is sent, and that the rest is told in time.
    pub(super) async fn tell(&self, core: &Core, now: i64) -> Result<()> {
        if core.config.alerts.is_empty() {
            return Ok(());
        }
        alerts::tell(core, now)?;
        match self.next_due(core)? {
            Some(at) => self.expect(&core.storage, at).await,
            None => Ok(()),
        }
    }

    /// Pauses the destination of this index, or resumes it.
    pub(super) fn pause(&self, core: &Core, index: usize, paused: bool) -> Result<()> {
        if let Some((destination, state)) = core
            .config
            .destinations
            .get(index)
            .zip(self.destinations.get(index))
        {
            // Whoever resumes a destination wants to know at once whether it works.
            let breaker = if paused {
                state.health().breaker
            } else {
                Breaker::default()
            };
            let health = Health { breaker, paused };
            core.store.set_health(&destination.name, health)?;
            state.set_health(health);
        }
        Ok(())
    }

    async fn set_alarm(&self, storage: &Storage, at: i64) -> Result<()> {
        // First, so that what arrives while we wait does not set it later again.
        self.alarm_at.set(Some(at));
        let date = Date::new(DateInit::Millis(at.max(0).cast_unsigned()));
        let set = storage.set_alarm(ScheduledTime::new(date.into())).await;
        if set.is_err() {
            self.alarm_at.set(None);
        }
        set
    }

    async fn send_what_is_due(&self, core: &Rc<Core>) {
        let began = now_ms();
        let mut budget = MOST_IN_ONE_RUN;
        loop {
            let now = now_ms();
            self.beat.set(Some(now));
            self.bell.still();
            self.go_on_replaying(core, now);
            match self.startable(core, now, budget) {
                Ok(starting) => {
                    budget -= starting.len();
                    for (index, due) in starting {
                        // On its own, so that one that hangs does not hold back the end of this run.
                        spawn_local(attempt::make(Rc::clone(core), index, due));
                    }
                }
                Err(error) => {
                    log::trouble("looking for due deliveries", &error);
                    self.troubled.set(true);
                }
            }
            let replaying = self.replaying.get();
            let idle = !replaying
                && self
                    .destinations
                    .iter()
                    .all(|destination| destination.busy() == 0);
            if idle || budget == 0 || self.troubled.get() || now - began > LONGEST_RUN_MS {
                return;
            }
            if replaying {
                others_first().await;
                continue;
            }
            let wake = self
                .next_change(core, now)
                .unwrap_or(i64::MAX)
                .min(now + LONGEST_SLEEP_MS);
            self.bell.rung_within(wake - now).await;
        }
    }

    /// One step of a replay, if there is one: what it makes due is sent from here like all else.
    fn go_on_replaying(&self, core: &Core, now: i64) {
        if !self.replaying.get() {
            return;
        }
        match replays::step(core, now) {
            Ok(more) => self.replaying.set(more),
            Err(error) => {
                log::trouble("replaying", &error);
                self.troubled.set(true);
            }
        }
    }

    /// What can be started now, `budget` at the most, with the index of its destination.
    fn startable(&self, core: &Core, now: i64, budget: usize) -> Result<Vec<(usize, Due)>> {
        let due = |index: usize, limit| {
            let Some(destination) = core.config.destinations.get(index) else {
                return Ok(Vec::new());
            };
            core.store.due(&destination.name, now, limit)
        };
        destination_state::start(&self.destinations, PLACES, budget, now, due, |due| {
            due.event.seq
        })
    }

    fn next_change(&self, core: &Core, now: i64) -> Option<i64> {
        destination_state::next_change(&self.destinations, now, |index| {
            let destination = core.config.destinations.get(index)?;
            let next = core.store.next_due_after(&destination.name, now);
            next.ok().flatten()
        })
    }
}
