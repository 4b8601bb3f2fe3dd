//! Alerts of one inbox: each occurrence is noted in the commit in which it happens, and sent as an event that is stored
//! and delivered like any other.

use edge_core::{
    alert::{self, Kind, Occurrence, PendingAlert},
    id::EventId,
    inbox_log::{Destination, Seq},
    messages::intake::Intake,
    sort::sort_by,
};
use worker::Result;

use super::{context::InboxContext, store::Document};
use crate::platform::now_ms;

/// How many overdue deliveries are counted, and looked at for one that is no alert.
const MOST_COUNTED: u32 = 1000;

/// Notes an occurrence, unless no destination gets alerts.
pub(super) fn note(inbox: &InboxContext, occurrence: &Occurrence<'_>, now_ms: i64) -> Result<()> {
    if inbox.config.alerts.is_empty() {
        return Ok(());
    }
    inbox.store.note_occurrence(occurrence, now_ms)
}

/// Sends an alert of each kind that has something pending, unless the last of its kind was sent recently.
pub(super) fn send(inbox: &InboxContext, now_ms: i64) -> Result<()> {
    let last_until = now_ms - inbox.config.alert_pause_ms;
    for pending in inbox.store.pending_alerts(last_until)? {
        let head = inbox.head.borrow().clone();
        let sent = inbox.store.transaction(|| {
            inbox.store.alert_sent(pending.kind, now_ms)?;
            keep(inbox, &pending, now_ms)
        });
        if sent.is_err() {
            inbox.head.replace(head);
        }
        sent?;
    }
    Ok(())
}

/// When the next alert can be sent, if one is pending.
pub(super) fn next_at(inbox: &InboxContext) -> Result<Option<i64>> {
    if inbox.config.alerts.is_empty() {
        return Ok(None);
    }
    let last = inbox.store.oldest_pending_alert()?;
    Ok(last.map(|last| last + inbox.config.alert_pause_ms))
}

/// Notes a persisting condition, which is alerted again once per `pause_ms`.
pub(super) fn note_lasting(
    inbox: &InboxContext,
    occurrence: &Occurrence<'_>,
    pause_ms: i64,
) -> Result<()> {
    let now = now_ms();
    if inbox.store.alerted_since(occurrence.kind, now - pause_ms)? {
        return Ok(());
    }
    note(inbox, occurrence, now)
}

/// Looks for deliveries that have been waiting for too long, and names the destination with the most of them.
/// Deliveries to a destination that is no longer configured are left for operators to drop. Nothing is counted that would
/// not be told.
pub(super) fn look_for_overdue(inbox: &InboxContext) -> Result<()> {
    let (now, limit) = (now_ms(), inbox.config.overdue_after_ms);
    if inbox.store.alerted_since(Kind::Overdue, now - limit)? {
        return Ok(());
    }
    let head = inbox.head.borrow().seq;
    let before = EventId::first_of(now - limit);
    let before = inbox.store.first_at_or_after(before, head)?;
    let (mut times, mut most) = (0, 0);
    let mut worst = None;
    for (index, known) in inbox.known.iter().enumerate() {
        if inbox.configured(index).is_none() {
            continue;
        }
        let destinations = inbox.destinations.borrow();
        let Some(destination) = destinations.get(index) else {
            continue;
        };
        let count = overdue(inbox, &destination.deliveries, before)?;
        times += count;
        if count > most
            && let Some(event) = first_overdue(inbox, &destination.deliveries, before)?
        {
            most = count;
            worst = Some((&known.name, event));
        }
    }
    let Some((destination, event)) = worst else {
        return Ok(());
    };
    let overdue = Occurrence {
        kind: Kind::Overdue,
        destination: Some(destination),
        event: Some(event),
        detail: None,
        times,
    };
    note_lasting(inbox, &overdue, limit)
}

/// How many deliveries of events before a place wait: of rows, a thousand at the most.
fn overdue(inbox: &InboxContext, deliveries: &Destination, before: Seq) -> Result<i64> {
    let (id, state) = (deliveries.id(), deliveries.state());
    let position = &state.position;
    let rows = if state.waiting == 0 {
        0
    } else {
        let store = &inbox.store;
        store.count_waiting_before(id, before, MOST_COUNTED)?
    };
    let pending = position.pending().iter().filter(|seq| **seq < before);
    let pending = i64::try_from(pending.count()).unwrap_or(i64::MAX);
    let beyond = if position.upto().saturating_add(1) < before {
        let routed = inbox.store.routed_before(id, before)?;
        let routed = routed.unwrap_or_else(|| inbox.head.borrow().tally.of(id));
        i64::try_from(routed.saturating_sub(position.begun())).unwrap_or(i64::MAX)
    } else {
        0
    };
    Ok(rows.saturating_add(pending).saturating_add(beyond))
}

/// The first of them that is no alert of our own: an alert that cannot be delivered must not raise another one.
fn first_overdue(
    inbox: &InboxContext,
    deliveries: &Destination,
    before: Seq,
) -> Result<Option<EventId>> {
    let (waiting, _) = inbox
        .store
        .some_undelivered(deliveries.id(), MOST_COUNTED)?;
    let position = &deliveries.state().position;
    let known = position.pending().iter().copied().chain(waiting);
    let beyond = position.upto().saturating_add(1);
    let beyond = inbox
        .store
        .routed_from(deliveries.id(), beyond, before, MOST_COUNTED)?;
    let mut seqs: Vec<_> = known.chain(beyond).filter(|seq| *seq < before).collect();
    sort_by(&mut seqs, Ord::cmp);
    for seq in seqs {
        if let Some((id, false)) = inbox.store.id_of(seq)? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn keep(inbox: &InboxContext, pending: &PendingAlert, now_ms: i64) -> Result<()> {
    let intake = Intake {
        base: String::new(),
        kind: alert::TYPE.to_owned(),
        action: pending.kind.code().to_owned(),
        object: None,
        account: None,
        updated_at: None,
        digest: None,
    };
    let json = pending.to_json(&inbox.source);
    let routed = inbox.config.alerts.iter();
    let document = Document::Bytes(&json);
    inbox
        .append(&intake, document, None, routed, now_ms)
        .map(|_| ())
}
