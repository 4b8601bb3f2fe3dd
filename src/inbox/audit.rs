//! The record of what operators did.

use edge_core::messages::audit::{Action, ListActions, RecordAction};
use worker::Result;

use super::{Handle, context::InboxContext};

impl Handle for RecordAction {
    async fn handle(self, inbox: &InboxContext) -> Result<()> {
        inbox.store.record_action(&self.action)
    }
}

impl Handle for ListActions {
    async fn handle(self, inbox: &InboxContext) -> Result<Vec<Action>> {
        inbox.store.actions(self.before, self.limit)
    }
}
