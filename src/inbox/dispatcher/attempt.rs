//! One attempt, from sending to its record.

use std::rc::Rc;

use edge_core::{
    alert::{Kind, Occurrence},
    config::Destination,
    delivery::{
        outcome::{Failure, Outcome},
        plan::{self, Health, Next, Progress},
    },
    id::EventId,
    time::UnixMillis,
};
use worker::Result;

use crate::{
    destination::{self, Sent},
    inbox::{
        alerts,
        context::InboxContext,
        store::{Attempt, Due},
    },
    log::{self, NextAttempt},
    platform::{jitter, now_ms},
};

/// Makes an attempt at a delivery to the destination with this index, and wakes the dispatcher.
///
/// A failure to record is not a failure to deliver, nor the reverse: an attempt that cannot be recorded leaves its
/// delivery due as it was.
pub(super) async fn make(inbox: Rc<InboxContext>, index: usize, due: Due) {
    let memory = &inbox.memory;
    let Some((destination, state)) = inbox
        .config
        .destinations
        .get(index)
        .zip(memory.destinations.get(index))
    else {
        return;
    };
    let began = now_ms();
    let number = due.attempts + 1;
    let Sent { outcome, answer } = match send(&inbox, destination, &due, number, began).await {
        Ok(sent) => sent,
        Err(error) => {
            log::error("looking for a newer state", &error);
            memory.failed_to_record.set(true);
            state.end(due.event.seq);
            super::has_ended(&inbox).await;
            return;
        }
    };
    let ended = now_ms();
    let before = state.health();
    let (next, health) = plan::after(
        &destination.timing,
        &outcome,
        Progress {
            seq: due.event.seq,
            attempts: due.attempts,
            gone: due.gone,
        },
        before,
        ended,
        jitter(),
    );
    let attempt = Attempt {
        seq: due.event.seq,
        destination: &destination.name,
        number,
        due_at: due.next_at,
        at_ms: began,
        took_ms: ended - began,
        outcome: &outcome,
        detail: outcome.detail().map(|detail| inbox.mask.text(&detail)),
        answer,
    };
    match record(&inbox, &due, &attempt, next, (before, health)) {
        Ok(needs_alert) => {
            state.set_health(health);
            if needs_alert && let Err(error) = alerts::send(&inbox, ended) {
                log::error("sending an alert", &error);
            }
        }
        Err(error) => {
            log::error("recording an attempt", &error);
            memory.failed_to_record.set(true);
        }
    }
    state.end(due.event.seq);
    log_attempt(inbox.source.name.as_str(), due.event.id, &attempt, next);
    super::has_ended(&inbox).await;
}

/// Records the attempt, and notes the alerts that it calls for. Returns whether there are any.
fn record(
    inbox: &InboxContext,
    due: &Due,
    attempt: &Attempt<'_>,
    next: Next,
    (before, health): (Health, Health),
) -> Result<bool> {
    // An alert that cannot be delivered would raise alerts about itself for ever.
    let dead = (next == Next::Dead && !due.event.is_alert()).then_some(Kind::DeadLetter);
    let change = Kind::of_change(before, health);
    let ended = attempt.at_ms + attempt.took_ms;
    inbox.store.transaction(|| {
        let changed = (health != before).then_some(health);
        let is_current = inbox.store.record(attempt, next, changed)?;
        let happened = dead.filter(|_| is_current).into_iter().chain(change);
        let mut needs_alert = false;
        for kind in happened {
            let occurrence = Occurrence {
                kind,
                destination: Some(attempt.destination),
                event: Some(due.event.id),
                detail: attempt.detail.as_deref(),
                times: 1,
            };
            alerts::note(inbox, &occurrence, ended)?;
            needs_alert = true;
        }
        Ok(needs_alert)
    })
}

/// An error is the inbox's own: nothing was sent.
async fn send(
    inbox: &InboxContext,
    destination: &Destination,
    due: &Due,
    attempt: u32,
    now: i64,
) -> Result<Sent> {
    // A newer state of the object exists, or its deletion, which is final.
    if destination.keeps_objects() && inbox.store.is_superseded(&due.event, &destination.name)? {
        return Ok(Outcome::Delivered { status: None }.into());
    }
    Ok(match due.event.event(&inbox.source) {
        Ok(event) => {
            destination::send(&inbox.env, destination, &event, attempt, now, &inbox.mask).await
        }
        Err(_) => Outcome::failed(Failure::Unsendable(
            "the stored document can no longer be read",
        ))
        .into(),
    })
}

fn log_attempt(source: &str, id: EventId, attempt: &Attempt<'_>, next: Next) {
    log::attempt(&log::Attempt {
        source,
        destination: attempt.destination.as_str(),
        id,
        attempt: attempt.number,
        outcome: attempt.outcome.code(),
        status: attempt.outcome.status(),
        detail: attempt.detail.clone(),
        next: match next {
            Next::Wait(wait) => Some(NextAttempt::At(UnixMillis(wait.until))),
            Next::Dead => Some(NextAttempt::Never("never")),
            Next::Delivered => None,
        },
        ms: attempt.took_ms,
    });
}
