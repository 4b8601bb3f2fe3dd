//! What operators, and the cron, ask of an inbox. Answers are JSON, and most of it SQLite writes itself.

use threescale::Redact;
use worker::Result;

use super::{core::Core, intake::OLD_SECRET};
use crate::{event::rfc3339, platform::now_ms};

/// For how long at the least an entry of 3scale's list of failures is known.
const FAILURES_KNOWN_MS: i64 = 30 * 86_400_000;

/// The cron's call: sets the alarm if something is due, since it may have been lost, and forgets what
/// is old.
pub(super) async fn wake(core: &Core) -> Result<()> {
    if let Some(at) = core.dispatcher.next_due(core)? {
        core.dispatcher.expect(&core.storage, at).await?;
    }
    // As long as an equal document may be a repeat, its first must be there.
    let keep = core.config.retention_ms.max(core.config.dedup_window_ms);
    let now = now_ms();
    core.store.forget(now - keep)?;
    core.store
        .forget_failures(now - keep.max(FAILURES_KNOWN_MS))
}

/// When an old value of the source's secret was last used, in whole seconds; empty if it never was.
pub(super) fn old_secret(core: &Core) -> Result<String> {
    let at = core.store.noted(OLD_SECRET)?;
    Ok(at.map_or_else(String::new, |ms| rfc3339(ms - ms % 1000)))
}

/// How each destination is doing.
pub(super) fn destinations(core: &Core) -> Result<String> {
    let mut all = Vec::new();
    for destination in &core.config.destinations {
        all.push(core.store.destination_overview(&destination.name)?);
    }
    Ok(format!(
        r#"{{"source":"{}","destinations":[{}]}}"#,
        core.source.name,
        all.join(",")
    ))
}

/// Pauses a destination, or resumes it. Its deliveries are kept.
pub(super) async fn pause(core: &Core, destination: &str, paused: bool) -> Result<String> {
    let known = core
        .config
        .destinations
        .iter()
        .position(|known| known.name.as_str() == destination);
    if let Some(index) = known {
        core.dispatcher.pause(core, index, paused)?;
        core.dispatcher.expect(&core.storage, now_ms()).await?;
    }
    destinations(core)
}

/// The event, its deliveries and their attempts; `None` if it is not in this inbox.
pub(super) fn event(core: &Core, id: &str) -> Result<Option<String>> {
    let Some(kept) = core.store.kept(id)? else {
        return Ok(None);
    };
    let event = kept
        .event(&core.source)
        .map_err(|error| error.to_string())?;
    // Nothing is redacted: whoever holds the token may see all that is stored.
    let json = event.to_json(&Redact::none());
    Ok(Some(format!(
        r#"{{"event":{},"deliveries":{}}}"#,
        String::from_utf8_lossy(&json),
        core.store.deliveries_overview(kept.seq)?
    )))
}

/// Delivers an event again to each destination that wants it now, under its old id.
pub(super) async fn replay(core: &Core, id: &str) -> Result<Option<String>> {
    let Some(kept) = core.store.kept(id)? else {
        return Ok(None);
    };
    let (kind, action) = core.store.kind_of(kept.seq)?;
    let names: Vec<_> = core
        .config
        .routed(core.source.name.as_str(), &kind, &action)
        .collect();
    let now = now_ms();
    core.store.deliver_again(kept.seq, &names, now)?;
    core.dispatcher.expect(&core.storage, now).await?;
    Ok(Some(format!(
        r#"{{"id":"{}","deliveries":{}}}"#,
        kept.id,
        names.len()
    )))
}
