//! Intake: a notification becomes an event, or is found to repeat one; a body that cannot be parsed goes to the
//! quarantine. [`edge_core::dedup`] decides.

use std::ops::ControlFlow;

use edge_core::{
    alert::{Kind, Occurrence},
    dedup::{self, IntakeStore, PriorEvent, Pushed},
    id::EventId,
    messages::{
        intake::{Intake, Push, Quarantine, Receipt, Status, Unparsable},
        recovered::{BatchReceipt, RecoveredBatch},
    },
    quarantine::room::{self, Place, Way},
};
use js_sys::ArrayBuffer;
use worker::Result;

use super::{Handle, alerts, context::InboxContext, dispatcher, retention, store::Document};
use crate::platform::{new_quarantine_id, now_ms};

/// The note that records when an old value of the secret was last used.
pub(super) const OLD_SECRET: &str = "old_secret";

/// Takes in a notification that was pushed. Nothing here waits: what is written is one commit, and the runtime sends
/// no answer before it.
pub(super) fn push(inbox: &InboxContext, push: &Push, document: &ArrayBuffer) -> Result<Receipt> {
    let now = now_ms();
    if push.old_secret {
        inbox.store.note(OLD_SECRET, now)?;
    }
    let store = SqlIntakeStore {
        inbox,
        now,
        pushed: Some(document),
    };
    let receipt = dedup::take_push(&store, push, inbox.config.dedup_window_ms, now)?;
    if receipt.status == Status::Accepted {
        dispatcher::wake_for_newest(inbox, now)?;
    }
    Ok(receipt)
}

impl Handle for RecoveredBatch {
    /// Each entry's id is recorded in the commit that ingests it, so that it is ingested once, whatever crashes between
    /// here and 3scale's list.
    async fn handle(self, inbox: &InboxContext) -> Result<BatchReceipt> {
        let now = now_ms();
        let store = SqlIntakeStore {
            inbox,
            now,
            pushed: None,
        };
        let window = inbox.config.dedup_window_ms;
        let head = inbox.head.borrow().clone();
        let taken = inbox
            .store
            .transaction(|| dedup::take_batch(&store, &self, window));
        if taken.is_err() {
            // Nothing was appended.
            inbox.head.replace(head);
        }
        let receipt = taken?;
        // Whatever the batch holds: an earlier try may have died between its commit and this.
        dispatcher::wake(inbox, now)?;
        dispatcher::send_alerts(inbox, now)?;
        Ok(receipt)
    }
}

impl Handle for Quarantine {
    async fn handle(self, inbox: &InboxContext) -> Result<bool> {
        let now = now_ms();
        let is_kept = quarantine(inbox, &self.unparsable, &self.body, Way::Pushed, now)?;
        dispatcher::send_alerts(inbox, now)?;
        Ok(is_kept)
    }
}

/// The inbox's own tables, at a given time.
struct SqlIntakeStore<'i> {
    inbox: &'i InboxContext,
    now: i64,
    /// The document that is being pushed.
    pushed: Option<&'i ArrayBuffer>,
}

impl IntakeStore for SqlIntakeStore<'_> {
    type Error = worker::Error;

    fn visit_pushed(
        &self,
        intake: &Intake,
        visit: impl FnMut(Pushed) -> ControlFlow<()>,
    ) -> Result<()> {
        self.inbox.store.visit_pushed(intake, visit)
    }

    fn recovered_since(
        &self,
        earlier: &PriorEvent,
        intake: &Intake,
        until_ms: i64,
    ) -> Result<Vec<Option<i64>>> {
        self.inbox.store.recovered_since(earlier, intake, until_ms)
    }

    fn has_failure(&self, id: &str) -> Result<bool> {
        self.inbox.store.has_failure(id)
    }

    fn keep_undoubted(&self, intake: &Intake) -> Result<Option<EventId>> {
        let Some(document) = self.pushed else {
            return Ok(None);
        };
        self.inbox.append_undoubted(intake, document, self.now)
    }

    fn keep(
        &self,
        intake: &Intake,
        document: Option<&[u8]>,
        given_up_ms: Option<i64>,
    ) -> Result<(EventId, i64)> {
        let document = match (document, self.pushed) {
            (Some(bytes), _) => Document::Bytes(bytes),
            (None, Some(bytes)) => Document::Js(bytes),
            (None, None) => return Err("an event without a document".into()),
        };
        let inbox = self.inbox;
        let routed = inbox.routed(intake);
        inbox.append(intake, document, given_up_ms, routed, self.now)
    }

    fn count_repeat(&self, seq: i64, is_entry: bool) -> Result<()> {
        self.inbox.store.count_repeat(seq, is_entry)
    }

    fn remember_failure(&self, id: &str, seq: Option<i64>) -> Result<()> {
        self.inbox.store.remember_failure(id, seq, self.now)
    }

    fn quarantine(&self, unparsable: &Unparsable, document: &[u8]) -> Result<bool> {
        quarantine(self.inbox, unparsable, document, Way::Recovered, self.now)
    }
}

/// Quarantines a body that cannot be parsed, and notes an alert unless an equal one is there already. `false` if there
/// is no place for it. The caller sends alerts.
fn quarantine(
    inbox: &InboxContext,
    unparsable: &Unparsable,
    body: &[u8],
    way: Way,
    now: i64,
) -> Result<bool> {
    inbox.store.transaction(|| {
        let store = &inbox.store;
        let likeness = unparsable.likeness;
        let size = room::size(body, &unparsable.detail);
        let found = store.quarantined(likeness)?;
        let place = store.quarantine_room()?.place(found, way, size);
        match place {
            Place::Known | Place::Mark => store.count_quarantined(likeness, way, now)?,
            Place::Store { evict } => {
                store.evict_pushed(evict)?;
                let id = new_quarantine_id(now)?;
                store.quarantine(id, unparsable, body, way, now)?;
                retention::expect_next(inbox)?;
            }
            Place::Full => {}
        }
        if place.is_news(way) {
            let quarantined = Occurrence {
                kind: Kind::Quarantined,
                destination: None,
                event: None,
                detail: Some(&unparsable.detail),
                times: 1,
            };
            alerts::note(inbox, &quarantined, now)?;
        }
        Ok(place.is_kept())
    })
}
