//! Several events in one attempt.

use super::{
    Call, Simulation,
    scenarios::{FREE, HOUR, MINUTE, SECOND, down_until, refused, taken},
};
use crate::{
    delivery::{batching::Batching, outcome::Outcome},
    inbox_log::Stage,
};

const TEN: Batching = Batching {
    most: 10,
    wait_ms: 5 * SECOND,
};

/// When each attempt began, and with how many events.
fn sizes(simulation: &Simulation) -> Vec<(i64, usize)> {
    let all = simulation.attempts.iter();
    all.map(|one| (one.began, one.call.together)).collect()
}

fn add(simulation: &mut Simulation, count: i64) {
    (0..count).for_each(|object| {
        simulation.add(&[0], object);
    });
}

#[test]
fn a_batch_goes_when_it_is_full_and_else_when_its_oldest_event_has_waited() {
    let mut simulation = Simulation::batched(&[FREE], TEN, |_, _| (100, taken()));
    add(&mut simulation, 3);
    simulation.run(4 * SECOND);
    assert_eq!(sizes(&simulation), []);
    add(&mut simulation, 2);
    simulation.run(MINUTE);
    assert_eq!(sizes(&simulation), [(5 * SECOND, 5)]);
    add(&mut simulation, 12);
    simulation.run(i64::MAX);
    let rest = [(MINUTE, 10), (MINUTE + 5 * SECOND, 2)];
    assert_eq!(sizes(&simulation)[1..], rest);
    assert_eq!(simulation.are(&[Stage::Delivered]), 17);
}

#[test]
fn after_an_outage_everything_goes_in_full_batches_at_once() {
    let mut simulation = Simulation::batched(&[FREE], TEN, down_until(2 * HOUR, SECOND));
    add(&mut simulation, 500);
    simulation.run(i64::MAX);
    assert_eq!(simulation.are(&[Stage::Delivered]), 500);
    let all = simulation.attempts.iter();
    let (failed, arrived): (Vec<_>, Vec<_>) = all.partition(|one| one.outcome != taken());
    // The five that opened the breaker; the probes are of one event each.
    let in_batches = failed.iter().filter(|one| one.call.together > 1).count();
    assert!(in_batches <= 6, "{in_batches}");
    // Those that found out come back by themselves or in batches; all others in full ones.
    let found_out = failed.iter().map(|one| one.call.together).sum::<usize>();
    assert!(
        arrived.len() <= (500 - found_out) / 10 + failed.len() + 2,
        "{} attempts after {} that failed",
        arrived.len(),
        failed.len()
    );
    let took = arrived.last().unwrap().ended - arrived.first().unwrap().began;
    assert!(took < MINUTE, "{took}");
}

#[test]
fn of_a_refused_batch_only_the_event_at_fault_is_tried_again_later() {
    let mut simulation = Simulation::batched(&[FREE], TEN, |call: &Call, _| {
        let is_bad = (call.seq..).take(call.together).any(|seq| seq == 4);
        let status = if is_bad { 422 } else { 204 };
        (100, Outcome::of_status(status, None))
    });
    add(&mut simulation, 10);
    simulation.run(i64::MAX);
    assert_eq!(simulation.are(&[Stage::Delivered]), 9);
    assert_eq!(simulation.are(&[Stage::Dead]), 1);
    let alone = simulation.attempts.iter().skip(1);
    let others: Vec<_> = alone.filter(|one| one.call.seq != 4).collect();
    assert_eq!(others.len(), 9);
    for one in others {
        assert_eq!((one.call.together, one.call.number), (1, 1));
        assert!(one.ended < SECOND, "{one:?}");
    }
    // The batch, and ten attempts by itself.
    let of_bad = simulation.attempts.iter().filter(|one| one.call.seq == 4);
    assert_eq!(of_bad.count(), 10);
}

#[test]
fn one_batch_that_fails_is_one_failure() {
    let mut failures = 4;
    let mut simulation = Simulation::batched(&[FREE], TEN, move |_, _| {
        failures -= 1;
        (100, if failures >= 0 { refused() } else { taken() })
    });
    add(&mut simulation, 10);
    simulation.run(i64::MAX);
    let breaker = simulation.destinations[0].deliveries.state().health.breaker;
    assert_eq!(breaker.probe_at, None);
    assert!(
        simulation
            .attempts
            .iter()
            .all(|one| one.call.together == 10)
    );
    assert_eq!(simulation.attempts.len(), 5);
}

#[test]
fn a_replay_goes_in_batches_too() {
    let mut simulation = Simulation::batched(&[FREE], TEN, |_, _| (100, taken()));
    add(&mut simulation, 100);
    simulation.run(HOUR);
    simulation.replay(0);
    simulation.run(i64::MAX);
    assert_eq!(sizes(&simulation).len(), 20);
    assert!(
        simulation
            .attempts
            .iter()
            .all(|one| one.call.together == 10)
    );
}
