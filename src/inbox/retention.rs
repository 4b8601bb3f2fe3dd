//! Forgetting, for a while at each cron: what has arrived everywhere goes once it is old, what has not stays.

use edge_core::id::first_id;
use worker::Result;

use super::context::InboxContext;
use crate::platform::{now_ms, yield_now};

/// For how long it goes on at each cron: much less than the five minutes to the next.
const LONGEST_MS: i64 = 20_000;
/// What was left since it had not arrived is looked at again after a day, and not at each cron.
const LOOK_AGAIN_MS: i64 = 86_400_000;
/// For how long at the least an entry of 3scale's list of failures is known.
const FAILURES_KNOWN_MS: i64 = 30 * 86_400_000;
/// The note of when it last began with the oldest.
const BEGAN: &str = "forgetting_began";
/// The note of how far it has got: when the last event was received that it has looked at.
const DONE: &str = "forgetting_done";

/// Forgets what is old, in steps between which others go first.
pub(super) async fn forget(inbox: &InboxContext) -> Result<()> {
    let began = now_ms();
    // As long as an equal document may be a repeat, its first must be there.
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
    // A replay may be about to deliver what is old.
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

/// Begins with the oldest again at the next cron: what was left may be free to go.
pub(super) fn look_again(inbox: &InboxContext) -> Result<()> {
    inbox.store.note(BEGAN, 0)
}

/// From which time on events are looked at.
fn begin(inbox: &InboxContext, now: i64) -> Result<i64> {
    let looked_at_all = inbox.store.noted(BEGAN)?;
    if looked_at_all.is_some_and(|at| now - at < LOOK_AGAIN_MS) {
        return Ok(inbox.store.noted(DONE)?.unwrap_or_default());
    }
    inbox.store.note(BEGAN, now)?;
    Ok(0)
}
