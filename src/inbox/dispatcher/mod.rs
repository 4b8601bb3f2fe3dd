//! Delivers events to their destinations: runs on the alarm, begins the attempts that can be made, writes what came of
//! them, and sets the alarm for what is due later.
//!
//! Each inbox is one object with one dispatcher, so the attempts under way are tracked in memory only: if the object
//! dies, their deliveries are still to be made, and the alarm that called us fires again, since the runtime removes it
//! only once we have returned.

mod attempt;
mod commit;

use std::rc::Rc;

use edge_core::dispatch::{budget::Budget, destination_state};
use js_sys::futures::spawn_local;
use worker::Result;

pub(super) use self::commit::commit;

use super::{alerts, context::InboxContext, memory::LONGEST_SLEEP_MS, notify::Clock, retention};
use crate::{log, platform::now_ms};

/// The runtime allows six connections per invocation.
const PLACES: usize = 6;
/// After a run that ended badly, one at a time: if it happens again, that event was the cause.
const CAREFUL_PLACES: usize = 1;
/// An alarm may run for 15 minutes.
const LONGEST_RUN_MS: i64 = 5 * 60_000;
/// How many events of a replay begin anew in one turn.
const MOST_RESET: usize = 64;
/// How soon to look again when the rules say that there is something to do, and there is not.
const PAUSE_AFTER_NOTHING_MS: i64 = 1000;
/// How many turns may find nothing to do before that.
const MOST_IDLE_TURNS: usize = 5;
/// The pause after a storage error.
const PAUSE_AFTER_ERROR_MS: i64 = 60_000;

/// The alarm: sends until nothing can be sent, forgets what is old, then sets the alarm for the next thing to do.
pub(super) async fn run(inbox: &Rc<InboxContext>, is_retry: bool) -> Result<()> {
    let memory = &inbox.memory;
    memory.alarm_at.set(None);
    memory.failed.set(false);
    memory.careful.set(is_retry);
    if let Err(error) = alerts::send(inbox, now_ms()) {
        failed(inbox, "sending an alert", &error);
    }
    let pause_ms = deliver(inbox).await;
    memory.careful.set(false);
    if let Err(error) = retention::forget_if_due(inbox).await {
        failed(inbox, "forgetting old events", &error);
    }
    memory.beat.set(None);
    let pause_ms = if memory.failed.get() {
        PAUSE_AFTER_ERROR_MS
    } else {
        pause_ms
    };
    let now = now_ms();
    let forget_at = retention::next_at(inbox)?;
    let next = next_due(inbox)?.map(|at| at.max(now + pause_ms));
    if next.is_none_or(|at| at > now) {
        memory.unload();
    }
    match next.into_iter().chain(forget_at).min() {
        Some(at) => memory.set_alarm(&inbox.storage, at),
        None => Ok(()),
    }
}

/// Takes turns until nothing is under way and nothing is due. Returns how long to wait before the next run, at least.
async fn deliver(inbox: &Rc<InboxContext>) -> i64 {
    let began = now_ms();
    let mut budget = Budget::default();
    let mut idle_turns = 0;
    let mut clock = Clock::default();
    loop {
        let now = now_ms();
        inbox.memory.beat.set(Some(now));
        inbox.memory.notify.clear();
        let has_written = commit::flush(inbox, now, false);
        let has_reset = reset_replayed(inbox, now);
        let starts = if inbox.memory.failed.get() {
            0
        } else {
            begin(inbox, now, &mut budget)
        };
        let is_busy = inbox
            .destinations
            .borrow()
            .iter()
            .any(|one| one.deliveries.busy() > 0);
        let is_late = now - began > LONGEST_RUN_MS;
        let is_over = budget.is_spent() || is_late || inbox.memory.failed.get();
        let wake = match next_change(inbox, now, is_busy) {
            Ok(wake) => wake,
            Err(error) => {
                failed(inbox, "looking for what is due", &error);
                None
            }
        };
        // The next run begins at once, so nothing is gathered for later.
        if is_over {
            commit::flush(inbox, now, true);
        }
        // Outcomes that could not be written are in memory only, so the inbox stays there until they are.
        let is_unwritten = !is_late && has_unwritten(inbox, now);
        let is_soon = wake.is_some_and(|at| at <= now + PAUSE_AFTER_NOTHING_MS);
        if !is_unwritten && (is_over || !is_busy && !is_soon) {
            commit::flush(inbox, now_ms(), true);
            return 0;
        }
        idle_turns = if starts > 0 || has_written || has_reset || is_busy {
            0
        } else {
            idle_turns + 1
        };
        if idle_turns > MOST_IDLE_TURNS && wake.is_some_and(|at| at <= now) {
            return PAUSE_AFTER_NOTHING_MS;
        }
        let wake = wake.unwrap_or(i64::MAX).min(now + LONGEST_SLEEP_MS);
        let notify = &inbox.memory.notify;
        notify.sleep_until(wake, now, &mut clock).await;
    }
}

/// Begins what may begin within the budget. Returns how many attempts these are.
fn begin(inbox: &Rc<InboxContext>, now: i64, budget: &mut Budget) -> usize {
    let places = if inbox.memory.careful.get() {
        CAREFUL_PLACES
    } else {
        PLACES
    };
    let mut destinations = inbox.destinations.borrow_mut();
    let view = |id| inbox.view(id);
    let begun = destination_state::start(&mut destinations, places, *budget, now, view);
    drop(destinations);
    *budget = begun.budget;
    if let Some(error) = begun.error {
        failed(inbox, "looking for due deliveries", &error);
    }
    let count = begun.starts.len();
    for (index, starts) in begun.starts {
        // Spawned, so that an attempt that hangs does not delay the end of this run.
        spawn_local(attempt::make(Rc::clone(inbox), index, starts));
    }
    count
}

/// Lets those deliveries of a replay begin anew that have a row. `true` if there were any.
fn reset_replayed(inbox: &InboxContext, now: i64) -> bool {
    let mut has_reset = false;
    for (index, known) in inbox.known.iter().enumerate() {
        for _ in 0..MOST_RESET {
            let change = {
                let destinations = inbox.destinations.borrow();
                let destination = destinations.get(index);
                destination.map(|one| one.deliveries.next_reset(&inbox.view(known.id), now))
            };
            let done = match change {
                Some(Ok(Some(change))) => commit(inbox, index, change, &[], now),
                Some(Err(error)) => Err(error),
                Some(Ok(None)) | None => break,
            };
            if let Err(error) = done {
                failed(inbox, "replaying", &error);
                break;
            }
            has_reset = true;
        }
    }
    has_reset
}

fn has_unwritten(inbox: &InboxContext, now: i64) -> bool {
    let destinations = inbox.destinations.borrow();
    let mut all = destinations.iter();
    all.any(|destination| destination.deliveries.write_at(now).is_some())
}

fn next_change(inbox: &InboxContext, now: i64, is_busy: bool) -> Result<Option<i64>> {
    let destinations = inbox.destinations.borrow();
    let view = |id| inbox.view(id);
    if is_busy {
        destination_state::next_change(&destinations, now, view)
    } else {
        destination_state::wake_at(&destinations, now, view)
    }
}

/// When the next attempt can be made, outcomes are to be written, or an alert is to be sent.
fn next_due(inbox: &InboxContext) -> Result<Option<i64>> {
    let due = next_change(inbox, now_ms(), false)?;
    let alert = alerts::next_at(inbox)?;
    Ok(due.into_iter().chain(alert).min())
}

/// Makes sure that the event that was just appended is looked at as soon as one of its destinations can get it: while all
/// of them are paused, nothing needs to wake.
pub(super) fn wake_for_newest(inbox: &InboxContext, now: i64) -> Result<()> {
    let destinations = inbox.destinations.borrow();
    let head = inbox.head.borrow();
    let mut first: Option<i64> = None;
    for destination in destinations.iter() {
        let id = destination.deliveries.id();
        if head.tally.routes_to(id) {
            let at = destination.start_at(&inbox.view(id), now)?;
            first = first.into_iter().chain(at).min();
        }
    }
    match first {
        Some(at) => inbox.memory.expect(&inbox.storage, at),
        None => Ok(()),
    }
}

/// Makes sure that whatever is due is looked at.
pub(super) fn wake(inbox: &InboxContext, now: i64) -> Result<()> {
    match next_due(inbox)? {
        Some(at) => inbox.memory.expect(&inbox.storage, at.max(now)),
        None => Ok(()),
    }
}

/// Sends pending alerts, and schedules those that have to wait.
pub(super) fn send_alerts(inbox: &InboxContext, now: i64) -> Result<()> {
    if inbox.config.alerts.is_empty() {
        return Ok(());
    }
    alerts::send(inbox, now)?;
    wake(inbox, now)
}

/// Runs at the end of an attempt: the loop continues, or, if it has ended already, what came of it is written, and an
/// alarm is set for what it has made due.
fn has_ended(inbox: &InboxContext) {
    if inbox.memory.beat.get().is_some() {
        inbox.memory.notify.notify();
        return;
    }
    let now = now_ms();
    commit::flush(inbox, now, true);
    if let Err(error) = wake(inbox, now) {
        log::error("continuing after an attempt", &error);
    }
}

/// Something of the inbox's own has failed: nothing more is begun in this run, and the next one comes in a minute.
fn failed(inbox: &InboxContext, what: &str, error: &worker::Error) {
    log::error(what, error);
    inbox.memory.failed.set(true);
}
