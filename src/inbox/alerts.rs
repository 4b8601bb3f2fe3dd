//! Alerts of one inbox: each occurrence is noted in the commit in which it happens, and sent as an event that is stored
//! and delivered like any other.

use edge_core::{
    alert::{self, Kind, Occurrence, PendingAlert},
    messages::intake::Intake,
};
use worker::Result;

use super::{context::InboxContext, store::NewEvent};
use crate::platform::{new_event_id, now_ms};

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
        inbox.store.transaction(|| {
            inbox.store.alert_sent(pending.kind, now_ms)?;
            keep(inbox, &pending, now_ms)
        })?;
    }
    Ok(())
}

/// When the next alert can be sent, if one is pending.
pub(super) fn next_at(inbox: &InboxContext) -> Result<Option<i64>> {
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
/// Deliveries to a destination that is no longer configured are left for operators to drop.
pub(super) fn look_for_overdue(inbox: &InboxContext) -> Result<()> {
    let limit = inbox.config.overdue_after_ms;
    let before = now_ms() - limit;
    let (mut times, mut most) = (0, 0);
    let mut worst = None;
    for destination in &inbox.config.destinations {
        let Some((count, event)) = inbox.store.overdue(&destination.name, before)? else {
            continue;
        };
        times += count;
        if count > most {
            most = count;
            worst = Some((&destination.name, event));
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

fn keep(inbox: &InboxContext, pending: &PendingAlert, now_ms: i64) -> Result<()> {
    let intake = Intake {
        base: inbox.store.newest_base()?,
        kind: alert::TYPE.to_owned(),
        action: pending.kind.code().to_owned(),
        object: None,
        account: None,
        updated_at: None,
        digest: None,
    };
    let event = NewEvent {
        id: new_event_id(now_ms)?,
        intake: &intake,
        document: &pending.to_json(&inbox.source.name),
        received_ms: now_ms,
        given_up_ms: None,
    };
    inbox.store.keep(&event, &inbox.config.alerts).map(|_| ())
}
