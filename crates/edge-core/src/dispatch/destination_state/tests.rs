use std::cell::Cell;

use super::*;
use crate::{
    delivery::{
        breaker::Breaker,
        outcome::Outcome,
        plan::Health,
        timing::{Jitter, Timing},
    },
    inbox_log::{Ending, Entry, Line, ReplayId, Seq, State, Waiting},
};

/// A log of so many events, all of which go to every destination, and of which none has failed.
struct Events<'r> {
    count: i64,
    reads: &'r Cell<usize>,
}

impl Log for Events<'_> {
    type Error = &'static str;

    fn head(&self) -> (Seq, u64) {
        (self.count, self.count.unsigned_abs())
    }

    fn at_or_after(&self, seq: Seq) -> Result<Option<(Seq, u64)>, Self::Error> {
        self.reads.set(self.reads.get() + 1);
        Ok((seq <= self.count).then_some((seq, seq.unsigned_abs())))
    }

    fn received_at(&self, _: Seq) -> Result<Option<i64>, Self::Error> {
        Ok(Some(0))
    }

    fn line(&self, _: Seq) -> Result<Option<Line>, Self::Error> {
        Err("only an ordered destination asks for lines")
    }

    fn entry(&self, _: Seq) -> Result<Option<Entry>, Self::Error> {
        Ok(None)
    }

    fn due(
        &self,
        _: bool,
        _: Option<i64>,
        _: i64,
        _: &[Seq],
    ) -> Result<Option<Waiting>, Self::Error> {
        Err("nothing waits")
    }

    fn least_tried(
        &self,
        _: Option<i64>,
        _: i64,
        _: &[Seq],
    ) -> Result<Option<Waiting>, Self::Error> {
        Ok(None)
    }

    fn next_due(&self, _: Option<i64>, _: i64) -> Result<Option<i64>, Self::Error> {
        Err("nothing waits")
    }

    fn waits_before(&self, _: Line, _: Seq) -> Result<bool, Self::Error> {
        Err("only an ordered destination asks for lines")
    }

    fn next_meant(&self, _: ReplayId, _: Seq, _: Seq) -> Result<Option<Entry>, Self::Error> {
        Ok(None)
    }
}

const SIX: Limits = Limits {
    concurrency: 6,
    rate: None,
};

fn destination(id: u32, state: State, limits: Option<Limits>) -> DestinationState {
    DestinationState::new(Destination::opened(id, false, state, Vec::new()), limits)
}

fn failed(times: u32) -> State {
    let breaker = Breaker {
        failures: times,
        probe_at: None,
    };
    State {
        health: Health {
            breaker,
            ..Health::default()
        },
        ..State::default()
    }
}

/// How many attempts begin for each destination, in order, when so many events are there.
fn begin(destinations: &mut [DestinationState], count: i64, now_ms: i64) -> Vec<usize> {
    let reads = Cell::new(0);
    let log = |_| Events {
        count,
        reads: &reads,
    };
    let begun = start(destinations, 6, 45, now_ms, log);
    assert_eq!(begun.error, None);
    let of = |index| begun.starts.iter().filter(|(one, _)| *one == index).count();
    (0..destinations.len()).map(of).collect()
}

/// Begins and ends attempts until a run may begin no more, or has nothing to begin. How many there were for each
/// destination.
fn one_run(destinations: &mut [DestinationState], count: i64) -> Vec<usize> {
    let reads = Cell::new(0);
    let log = |_| Events {
        count,
        reads: &reads,
    };
    let mut budget = Budget::default();
    let mut begun = vec![0; destinations.len()];
    while !budget.is_spent() {
        let turn = start(destinations, 6, budget, 0, log);
        budget = turn.budget;
        for (index, _) in &turn.starts {
            begun[*index] += 1;
        }
        end_all(destinations);
        if turn.starts.is_empty() {
            break;
        }
    }
    begun
}

#[test]
fn a_run_calls_other_workers_as_often_as_the_platform_allows_and_the_next_one_goes_on() {
    let service = |id| destination(id, State::default(), Some(SIX)).of_service(true);
    let http = |id| destination(id, State::default(), Some(SIX));
    let mut one = [service(1)];
    assert_eq!(one_run(&mut one, 50), [32]);
    assert_eq!(one_run(&mut one, 50), [18]);
    assert_eq!(one_run(&mut [http(1)], 100), [45]);
    // Several share what there is, and leave the rest of the run to the others.
    let mut several = [service(1), service(2), http(3)];
    let mut all = vec![0; 3];
    for _ in 0..20 {
        let begun = one_run(&mut several, 100);
        assert!(begun[0] + begun[1] <= 32, "{begun:?}");
        assert!(begun.iter().sum::<usize>() <= 45, "{begun:?}");
        all = all.iter().zip(begun).map(|(all, now)| all + now).collect();
    }
    assert_eq!(all, [100, 100, 100]);
}

#[test]
fn what_a_service_may_not_begin_holds_up_nobody_else() {
    let reads = Cell::new(0);
    let log = |_| Events {
        count: 100,
        reads: &reads,
    };
    let mut both = [
        destination(1, State::default(), Some(SIX)).of_service(true),
        destination(2, State::default(), Some(SIX)),
    ];
    let budget = (0..31).fold(Budget::default(), |budget, _| budget.after(true));
    let begun = start(&mut both, 6, budget, 0, log);
    let of = |index| begun.starts.iter().filter(|(one, _)| *one == index).count();
    assert_eq!((of(0), of(1)), (1, 5));
    assert!(begun.budget.is_spent(), "another run goes on with the rest");
}

fn end_all(destinations: &mut [DestinationState]) {
    for destination in destinations {
        for seq in destination.deliveries.state().position.pending().to_vec() {
            let ending = Ending {
                outcome: Outcome::Delivered { status: None },
                at: 0,
                took_ms: 0,
                jitter: Jitter::NONE,
                answer: None,
            };
            destination.deliveries.ended(seq, ending);
        }
        let change = destination.deliveries.flush(&Timing::default());
        destination.deliveries.committed(change);
    }
}

#[test]
fn what_is_under_way_does_not_begin_again_and_one_that_fails_gets_one_place() {
    let mut healthy = [destination(1, State::default(), Some(SIX))];
    assert_eq!(begin(&mut healthy, 100, 0), [6]);
    assert_eq!(begin(&mut healthy, 100, 0), [0]);
    assert_eq!(
        begin(&mut [destination(1, failed(2), Some(SIX))], 100, 0),
        [6]
    );
    assert_eq!(
        begin(&mut [destination(1, failed(3), Some(SIX))], 100, 0),
        [1]
    );
}

#[test]
fn one_that_has_nothing_leaves_its_places_to_others() {
    let at_head = State {
        position: crate::inbox_log::Position::at(100, 100),
        ..State::default()
    };
    let mut both = [
        destination(1, at_head, Some(SIX)),
        destination(2, State::default(), Some(SIX)),
    ];
    assert_eq!(
        begin(&mut both, 100, 0),
        [0, 5],
        "one place stays for what comes next"
    );
}

#[test]
fn where_nothing_can_be_sent_nothing_is_read() {
    let reads = Cell::new(0);
    let log = |_| Events {
        count: 9,
        reads: &reads,
    };
    let mut closed = [destination(1, State::default(), None)];
    assert!(start(&mut closed, 6, 45, 0, log).starts.is_empty());
    assert_eq!(wake_at(&closed, 0, log), Ok(None));
    let paused = State {
        health: Health {
            paused: true,
            ..Health::default()
        },
        ..State::default()
    };
    let mut paused = [destination(1, paused, Some(SIX))];
    assert!(start(&mut paused, 6, 45, 0, log).starts.is_empty());
    assert_eq!(wake_at(&paused, 0, log), Ok(None));
    assert_eq!(reads.get(), 0);
}

#[test]
fn with_more_destinations_than_places_each_gets_its_turn() {
    let mut all: Vec<_> = (0..8)
        .map(|id| destination(id, State::default(), Some(SIX)))
        .collect();
    let mut counts = [0; 8];
    for _ in 0..200 {
        for (count, begun) in counts.iter_mut().zip(begin(&mut all, 1_000_000, 0)) {
            *count += begun;
        }
        end_all(&mut all);
    }
    let spread = counts.iter().max().unwrap() - counts.iter().min().unwrap();
    assert!(spread <= 6, "{counts:?}");
}

#[test]
fn one_that_came_back_gets_one_more_at_once_each_second() {
    let revived = State {
        revived_at: Some(10_000),
        ..State::default()
    };
    let at_once = |now_ms| {
        begin(
            &mut [destination(1, revived.clone(), Some(SIX))],
            100,
            now_ms,
        )
    };
    assert_eq!(at_once(10_000), [1]);
    assert_eq!(at_once(11_000), [2]);
    assert_eq!(at_once(15_000), [6]);
    assert_eq!(at_once(99_000), [6]);
}

#[test]
fn one_that_came_back_is_looked_at_again_when_it_may_have_one_more_and_then_no_more() {
    let revived = State {
        revived_at: Some(10_000),
        ..State::default()
    };
    let three = Limits {
        concurrency: 3,
        ..SIX
    };
    let mut one = [destination(1, revived, Some(three))];
    let reads = Cell::new(0);
    let log = |_| Events {
        count: 100,
        reads: &reads,
    };
    for (now_ms, next) in [(10_000, Some(11_000)), (11_000, Some(12_000))] {
        assert_eq!(begin(&mut one, 100, now_ms), [1]);
        assert_eq!(next_change(&one, now_ms, log), Ok(next));
    }
    // It may have one more already.
    assert_eq!(next_change(&one, 12_000, log), Ok(None));
    assert_eq!(begin(&mut one, 100, 12_000), [1]);
    assert_eq!(next_change(&one, 12_000, log), Ok(None));
}

#[test]
fn a_rate_spaces_what_begins_and_says_when_to_look_again() {
    let limits = Limits {
        rate: Some(10),
        ..SIX
    };
    let mut limited = [destination(1, State::default(), Some(limits))];
    // What the clock's steps lost is made up for once.
    assert_eq!(begin(&mut limited, 100, 1000), [2]);
    assert_eq!(begin(&mut limited, 100, 1000), [0]);
    let reads = Cell::new(0);
    let log = |_| Events {
        count: 100,
        reads: &reads,
    };
    assert_eq!(next_change(&limited, 1000, log), Ok(Some(1100)));
    assert_eq!(wake_at(&limited, 1000, log), Ok(Some(1100)));
    // What is due already waits for a place.
    assert_eq!(next_change(&limited, 1100, log), Ok(None));
    assert_eq!(begin(&mut limited, 100, 1100), [1]);
}

#[test]
fn the_logs_failure_keeps_what_has_begun() {
    let waiting = State {
        waiting: 1,
        position: crate::inbox_log::Position::at(9, 9),
        ..State::default()
    };
    let mut both = [
        destination(1, State::default(), Some(SIX)),
        destination(2, waiting, Some(SIX)),
    ];
    let reads = Cell::new(0);
    let log = |_| Events {
        count: 9,
        reads: &reads,
    };
    let begun = start(&mut both, 6, 45, 0, log);
    assert_eq!(begun.error, Some("nothing waits"));
    assert!(begun.starts.iter().all(|(index, _)| *index == 0) && !begun.starts.is_empty());
}
