//! Intake: a notification becomes an event, or is found to repeat one; a body that cannot be parsed goes to the
//! quarantine. [`edge_core::dedup`] decides.

use std::borrow::Cow;

use edge_core::{
    alert::{Kind, Occurrence},
    dedup::{self, IntakeStore, PriorEvent},
    id::{Digest, EventId},
    messages::{
        intake::{Intake, Push, Quarantine, Receipt, Unparsable},
        recovered::{BatchReceipt, RecoveredBatch},
    },
};
use sha2::{Digest as _, Sha256};
use worker::Result;

use super::{Handle, alerts, context::InboxContext, dispatcher, store::NewEvent};
use crate::platform::{new_event_id, now_ms};

/// The note that records when an old value of the secret was last used.
pub(super) const OLD_SECRET: &str = "old_secret";

impl Handle for Push {
    async fn handle(self, inbox: &InboxContext) -> Result<Receipt> {
        let now = now_ms();
        if self.old_secret {
            // No await between this and storing the event, so that both are one commit.
            inbox.store.note(OLD_SECRET, now)?;
        }
        let store = SqlIntakeStore { inbox, now };
        let receipt = dedup::take_push(&store, &self, inbox.config.dedup_window_ms, now)?;
        // Also for a repeat: the first try may have died between its commit and this.
        inbox.memory.expect(&inbox.storage, now).await?;
        Ok(receipt)
    }
}

impl Handle for RecoveredBatch {
    /// Each entry's id is recorded in the commit that ingests it, so that it is ingested once, whatever crashes between
    /// here and 3scale's list.
    async fn handle(self, inbox: &InboxContext) -> Result<BatchReceipt> {
        let now = now_ms();
        let store = SqlIntakeStore { inbox, now };
        let window = inbox.config.dedup_window_ms;
        let receipt = inbox
            .store
            .transaction(|| dedup::take_batch(&store, &self, window))?;
        // Whatever the batch holds: an earlier try may have died between its commit and this.
        inbox.memory.expect(&inbox.storage, now).await?;
        dispatcher::send_alerts(inbox, now).await?;
        Ok(receipt)
    }
}

impl Handle for Quarantine {
    async fn handle(self, inbox: &InboxContext) -> Result<()> {
        let now = now_ms();
        quarantine(inbox, &self.unparsable, &self.body, now)?;
        dispatcher::send_alerts(inbox, now).await
    }
}

/// The inbox's own tables, at a given time.
struct SqlIntakeStore<'i> {
    inbox: &'i InboxContext,
    now: i64,
}

impl IntakeStore for SqlIntakeStore<'_> {
    type Error = worker::Error;

    fn newest_pushed(
        &self,
        digest: Digest,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Option<PriorEvent>> {
        self.inbox.store.newest_pushed(digest, from_ms, to_ms)
    }

    fn changes_since(
        &self,
        prior: &PriorEvent,
        intake: &Intake,
        until_ms: i64,
    ) -> Result<Vec<Option<i64>>> {
        self.inbox.store.changes_since(prior, intake, until_ms)
    }

    fn has_failure(&self, id: &str) -> Result<bool> {
        self.inbox.store.has_failure(id)
    }

    fn keep(
        &self,
        intake: &Intake,
        document: &[u8],
        given_up_ms: Option<i64>,
    ) -> Result<(EventId, i64)> {
        let mut intake = Cow::Borrowed(intake);
        if intake.base.is_empty() {
            intake.to_mut().base = self.inbox.store.newest_base()?;
        }
        let id = new_event_id(self.now)?;
        let event = NewEvent {
            id,
            intake: &intake,
            document,
            received_ms: self.now,
            given_up_ms,
        };
        let source = self.inbox.source.name.as_str();
        let destinations = self
            .inbox
            .config
            .routed(source, &intake.kind, &intake.action);
        let seq = self.inbox.store.keep(&event, destinations)?;
        Ok((id, seq))
    }

    fn count_repeat(&self, seq: i64) -> Result<()> {
        self.inbox.store.count_repeat(seq)
    }

    fn remember_failure(&self, id: &str, seq: Option<i64>) -> Result<()> {
        self.inbox.store.remember_failure(id, seq, self.now)
    }

    fn quarantine(&self, unparsable: &Unparsable, document: &[u8]) -> Result<()> {
        quarantine(self.inbox, unparsable, document, self.now)
    }
}

/// Quarantines a body that cannot be parsed, and notes an alert. The caller sends alerts.
fn quarantine(inbox: &InboxContext, unparsable: &Unparsable, body: &[u8], now: i64) -> Result<()> {
    let digest: [u8; 32] = Sha256::digest(body).into();
    inbox.store.transaction(|| {
        let digest = Digest::from(digest);
        if !inbox.store.quarantine(digest, unparsable, body, now)? {
            return Ok(());
        }
        let quarantined = Occurrence {
            kind: Kind::Quarantined,
            destination: None,
            event: None,
            detail: Some(&unparsable.detail),
            times: 1,
        };
        alerts::note(inbox, &quarantined, now)
    })
}
