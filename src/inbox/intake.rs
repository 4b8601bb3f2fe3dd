//! Taking in: a notification becomes an event, or is found to repeat one; a body that nobody
//! understands goes to the quarantine.

use std::borrow::Cow;

use edge_core::{
    alert::{Kind, Occurrence},
    dedup::{self, Books, Earlier},
    messages::{Intake, Receipt, Suspect},
    name::DestinationName,
};
use sha2::{Digest as _, Sha256};
use worker::Result;

use super::{alerts, context::Core, store::NewEvent};
use crate::platform::{new_id, now_ms};

/// The note of when an old value of the secret was last used.
pub(super) const OLD_SECRET: &str = "old_secret";

/// Keeps a notification with its deliveries, or finds the event that it repeats.
pub(super) async fn take_in(core: &Core, intake: &Intake, xml: &[u8]) -> Result<Receipt> {
    let now = now_ms();
    if intake.old_secret {
        // No await between this and the event: one commit.
        core.store.note(OLD_SECRET, now)?;
    }
    let desk = Desk { core, now };
    let receipt = dedup::take_push(&desk, intake, xml, core.config.dedup_window_ms, now)?;
    // For a repeat as well: the first try may have died between its commit and this.
    core.dispatcher.expect(&core.storage, now).await?;
    Ok(receipt)
}

/// The inbox's own books, at this time.
pub(super) struct Desk<'c> {
    pub(super) core: &'c Core,
    pub(super) now: i64,
}

impl Books for Desk<'_> {
    type Error = worker::Error;

    fn newest_pushed(&self, digest: &str, from_ms: i64, to_ms: i64) -> Result<Option<Earlier>> {
        self.core.store.newest_pushed(digest, from_ms, to_ms)
    }

    fn changes_since(
        &self,
        earlier: &Earlier,
        intake: &Intake,
        until_ms: i64,
    ) -> Result<Vec<Option<i64>>> {
        self.core.store.changes_since(earlier, intake, until_ms)
    }

    fn has_failure(&self, id: &str) -> Result<bool> {
        self.core.store.has_failure(id)
    }

    fn keep(
        &self,
        intake: &Intake,
        document: &[u8],
        given_up_ms: Option<i64>,
    ) -> Result<(String, i64)> {
        let mut intake = Cow::Borrowed(intake);
        if intake.base.is_empty() {
            intake.to_mut().base = self.core.store.newest_base()?;
        }
        let id = new_id(self.now).map_err(|error| error.to_string())?;
        let event = NewEvent {
            id: &id,
            intake: &intake,
            document,
            received_ms: self.now,
            given_up_ms,
        };
        let destinations = destinations(self.core, &intake);
        let seq = self.core.store.keep(&event, &destinations)?;
        Ok((id, seq))
    }

    fn count_repeat(&self, seq: i64) -> Result<()> {
        self.core.store.count_repeat(seq)
    }

    fn remember_failure(&self, id: &str, seq: Option<i64>) -> Result<()> {
        self.core.store.remember_failure(id, seq, self.now)
    }

    fn quarantine(&self, suspect: &Suspect, document: &[u8]) -> Result<()> {
        quarantine(self.core, suspect, document, self.now)
    }
}

/// Where a notification goes.
pub(super) fn destinations<'c>(core: &'c Core, intake: &Intake) -> Vec<&'c DestinationName> {
    core.config
        .routed(core.source.name.as_str(), &intake.kind, &intake.action)
        .collect()
}

/// Keeps a body that nobody understands. Whoever calls this tells what is worth telling.
pub(super) fn quarantine(core: &Core, suspect: &Suspect, body: &[u8], now: i64) -> Result<()> {
    let digest = Sha256::digest(body);
    let digest = digest
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    core.store.transaction(|| {
        if !core.store.quarantine(&digest, suspect, body, now)? {
            return Ok(());
        }
        let quarantined = Occurrence {
            kind: Kind::Quarantined,
            destination: None,
            event: None,
            detail: Some(&suspect.detail),
            times: 1,
        };
        alerts::note(core, &quarantined, now)
    })
}
