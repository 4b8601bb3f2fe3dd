//! Events in full, page by page, for an export.

use edge_core::messages::events::{ExportEvents, ExportPage, ExportedEvent};
use worker::Result;

use super::{Handle, context::InboxContext, events::cloud_event, search::Matching};
use crate::platform::yield_now;

/// A page ends with the event that fills it to so many bytes,
const PAGE_BYTES: usize = 1 << 20;
/// or with this many events,
const PAGE_EVENTS: usize = 500;
/// or when so many thousand events were looked at.
const MOST_LOOKS: usize = 20;

impl Handle for ExportEvents {
    async fn handle(self, inbox: &InboxContext) -> Result<ExportPage> {
        let mut events: Vec<ExportedEvent> = Vec::new();
        let mut bytes = 0;
        let mut matching = Matching::newest_first(inbox, self.filter, self.before)?;
        for _ in 0..MOST_LOOKS {
            let left = PAGE_EVENTS.saturating_sub(events.len());
            for found in matching.next(inbox, left)? {
                // It may have been removed while others had their turn.
                let Some(stored) = inbox.store.load(found.candidate.seq)? else {
                    continue;
                };
                let event = cloud_event(inbox, &stored)?;
                bytes += event.get().len();
                events.push(ExportedEvent {
                    id: stored.id,
                    event,
                });
                if bytes >= PAGE_BYTES {
                    let cursor = Some(stored.id);
                    return Ok(ExportPage { events, cursor });
                }
            }
            if matching.is_at_end() || events.len() >= PAGE_EVENTS {
                break;
            }
            yield_now().await;
        }
        let cursor = match events.last() {
            Some(last) if events.len() >= PAGE_EVENTS => Some(last.id),
            _ if matching.is_at_end() => None,
            _ => matching.reached(inbox)?,
        };
        Ok(ExportPage { events, cursor })
    }
}
