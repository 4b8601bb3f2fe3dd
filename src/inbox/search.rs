//! The events that match a filter, a batch at a time: those whose columns match, and then those with the deliveries that
//! it names.

use edge_core::{
    filter::Filter,
    id::EventId,
    inbox_log::{Found, Seq, Stage},
    state::DeliveryState,
};
use worker::Result;

use super::{
    context::InboxContext,
    store::{Candidate, Search},
};

/// How many places are looked at in one go.
const LOOKED_AT: i64 = 1000;
/// How many candidates are read in one go, where only some of them have the deliveries that a filter names.
const READ: usize = 200;

/// An event that matches.
pub(super) struct Match {
    pub(super) candidate: Candidate,
    /// Its deliveries: the destination's place, and the state.
    pub(super) deliveries: Vec<(usize, DeliveryState)>,
}

/// The events that match a filter, and how far they were read.
pub(super) struct Matching {
    filter: Filter,
    search: Search,
    is_newest_first: bool,
    /// From this place on,
    first: Seq,
    /// and before this one, events are still to be looked at.
    end: Seq,
}

impl Matching {
    /// From the newest before this id on.
    pub(super) fn newest_first(
        inbox: &InboxContext,
        filter: Filter,
        before: Option<EventId>,
    ) -> Result<Self> {
        let mut all = Self::of(inbox, filter, true)?;
        if let Some(before) = before {
            let head = inbox.head.borrow().seq;
            all.end = all.end.min(inbox.store.first_at_or_after(before, head)?);
        }
        Ok(all)
    }

    /// From the oldest on, up to what is the newest now.
    pub(super) fn oldest_first(inbox: &InboxContext, filter: Filter) -> Result<Self> {
        Self::of(inbox, filter, false)
    }

    /// Only what comes after this place.
    pub(super) fn after(self, seq: Seq) -> Self {
        let first = self.first.max(seq.saturating_add(1));
        Self { first, ..self }
    }

    /// Only the event at this place.
    pub(super) fn only(self, seq: Seq) -> Self {
        let all = self.after(seq.saturating_sub(1));
        let end = all.end.min(seq.saturating_add(1));
        Self { end, ..all }
    }

    /// The place up to which it was looked, going on.
    pub(super) fn upto(&self) -> Seq {
        self.first.saturating_sub(1)
    }

    fn of(inbox: &InboxContext, filter: Filter, is_newest_first: bool) -> Result<Self> {
        let head = inbox.head.borrow().seq;
        let place = |ms: i64| {
            let id = EventId::first_of(ms);
            inbox.store.first_at_or_after(id, head)
        };
        let oldest = inbox.store.oldest()?.map_or(1, |(oldest, _)| oldest);
        let first = filter.since_ms.map_or(Ok(oldest), place)?;
        let end = filter.until_ms.map_or(Ok(head.saturating_add(1)), place)?;
        let destinations = inbox.destinations.borrow();
        let named: Vec<_> = inbox
            .known
            .iter()
            .zip(destinations.iter())
            .filter(|(known, _)| {
                filter
                    .destination
                    .as_ref()
                    .is_none_or(|name| *name == known.name)
            })
            .map(|(known, destination)| (known.id, destination.deliveries.state()))
            .collect();
        let search = inbox.store.search(&filter, &named)?;
        Ok(Self {
            search,
            is_newest_first,
            first: first.max(oldest),
            end,
            filter,
        })
    }

    /// `true` if everything was looked at.
    pub(super) fn is_at_end(&self) -> bool {
        self.first >= self.end
    }

    /// The id of the oldest event that was looked at, going back.
    pub(super) fn reached(&self, inbox: &InboxContext) -> Result<Option<EventId>> {
        Ok(inbox.store.id_of(self.end)?.map(|(id, _)| id))
    }

    /// The next events that match, so many at the most: none does not mean that there are no more.
    pub(super) fn next(&mut self, inbox: &InboxContext, most: usize) -> Result<Vec<Match>> {
        let (mut first, mut end) = (self.first, self.end);
        if self.search.examines {
            if self.is_newest_first {
                first = first.max(end.saturating_sub(LOOKED_AT));
            } else {
                end = end.min(first.saturating_add(LOOKED_AT));
            }
        }
        let names_deliveries = self.filter.names_deliveries();
        let limit = if names_deliveries {
            READ
        } else {
            most.min(READ)
        };
        let order = if self.is_newest_first { "DESC" } else { "ASC" };
        let read = u32::try_from(limit).unwrap_or(u32::MAX);
        let candidates = inbox
            .store
            .candidates(&self.search, (first, end), order, read)?;
        let is_whole = candidates.len() < limit;
        let mut reached = candidates.last().map(|last| last.seq).filter(|_| !is_whole);
        let mut all = Vec::new();
        for found in self.with_deliveries(inbox, candidates)? {
            let seq = found.candidate.seq;
            all.push(found);
            if all.len() >= most {
                reached = Some(seq);
                break;
            }
        }
        if self.is_newest_first {
            self.end = reached.unwrap_or(first);
        } else {
            self.first = reached.map_or(end, |seq| seq.saturating_add(1));
        }
        Ok(all)
    }

    fn with_deliveries(
        &self,
        inbox: &InboxContext,
        candidates: Vec<Candidate>,
    ) -> Result<Vec<Match>> {
        let seqs: Vec<_> = candidates.iter().map(|one| one.seq).collect();
        let rows = inbox.store.found(&seqs)?;
        let destinations = inbox.destinations.borrow();
        let mut all = Vec::new();
        for candidate in candidates {
            let mut deliveries = Vec::new();
            let known = inbox.known.iter().zip(destinations.iter()).enumerate();
            for (index, (known, destination)) in known {
                let found = rows.get(&(known.id, candidate.seq)).copied();
                let found = Found {
                    routed: candidate.tally.routes_to(known.id),
                    ..found.unwrap_or_default()
                };
                let position = &destination.deliveries.state().position;
                let stage = Stage::of(candidate.seq, position, found);
                deliveries.extend(stage.delivery().map(|state| (index, state)));
            }
            let found = Match {
                candidate,
                deliveries,
            };
            if !self.filter.names_deliveries() || self.named(inbox, &found).next().is_some() {
                all.push(found);
            }
        }
        Ok(all)
    }

    /// The destinations of those deliveries of an event that the filter names, by their places.
    pub(super) fn named<'m>(
        &'m self,
        inbox: &'m InboxContext,
        found: &'m Match,
    ) -> impl Iterator<Item = usize> + 'm {
        let Filter {
            state, destination, ..
        } = &self.filter;
        let is_named = move |index: usize, its: DeliveryState| {
            let name = inbox.known.get(index).map(|known| &known.name);
            state.is_none_or(|state| state == its)
                && destination
                    .as_ref()
                    .is_none_or(|wanted| name == Some(wanted))
        };
        let all = found.deliveries.iter();
        all.filter(move |(index, its)| is_named(*index, *its))
            .map(|(index, _)| *index)
    }

    /// The filter.
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }
}
