//! Outages, busy times and strange destinations, and what the rules make of them.

use super::{Attempt, Call, PLACES, Simulation};
use crate::{
    delivery::{
        outcome::{Failure, Outcome},
        timing::Jitter,
        unreached::Unreached,
    },
    dispatch::destination_state::Limits,
    inbox_log::Stage,
};

pub(super) const SECOND: i64 = 1000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
/// A destination that limits nothing.
pub(super) const FREE: Limits = Limits {
    concurrency: PLACES,
    rate: None,
};

/// Those that have neither arrived nor died.
pub(super) const OPEN: [Stage; 3] = [Stage::Beyond, Stage::Pending, Stage::Waiting];

pub(super) fn taken() -> Outcome {
    Outcome::of_status(204, None)
}

pub(super) fn hangs() -> Failure {
    Failure::Unreached(Unreached::by_error(Some("TimeoutError"), ""))
}

pub(super) fn refused() -> Outcome {
    Outcome::of_status(503, None)
}

/// Down until then, and answers after so many milliseconds.
pub(super) fn down_until(end: i64, took: i64) -> impl FnMut(&Call, i64) -> (i64, Outcome) {
    move |_, now| (took, if now < end { refused() } else { taken() })
}

#[test]
fn in_an_outage_of_75_hours_each_attempt_comes_at_its_time_and_then_no_more() {
    let mut simulation = Simulation::new(&[FREE], down_until(i64::MAX, 100));
    simulation.add(&[0], 1);
    simulation.run(1000 * HOUR);
    let waits = [
        5 * SECOND,
        5 * MINUTE,
        30 * MINUTE,
        2 * HOUR,
        5 * HOUR,
        10 * HOUR,
    ];
    let waits = waits.into_iter().chain([14 * HOUR, 20 * HOUR, 24 * HOUR]);
    let mut at = 0;
    let mut expected = vec![0];
    for wait in waits {
        at += 100 + wait;
        expected.push(at);
    }
    assert_eq!(simulation.began(0), expected);
    assert!((75 * HOUR..76 * HOUR).contains(&at));
    assert_eq!(simulation.are(&[Stage::Dead]), 1);
}

#[test]
fn an_outage_that_ends_within_75_hours_loses_nothing() {
    for hours in [1, 20, 50, 75] {
        let mut simulation = Simulation::new(&[FREE], down_until(hours * HOUR, 100));
        simulation.add(&[0], 1);
        simulation.run(1000 * HOUR);
        assert_eq!(simulation.are(&[Stage::Delivered]), 1, "{hours}");
    }
}

#[test]
fn jitter_puts_each_attempt_off_by_a_fifth_at_the_most_and_those_of_one_time_apart() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut simulation = Simulation::new(&[FREE], down_until(i64::MAX, 1));
    simulation.chance = Box::new(move || random.f64());
    // Alone, so that the breaker has no say; one after the other, each with dice of its own.
    let mut second = Vec::new();
    for _ in 0..50 {
        let begin = simulation.now;
        let seq = simulation.add(&[0], 1);
        simulation.resume(0);
        simulation.run(i64::MAX);
        let attempts = simulation.attempts.iter().filter(|one| one.call.seq == seq);
        let attempts: Vec<_> = attempts.cloned().collect();
        assert_eq!(attempts.len(), 10);
        for (failed, pair) in (1..).zip(attempts.windows(2)) {
            let least = simulation
                .timing
                .delay_after(failed, None, Jitter::NONE)
                .unwrap();
            let waited = pair[1].began - pair[0].ended;
            assert!(
                (least..=least + least / 5).contains(&waited),
                "{failed}: {waited}"
            );
        }
        second.push(attempts[1].began - begin);
        simulation.now += HOUR;
    }
    second.sort_unstable();
    second.dedup();
    assert!(second.len() > 40, "{second:?}");
}

#[test]
fn while_the_breaker_is_open_one_probe_at_a_time_goes_out_and_the_others_wait() {
    const DELIVERIES: usize = 500;
    // Longer than the schedule: without the breaker every one of them would be dead.
    let outage = 80 * HOUR;
    let mut simulation = Simulation::new(&[FREE], down_until(outage, 2 * SECOND));
    for object in 0..500 {
        simulation.add(&[0], object);
    }
    simulation.run(outage - 1);
    let opened = simulation
        .attempts
        .iter()
        .take(5)
        .map(|one| one.ended)
        .max();
    let probes: Vec<_> = {
        let later = |one: &&Attempt| Some(one.began) > opened;
        simulation.attempts.iter().filter(later).cloned().collect()
    };
    assert_eq!(
        simulation.attempts.len() - probes.len(),
        6,
        "those that found out"
    );
    // The first after a minute, then one every five minutes after the last one's end.
    assert_eq!(probes[0].began, opened.unwrap() + MINUTE);
    for pair in probes.windows(2) {
        assert_eq!(pair[1].began, pair[0].ended + 5 * MINUTE);
    }
    let most = simulation.numbers().into_values().max();
    assert!(most < Some(5), "{most:?} attempts are used up");
    assert_eq!(simulation.are(&OPEN), DELIVERIES);

    simulation.run(i64::MAX);
    assert_eq!(simulation.are(&[Stage::Delivered]), DELIVERIES);
    let recovered = simulation
        .attempts
        .iter()
        .find(|one| one.outcome == taken());
    let recovered = recovered.unwrap().ended;
    assert!(recovered <= outage + 5 * MINUTE + 4 * SECOND, "{recovered}");
}

#[test]
fn ordered_keeps_an_objects_order_while_other_objects_pass() {
    const OBJECTS: i64 = 20;
    let mut random = fastrand::Rng::with_seed(3);
    let troubled = |call: &Call| call.object == 7;
    let mut simulation = Simulation::ordered(&[FREE], move |call, now| {
        // One object's events are refused for an hour, others now and then.
        let fails = (troubled(call) && now < HOUR) || random.u8(..10) == 0;
        let outcome = if fails { refused() } else { taken() };
        (random.i64(10..3000), outcome)
    });
    for _ in 0..10 {
        for object in 0..OBJECTS {
            simulation.add(&[0], object);
        }
    }
    simulation.run(i64::MAX);
    assert_eq!(
        simulation.are(&[Stage::Delivered]),
        simulation.tables.events.len()
    );
    let delivered = || {
        simulation
            .attempts
            .iter()
            .filter(|one| one.outcome == taken())
    };
    let of = |object| {
        let calls = delivered().map(|one| one.call);
        let of_object = calls.filter(|call| call.object == object);
        of_object.map(|call| call.seq).collect::<Vec<_>>()
    };
    for object in 0..OBJECTS {
        assert!(of(object).is_sorted(), "{object}: {:?}", of(object));
    }
    let last = |troubled: bool| {
        let of_kind = delivered().filter(|one| (one.call.object == 7) == troubled);
        of_kind.map(|one| one.ended).max().unwrap()
    };
    assert!(
        last(false) < HOUR && last(true) > HOUR,
        "{} {}",
        last(false),
        last(true)
    );
}

#[test]
fn a_rate_is_kept_and_used() {
    let limits = Limits {
        rate: Some(5),
        ..FREE
    };
    let mut simulation = Simulation::new(&[limits], down_until(0, 350));
    for object in 0..200 {
        simulation.add(&[0], object);
    }
    simulation.run(i64::MAX);
    let began = simulation.began(0);
    assert_eq!(began.len(), 200);
    for window in began.windows(6) {
        assert!(window[5] - window[0] >= SECOND, "{window:?}");
    }
    assert!(*began.last().unwrap() <= 41 * SECOND, "{began:?}");
}

#[test]
fn retry_after_is_waited_for_a_day_at_the_most_and_by_that_delivery_alone() {
    for (asked, waited) in [
        (HOUR, HOUR),
        (SECOND, 5 * SECOND),
        (7 * 24 * HOUR, 24 * HOUR),
    ] {
        let mut simulation = Simulation::new(&[FREE], move |call, _| {
            let first = call.seq == 1 && call.number == 1;
            let outcome = Outcome::of_status(if first { 429 } else { 204 }, Some(asked));
            (10, outcome)
        });
        simulation.add(&[0], 1);
        simulation.run(SECOND);
        simulation.add(&[0], 2);
        simulation.run(i64::MAX);
        assert_eq!(simulation.began(0), {
            let mut expected = [0, SECOND, 10 + waited];
            expected.sort_unstable();
            expected
        });
    }
}

#[test]
fn a_wait_ends_at_its_time_while_another_destination_hangs() {
    let mut simulation = Simulation::new(&[FREE; 2], |call, _| {
        let fails = call.destination == 1 && call.number == 1;
        let took = if call.destination == 0 { MINUTE } else { 10 };
        (took, if fails { refused() } else { taken() })
    });
    simulation.add(&[0], 1);
    simulation.add(&[1], 1);
    simulation.run(i64::MAX);
    assert_eq!(simulation.began(1), [0, 10 + 5 * SECOND]);
}

#[test]
fn destinations_that_hang_or_fail_delay_no_other() {
    let origin = |call: &Call, _: i64| match call.destination {
        0 => (15 * SECOND, Outcome::failed(hangs())),
        1 => (15 * SECOND, taken()),
        2 => (20, refused()),
        _ => (20, taken()),
    };
    let mut simulation = Simulation::new(&[FREE; 4], origin);
    // An event a second, for each of them.
    for second in 0..600 {
        simulation.add(&[0, 1, 2, 3], second);
        simulation.run((second + 1) * SECOND);
    }
    let began = simulation.began(3);
    assert_eq!(began.len(), 600);
    let late = began.iter().filter(|at| **at % SECOND != 0);
    assert_eq!(late.count(), 0, "one had to wait for a place");
}
