//! What operators, and the cron, ask of an inbox. Answers are JSON, and most of it SQLite writes itself.

use edge_core::{
    alert::Occurrence,
    filter::{Filter, List, Member},
    messages::Report,
    time::rfc3339,
};
use threescale::Redact;
use worker::Result;

use super::{alerts, context::Core, intake::OLD_SECRET, replays, retention, store::Match};
use crate::{
    log,
    platform::{now_ms, others_first},
};

/// How many looks one page may take: 200,000 events are looked at.
const MOST_LOOKS: usize = 200;

/// The cron's call: sets the alarm if something is due, since it may have been lost, tells what waits
/// for too long, and forgets what is old. Says when something came from the source last.
pub(super) async fn wake(core: &Core) -> Result<Option<i64>> {
    if let Some(at) = core.dispatcher.next_due(core)? {
        core.dispatcher.expect(&core.storage, at).await?;
    }
    if let Err(error) = tell(core).await {
        log::trouble("looking for what is to be told", &error);
    }
    retention::forget(core).await?;
    core.store.last_received()
}

async fn tell(core: &Core) -> Result<()> {
    if core.config.alerts.is_empty() {
        return Ok(());
    }
    alerts::look_for_overdue(core)?;
    core.dispatcher.tell(core, now_ms()).await
}

/// Gathers what somebody else has noticed about the source, and tells it.
pub(super) async fn alert(core: &Core, report: &Report) -> Result<()> {
    let occurrence = Occurrence {
        kind: report.kind,
        destination: None,
        event: None,
        detail: Some(&report.detail),
        times: 1,
    };
    alerts::note_lasting(core, &occurrence, report.pause_ms)?;
    core.dispatcher.tell(core, now_ms()).await
}

/// When an old value of the source's secret was last used, in whole seconds; empty if it never was.
pub(super) fn old_secret(core: &Core) -> Result<String> {
    let at = core.store.noted(OLD_SECRET)?;
    Ok(at.map_or_else(String::new, |ms| rfc3339(ms - ms % 1000)))
}

/// How each destination is doing, and what is left of those that are no longer configured.
pub(super) fn destinations(core: &Core) -> Result<String> {
    let mut all = Vec::new();
    for destination in &core.config.destinations {
        let name = destination.name.as_str();
        all.push(core.store.destination_overview(name, false)?);
    }
    for name in core.store.undelivered_destinations()? {
        if core.config.destination(&name).is_none() {
            all.push(core.store.destination_overview(&name, true)?);
        }
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

/// Drops what has not arrived at a destination that is no longer configured.
pub(super) async fn abandon(core: &Core, destination: &str) -> Result<String> {
    if core.config.destination(destination).is_none() {
        while core.store.drop_undelivered(destination)? {
            others_first().await;
        }
        retention::look_again(core)?;
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

/// Delivers an event again under its old id. `asked` is its id, and in lines below it the destinations;
/// without any, it goes to each that wants it now.
pub(super) async fn replay(core: &Core, asked: &str) -> Result<Option<String>> {
    let mut lines = asked.split('\n');
    let Some(kept) = core.store.kept(lines.next().unwrap_or_default())? else {
        return Ok(None);
    };
    let chosen: Vec<_> = lines.map(str::to_owned).collect();
    let chosen = (!chosen.is_empty()).then_some(chosen.as_slice());
    let event = Match {
        seq: kept.seq,
        kind: kept.kind,
        action: kept.action,
    };
    let names = replays::destinations(core, &Filter::default(), chosen, &event)?;
    let now = now_ms();
    core.store.deliver_again(kept.seq, &names, now)?;
    core.dispatcher.expect(&core.storage, now).await?;
    Ok(Some(format!(
        r#"{{"id":"{}","deliveries":{}}}"#,
        kept.id,
        names.len()
    )))
}

/// A page of events, newest first, as lines: in the first where the list goes on, if it does, then the
/// id and the JSON of each.
///
/// It looks at a thousand events at a time, and what comes in goes first in between. After so many
/// looks it answers with what it has found.
pub(super) async fn list(core: &Core, list: List) -> Result<String> {
    let List { mut filter, limit } = list;
    let source = core.source.name.as_str();
    let mut lines = Vec::new();
    let mut rest = None;
    for _ in 0..MOST_LOOKS {
        let page = core.store.page(&filter, source, limit - lines.len())?;
        lines.extend(page.lines);
        rest = page.rest;
        match &rest {
            Some(before) if lines.len() < limit => filter.set(Member::Before, before.as_str()),
            _ => break,
        }
        others_first().await;
    }
    let mut answer = rest.unwrap_or_default();
    for line in lines {
        answer.push('\n');
        answer.push_str(&line);
    }
    Ok(answer)
}
