//! Replays of many events. What a replay means is found out when it is asked for, and stored with a place for each
//! destination: from there the dispatcher sends it, when nothing new waits.

use std::collections::BTreeMap;

use edge_core::{
    id::ReplayId,
    inbox_log::{Change, Meant},
    messages::replays::{
        CancelReplay, GetReplay, ListReplays, ReplayCount, ReplayProgress, StartReplay,
    },
    name::DestinationName,
    tail::News,
};
use worker::Result;

use super::{
    Handle,
    context::InboxContext,
    dispatcher,
    search::{Match, Matching},
};
use crate::platform::{now_ms, yield_now};

/// How many events are looked at between two yields.
const LOOKED_AT: usize = 200;

impl Handle for ListReplays {
    async fn handle(self, inbox: &InboxContext) -> Result<Vec<ReplayProgress>> {
        let all = inbox.store.replays()?.into_iter();
        Ok(all.map(|replay| so_far(inbox, replay)).collect())
    }
}

impl Handle for GetReplay {
    async fn handle(self, inbox: &InboxContext) -> Result<Option<ReplayProgress>> {
        let replay = inbox.store.replay(self.id)?;
        Ok(replay.map(|replay| so_far(inbox, replay)))
    }
}

/// The progress of a replay, from its whole extent and what is left of it.
fn so_far(inbox: &InboxContext, (number, whole): (u32, ReplayProgress)) -> ReplayProgress {
    let destinations = inbox.destinations.borrow();
    let left = destinations
        .iter()
        .map(|one| one.deliveries.replay_left(number));
    let (most, sum) = left.fold((0, 0_u64), |(most, sum), left| {
        (left.max(most), sum.saturating_add(left))
    });
    ReplayProgress {
        // Each event that is left is left for one destination at least.
        events: whole.events.saturating_sub(most),
        deliveries: whole.deliveries.saturating_sub(sum),
        ..whole
    }
}

impl Handle for CancelReplay {
    async fn handle(self, inbox: &InboxContext) -> Result<Option<ReplayProgress>> {
        let Some((number, whole)) = inbox.store.replay(self.id)? else {
            return Ok(None);
        };
        let now = now_ms();
        if whole.ended_at.is_none() {
            let sent = so_far(inbox, (number, whole));
            cancel(inbox, number, &sent, now)?;
        }
        let replay = inbox.store.replay(self.id)?;
        Ok(replay.map(|(_, progress)| progress))
    }
}

/// Ends a replay everywhere, in one commit.
fn cancel(inbox: &InboxContext, number: u32, sent: &ReplayProgress, now: i64) -> Result<()> {
    let mut changes = Vec::new();
    inbox.store.transaction(|| {
        changes.clear();
        let destinations = inbox.destinations.borrow();
        for (index, (known, destination)) in inbox.known.iter().zip(destinations.iter()).enumerate()
        {
            let Some(change) = destination.deliveries.cancel_replay(number) else {
                continue;
            };
            for write in &change.writes {
                inbox.store.execute(known.id, write, |_, _| None, now)?;
            }
            changes.push((index, change));
        }
        let sent = ReplayCount {
            events: sent.events,
            deliveries: sent.deliveries,
        };
        inbox.store.cancel_replay(number, sent, now)
    })?;
    committed(inbox, changes);
    inbox.happened(News::ReplayEnded);
    Ok(())
}

/// Each destination moves on in memory, once its change is committed.
fn committed(inbox: &InboxContext, changes: Vec<(usize, Change)>) {
    let mut destinations = inbox.destinations.borrow_mut();
    for (index, change) in changes {
        if let Some(destination) = destinations.get_mut(index) {
            destination.deliveries.committed(change);
        }
    }
}

impl Handle for StartReplay {
    /// A replay covers the events that exist now.
    async fn handle(self, inbox: &InboxContext) -> Result<ReplayCount> {
        let mut matching = Matching::oldest_first(inbox, self.filter.clone())?;
        let mut count = ReplayCount::default();
        let mut meant: BTreeMap<usize, Vec<Meant>> = BTreeMap::new();
        let mut replayed = Vec::new();
        while !matching.is_at_end() {
            for found in matching.next(inbox, LOOKED_AT)? {
                let goes_to = destinations(inbox, &matching, self.destinations.as_deref(), &found);
                if !goes_to.is_empty() {
                    count.events += 1;
                    add(&mut replayed, found.candidate.seq);
                }
                for index in goes_to {
                    count.deliveries += 1;
                    add(meant.entry(index).or_default(), found.candidate.seq);
                }
            }
            yield_now().await;
        }
        if let Some(id) = self.id {
            start(inbox, id, &self, count, &meant, &replayed)?;
        }
        Ok(count)
    }
}

fn add(rows: &mut Vec<Meant>, seq: i64) {
    match rows.last_mut() {
        Some(row) if !row.is_full() => row.push(seq),
        _ => {
            let mut row = Meant::default();
            row.push(seq);
            rows.push(row);
        }
    }
}

/// Stores a replay with all that it means, in one commit.
fn start(
    inbox: &InboxContext,
    id: ReplayId,
    replay: &StartReplay,
    count: ReplayCount,
    meant: &BTreeMap<usize, Vec<Meant>>,
    replayed: &[Meant],
) -> Result<()> {
    let now = now_ms();
    let mut changes = Vec::new();
    inbox.store.transaction(|| {
        changes.clear();
        let number = inbox.store.keep_replay(id, replay, count, now)?;
        for row in replayed {
            inbox.store.keep_replayed(row, now)?;
        }
        let destinations = inbox.destinations.borrow();
        for (index, rows) in meant {
            let Some((known, destination)) = inbox.known.get(*index).zip(destinations.get(*index))
            else {
                continue;
            };
            for row in rows {
                inbox.store.keep_meant(number, known.id, row)?;
            }
            let last = rows.last().map_or(0, Meant::last);
            let remaining = rows.iter().map(Meant::count).sum();
            let change = destination.deliveries.replay_many(number, last, remaining);
            for write in &change.writes {
                inbox.store.execute(known.id, write, |_, _| None, now)?;
            }
            changes.push((*index, change));
        }
        Ok(())
    })?;
    committed(inbox, changes);
    inbox.happened(News::ReplayBegan);
    dispatcher::wake(inbox, now)
}

/// The destinations to which an event is replayed, by their places: the chosen ones; else, if the filter names
/// deliveries, only theirs, since a dead letter is no reason to send to a destination that has the event; else all that
/// want it now.
fn destinations(
    inbox: &InboxContext,
    matching: &Matching,
    chosen: Option<&[DestinationName]>,
    found: &Match,
) -> Vec<usize> {
    let event = &found.candidate;
    let is_configured = |index: &usize| inbox.configured(*index).is_some();
    let places = |names: &[DestinationName]| -> Vec<usize> {
        let places = names.iter().filter_map(|name| inbox.index_of(name));
        places.filter(is_configured).collect()
    };
    match chosen {
        Some(names) => places(names),
        None if matching.filter().names_deliveries() => {
            matching.named(inbox, found).filter(is_configured).collect()
        }
        None => places(&wanted(inbox, &event.kind, &event.action, event.is_ours)),
    }
}

/// The destinations that want an event now. Alerts of our own go to those that `ALERTS` names.
pub(super) fn wanted(
    inbox: &InboxContext,
    kind: &str,
    action: &str,
    is_ours: bool,
) -> Vec<DestinationName> {
    if is_ours {
        return inbox.config.alerts.clone();
    }
    let routed = inbox.config.routed(inbox.source.as_str(), kind, action);
    routed.cloned().collect()
}
