//! Delivering many events again, in steps: each is one commit that makes some deliveries due and notes
//! how far it has got, so that nothing is left out or done twice wherever the object dies. In between,
//! what comes in goes first.

use edge_core::{
    filter::{Again, Filter},
    name::DestinationName,
};
use worker::Result;

use super::{
    context::Core,
    store::{Match, Step},
};
use crate::platform::{now_ms, others_first};

/// Counts the events and the deliveries that a replay would make, and begins it unless counting is all that
/// was asked for. It concerns the events that are there now.
pub(super) async fn ask(core: &Core, again: &Again) -> Result<String> {
    let last = core.store.newest()?;
    let chosen = again.destinations.as_deref();
    let (mut events, mut deliveries) = (0, 0);
    let mut after = Some(0);
    while let Some(from) = after {
        let step = plan(core, &again.filter, chosen, from, last)?;
        events += step.events;
        deliveries += step.deliveries.len();
        after = step.after;
        others_first().await;
    }
    if let Some(id) = &again.id {
        core.store.keep_replay(id, again, last, now_ms())?;
        core.dispatcher.begin_replay(&core.storage).await?;
    }
    Ok(format!("{events} {deliveries}"))
}

/// Does the next step of the replay that is next. `false` if there is none.
pub(super) fn step(core: &Core, now_ms: i64) -> Result<bool> {
    let Some(replay) = core.store.replay()? else {
        return Ok(false);
    };
    let chosen = replay.destinations.as_deref();
    let step = plan(core, &replay.filter, chosen, replay.after, replay.last)?;
    core.store.do_step(&replay.id, &step, now_ms)?;
    Ok(true)
}

/// What the step after `after` delivers.
fn plan<'c>(
    core: &'c Core,
    filter: &Filter,
    chosen: Option<&[String]>,
    after: i64,
    last: i64,
) -> Result<Step<'c>> {
    let (matches, after) = core.store.matches(filter, after, last)?;
    let mut step = Step {
        after,
        ..Step::default()
    };
    for event in matches {
        let names = destinations(core, filter, chosen, &event)?;
        step.events += i64::from(!names.is_empty());
        for name in names {
            step.deliveries.push((event.seq, name));
        }
    }
    Ok(step)
}

/// Where an event goes again: to chosen destinations; else, where a filter names deliveries, only those,
/// since a dead letter is no reason to send to whoever has the event; else to all that want it now.
pub(super) fn destinations<'c>(
    core: &'c Core,
    filter: &Filter,
    chosen: Option<&[String]>,
    event: &Match,
) -> Result<Vec<&'c DestinationName>> {
    let named = if chosen.is_none() && filter.names_deliveries() {
        Some(core.store.named_deliveries(event.seq, filter)?)
    } else {
        None
    };
    let mut all = Vec::new();
    for destination in &core.config.destinations {
        let name = &destination.name;
        let goes = match chosen.or(named.as_deref()) {
            Some(only) => only.iter().any(|one| one == name.as_str()),
            None => destination.wants(core.source.name.as_str(), &event.kind, &event.action),
        };
        if goes {
            all.push(name);
        }
    }
    Ok(all)
}
