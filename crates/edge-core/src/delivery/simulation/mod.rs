//! The rules of delivery against a clock that we move: what takes three days passes in milliseconds.
//!
//! The rules are the real ones (`destination_state`, `plan`, `timing`, `breaker`, `rate`, `fair_share`, `outcome`). Stood
//! in for are the inbox's tables and the dispatcher's loop around them, by a list and [`Simulation::run`],
//! which takes the same turns: begin what may begin, then sleep until an attempt ends or the rules
//! say that something changes.

mod scenarios;

use super::{
    destination_state::{self, DestinationState, Limits},
    outcome::Outcome,
    plan::{self, Health, Next, Progress},
    timing::{Jitter, Timing},
};

const PLACES: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Delivered,
    Dead,
}

#[derive(Debug, Clone)]
struct Delivery {
    destination: usize,
    seq: i64,
    object: i64,
    state: State,
    attempts: u32,
    gone: bool,
    next_at: i64,
}

#[derive(Debug, Clone)]
struct Attempt {
    destination: usize,
    seq: i64,
    number: u32,
    began: i64,
    ended: i64,
    outcome: Outcome,
}

/// A destination's reaction to an attempt: how long it takes, and the outcome.
type Origin = Box<dyn FnMut(&Delivery, i64) -> (i64, Outcome)>;

struct Simulation {
    now: i64,
    destinations: Vec<DestinationState>,
    timing: Timing,
    ordered: bool,
    origin: Origin,
    chance: Box<dyn FnMut() -> f64>,
    deliveries: Vec<Delivery>,
    under_way: Vec<Attempt>,
    /// Those that have ended, in that order.
    attempts: Vec<Attempt>,
}

impl Simulation {
    fn new(
        limits: &[Limits],
        origin: impl FnMut(&Delivery, i64) -> (i64, Outcome) + 'static,
    ) -> Self {
        Self {
            now: 0,
            destinations: limits
                .iter()
                .map(|limits| DestinationState::new(*limits, Health::default()))
                .collect(),
            timing: Timing::default(),
            ordered: false,
            origin: Box::new(origin),
            chance: Box::new(|| 0.0),
            deliveries: Vec::new(),
            under_way: Vec::new(),
            attempts: Vec::new(),
        }
    }

    /// Plans the next event's delivery, due now.
    fn add(&mut self, destination: usize, object: i64) -> i64 {
        let seq = i64::try_from(self.deliveries.len()).unwrap();
        self.deliveries.push(Delivery {
            destination,
            seq,
            object,
            state: State::Waiting,
            attempts: 0,
            gone: false,
            next_at: self.now,
        });
        seq
    }

    /// Those of a destination that wait, without those that have to let an earlier one pass.
    fn waiting(&self, destination: usize, ordered: bool) -> impl Iterator<Item = &Delivery> {
        let waits =
            move |one: &&Delivery| one.destination == destination && one.state == State::Waiting;
        let held = move |one: &Delivery| {
            let mut before = self.deliveries.iter().filter(waits);
            ordered && before.any(|other| other.object == one.object && other.seq < one.seq)
        };
        self.deliveries
            .iter()
            .filter(waits)
            .filter(move |one| !held(one))
    }

    fn due(&self, destination: usize, limit: usize) -> Vec<Delivery> {
        let all = self.waiting(destination, self.ordered);
        let mut due: Vec<_> = all.filter(|one| one.next_at <= self.now).cloned().collect();
        due.sort_by_key(|one| (one.next_at, one.seq));
        due.truncate(limit);
        due
    }

    /// Takes turns until nothing happens any more, or that time has come.
    fn run(&mut self, until: i64) {
        loop {
            self.begin();
            let Some(next) = self.next_turn() else { return };
            if next > until {
                self.now = until;
                return;
            }
            assert!(next > self.now, "a turn for nothing at {}", self.now);
            self.now = next;
            self.end();
        }
    }

    fn begin(&mut self) {
        let due = |index, limit| Ok::<_, ()>(self.due(index, limit));
        let seq = |one: &Delivery| one.seq;
        let starting =
            destination_state::start(&self.destinations, PLACES, usize::MAX, self.now, due, seq)
                .unwrap();
        for (destination, delivery) in starting {
            let (took, outcome) = (self.origin)(&delivery, self.now);
            self.under_way.push(Attempt {
                destination,
                seq: delivery.seq,
                number: delivery.attempts + 1,
                began: self.now,
                ended: self.now + took,
                outcome,
            });
        }
        let busy: usize = self.destinations.iter().map(DestinationState::busy).sum();
        assert_eq!(busy, self.under_way.len());
        assert!(busy <= PLACES, "{busy} under way at once");
    }

    /// As in the dispatcher: the alarm while nothing is under way, else the loop's sleep.
    fn next_turn(&self) -> Option<i64> {
        if self.under_way.is_empty() {
            let due = |destination| {
                Ok::<_, ()>(
                    self.waiting(destination, self.ordered)
                        .map(|d| d.next_at)
                        .min(),
                )
            };
            return destination_state::next_due(&self.destinations, due).unwrap();
        }
        let later = |destination| {
            let all = self.waiting(destination, false).map(|one| one.next_at);
            all.filter(|at| *at > self.now).min()
        };
        let change = destination_state::next_change(&self.destinations, self.now, later);
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
            let destination = &self.destinations[attempt.destination];
            let delivery = &mut self.deliveries[usize::try_from(attempt.seq).unwrap()];
            let progress = Progress {
                seq: delivery.seq,
                attempts: delivery.attempts,
                gone: delivery.gone,
            };
            let jitter = Jitter::new((self.chance)());
            let (next, health) = plan::after(
                &self.timing,
                &attempt.outcome,
                progress,
                destination.health(),
                now,
                jitter,
            );
            destination.set_health(health);
            destination.end(attempt.seq);
            delivery.attempts = attempt.number;
            match next {
                Next::Delivered => delivery.state = State::Delivered,
                Next::Dead => delivery.state = State::Dead,
                Next::Wait(wait) => {
                    delivery.next_at = wait.until;
                    delivery.attempts = wait.attempts;
                    delivery.gone = wait.gone;
                }
            }
            self.attempts.push(attempt);
        }
    }

    fn are(&self, state: State) -> usize {
        let mut all = self.deliveries.iter().map(|one| one.state);
        all.by_ref().filter(|one| *one == state).count()
    }

    /// When attempts of this destination began.
    fn began(&self, destination: usize) -> Vec<i64> {
        let of_lane = self
            .attempts
            .iter()
            .filter(|attempt| attempt.destination == destination);
        let mut began: Vec<_> = of_lane.map(|attempt| attempt.began).collect();
        began.sort_unstable();
        began
    }
}
