//! An event that an operator sends to one destination: it goes the way of all events.

use std::iter;

use edge_core::{id::EventId, messages::events::SendTest};
use worker::Result;

use super::{Handle, context::InboxContext, dispatcher, store::Document};
use crate::platform::now_ms;

impl Handle for SendTest {
    async fn handle(self, inbox: &InboxContext) -> Result<Option<EventId>> {
        if inbox.index_of(&self.destination).is_none() {
            return Ok(None);
        }
        let now = now_ms();
        let document = Document::Bytes(&self.document);
        let routed = iter::once(&self.destination);
        let (id, _) = inbox.append(&self.intake, document, None, routed, now)?;
        dispatcher::wake_for_newest(inbox, now)?;
        Ok(Some(id))
    }
}
