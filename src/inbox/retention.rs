//! Retention: each cron run spends a while removing old events that have reached every destination; the others stay.

use edge_core::id::first_id;
use worker::Result;

use super::context::InboxContext;
use crate::platform::{now_ms, yield_now};

/// The longest that one cron run spends on it: much less than the five minutes to the next.
const LONGEST_MS: i64 = 20_000;
/// Undelivered events are rechecked daily, not on every cron run.
const LOOK_AGAIN_MS: i64 = 86_400_000;
/// How long an entry of 3scale's list of failures is remembered, at least.
const FAILURES_KNOWN_MS: i64 = 30 * 86_400_000;
/// The note that records when it last started over with the oldest event.
const BEGAN: &str = "forgetting_began";
/// The note that records its progress: when the last event that it has looked at was received.
const DONE: &str = "forgetting_done";

/// Removes what is old, in steps between which other requests go first.
pub(super) async fn forget(inbox: &InboxContext) -> Result<()> {
    let began = now_ms();
    // An event must stay while an equal document may be a repeat of it.
    let keep = inbox.config.retention_ms.max(inbox.config.dedup_window_ms);
    events(inbox, began, &first_id(began - keep)).await?;
    inbox.store.forget_replays(began - keep)?;
    let known_since = began - keep.max(FAILURES_KNOWN_MS);
    while inbox.store.forget_failures(known_since)? && now_ms() - began < LONGEST_MS {
        yield_now().await;
    }
    Ok(())
}

async fn events(inbox: &InboxContext, began: i64, end: &str) -> Result<()> {
    let mut from = None;
    // A replay may be about to deliver old events.
    while !inbox.memory.replaying.get() {
        let after = match from.take() {
            Some(id) => id,
            None => first_id(begin(inbox, began)?),
        };
        let Some(step) = inbox.store.forget(&after, end)? else {
            break;
        };
        inbox.store.note(DONE, step.received_ms)?;
        if !step.more || now_ms() - began > LONGEST_MS {
            break;
        }
        from = Some(step.last);
        yield_now().await;
    }
    Ok(())
}

/// Starts over with the oldest event at the next cron run: undelivered events may be removable by now.
pub(super) fn look_again(inbox: &InboxContext) -> Result<()> {
    inbox.store.note(BEGAN, 0)
}

/// The time of receipt from which on events are looked at.
fn begin(inbox: &InboxContext, now: i64) -> Result<i64> {
    let looked_at_all = inbox.store.noted(BEGAN)?;
    if looked_at_all.is_some_and(|at| now - at < LOOK_AGAIN_MS) {
        return Ok(inbox.store.noted(DONE)?.unwrap_or_default());
    }
    inbox.store.note(BEGAN, now)?;
    Ok(0)
}
