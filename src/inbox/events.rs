//! Events for operators: the list, the details of one, and its replay.

use edge_core::{
    event,
    inbox_log::{Found, Log as _, Meant, Seq, Stage},
    messages::events::{
        DeliveryDetails, EventDetails, EventPage, EventSummary, GetEvent, ListEvents, ReplayEvent,
        ReplayedEvent,
    },
    sort::sort_by,
    state::DeliveryState,
    tail::News,
    time::UnixMillis,
};
use serde_json::value::RawValue;
use threescale::{Redact, Timestamp};
use worker::Result;

use super::{
    Handle,
    context::InboxContext,
    dispatcher, replays,
    search::Matching,
    store::{Candidate, StoredEvent},
};
use crate::platform::{now_ms, yield_now};

/// The most batches that are read for one page: 200,000 events.
const MOST_LOOKS: usize = 200;

impl Handle for ListEvents {
    /// It looks at a thousand events at a time, and yields in between. At the limit, it answers with the events that it
    /// has found so far.
    async fn handle(self, inbox: &InboxContext) -> Result<EventPage> {
        let mut events = Vec::new();
        let mut matching = Matching::newest_first(inbox, self.filter, self.before)?;
        let looks = self.thousands.unwrap_or(MOST_LOOKS).min(MOST_LOOKS);
        for _ in 0..looks {
            let left = self.limit.saturating_sub(events.len());
            for found in matching.next(inbox, left)? {
                events.push(summary(inbox, found.candidate, found.deliveries));
            }
            if matching.is_at_end() || events.len() >= self.limit {
                break;
            }
            yield_now().await;
        }
        let cursor = match events.last() {
            Some(last) if events.len() >= self.limit => Some(last.id),
            _ if matching.is_at_end() => None,
            _ => matching.reached(inbox)?,
        };
        Ok(EventPage { events, cursor })
    }
}

pub(super) fn summary(
    inbox: &InboxContext,
    found: Candidate,
    deliveries: Vec<(usize, DeliveryState)>,
) -> EventSummary {
    let deliveries = deliveries.into_iter().filter_map(|(index, state)| {
        let known = inbox.known.get(index)?;
        Some((known.name.clone(), state))
    });
    EventSummary {
        id: found.id,
        source: inbox.source.clone(),
        r#type: event::type_of(&found.kind, &found.action),
        action: found.action,
        object: found.object,
        account: found.account,
        time: time_of(found.updated_at, found.received_at),
        received_at: UnixMillis(found.received_at),
        sequence: event::sequence(found.seq),
        repeats: found.repeats,
        deliveries: deliveries.collect(),
    }
}

/// The CloudEvent's `time`, from the columns.
pub(super) fn time_of(updated_at: Option<i64>, received_at: i64) -> String {
    let updated_at = updated_at.and_then(|at| Timestamp::from_unix_millis(at.saturating_mul(1000)));
    event::time(updated_at, received_at)
}

impl Handle for GetEvent {
    async fn handle(self, inbox: &InboxContext) -> Result<Option<EventDetails>> {
        let Some(stored) = inbox.store.event(self.id)? else {
            return Ok(None);
        };
        let (previous, next) = inbox.store.neighbours(stored.seq)?;
        Ok(Some(EventDetails {
            event: cloud_event(inbox, &stored)?,
            source: inbox.source.clone(),
            received_at: UnixMillis(stored.received_ms),
            repeats: inbox.store.repeats_of(stored.seq)?,
            document: String::from_utf8_lossy(&stored.document).into_owned(),
            previous,
            next,
            deliveries: deliveries(inbox, stored.seq)?,
        }))
    }
}

/// An event as a CloudEvent. Nothing is redacted: whoever holds the token may see everything that is stored.
pub(super) fn cloud_event(inbox: &InboxContext, stored: &StoredEvent) -> Result<Box<RawValue>> {
    let event = stored
        .event(&inbox.source)
        .map_err(|error| error.to_string())?;
    let json = event.to_json(&Redact::none());
    let json = String::from_utf8(json).map_err(|error| error.to_string())?;
    Ok(RawValue::from_string(json)?)
}

/// The state of an event's deliveries, with their attempts.
fn deliveries(inbox: &InboxContext, seq: Seq) -> Result<Vec<DeliveryDetails>> {
    let destinations = inbox.destinations.borrow();
    let mut all = Vec::new();
    for (known, destination) in inbox.known.iter().zip(destinations.iter()) {
        let Some(entry) = inbox.view(known.id).entry(seq)? else {
            continue;
        };
        let state = destination.deliveries.state();
        let Some(delivery) = Stage::of(seq, &state.position, entry.found).delivery() else {
            continue;
        };
        let attempts = inbox.store.attempts(seq, known.id, &state.successes)?;
        let next_attempt_at = (delivery == DeliveryState::Waiting)
            .then(|| next_attempt(inbox, seq, &entry.found, state.revived_at))
            .transpose()?;
        all.push(DeliveryDetails {
            destination: known.name.clone(),
            state: delivery,
            next_attempt_at: next_attempt_at.flatten().map(UnixMillis),
            attempts,
        });
    }
    sort_by(&mut all, |one, other| {
        one.destination.cmp(&other.destination)
    });
    Ok(all)
}

/// When a waiting delivery is due: one that was not tried, since its event was received.
fn next_attempt(
    inbox: &InboxContext,
    seq: Seq,
    found: &Found,
    revived_at: Option<i64>,
) -> Result<Option<i64>> {
    match found.waiting {
        Some(row) => Ok(Some(row.due_at(revived_at))),
        None => inbox.store.received_at(seq),
    }
}

impl Handle for ReplayEvent {
    async fn handle(self, inbox: &InboxContext) -> Result<Option<ReplayedEvent>> {
        let Some((kind, is_ours)) = inbox.store.kind_of(self.id)? else {
            return Ok(None);
        };
        let (seq, now) = (self.id.seq(), now_ms());
        let (kind, action) = kind;
        let wanted = replays::wanted(inbox, &kind, &action, is_ours);
        let chosen = self.destinations.as_ref().unwrap_or(&wanted);
        let mut count = 0;
        for name in chosen {
            let Some(index) = inbox.index_of(name) else {
                continue;
            };
            if inbox.configured(index).is_none() {
                continue;
            }
            replay(inbox, index, seq, now)?;
            count += 1;
        }
        if count > 0 {
            let mut replayed = Meant::default();
            replayed.push(seq);
            inbox.store.keep_replayed(&replayed, now)?;
            inbox.happened(News::ReplayBegan);
        }
        dispatcher::wake(inbox, now)?;
        Ok(Some(ReplayedEvent {
            id: self.id,
            deliveries: count,
        }))
    }
}

fn replay(inbox: &InboxContext, index: usize, seq: Seq, now: i64) -> Result<()> {
    let change = {
        let destinations = inbox.destinations.borrow();
        let Some((known, destination)) = inbox.known.get(index).zip(destinations.get(index)) else {
            return Ok(());
        };
        let entry = inbox.view(known.id).entry(seq)?;
        entry.and_then(|entry| destination.deliveries.replay_one(entry, now))
    };
    match change {
        Some(change) => dispatcher::commit(inbox, index, change, &[], now),
        // It was not begun: it comes anyway.
        None => Ok(()),
    }
}
