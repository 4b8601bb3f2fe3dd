//! One attempt, from loading its event to its outcome.

use std::rc::Rc;

use edge_core::{
    config::Destination,
    delivery::outcome::{Failure, Outcome},
    inbox_log::{Ending, Start},
};
use worker::Result;

use super::commit::commit;
use crate::{
    destination::{self, Sent},
    inbox::{
        context::InboxContext,
        memory::EndedAttempt,
        store::{AttemptRecord, StoredEvent},
    },
    platform::{jitter, now_ms},
};

/// Makes an attempt at a delivery to the destination at this place, and wakes the dispatcher.
///
/// A failure of the inbox's own is no failure of the delivery: then it is as if the attempt had not begun.
pub(super) async fn make(inbox: Rc<InboxContext>, index: usize, start: Start) {
    if let Err(error) = attempt(&inbox, index, start).await {
        super::failed(&inbox, "making an attempt", &error);
        if let Some(destination) = inbox.destinations.borrow_mut().get_mut(index) {
            destination.deliveries.not_made(start.seq);
        }
    }
    super::has_ended(&inbox);
}

async fn attempt(inbox: &InboxContext, index: usize, start: Start) -> Result<()> {
    let (Some(known), Some(destination)) = (inbox.known.get(index), inbox.configured(index)) else {
        return Err("its destination is not configured".into());
    };
    let began = now_ms();
    let load = || inbox.store.load(start.seq);
    let event = inbox.memory.load(start.seq, load)?;
    let event = event.ok_or("its event is not in the log")?;
    let Sent { outcome, answer } = send(inbox, index, destination, &event, start, began).await?;
    let ended = now_ms();
    let took_ms = ended.saturating_sub(began).max(0);
    let attempt = EndedAttempt {
        seq: start.seq,
        ended_ms: ended,
        number: start.number,
        id: event.id,
        is_ours: event.is_ours,
        record: AttemptRecord {
            at_ms: began,
            took_ms,
            outcome: outcome.code(),
            status: outcome.status(),
            detail: outcome.detail().map(|detail| inbox.mask.text(&detail)),
            answer: answer.clone(),
        },
    };
    let mut all = inbox.memory.ended.borrow_mut();
    all.entry(known.id).or_default().push(attempt);
    drop(all);
    if let Some(destination) = inbox.destinations.borrow_mut().get_mut(index) {
        let ending = Ending {
            outcome,
            at: ended,
            took_ms: u32::try_from(took_ms).unwrap_or(u32::MAX),
            jitter: jitter(),
            answer,
        };
        destination.deliveries.ended(start.seq, ending);
    }
    Ok(())
}

/// An error is the inbox's own: nothing was sent.
async fn send(
    inbox: &InboxContext,
    index: usize,
    destination: &Destination,
    event: &StoredEvent,
    start: Start,
    now: i64,
) -> Result<Sent> {
    if inbox.memory.careful.get() && !may_begin(inbox, index, start, now)? {
        return Ok(Outcome::failed(Failure::Unsendable(
            "the Worker ended three times while it was sending this event",
        ))
        .into());
    }
    // A newer state of the object exists, or its deletion, which is final.
    if destination.keeps_objects() && inbox.is_superseded(index, start.seq)? {
        return Ok(Outcome::Delivered { status: None }.into());
    }
    Ok(match event.event(&inbox.source) {
        Ok(event) => {
            let number = start.number;
            destination::send(&inbox.env, destination, &event, number, now, &inbox.mask).await
        }
        Err(_) => Outcome::failed(Failure::Unsendable(
            "the stored document can no longer be read",
        ))
        .into(),
    })
}

/// Records that an attempt begins, since the run before ended badly. `false` if this event may be the cause.
fn may_begin(inbox: &InboxContext, index: usize, start: Start, now: i64) -> Result<bool> {
    let recorded = {
        let destinations = inbox.destinations.borrow();
        let destination = destinations.get(index);
        destination.map(|one| one.deliveries.record_start(start.seq))
    };
    let Some((change, may_begin)) = recorded else {
        return Ok(true);
    };
    commit(inbox, index, change, &[], now)?;
    Ok(may_begin)
}
