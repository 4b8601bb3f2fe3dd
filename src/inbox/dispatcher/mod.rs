//! Delivers events to their destinations: runs on the alarm, starts attempts for deliveries that are due, and sets the
//! alarm for those that are due later.
//!
//! Each inbox is one object with one dispatcher, so the attempts under way are tracked in memory only: if the object
//! dies, their deliveries are still due, and the alarm that called us fires again, since the runtime removes it only
//! once we have returned.

mod attempt;

use std::rc::Rc;

use edge_core::delivery::{breaker::Breaker, destination_state, plan::Health};
use js_sys::futures::spawn_local;
use worker::Result;

use super::{alerts, context::InboxContext, memory::LONGEST_SLEEP_MS, replays, store::Due};
use crate::{
    log,
    platform::{now_ms, yield_now},
};

/// The runtime allows six connections per invocation.
const PLACES: usize = 6;
/// The free plan allows 50 subrequests per invocation; the next alarm continues.
const MOST_IN_ONE_RUN: usize = 45;
/// An alarm may run for 15 minutes.
const LONGEST_RUN_MS: i64 = 5 * 60_000;
/// The pause after a storage error.
const PAUSE_AFTER_ERROR_MS: i64 = 60_000;

/// The alarm: sends until nothing is due, then sets the alarm for the next delivery that will be.
pub(super) async fn run(inbox: &Rc<InboxContext>) -> Result<()> {
    let memory = &inbox.memory;
    memory.alarm_at.set(None);
    memory.failed_to_record.set(false);
    if let Err(error) = alerts::send(inbox, now_ms()) {
        log::error("sending an alert", &error);
        memory.failed_to_record.set(true);
    }
    send_due_deliveries(inbox).await;
    memory.beat.set(None);
    let not_before = if memory.failed_to_record.get() {
        now_ms() + PAUSE_AFTER_ERROR_MS
    } else {
        i64::MIN
    };
    match next_due(inbox)? {
        Some(at) => memory.set_alarm(&inbox.storage, at.max(not_before)).await,
        None => Ok(()),
    }
}

async fn send_due_deliveries(inbox: &Rc<InboxContext>) {
    let began = now_ms();
    let mut budget = MOST_IN_ONE_RUN;
    loop {
        let now = now_ms();
        inbox.memory.beat.set(Some(now));
        inbox.memory.notify.clear();
        advance_replay(inbox, now);
        match startable(inbox, now, budget) {
            Ok(starting) => {
                budget -= starting.len();
                for (index, due) in starting {
                    // Spawned, so that an attempt that hangs does not delay the end of this run.
                    spawn_local(attempt::make(Rc::clone(inbox), index, due));
                }
            }
            Err(error) => {
                log::error("looking for due deliveries", &error);
                inbox.memory.failed_to_record.set(true);
            }
        }
        let replaying = inbox.memory.replaying.get();
        let idle = !replaying
            && inbox
                .memory
                .destinations
                .iter()
                .all(|destination| destination.busy() == 0);
        if idle
            || budget == 0
            || inbox.memory.failed_to_record.get()
            || now - began > LONGEST_RUN_MS
        {
            return;
        }
        if replaying {
            yield_now().await;
            continue;
        }
        let wake = next_change(inbox, now)
            .unwrap_or(i64::MAX)
            .min(now + LONGEST_SLEEP_MS);
        inbox.memory.notify.notified_within(wake - now).await;
    }
}

/// Takes one step of a replay, if there is one: the deliveries that it makes due are sent from here like any other.
fn advance_replay(inbox: &InboxContext, now: i64) {
    if !inbox.memory.replaying.get() {
        return;
    }
    match replays::step(inbox, now) {
        Ok(more) => inbox.memory.replaying.set(more),
        Err(error) => {
            log::error("replaying", &error);
            inbox.memory.failed_to_record.set(true);
        }
    }
}

/// The deliveries that can be started now, `budget` at most, each with the index of its destination.
fn startable(inbox: &InboxContext, now: i64, budget: usize) -> Result<Vec<(usize, Due)>> {
    let due = |index: usize, limit| {
        let Some(destination) = inbox.config.deliverable(index) else {
            return Ok(Vec::new());
        };
        let state = inbox.memory.destinations.get(index);
        let is_probing = state.is_some_and(|state| state.health().is_probing());
        inbox.store.due(&destination.name, now, limit, is_probing)
    };
    destination_state::start(
        &inbox.memory.destinations,
        PLACES,
        budget,
        now,
        due,
        |due| due.event.seq,
    )
}

fn next_change(inbox: &InboxContext, now: i64) -> Option<i64> {
    destination_state::next_change(&inbox.memory.destinations, now, |index| {
        let destination = inbox.config.deliverable(index)?;
        let next = inbox.store.next_due_after(&destination.name, now);
        next.ok().flatten()
    })
}

/// When the next delivery that can be attempted is due.
pub(super) fn next_due(inbox: &InboxContext) -> Result<Option<i64>> {
    let due = destination_state::next_due(&inbox.memory.destinations, |index| {
        let Some(destination) = inbox.config.deliverable(index) else {
            return Ok(None);
        };
        inbox.store.next_due(&destination.name)
    })?;
    // The next step of a replay is due at once.
    let replay = inbox.memory.replaying.get().then(now_ms);
    let alert = alerts::next_at(inbox)?;
    Ok(due.into_iter().chain(replay).chain(alert).min())
}

/// Sends pending alerts, and schedules those that have to wait.
pub(super) async fn send_alerts(inbox: &InboxContext, now: i64) -> Result<()> {
    if inbox.config.alerts.is_empty() {
        return Ok(());
    }
    alerts::send(inbox, now)?;
    match next_due(inbox)? {
        Some(at) => inbox.memory.expect(&inbox.storage, at).await,
        None => Ok(()),
    }
}

/// Pauses the destination of this index, or resumes it.
pub(super) fn pause(inbox: &InboxContext, index: usize, paused: bool) -> Result<()> {
    if let Some((destination, state)) = inbox
        .config
        .destinations
        .get(index)
        .zip(inbox.memory.destinations.get(index))
    {
        // An operator who resumes a destination wants to know at once whether it works.
        let breaker = if paused {
            state.health().breaker
        } else {
            Breaker::default()
        };
        let health = Health {
            breaker,
            paused,
            ..Health::default()
        };
        inbox.store.set_health(&destination.name, health)?;
        state.set_health(health);
    }
    Ok(())
}

/// Runs at the end of an attempt: the loop continues, or, if it has ended already, an alarm is set for the deliveries
/// that this attempt has made due.
async fn has_ended(inbox: &InboxContext) {
    if inbox.memory.beat.get().is_some() {
        inbox.memory.notify.notify();
        return;
    }
    let expected = match next_due(inbox) {
        Ok(Some(at)) => inbox.memory.expect(&inbox.storage, at).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = expected {
        log::error("continuing after an attempt", &error);
    }
}
