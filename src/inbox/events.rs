//! Events for operators: the list, the details of one, and its replay.

use edge_core::{
    filter::Filter,
    messages::events::{EventDetails, EventPage, GetEvent, ListEvents, ReplayEvent, ReplayedEvent},
};
use serde_json::value::RawValue;
use threescale::Redact;
use worker::Result;

use super::{Handle, context::InboxContext, replays, store::Match};
use crate::platform::{now_ms, yield_now};

/// The most batches that are read for one page: 200,000 events.
const MOST_LOOKS: usize = 200;

impl Handle for ListEvents {
    /// It looks at a thousand events at a time, and yields in between. At the limit, it answers with the events that it
    /// has found so far.
    async fn handle(self, inbox: &InboxContext) -> Result<EventPage> {
        let mut page = EventPage {
            events: Vec::new(),
            cursor: self.before,
        };
        for _ in 0..MOST_LOOKS {
            let left = self.limit - page.events.len();
            let source = &inbox.source.name;
            let next = inbox.store.page(&self.filter, page.cursor, source, left)?;
            page.events.extend(next.events);
            page.cursor = next.cursor;
            if page.cursor.is_none() || page.events.len() >= self.limit {
                break;
            }
            yield_now().await;
        }
        Ok(page)
    }
}

impl Handle for GetEvent {
    async fn handle(self, inbox: &InboxContext) -> Result<Option<EventDetails>> {
        let Some(stored) = inbox.store.event(self.id)? else {
            return Ok(None);
        };
        let event = stored
            .event(&inbox.source)
            .map_err(|error| error.to_string())?;
        // Nothing is redacted: whoever holds the token may see everything that is stored.
        let json = event.to_json(&Redact::none());
        let json = String::from_utf8(json).map_err(|error| error.to_string())?;
        Ok(Some(EventDetails {
            event: RawValue::from_string(json)?,
            deliveries: inbox.store.deliveries(stored.seq)?,
        }))
    }
}

impl Handle for ReplayEvent {
    async fn handle(self, inbox: &InboxContext) -> Result<Option<ReplayedEvent>> {
        let Some(stored) = inbox.store.event(self.id)? else {
            return Ok(None);
        };
        let event = Match {
            seq: stored.seq,
            kind: stored.kind,
            action: stored.action,
        };
        let chosen = self.destinations.as_deref();
        let names = replays::destinations(inbox, &Filter::default(), chosen, &event)?;
        let now = now_ms();
        inbox.store.deliver_again(stored.seq, &names, now)?;
        inbox.memory.expect(&inbox.storage, now).await?;
        Ok(Some(ReplayedEvent {
            id: stored.id,
            deliveries: names.len() as u64,
        }))
    }
}
