//! The state of destinations, and the operators' actions on them.

use edge_core::{
    inbox_log::{Log as _, Seq, find_wanted},
    messages::{
        destinations::{DestinationOverview, DropDestination, ListDestinations, PauseDestination},
        order::{AskEarlier, EarlierEvents},
    },
    state::DestinationHealth,
    time::UnixMillis,
};
use worker::Result;

use super::{Handle, context::InboxContext, dispatcher, retention, store::Store};
use crate::platform::{now_ms, yield_now};

/// How many undelivered events of a destination one step drops.
const DROPPED: u32 = 500;

impl Handle for ListDestinations {
    async fn handle(self, inbox: &InboxContext) -> Result<Vec<DestinationOverview>> {
        overview(inbox)
    }
}

impl Handle for PauseDestination {
    async fn handle(self, inbox: &InboxContext) -> Result<Vec<DestinationOverview>> {
        let index = inbox.index_of(&self.destination);
        if let Some(index) = index.filter(|index| inbox.configured(*index).is_some()) {
            let now = now_ms();
            let change = {
                let destinations = inbox.destinations.borrow();
                let destination = destinations.get(index).map(|one| &one.deliveries);
                destination.map(|destination| {
                    if self.paused {
                        destination.pause()
                    } else {
                        destination.resume(now)
                    }
                })
            };
            if let Some(change) = change {
                dispatcher::commit(inbox, index, change, &[], now)?;
            }
            dispatcher::wake(inbox, now)?;
        }
        overview(inbox)
    }
}

impl Handle for DropDestination {
    async fn handle(self, inbox: &InboxContext) -> Result<Vec<DestinationOverview>> {
        let index = inbox.index_of(&self.destination);
        if let Some(index) = index.filter(|index| inbox.configured(*index).is_none()) {
            while drop_some(inbox, index)? {
                yield_now().await;
            }
            retention::look_again(inbox)?;
        }
        overview(inbox)
    }
}

impl Handle for AskEarlier {
    async fn handle(self, inbox: &InboxContext) -> Result<EarlierEvents> {
        let Some(index) = inbox.index_of(&self.destination) else {
            return Ok(EarlierEvents {
                object_waits: false,
                oldest_waiting_at: None,
            });
        };
        Ok(EarlierEvents {
            object_waits: has_undelivered(inbox, index, &self.kind, &self.object)?,
            oldest_waiting_at: oldest_waiting(inbox, index)?.map(UnixMillis),
        })
    }
}

/// `true` if events of an object wait for a destination for the first time: they have a row, were begun, or come after
/// its place in the log.
fn has_undelivered(inbox: &InboxContext, index: usize, kind: &str, object: &str) -> Result<bool> {
    let destinations = inbox.destinations.borrow();
    let Some(destination) = destinations.get(index) else {
        return Ok(false);
    };
    let id = destination.deliveries.id();
    let view = inbox.view(id);
    let Some(line) = Store::line_of(kind, object) else {
        return Ok(false);
    };
    if view.waits_before(line, Seq::MAX)? {
        return Ok(true);
    }
    let state = destination.deliveries.state();
    for seq in state.position.pending() {
        if view.line(*seq)? == Some(line) {
            return Ok(true);
        }
    }
    let (_, wanted) = view.head();
    if state.is_at(wanted) {
        return Ok(false);
    }
    let upto = state.position.upto();
    inbox.store.is_routed_after(id, kind, object, upto)
}

/// Drops some undelivered events of a destination. `false` if those were the last.
fn drop_some(inbox: &InboxContext, index: usize) -> Result<bool> {
    let Some(known) = inbox.known.get(index) else {
        return Ok(false);
    };
    let (waiting, dead) = inbox.store.some_undelivered(known.id, DROPPED)?;
    let change = {
        let destinations = inbox.destinations.borrow();
        let Some(destination) = destinations.get(index) else {
            return Ok(false);
        };
        let head = inbox.view(known.id).head();
        destination
            .deliveries
            .drop_undelivered(head, &waiting, &dead)
    };
    dispatcher::commit(inbox, index, change, &[], now_ms())?;
    let most = waiting.len().max(dead.len());
    Ok(u32::try_from(most).is_ok_and(|most| most >= DROPPED))
}

/// The configured destinations, in the configuration's order, and removed ones that still have undelivered events.
pub(super) fn overview(inbox: &InboxContext) -> Result<Vec<DestinationOverview>> {
    let mut all = Vec::new();
    for configured in &inbox.config.destinations {
        if let Some(index) = inbox.index_of(&configured.name) {
            all.extend(of_destination(inbox, index, false)?);
        }
    }
    for index in 0..inbox.known.len() {
        if inbox.configured(index).is_none() {
            let removed = of_destination(inbox, index, true)?;
            all.extend(removed.filter(|one| one.waiting > 0 || one.dead > 0));
        }
    }
    Ok(all)
}

fn of_destination(
    inbox: &InboxContext,
    index: usize,
    is_removed: bool,
) -> Result<Option<DestinationOverview>> {
    let destinations = inbox.destinations.borrow();
    let Some((known, destination)) = inbox.known.get(index).zip(destinations.get(index)) else {
        return Ok(None);
    };
    let state = destination.deliveries.state();
    let (_, head) = inbox.view(known.id).head();
    let breaker = state.health.breaker;
    Ok(Some(DestinationOverview {
        name: known.name.clone(),
        state: if is_removed {
            DestinationHealth::Removed
        } else {
            DestinationHealth::of(&state.health)
        },
        failures_in_a_row: breaker.failures,
        next_probe_at: breaker.probe_at.map(UnixMillis),
        waiting: destination.deliveries.waits(head),
        delivered: state.delivered,
        dead: state.dead,
        oldest_waiting_at: oldest_waiting(inbox, index)?.map(UnixMillis),
    }))
}

/// When the oldest event was received that waits for a destination: it is pending, has a row, or is beyond.
fn oldest_waiting(inbox: &InboxContext, index: usize) -> Result<Option<i64>> {
    let destinations = inbox.destinations.borrow();
    let Some(destination) = destinations.get(index) else {
        return Ok(None);
    };
    let state = destination.deliveries.state();
    let view = inbox.view(destination.deliveries.id());
    let mut oldest = state.position.pending().first().copied();
    if state.waiting > 0 {
        let row = inbox.store.first_waiting(destination.deliveries.id())?;
        oldest = oldest.into_iter().chain(row).min();
    }
    let (head, wanted) = view.head();
    if !state.is_at(wanted) {
        let target = state.position.begun().saturating_add(1);
        let look = |seq| view.at_or_after(seq);
        let beyond = find_wanted(state.position.upto(), head, target, look)?;
        oldest = oldest.into_iter().chain(beyond).min();
    }
    match oldest {
        Some(seq) => inbox.store.received_at(seq),
        None => Ok(None),
    }
}
