//! The rules of delivery against a clock that we move: what takes three days passes in milliseconds.
//!
//! The rules are the real ones (`destination_state`, `inbox_log` and what they use). Stood in for are the inbox's
//! tables, by maps, and the dispatcher's loop, by [`Simulation::run`], which takes the same turns: write what is to be
//! written, begin what may begin, then sleep until an attempt ends or the rules say that something changes.

mod batches;
mod queues;
mod scenarios;

use std::collections::BTreeMap;

use super::destination_state::{self, DestinationState, Limits};
use crate::{
    delivery::{
        batching::Batching,
        outcome::Outcome,
        timing::{Jitter, Timing},
    },
    inbox_log::{
        Change, Destination, DestinationId, Ending, Head, Line, ReplayId, Seq, Stage, State,
        tests::tables::{Rows, Tables, View},
    },
};

const PLACES: usize = 6;

/// What a destination is called with.
#[derive(Debug, Clone, Copy)]
struct Call {
    destination: usize,
    /// The first event.
    seq: Seq,
    /// How many events.
    together: usize,
    object: Line,
    number: u32,
}

#[derive(Debug, Clone)]
struct Attempt {
    call: Call,
    began: i64,
    ended: i64,
    outcome: Outcome,
}

/// A destination's reaction to an attempt: how long it takes, and the outcome.
type Origin = Box<dyn FnMut(&Call, i64) -> (i64, Outcome)>;

struct Simulation {
    now: i64,
    destinations: Vec<DestinationState>,
    tables: Tables,
    head: Head,
    timing: Timing,
    origin: Origin,
    chance: Box<dyn FnMut() -> f64>,
    under_way: Vec<Attempt>,
    /// Those that have ended, in that order.
    attempts: Vec<Attempt>,
}

/// The row of a destination.
fn id_of(index: usize) -> DestinationId {
    DestinationId::try_from(index).unwrap()
}

impl Simulation {
    fn new(limits: &[Limits], origin: impl FnMut(&Call, i64) -> (i64, Outcome) + 'static) -> Self {
        Self::of(limits, false, origin)
    }

    fn ordered(
        limits: &[Limits],
        origin: impl FnMut(&Call, i64) -> (i64, Outcome) + 'static,
    ) -> Self {
        Self::of(limits, true, origin)
    }

    /// With several events in one attempt.
    fn batched(
        limits: &[Limits],
        batching: Batching,
        origin: impl FnMut(&Call, i64) -> (i64, Outcome) + 'static,
    ) -> Self {
        let mut simulation = Self::new(limits, origin);
        for (index, limits) in limits.iter().enumerate() {
            let opened = Destination::opened(id_of(index), false, State::default(), Vec::new());
            let batched = opened.batched(Some(batching));
            simulation.destinations[index] = DestinationState::new(batched, Some(*limits));
        }
        simulation
    }

    fn of(
        limits: &[Limits],
        is_ordered: bool,
        origin: impl FnMut(&Call, i64) -> (i64, Outcome) + 'static,
    ) -> Self {
        let mut tables = Tables::default();
        let mut destinations = Vec::new();
        for (index, limits) in limits.iter().enumerate() {
            let id = id_of(index);
            tables.destinations.insert(id, Rows::default());
            let opened = Destination::opened(id, is_ordered, State::default(), Vec::new());
            destinations.push(DestinationState::new(opened, Some(*limits)));
        }
        Self {
            now: 0,
            destinations,
            tables,
            head: Head::default(),
            timing: Timing::default(),
            origin: Box::new(origin),
            chance: Box::new(|| 0.0),
            under_way: Vec::new(),
            attempts: Vec::new(),
        }
    }

    /// Appends an event that goes to these.
    fn add(&mut self, destinations: &[usize], object: Line) -> Seq {
        let routed: Vec<_> = destinations.iter().copied().map(id_of).collect();
        let next = self.head.append(self.now, &routed);
        self.tables.append(&next, Some(object), routed);
        self.head = next;
        self.head.seq
    }

    fn commit(&mut self, destination: usize, change: Change) {
        self.tables.commit(id_of(destination), &change.writes);
        self.destinations[destination].deliveries.committed(change);
    }

    fn resume(&mut self, destination: usize) {
        let change = self.destinations[destination].deliveries.resume(self.now);
        self.commit(destination, change);
    }

    /// All events again.
    fn replay(&mut self, destination: usize) {
        let replay: ReplayId = 1;
        let meant = self.tables.events.keys().copied().collect();
        let count = u64::try_from(self.tables.events.len()).unwrap();
        self.tables
            .meant
            .insert((replay, id_of(destination)), meant);
        let deliveries = &self.destinations[destination].deliveries;
        let change = deliveries.replay_many(replay, self.head.seq, count);
        self.commit(destination, change);
    }

    /// Takes turns until nothing happens any more, or that time has come.
    fn run(&mut self, until: i64) {
        let mut is_later = true;
        loop {
            let has_written = self.write();
            let has_begun = self.begin();
            assert!(
                is_later || has_written || has_begun,
                "a turn for nothing at {}",
                self.now
            );
            let Some(next) = self.next_turn().filter(|at| *at <= until) else {
                if until < i64::MAX {
                    self.now = until;
                }
                return;
            };
            is_later = next > self.now;
            self.now = next.max(self.now);
            self.end();
        }
    }

    /// Writes what has ended, and begins anew what a replay wants. `true` if there was something.
    fn write(&mut self) -> bool {
        let mut has_written = false;
        for index in 0..self.destinations.len() {
            let deliveries = &self.destinations[index].deliveries;
            if deliveries
                .write_at(self.now)
                .is_some_and(|at| at <= self.now)
            {
                let change = deliveries.flush(&self.timing);
                let is_change = change.writes.len() > 1 || change.state() != deliveries.state();
                assert!(is_change, "a write of nothing at {}", self.now);
                self.commit(index, change);
                has_written = true;
            }
            loop {
                let deliveries = &self.destinations[index].deliveries;
                let Some(change) = deliveries.next_reset(&self.view(index), self.now).unwrap()
                else {
                    break;
                };
                self.commit(index, change);
                has_written = true;
            }
        }
        has_written
    }

    fn view(&self, destination: usize) -> View<'_> {
        View {
            tables: &self.tables,
            id: id_of(destination),
            head: &self.head,
        }
    }

    fn begin(&mut self) -> bool {
        let (tables, head) = (&self.tables, &self.head);
        let log = |id| View { tables, id, head };
        let begun =
            destination_state::start(&mut self.destinations, PLACES, usize::MAX, self.now, log);
        assert!(begun.error.is_none());
        let has_begun = !begun.starts.is_empty();
        for (destination, starts) in begun.starts {
            let start = starts[0];
            let call = Call {
                destination,
                seq: start.seq,
                together: starts.len(),
                object: self.tables.events[&start.seq].line.unwrap(),
                number: start.number,
            };
            let (took, outcome) = (self.origin)(&call, self.now);
            self.under_way.push(Attempt {
                call,
                began: self.now,
                ended: self.now + took,
                outcome,
            });
        }
        let busy = self.destinations.iter().map(|one| one.deliveries.busy());
        let busy: usize = busy.sum();
        assert_eq!(busy, self.under_way.len());
        assert!(busy <= PLACES, "{busy} under way at once");
        has_begun
    }

    /// As in the dispatcher: the alarm while nothing is under way, else the loop's sleep.
    fn next_turn(&self) -> Option<i64> {
        let (tables, head) = (&self.tables, &self.head);
        let log = |id| View { tables, id, head };
        if self.under_way.is_empty() {
            return destination_state::wake_at(&self.destinations, self.now, log).unwrap();
        }
        let change = destination_state::next_change(&self.destinations, self.now, log).unwrap();
        let ends = self.under_way.iter().map(|attempt| attempt.ended);
        ends.chain(change).min()
    }

    fn end(&mut self) {
        let now = self.now;
        let mut ended: Vec<_> = self
            .under_way
            .extract_if(.., |one| one.ended <= now)
            .collect();
        ended.sort_by_key(|attempt| (attempt.ended, attempt.began));
        for attempt in ended {
            let ending = Ending {
                outcome: attempt.outcome.clone(),
                at: attempt.ended,
                took_ms: u32::try_from(attempt.ended - attempt.began).unwrap(),
                jitter: Jitter::new((self.chance)()),
                answer: None,
            };
            self.destinations[attempt.call.destination]
                .deliveries
                .ended(attempt.call.seq, ending);
            self.attempts.push(attempt);
        }
    }

    /// How many deliveries the rows say to be at one of these stages.
    fn are(&self, stages: &[Stage]) -> usize {
        let of_one = |id: &DestinationId, rows: &Rows| {
            let position = rows.state().position;
            let all = self.tables.events.keys();
            all.filter(|seq| stages.contains(&self.tables.stage(*id, **seq, &position)))
                .count()
        };
        let all = self.tables.destinations.iter();
        all.map(|(id, rows)| of_one(id, rows)).sum()
    }

    fn of_destination(&self, destination: usize) -> impl Iterator<Item = &Attempt> {
        let all = self.attempts.iter();
        all.filter(move |attempt| attempt.call.destination == destination)
    }

    /// When attempts of this destination began.
    fn began(&self, destination: usize) -> Vec<i64> {
        let mut began: Vec<_> = self
            .of_destination(destination)
            .map(|one| one.began)
            .collect();
        began.sort_unstable();
        began
    }

    /// How often each event was sent.
    fn numbers(&self) -> BTreeMap<Seq, usize> {
        let mut numbers = BTreeMap::new();
        for attempt in &self.attempts {
            *numbers.entry(attempt.call.seq).or_default() += 1;
        }
        numbers
    }
}
