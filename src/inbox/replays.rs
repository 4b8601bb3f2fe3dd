//! Replays many events in steps. Each step is one commit that makes some deliveries due and records the progress, so
//! that nothing is skipped or done twice wherever the object dies. It yields in between, so that new notifications come
//! first.

use edge_core::{
    filter::Filter,
    messages::replays::{ListReplays, ReplayCount, ReplayProgress, StartReplay},
    name::DestinationName,
};
use worker::Result;

use super::{
    Handle,
    context::InboxContext,
    store::{Match, Step},
};
use crate::platform::{now_ms, yield_now};

impl Handle for ListReplays {
    async fn handle(self, inbox: &InboxContext) -> Result<Vec<ReplayProgress>> {
        inbox.store.replays()
    }
}

impl Handle for StartReplay {
    /// A replay covers the events that exist now.
    async fn handle(self, inbox: &InboxContext) -> Result<ReplayCount> {
        let last = inbox.store.newest()?;
        let chosen = self.destinations.as_deref();
        let mut count = ReplayCount::default();
        let mut after = Some(0);
        while let Some(from) = after {
            let step = plan(inbox, &self.filter, chosen, from, last)?;
            count.events += step.events.unsigned_abs();
            count.deliveries += step.deliveries.len() as u64;
            after = step.after;
            yield_now().await;
        }
        if let Some(id) = self.id {
            inbox.store.keep_replay(id, &self, last, now_ms())?;
            inbox.memory.begin_replay(&inbox.storage).await?;
        }
        Ok(count)
    }
}

/// Takes the next step of the oldest unfinished replay. `false` if there is none.
pub(super) fn step(inbox: &InboxContext, now_ms: i64) -> Result<bool> {
    let Some(replay) = inbox.store.replay()? else {
        return Ok(false);
    };
    let chosen = replay.destinations.as_deref();
    let step = plan(inbox, &replay.filter, chosen, replay.after, replay.last)?;
    inbox.store.do_step(replay.id, &step, now_ms)?;
    Ok(true)
}

/// The deliveries of the step after `after`.
fn plan<'c>(
    inbox: &'c InboxContext,
    filter: &Filter,
    chosen: Option<&[DestinationName]>,
    after: i64,
    last: i64,
) -> Result<Step<'c>> {
    let (matches, after) = inbox.store.matches(filter, after, last)?;
    let mut step = Step {
        after,
        ..Step::default()
    };
    for event in matches {
        let names = destinations(inbox, filter, chosen, &event)?;
        step.events += i64::from(!names.is_empty());
        for name in names {
            step.deliveries.push((event.seq, name));
        }
    }
    Ok(step)
}

/// The destinations to which an event is replayed: the chosen ones; else, if a filter names deliveries, only theirs,
/// since a dead letter is no reason to send to a destination that has the event; else all that want it now.
pub(super) fn destinations<'c>(
    inbox: &'c InboxContext,
    filter: &Filter,
    chosen: Option<&[DestinationName]>,
    event: &Match,
) -> Result<Vec<&'c DestinationName>> {
    let named = if chosen.is_none() && filter.names_deliveries() {
        Some(inbox.store.named_deliveries(event.seq, filter)?)
    } else {
        None
    };
    let mut all = Vec::new();
    for destination in &inbox.config.destinations {
        let name = &destination.name;
        let goes = match chosen.or(named.as_deref()) {
            Some(only) => only.contains(name),
            None => destination.wants(inbox.source.name.as_str(), &event.kind, &event.action),
        };
        if goes {
            all.push(name);
        }
    }
    Ok(all)
}
