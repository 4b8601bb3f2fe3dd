//! Alerts of one inbox: what happens is gathered in the commit in which it happens, and told in an
//! event that is kept and delivered like all others.

use edge_core::{
    alert::{self, Gathered, Kind, Occurrence},
    messages::Intake,
};
use worker::Result;

use super::{context::Core, store::NewEvent};
use crate::platform::{new_id, now_ms};

/// Gathers what has happened. Without anybody to tell, nothing.
pub(super) fn note(core: &Core, occurrence: &Occurrence<'_>, now_ms: i64) -> Result<()> {
    if core.config.alerts.is_empty() {
        return Ok(());
    }
    core.store.gather(occurrence, now_ms)
}

/// Tells what was gathered of each kind, unless its last alert was less than ten minutes ago.
pub(super) fn tell(core: &Core, now_ms: i64) -> Result<()> {
    for gathered in core.store.gathered(now_ms - core.config.alert_pause_ms)? {
        core.store.transaction(|| {
            core.store.alerted(gathered.kind, now_ms)?;
            keep(core, &gathered, now_ms)
        })?;
    }
    Ok(())
}

/// When there will be something to tell.
pub(super) fn next_at(core: &Core) -> Result<Option<i64>> {
    let last = core.store.oldest_untold()?;
    Ok(last.map(|last| last + core.config.alert_pause_ms))
}

/// What goes on for long is told again after as long, and not at every look.
pub(super) fn note_lasting(core: &Core, occurrence: &Occurrence<'_>, pause_ms: i64) -> Result<()> {
    let now = now_ms();
    if core.store.alerted_since(occurrence.kind, now - pause_ms)? {
        return Ok(());
    }
    note(core, occurrence, now)
}

/// Looks for deliveries that have been waiting for too long, and names the destination for which most of them
/// wait. One that is no longer configured is for operators to drop.
pub(super) fn look_for_overdue(core: &Core) -> Result<()> {
    let limit = core.config.overdue_after_ms;
    let before = now_ms() - limit;
    let (mut times, mut most) = (0, 0);
    let mut worst = None;
    for destination in &core.config.destinations {
        let Some((count, event)) = core.store.overdue(&destination.name, before)? else {
            continue;
        };
        times += count;
        if count > most {
            most = count;
            worst = Some((destination.name.as_str(), event));
        }
    }
    let Some((destination, event)) = worst else {
        return Ok(());
    };
    let overdue = Occurrence {
        kind: Kind::Overdue,
        destination: Some(destination),
        event: Some(&event),
        detail: None,
        times,
    };
    note_lasting(core, &overdue, limit)
}

fn keep(core: &Core, gathered: &Gathered, now_ms: i64) -> Result<()> {
    let source = core.source.name.as_str();
    let id = new_id(now_ms).map_err(|error| error.to_string())?;
    let intake = Intake {
        base: core.store.newest_base()?,
        kind: alert::TYPE.to_owned(),
        action: gathered.kind.code().to_owned(),
        object: None,
        account: None,
        updated_at: None,
        // Never equal to a notification's.
        digest: String::new(),
        old_secret: false,
    };
    let event = NewEvent {
        id: &id,
        intake: &intake,
        document: &gathered.to_json(source),
        received_ms: now_ms,
        given_up_ms: None,
    };
    let destinations: Vec<_> = core.config.alerts.iter().collect();
    core.store.keep(&event, &destinations).map(|_| ())
}
