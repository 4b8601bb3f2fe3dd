//! Delivering many events again, in steps: each is one commit that makes some deliveries due and notes
//! how far it has got, so that nothing is left out or done twice wherever the object dies. In between,
//! what comes in goes first.

use worker::Result;

use super::{
    core::Core,
    filter::{Again, Filter},
    store::{Match, Step},
};
use crate::{
    name::DestinationName,
    platform::{now_ms, others_first},
};

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
    chosen: Option<&'c [String]>,
    after: i64,
    last: i64,
) -> Result<Step<'c>> {
    let (matches, after) = core.store.matches(filter, after, last)?;
    let mut step = Step {
        after,
        ..Step::default()
    };
    for event in matches {
        let before = step.deliveries.len();
        let names = destinations(core, filter, chosen, &event)?;
        step.deliveries
            .extend(names.into_iter().map(|name| (event.seq, name)));
        step.events += i64::from(step.deliveries.len() > before);
    }
    Ok(step)
}

/// Where an event goes again. Where a filter names deliveries, only those: a dead letter is no reason to
/// send to whoever has the event.
fn destinations<'c>(
    core: &'c Core,
    filter: &Filter,
    chosen: Option<&'c [String]>,
    event: &Match,
) -> Result<Vec<&'c DestinationName>> {
    Ok(if let Some(chosen) = chosen {
        core.config.named(chosen).collect()
    } else if filter.names_deliveries() {
        let named = core.store.named_deliveries(event.seq, filter)?;
        core.config.named(&named).collect()
    } else {
        let source = core.source.name.as_str();
        core.config
            .routed(source, &event.kind, &event.action)
            .collect()
    })
}
