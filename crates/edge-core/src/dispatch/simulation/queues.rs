//! Long queues, order and resumption: what waits behind a destination or an event in trouble, and what does not.

use super::{
    Call, Simulation,
    scenarios::{FREE, HOUR, MINUTE, OPEN, SECOND, down_until, hangs, refused, taken},
};
use crate::{delivery::outcome::Outcome, inbox_log::Stage};

#[test]
fn ten_thousand_events_wait_for_one_that_is_down_while_another_gets_each_at_once() {
    const EVENTS: usize = 10_000;
    let up_again = 3 * HOUR;
    let mut simulation = Simulation::new(&[FREE; 2], move |call, now| {
        let is_down = call.destination == 0 && now < up_again;
        (500, if is_down { refused() } else { taken() })
    });
    let mut appended = Vec::new();
    for object in 0..10_000 {
        appended.push(simulation.now);
        simulation.add(&[0, 1], object);
        simulation.run((object + 1) * SECOND);
    }
    assert_eq!(simulation.began(1), appended);
    assert_eq!(simulation.are(&OPEN), EVENTS);
    // What waits costs no rows, but for those that found out.
    let rows = simulation.tables.destinations[&0].waiting.len();
    assert_eq!(rows, simulation.began(0).len());
    assert!(rows < 50, "{rows}");

    simulation.run(i64::MAX);
    assert_eq!(simulation.are(&[Stage::Delivered]), 2 * EVENTS);
}

#[test]
fn a_destination_that_hangs_for_a_minute_delays_no_other() {
    let mut simulation = Simulation::new(&[FREE; 2], |call, _| match call.destination {
        0 => (MINUTE, Outcome::failed(hangs())),
        _ => (20, taken()),
    });
    let mut appended = Vec::new();
    for object in 0..1200 {
        appended.push(simulation.now);
        simulation.add(&[0, 1], object);
        simulation.run((object + 1) * SECOND);
    }
    assert_eq!(simulation.began(1), appended);
}

#[test]
fn ordered_keeps_each_objects_order_through_an_outage() {
    const OBJECTS: i64 = 12;
    const ROUNDS: i64 = 20;
    let mut random = fastrand::Rng::with_seed(11);
    let mut simulation = Simulation::ordered(&[FREE], move |_, now| {
        let is_down = (MINUTE..2 * HOUR).contains(&now);
        let fails = is_down || random.u8(..20) == 0;
        (random.i64(10..900), if fails { refused() } else { taken() })
    });
    for round in 0..ROUNDS {
        for object in 0..OBJECTS {
            simulation.add(&[0], object);
        }
        simulation.run((round + 1) * 10 * SECOND);
    }
    simulation.run(i64::MAX);
    assert_eq!(
        simulation.are(&[Stage::Delivered]),
        simulation.tables.events.len()
    );
    for object in 0..OBJECTS {
        let of_object = simulation.attempts.iter();
        let of_object: Vec<_> = of_object.filter(|one| one.call.object == object).collect();
        for pair in of_object.windows(2) {
            assert!(pair[0].ended <= pair[1].began, "two under way: {pair:?}");
            // The same again, or the next one once it has arrived.
            let has_arrived = pair[0].outcome == taken();
            let next = pair[0].call.seq + if has_arrived { OBJECTS } else { 0 };
            assert_eq!(pair[1].call.seq, next, "{pair:?}");
        }
    }
}

#[test]
fn ordered_lets_other_objects_pass_one_that_hangs_and_fails() {
    let mut simulation = Simulation::ordered(&[FREE], |call, now| {
        let is_troubled = call.object == 0 && now < 5 * MINUTE;
        if is_troubled {
            (MINUTE, Outcome::of_status(422, None))
        } else {
            (20, taken())
        }
    });
    let mut appended = Vec::new();
    for second in 0..200 {
        // Most events are of the one in trouble.
        (0..3).for_each(|_| {
            simulation.add(&[0], 0);
        });
        appended.push(simulation.now);
        simulation.add(&[0], 1 + second);
        simulation.run((second + 1) * SECOND);
    }
    let others = simulation.attempts.iter().filter(|one| one.call.object > 0);
    let others: Vec<_> = others.map(|one| one.began).collect();
    assert_eq!(others, appended);
    simulation.run(i64::MAX);
    let troubled = simulation
        .attempts
        .iter()
        .filter(|one| one.call.object == 0 && one.outcome == taken());
    let troubled: Vec<_> = troubled.map(|one| one.call.seq).collect();
    assert_eq!(troubled.len(), 600);
    assert!(troubled.is_sorted());
}

/// Resumes it: how long it takes until all have begun.
fn all_after_resumption(simulation: &mut Simulation, events: usize) -> i64 {
    let resumed = simulation.now;
    simulation.resume(0);
    simulation.run(i64::MAX);
    assert_eq!(simulation.are(&[Stage::Delivered]), events);
    let after: Vec<_> = simulation
        .attempts
        .iter()
        .filter(|one| one.began >= resumed)
        .collect();
    assert!(after.iter().all(|one| one.outcome == taken()));
    for one in &after {
        let passed = (one.began - resumed) / SECOND;
        let at_once = after
            .iter()
            .filter(|other| other.began <= one.began && other.ended > one.began);
        assert!(
            at_once.count() <= usize::try_from(passed).unwrap() + 1,
            "too many at once after {passed} seconds"
        );
    }
    after.iter().map(|one| one.began).max().unwrap() - resumed
}

#[test]
fn one_that_is_resumed_gets_all_that_waits_at_a_pace_and_not_by_the_schedule() {
    let mut simulation = Simulation::new(&[FREE], down_until(3 * HOUR, SECOND));
    (0..40).for_each(|object| {
        simulation.add(&[0], object);
    });
    // None of them is due.
    simulation.run(3 * HOUR);
    let took = all_after_resumption(&mut simulation, 40);
    // 1, 2, 3, 4, 5, and 6 in each second from there on.
    assert!(took <= 10 * SECOND, "{took}");
}

#[test]
fn one_that_paused_by_410_gets_nothing_until_it_is_resumed_and_then_all() {
    let mut simulation = Simulation::new(&[FREE], |_, now| {
        let status = if now < HOUR { 410 } else { 204 };
        (SECOND, Outcome::of_status(status, None))
    });
    (0..40).for_each(|object| {
        simulation.add(&[0], object);
    });
    simulation.run(24 * HOUR);
    assert_eq!(simulation.attempts.len(), 6);
    let took = all_after_resumption(&mut simulation, 40);
    assert!(took <= 10 * SECOND, "{took}");
}

#[test]
fn one_that_comes_back_gets_one_more_at_once_each_second_though_none_has_ended() {
    let mut simulation = Simulation::new(&[FREE], |_, _| (30 * SECOND, taken()));
    (0..8).for_each(|object| {
        simulation.add(&[0], object);
    });
    simulation.resume(0);
    simulation.run(i64::MAX);
    let expected = [0, 1, 2, 3, 4, 5, 30, 31].map(|second| second * SECOND);
    assert_eq!(simulation.began(0), expected);
}

#[test]
fn a_wait_ends_at_its_time_while_another_event_hangs() {
    let mut simulation = Simulation::new(&[FREE], |call: &Call, _| match (call.seq, call.number) {
        (1, 1) => (10, refused()),
        (2, 1) => (SECOND, refused()),
        (1, _) => (MINUTE, taken()),
        _ => (10, taken()),
    });
    simulation.add(&[0], 1);
    simulation.add(&[0], 2);
    simulation.run(i64::MAX);
    assert_eq!(
        simulation.began(0),
        [0, 0, 10 + 5 * SECOND, SECOND + 5 * SECOND]
    );
}

#[test]
fn a_wait_ends_at_its_time_while_an_event_is_held_back_behind_one_that_hangs() {
    let mut simulation = Simulation::ordered(&[FREE], |call: &Call, _| match call.object {
        1 => (MINUTE, taken()),
        _ if call.number == 1 => (10, refused()),
        _ => (10, taken()),
    });
    for object in [1, 1, 2] {
        simulation.add(&[0], object);
    }
    simulation.run(i64::MAX);
    assert_eq!(simulation.began(0), [0, 0, 10 + 5 * SECOND, MINUTE]);
}

#[test]
fn a_replay_of_many_sends_each_once_more_and_lets_new_events_pass() {
    let mut simulation = Simulation::new(&[FREE], down_until(0, SECOND));
    (0..300).for_each(|object| {
        simulation.add(&[0], object);
    });
    simulation.run(HOUR);
    assert_eq!(simulation.are(&[Stage::Delivered]), 300);
    simulation.replay(0);
    simulation.run(HOUR + 10 * SECOND);
    let new = simulation.add(&[0], 300);
    simulation.run(i64::MAX);
    let numbers = simulation.numbers();
    assert!(
        numbers
            .iter()
            .all(|(seq, times)| *times == if *seq == new { 1 } else { 2 })
    );
    let sent = simulation
        .attempts
        .iter()
        .find(|one| one.call.seq == new)
        .unwrap();
    assert!(sent.began <= HOUR + 11 * SECOND, "{}", sent.began);
}
