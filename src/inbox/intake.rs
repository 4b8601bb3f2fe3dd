//! Taking in: a notification becomes an event, or is found to repeat one; a body that nobody
//! understands goes to the quarantine.

use sha2::{Digest as _, Sha256};
use worker::Result;

use super::{
    alerts,
    core::Core,
    dedup,
    store::NewEvent,
    wire::{Intake, Receipt, Status, Suspect},
};
use crate::{
    alert::{Kind, Occurrence},
    name::DestinationName,
    platform::{new_id, now_ms},
};

/// The note of when an old value of the secret was last used.
pub(super) const OLD_SECRET: &str = "old_secret";

/// Keeps a notification with its deliveries, or finds the event that it repeats.
pub(super) async fn take_in(core: &Core, intake: &Intake, xml: &[u8]) -> Result<Receipt> {
    let now = now_ms();
    if intake.old_secret {
        // No await between this and the event: one commit.
        core.store.note(OLD_SECRET, now)?;
    }
    let receipt = if let Some(id) = repeated(core, intake, now)? {
        Receipt {
            id,
            status: Status::Duplicate,
        }
    } else {
        let id = new_id(now).map_err(|error| error.to_string())?;
        let event = NewEvent {
            id: &id,
            intake,
            document: xml,
            received_ms: now,
            given_up_ms: None,
        };
        core.store.keep(&event, &destinations(core, intake))?;
        Receipt {
            id,
            status: Status::Accepted,
        }
    };
    // For a repeat as well: the first try may have died between its commit and this.
    core.dispatcher.expect(&core.storage, now).await?;
    Ok(receipt)
}

/// Where a notification goes.
pub(super) fn destinations<'c>(core: &'c Core, intake: &Intake) -> Vec<&'c DestinationName> {
    core.config
        .routed(core.source.name.as_str(), &intake.kind, &intake.action)
        .collect()
}

/// The id of the event that this notification repeats, if it does.
fn repeated(core: &Core, intake: &Intake, now: i64) -> Result<Option<String>> {
    let window = core.config.dedup_window_ms;
    if window == 0 {
        return Ok(None);
    }
    let Some(earlier) = core
        .store
        .newest_pushed(&intake.digest, now - window, now)?
    else {
        return Ok(None);
    };
    if !dedup::repeats(
        intake.updated_at,
        &core.store.changes_since(&earlier, intake, now)?,
    ) {
        return Ok(None);
    }
    core.store.count_repeat(earlier.seq)?;
    Ok(Some(earlier.id))
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
