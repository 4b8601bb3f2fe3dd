//! The quarantine for operators.

use edge_core::messages::{
    intake::{Receipt, Status},
    quarantine::{
        DropQuarantined, GetQuarantined, ListQuarantine, QuarantinedBody, QuarantinedDetails,
        TakeReparsed,
    },
};
use worker::Result;

use super::{Handle, context::InboxContext, dispatcher, store::Document};
use crate::platform::now_ms;

impl Handle for ListQuarantine {
    async fn handle(self, inbox: &InboxContext) -> Result<Vec<QuarantinedBody>> {
        inbox.store.list_quarantine(&self, &inbox.source)
    }
}

impl Handle for GetQuarantined {
    async fn handle(self, inbox: &InboxContext) -> Result<Option<QuarantinedDetails>> {
        inbox.store.quarantined_body(self.id, &inbox.source)
    }
}

impl Handle for DropQuarantined {
    async fn handle(self, inbox: &InboxContext) -> Result<bool> {
        inbox.store.drop_quarantined(self.id)
    }
}

impl Handle for TakeReparsed {
    async fn handle(self, inbox: &InboxContext) -> Result<Receipt> {
        if let Some(id) = inbox.store.equal_since(&self.intake, self.received_at)? {
            let status = Status::Duplicate;
            return Ok(Receipt { id, status });
        }
        let now = now_ms();
        let routed = inbox.routed(&self.intake);
        let document = Document::Bytes(&self.document);
        let (id, _) = inbox.append(&self.intake, document, None, routed, now)?;
        dispatcher::wake_for_newest(inbox, now)?;
        Ok(Receipt {
            id,
            status: Status::Accepted,
        })
    }
}
