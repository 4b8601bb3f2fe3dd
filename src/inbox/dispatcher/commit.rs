//! Writes what came of attempts, and every other change that the rules make of a destination.

use edge_core::{
    alert::{Kind, Occurrence},
    inbox_log::{Change, Write},
    tail::News,
    time::UnixMillis,
};
use worker::Result;

use crate::{
    inbox::{alerts, context::InboxContext, memory::EndedAttempt},
    log::{self, NextAttempt},
};

/// Writes the outcomes of each destination whose time has come, or of all that have any. `true` if there were some.
pub(super) fn flush(inbox: &InboxContext, now: i64, all: bool) -> bool {
    let mut has_written = false;
    for (index, known) in inbox.known.iter().enumerate() {
        let Some(configured) = inbox.configured(index) else {
            continue;
        };
        let change = {
            let destinations = inbox.destinations.borrow();
            let Some(destination) = destinations.get(index) else {
                continue;
            };
            let due = destination.deliveries.write_at(now);
            if !due.is_some_and(|at| at <= now || all && destination.deliveries.is_writable(now)) {
                continue;
            }
            destination.deliveries.flush(&configured.timing)
        };
        let ended = inbox.memory.ended.borrow_mut().remove(&known.id);
        let ended = ended.unwrap_or_default();
        has_written = true;
        if let Err(error) = commit(inbox, index, change, &ended, now) {
            log::error("recording attempts", &error);
            // They stay in memory, and nothing begins there before they are written.
            inbox.memory.ended.borrow_mut().insert(known.id, ended);
            if let Some(destination) = inbox.destinations.borrow_mut().get_mut(index) {
                destination.deliveries.write_failed(now);
            }
        }
    }
    has_written
}

/// Executes a change of the destination at this place, with the alerts that it calls for, in one commit; only then the
/// destination moves on in memory. `ended` are the attempts that it records.
pub(in crate::inbox) fn commit(
    inbox: &InboxContext,
    index: usize,
    change: Change,
    ended: &[EndedAttempt],
    now: i64,
) -> Result<()> {
    let Some(known) = inbox.known.get(index) else {
        return Ok(());
    };
    let before = inbox
        .destinations
        .borrow()
        .get(index)
        .map(|one| one.deliveries.state().health);
    let find = |seq: i64, at: i64| {
        let mut all = ended.iter();
        all.find(|attempt| attempt.seq == seq && attempt.ended_ms == at)
    };
    let alert = |kind, about: Option<&EndedAttempt>| {
        let occurrence = Occurrence {
            kind,
            destination: Some(&known.name),
            event: about.map(|attempt| attempt.id),
            detail: about.and_then(|attempt| attempt.record.detail.as_deref()),
            times: 1,
        };
        alerts::note(inbox, &occurrence, now)
    };
    let mut needs_alert = false;
    inbox.store.transaction(|| {
        needs_alert = false;
        for write in &change.writes {
            let record = |seq, at| find(seq, at).map(|attempt| attempt.record.clone());
            inbox.store.execute(known.id, write, record, now)?;
            if let Write::PutDead { seq, at } = write {
                let attempt = find(*seq, *at);
                // An alert that cannot be delivered would raise alerts about itself for ever.
                if !attempt.is_some_and(|attempt| attempt.is_ours) {
                    alert(Kind::DeadLetter, attempt)?;
                    needs_alert = true;
                }
            }
        }
        let after = change.state().health;
        // Operators know what they do.
        let before = before.filter(|_| !ended.is_empty());
        if let Some(kind) = before.and_then(|before| Kind::of_change(before, after)) {
            alert(kind, ended.last())?;
            needs_alert = true;
        }
        Ok(())
    })?;
    let has_ended = |write: &Write| matches!(write, Write::DeleteCursor(_));
    if change.writes.iter().any(has_ended) {
        inbox.happened(News::ReplayEnded);
    }
    inbox.happened(News::Delivery);
    log_attempts(inbox, index, &change, ended);
    if let Some(destination) = inbox.destinations.borrow_mut().get_mut(index) {
        destination.deliveries.committed(change);
    }
    if needs_alert {
        alerts::send(inbox, now)?;
    }
    Ok(())
}

/// Logs each attempt once it is recorded, with when the next one is.
fn log_attempts(inbox: &InboxContext, index: usize, change: &Change, ended: &[EndedAttempt]) {
    let Some(known) = inbox.known.get(index) else {
        return;
    };
    for attempt in ended {
        let next = change.writes.iter().find_map(|write| match write {
            Write::PutWaiting(row) if row.seq == attempt.seq => {
                Some(NextAttempt::At(UnixMillis(row.next_at)))
            }
            Write::PutDead { seq, .. } if *seq == attempt.seq => Some(NextAttempt::Never("never")),
            _ => None,
        });
        log::attempt(&log::Attempt {
            source: inbox.source.as_str(),
            destination: known.name.as_str(),
            id: attempt.id,
            attempt: attempt.number,
            batch: (attempt.together > 1).then_some(attempt.together),
            outcome: attempt.record.outcome,
            status: attempt.record.status,
            detail: attempt.record.detail.clone(),
            next,
            ms: attempt.record.took_ms,
        });
    }
}
