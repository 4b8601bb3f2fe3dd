//! One attempt, from loading its events to its outcome.

use std::rc::Rc;

use edge_core::{
    config::Destination,
    delivery::outcome::{Failure, Outcome},
    destination::batch::Batch,
    id::EventId,
    inbox_log::{Ending, Start},
};
use worker::{Error, Result};

use super::commit::commit;
use crate::{
    destination::{self, Sent},
    inbox::{
        context::InboxContext,
        earlier,
        memory::EndedAttempt,
        read_event::ReadEvent,
        store::{AttemptRecord, StoredEvent},
    },
    platform::{jitter, now_ms},
};

/// An event of an attempt.
struct Part {
    start: Start,
    id: EventId,
    /// `true` if it is an alert of our own.
    is_ours: bool,
}

/// Makes an attempt at the deliveries of these events to the destination at this place, and wakes the dispatcher.
///
/// A failure of the inbox's own is no failure of the delivery: then it is as if the attempt had not begun.
pub(super) async fn make(inbox: Rc<InboxContext>, index: usize, starts: Vec<Start>) {
    let Some(lead) = starts.first().copied() else {
        return;
    };
    if let Err(error) = attempt(&inbox, index, lead, &starts).await {
        super::failed(&inbox, "making an attempt", &error);
        if let Some(destination) = inbox.destinations.borrow_mut().get_mut(index) {
            destination.deliveries.not_made(lead.seq);
        }
    }
    super::has_ended(&inbox);
}

async fn attempt(inbox: &InboxContext, index: usize, lead: Start, starts: &[Start]) -> Result<()> {
    let (Some(known), Some(destination)) = (inbox.known.get(index), inbox.configured(index)) else {
        return Err("its destination is not configured".into());
    };
    let began = now_ms();
    let (parts, sent) = if destination.batching.is_some() {
        send_together(inbox, index, destination, starts, began).await?
    } else {
        let event = load(inbox, lead)?;
        let sent = match earlier::wait_of(inbox, index, destination, lead.seq).await? {
            Some(wait_ms) => Outcome::Postponed { wait_ms }.into(),
            None => send(inbox, index, destination, &event, lead, began).await?,
        };
        (vec![part(lead, event.stored())], sent)
    };
    let Sent { outcome, answer } = sent;
    let ended = now_ms();
    let took_ms = ended.saturating_sub(began).max(0);
    let record = AttemptRecord {
        at_ms: began,
        took_ms,
        outcome: outcome.code(),
        status: outcome.status(),
        detail: outcome.detail().map(|detail| inbox.mask.text(&detail)),
        answer: answer.clone(),
    };
    let together = parts.len();
    let attempts = parts.into_iter().map(|part| EndedAttempt {
        seq: part.start.seq,
        ended_ms: ended,
        number: part.start.number,
        id: part.id,
        is_ours: part.is_ours,
        together,
        record: record.clone(),
    });
    // What was not sent is no attempt.
    if !matches!(outcome, Outcome::Postponed { .. }) {
        let mut counts = inbox.memory.attempts.borrow_mut();
        let counts = counts.entry(known.id).or_default();
        counts.count(outcome.code(), took_ms);
        let mut all = inbox.memory.ended.borrow_mut();
        all.entry(known.id).or_default().extend(attempts);
    }
    if let Some(destination) = inbox.destinations.borrow_mut().get_mut(index) {
        let ending = Ending {
            outcome,
            at: ended,
            took_ms: u32::try_from(took_ms).unwrap_or(u32::MAX),
            jitter: jitter(),
            answer,
        };
        destination.deliveries.ended(lead.seq, ending);
    }
    Ok(())
}

fn load(inbox: &InboxContext, start: Start) -> Result<Rc<ReadEvent>> {
    let load = || inbox.store.load(start.seq);
    let read = |stored| ReadEvent::of(stored, inbox.source.clone());
    let event = inbox.memory.load(start.seq, load, read)?;
    event.ok_or_else(|| Error::from("its event is not in the log"))
}

fn part(start: Start, event: &StoredEvent) -> Part {
    Part {
        start,
        id: event.id,
        is_ours: event.is_ours,
    }
}

/// Sends several events in one message. Those for which it has no room, and from one on that cannot be read or has to wait
/// for another inbox, are not begun; after a run that ended badly, all but the first, which may have been the cause.
///
/// An error is the inbox's own: nothing was sent.
async fn send_together(
    inbox: &InboxContext,
    index: usize,
    destination: &Destination,
    starts: &[Start],
    now: i64,
) -> Result<(Vec<Part>, Sent)> {
    let is_careful = inbox.memory.careful.get();
    let most = if is_careful { 1 } else { starts.len() };
    let mut batch = Batch::default();
    let mut parts: Vec<Part> = Vec::new();
    let mut postponed = None;
    for start in starts.iter().copied().take(most) {
        if let Some(wait_ms) = earlier::wait_of(inbox, index, destination, start.seq).await? {
            if parts.is_empty() {
                parts.push(part(start, load(inbox, start)?.stored()));
                postponed = Some(Outcome::Postponed { wait_ms });
            }
            break;
        }
        let event = load(inbox, start)?;
        let has_room = event
            .event()
            .is_ok_and(|event| batch.push(event, &destination.redact));
        if has_room || parts.is_empty() {
            parts.push(part(start, event.stored()));
        }
        if !has_room {
            break;
        }
    }
    if let Some((first, last)) = parts.first().zip(parts.last())
        && let Some(destination) = inbox.destinations.borrow_mut().get_mut(index)
    {
        let (first, last) = (first.start.seq, last.start.seq);
        destination.deliveries.shortened(first, last);
    }
    if let Some(outcome) = postponed {
        return Ok((parts, outcome.into()));
    }
    if is_careful
        && let Some(first) = parts.first()
        && !may_begin(inbox, index, first.start, now)?
    {
        return Ok((parts, crashed()));
    }
    let number = parts.iter().map(|part| part.start.number).max();
    let sent = if batch.is_empty() {
        unreadable()
    } else {
        let number = number.unwrap_or(1);
        destination::send_batch(&inbox.env, destination, batch, number, now, &inbox.mask).await
    };
    Ok((parts, sent))
}

/// An error is the inbox's own: nothing was sent.
async fn send(
    inbox: &InboxContext,
    index: usize,
    destination: &Destination,
    event: &ReadEvent,
    start: Start,
    now: i64,
) -> Result<Sent> {
    if inbox.memory.careful.get() && !may_begin(inbox, index, start, now)? {
        return Ok(crashed());
    }
    // A newer state of the object exists, or its deletion, which is final.
    if destination.keeps_objects() && inbox.is_superseded(index, start.seq)? {
        return Ok(Outcome::Delivered { status: None }.into());
    }
    Ok(match event.event() {
        Ok(event) => {
            let number = start.number;
            destination::send(&inbox.env, destination, event, number, now, &inbox.mask).await
        }
        Err(_) => unreadable(),
    })
}

fn crashed() -> Sent {
    let why = "the Worker ended three times while it was sending this event";
    Outcome::failed(Failure::Unsendable(why)).into()
}

fn unreadable() -> Sent {
    let why = "the stored document can no longer be read";
    Outcome::failed(Failure::Unsendable(why)).into()
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
