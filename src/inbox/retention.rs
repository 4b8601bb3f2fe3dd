//! Retention: old events that have reached every destination are removed; the others stay. So are old bodies in the
//! quarantine. The cron asks for it, and the inbox's own alarm does, so that an inbox that nobody asks any more forgets
//! too.

use std::collections::BTreeSet;

use edge_core::{
    id::EventId,
    inbox_log::{Found, Seq, Stage, may_forget},
};
use worker::Result;

use super::{context::InboxContext, store::Old};
use crate::platform::{now_ms, yield_now};

/// The longest that one run spends on it: much less than the five minutes to the next.
const LONGEST_MS: i64 = 20_000;
/// How many events one step looks at, so that it stays short.
const LOOKED_AT: u32 = 500;
/// Undelivered events are looked at again daily, not on every run.
const LOOK_AGAIN_MS: i64 = 86_400_000;
/// How long an entry of 3scale's list of failures is remembered, at least.
const FAILURES_KNOWN_MS: i64 = 30 * 86_400_000;
/// The note that records when it last started over with the oldest event.
const BEGAN: &str = "forgetting_began";
/// The note that records its progress: the place of the last event that it has looked at.
const DONE: &str = "forgetting_done";

/// How long an event stays, at least: also while an equal document may be a repeat of it.
fn kept_ms(inbox: &InboxContext) -> i64 {
    inbox.config.retention_ms.max(inbox.config.dedup_window_ms)
}

/// When there may be something to forget. New events change nothing about it.
pub(super) fn next_at(inbox: &InboxContext) -> Result<Option<i64>> {
    if let Some(known) = inbox.memory.forget_at.get() {
        return Ok(Some(known));
    }
    let old_at = |at: i64| at.saturating_add(kept_ms(inbox)).saturating_add(1);
    let event = match inbox.store.oldest()? {
        Some((_, received_at)) => {
            let looked_at = inbox.store.noted(BEGAN)?.unwrap_or_default();
            Some(old_at(received_at).max(looked_at.saturating_add(LOOK_AGAIN_MS)))
        }
        None => None,
    };
    let quarantined = inbox.store.oldest_quarantined()?.map(old_at);
    let next = event.into_iter().chain(quarantined).min();
    inbox.memory.forget_at.set(next);
    Ok(next)
}

/// Makes sure that a body that is new in the quarantine is forgotten in its time, though nothing else happens.
pub(super) fn expect_next(inbox: &InboxContext) -> Result<()> {
    inbox.memory.forget_at.set(None);
    match next_at(inbox)? {
        Some(at) => inbox.memory.expect(&inbox.storage, at),
        None => Ok(()),
    }
}

/// The same as [`forget`], if its time has come: for the alarm.
pub(super) async fn forget_if_due(inbox: &InboxContext) -> Result<()> {
    let now = now_ms();
    match next_at(inbox)? {
        Some(at) if at <= now => forget(inbox).await,
        _ => Ok(()),
    }
}

/// Removes what is old, in steps between which other requests go first.
pub(super) async fn forget(inbox: &InboxContext) -> Result<()> {
    let forgotten = forget_old(inbox).await;
    inbox.memory.forget_at.set(None);
    forgotten
}

async fn forget_old(inbox: &InboxContext) -> Result<()> {
    let began = now_ms();
    let keep = kept_ms(inbox);
    if let Some((oldest, received_at)) = inbox.store.oldest()?
        && received_at < began - keep
    {
        events(inbox, began, began - keep).await?;
        let oldest = inbox.store.oldest()?.map_or(oldest, |(oldest, _)| oldest);
        let ids = inbox.known.iter().map(|known| known.id);
        inbox.store.remove_records_before(oldest, ids)?;
    }
    inbox.store.forget_replays(began - keep)?;
    inbox.store.forget_replayed(began - keep)?;
    while inbox.store.forget_quarantined(began - keep)? && now_ms() - began < LONGEST_MS {
        yield_now().await;
    }
    let known_since = began - keep.max(FAILURES_KNOWN_MS);
    while inbox.store.forget_failures(known_since)? && now_ms() - began < LONGEST_MS {
        yield_now().await;
    }
    Ok(())
}

async fn events(inbox: &InboxContext, began: i64, received_before: i64) -> Result<()> {
    let head = inbox.head.borrow().seq;
    let end = EventId::first_of(received_before);
    let end = inbox.store.first_at_or_after(end, head)?;
    let mut next = begin(inbox, began)?;
    loop {
        let old = inbox.store.old_events(next, end, LOOKED_AT)?;
        let Some(last) = old.last().map(|event| event.seq) else {
            return Ok(());
        };
        remove(inbox, &old, began)?;
        next = last.saturating_add(1);
        inbox.store.note(DONE, last)?;
        if now_ms() - began > LONGEST_MS {
            return Ok(());
        }
        yield_now().await;
    }
}

/// Removes those of some events that have reached every destination, in runs without a gap.
fn remove(inbox: &InboxContext, old: &[Old], now: i64) -> Result<()> {
    let (Some(first), Some(last)) = (old.first(), old.last()) else {
        return Ok(());
    };
    let destinations = inbox.destinations.borrow();
    let mut undelivered = Vec::new();
    for known in &inbox.known {
        let rows = inbox.store.undelivered_in(known.id, first.seq, last.seq)?;
        undelivered.push(rows);
    }
    let can_go = |event: &Old| {
        let is_meant = destinations
            .iter()
            .any(|destination| destination.deliveries.is_meant(event.seq));
        let all = inbox
            .known
            .iter()
            .zip(destinations.iter())
            .zip(&undelivered);
        let stages = all.map(|((known, destination), undelivered): (_, &BTreeSet<Seq>)| {
            let found = Found {
                routed: event.tally.routes_to(known.id),
                // A row of either table keeps the event.
                dead: undelivered.contains(&event.seq),
                ..Found::default()
            };
            Stage::of(event.seq, &destination.deliveries.state().position, found)
        });
        let (age, window) = (now - event.received_ms, inbox.config.dedup_window_ms);
        may_forget(age, inbox.config.retention_ms, window, is_meant, stages)
    };
    let mut runs: Vec<(Seq, Seq)> = Vec::new();
    let mut is_open = false;
    for event in old {
        if !can_go(event) {
            is_open = false;
            continue;
        }
        match runs.last_mut() {
            Some((_, last)) if is_open => *last = event.seq,
            _ => runs.push((event.seq, event.seq)),
        }
        is_open = true;
    }
    drop(destinations);
    inbox.store.transaction(|| {
        for (first, last) in &runs {
            if *last == inbox.head.borrow().seq {
                inbox.store.write_floor(&inbox.head.borrow())?;
            }
            let ids = inbox.known.iter().map(|known| known.id);
            inbox.store.remove(*first, *last, ids)?;
        }
        Ok(())
    })
}

/// Starts over with the oldest event at the next run: undelivered events may be removable by now.
pub(super) fn look_again(inbox: &InboxContext) -> Result<()> {
    inbox.memory.forget_at.set(None);
    inbox.store.note(BEGAN, 0)
}

/// The place from which on events are looked at.
fn begin(inbox: &InboxContext, now: i64) -> Result<Seq> {
    let looked_at_all = inbox.store.noted(BEGAN)?;
    if looked_at_all.is_some_and(|at| now - at < LOOK_AGAIN_MS) {
        let done = inbox.store.noted(DONE)?.unwrap_or_default();
        return Ok(done.saturating_add(1));
    }
    inbox.store.note(BEGAN, now)?;
    Ok(1)
}
