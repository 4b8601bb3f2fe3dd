//! The rules by example: the figures of the design.

use super::{super::*, world::World};
use crate::{
    delivery::{batching::Batching, outcome::Outcome},
    id::EventId,
};

fn taken() -> Outcome {
    Outcome::of_status(204, None)
}

/// 7: one hangs while thousands pass.
#[test]
fn while_one_delivery_hangs_others_pass_and_a_kill_repeats_only_that_one() {
    let mut world = World::new();
    (0..5000).for_each(|_| world.push(None, &[1]));
    let hanging = world.start(1).unwrap();
    while world.start(1).is_some() {}
    // The one that hangs is always the first that is under way.
    for _ in 1..5000 {
        world.end(1, 1, &taken(), 0.0);
        if world.destinations[&1].write_at(world.now) == Some(world.now) {
            world.flush(1, false);
        }
        world.start(1);
    }
    world.clock(250);
    assert_eq!(world.destinations[&1].state().position.pending(), [hanging]);
    assert_eq!(world.destinations[&1].state().position.upto(), 5000);
    world.kill();
    assert_eq!(world.start(1), Some(hanging));
    assert_eq!(world.start(1), None);
    // Some sixty at a time, since those under way need room: a row of `destinations`, and one of `batches` for each 64.
    let written = &world.tables.destinations[&1].written;
    assert!(written["destinations"] <= 5000 / 58 + 2, "{written:?}");
    assert!(written["batches"] <= 5000 / 64 + 1, "{written:?}");
    assert_eq!(written.len(), 2, "{written:?}");
}

#[test]
fn a_hundred_events_of_an_object_that_hangs_hold_up_no_other_object() {
    let mut world = World::new();
    (0..200).for_each(|_| world.push(Some(1), &[2]));
    world.push(Some(2), &[2]);
    let hanging = world.start(2);
    assert_eq!(hanging, Some(1));
    // Those beyond what can be held back get rows.
    let mut other = None;
    while other.is_none()
        && world.destinations[&2]
            .write_at(world.now)
            .is_none_or(|at| at <= world.now)
    {
        other = world.start(2);
        world.flush(2, false);
    }
    assert_eq!(other, Some(201));
}

#[test]
fn a_probe_takes_an_event_that_has_not_failed_yet() {
    let mut world = World::new();
    (0..6).for_each(|_| world.push(None, &[1]));
    for _ in 0..5 {
        world.start(1).unwrap();
        world.end(1, 0, &Outcome::of_status(503, None), 0.0);
        world.flush(1, false);
    }
    assert_eq!(world.start(1), None, "the breaker is open");
    world.clock(60_000);
    // All of the five are due by their schedule.
    assert_eq!(world.start(1), Some(6));
    assert_eq!(world.start(1), None, "one probe");
    world.end(1, 0, &Outcome::of_status(503, None), 0.0);
    world.flush(1, false);
    // No event is fresh: the one tried least, though it is not due.
    world.clock(300_000);
    assert!(world.start(1).is_some());
    world.end(1, 0, &taken(), 0.0);
    world.flush(1, false);
    // It works: what had failed is due at once.
    let mut at_once = 0;
    while world.start(1).is_some() {
        world.end(1, 0, &taken(), 0.0);
        at_once += 1;
    }
    assert_eq!(at_once, 5);
}

#[test]
fn a_destination_that_came_back_is_still_not_called_before_its_retry_after() {
    let mut world = World::new();
    world.push(None, &[1]);
    world.start(1).unwrap();
    world.end(1, 0, &Outcome::of_status(503, Some(3_600_000)), 0.0);
    world.flush(1, false);
    world.resume(1);
    assert_eq!(world.start(1), None);
    world.clock(3_600_000);
    assert_eq!(world.start(1), Some(1));
}

/// 12: the third time it would be sent it is not.
#[test]
fn an_event_under_which_the_isolate_ended_twice_is_not_sent_again() {
    let mut world = World::new();
    world.push(None, &[1]);
    for is_sent in [true, true, false] {
        world.start(1).unwrap();
        let (change, may_be_sent) = world.destinations[&1].record_start(1);
        assert_eq!(may_be_sent, is_sent);
        world.tables.commit(1, &change.writes);
        world.kill();
    }
}

#[test]
fn the_next_wanted_event_is_found_among_a_hundred_thousand_in_eighteen_lookups() {
    // Every thousandth goes there.
    let count = |seq: Seq| u64::try_from(seq / 1000).unwrap();
    for begun in [0, 1, 50, 98] {
        let mut lookups = 0;
        let after = Seq::try_from(begun * 1000).unwrap();
        let found = find_wanted(after, 100_000, begun + 1, |seq| {
            lookups += 1;
            Ok::<_, ()>(Some((seq, count(seq))))
        });
        assert_eq!(found, Ok(Some(after + 1000)));
        assert!(lookups <= 19, "{lookups}");
    }
}

#[test]
fn damaged_blobs_are_refused_and_never_panic() {
    let mut position = Position::at(7, 3);
    (8..40).for_each(|seq| position.begin(seq).unwrap());
    let state = State {
        position,
        ..State::default()
    };
    let good = state.encode().unwrap();
    assert_eq!(State::decode(&good), Ok(state));
    assert_eq!(State::decode(&[]), Err(BadBlob));
    for length in 0..good.len() {
        assert!(State::decode(&good[..length]).is_err(), "{length}");
    }
    assert!(State::decode(&[&good[..], b"x"].concat()).is_err());
    assert!(
        State::decode(&[b"\x02", &good[1..]].concat()).is_err(),
        "a newer version"
    );
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..20_000 {
        let mut bad = good.clone();
        let at = random.usize(1..bad.len());
        bad[at] = random.u8(..);
        if let Ok(state) = State::decode(&bad) {
            assert!(state.position.pending().is_sorted());
            assert!(state.position.pending().len() <= MOST_PENDING);
        }
        let _ = Tally::decode(&bad);
    }
}

#[test]
fn a_tally_counts_each_destination_once_an_event() {
    let tally = Tally::default().with(&[3, 1, 3]).with(&[1]).with(&[]);
    assert_eq!((tally.of(1), tally.of(2), tally.of(3)), (2, 0, 1));
    assert_eq!(Tally::decode(&tally.encode().unwrap()), Ok(tally));
}

#[test]
fn ids_sort_by_their_place_though_the_clock_goes_back() {
    let first = Head::default().append(2000, &[]);
    let second = first.append(1000, &[]);
    let id = |head: &Head| head.id(255, u32::MAX);
    assert!(id(&first) < id(&second));
    assert_eq!(id(&second).seq(), 2);
    let text = id(&second).to_string();
    assert_eq!((text.len(), &text[14..15]), (36, "7"));
    assert!(EventId::in_log(1, (1 << 40) - 1, 0, 0).seq() == (1 << 40) - 1);
}

/// The last of a line got a row, since there was no room to hold it back: it is due, and waits for those before it.
#[test]
fn those_held_back_before_a_row_that_is_due_do_not_wait_for_a_whole_batch() {
    let (most, wait_ms) = (3, 60_000);
    let mut world = World::batched(Some(Batching { most, wait_ms }));
    (0..51).for_each(|n| world.push(Some(n % 2), &[2]));
    while world.start(2).is_some() {
        world.end(2, 0, &taken(), 0.0);
        world.flush(2, false);
        world.check();
    }
    assert_eq!(world.destinations[&2].state().delivered, 51);
}

/// Without order none stands behind another.
#[test]
fn those_held_back_wait_for_a_whole_batch_whatever_else_is_due() {
    let (most, wait_ms) = (3, 60_000);
    let mut world = World::batched(Some(Batching { most, wait_ms }));
    world.push(None, &[1]);
    world.clock(wait_ms);
    assert_eq!(world.start(1), Some(1));
    world.end(1, 0, &Outcome::of_status(500, None), 0.0);
    world.flush(1, false);
    (0..3).for_each(|_| world.push(None, &[1]));
    assert_eq!(world.start(1), Some(2));
    // There was no room for the fourth event.
    world.destinations.get_mut(&1).unwrap().shortened(2, 3);
    world.ledger.tries(1).retain(|one| one.seq != 4);
    world.end(1, 0, &taken(), 0.0);
    world.clock(10_000);
    assert_eq!(world.start(1), Some(1));
    assert_eq!(world.start(1), None);
}

#[test]
fn a_batch_begins_only_where_all_of_it_has_room() {
    let mut world = World::batched(Some(Batching {
        most: 50,
        wait_ms: 0,
    }));
    (0..100).for_each(|_| world.push(None, &[1]));
    assert_eq!(world.start(1), Some(1));
    assert_eq!(world.start(1), None, "14 would be cut off");
    world.end(1, 0, &taken(), 0.0);
    world.flush(1, false);
    assert_eq!(world.start(1), Some(51));
}

/// A probe's outcome is in memory only until it is written: until then the row says that it is due.
#[test]
fn a_probe_does_not_take_an_event_whose_outcome_is_not_written() {
    let mut world = World::new();
    let refused = Outcome::of_status(503, None);
    (0..5).for_each(|_| world.push(None, &[1]));
    for _ in 0..5 {
        world.start(1).unwrap();
        world.end(1, 0, &refused, 0.0);
        world.flush(1, false);
    }
    world.clock(60_000);
    // None is fresh. Each was tried once, and all are due.
    for probe in 1..=5 {
        assert_eq!(world.start(1), Some(probe));
        world.end(1, 0, &refused, 0.0);
    }
    assert_eq!(world.start(1), None, "all have ended");
}

/// A fresh one stays pending until its outcome is written.
#[test]
fn a_probe_does_not_take_a_fresh_event_whose_outcome_is_not_written() {
    let mut world = World::new();
    let refused = Outcome::of_status(503, None);
    (0..6).for_each(|_| world.push(None, &[1]));
    for _ in 0..5 {
        world.start(1).unwrap();
        world.end(1, 0, &refused, 0.0);
        world.flush(1, false);
    }
    world.clock(60_000);
    assert_eq!(world.start(1), Some(6));
    world.end(1, 0, &refused, 0.0);
    assert_ne!(world.start(1), Some(6));
}

/// The probes of an outage would else use up the attempts of the few that wait.
#[test]
fn a_probe_does_not_take_a_delivery_that_is_not_due() {
    let mut world = World::new();
    let fail = |world: &mut World, seq, status| {
        assert_eq!(world.start(1), Some(seq));
        world.end(1, 0, &Outcome::of_status(status, None), 0.0);
        world.flush(1, false);
    };
    (0..3).for_each(|_| world.push(None, &[1]));
    (1..=3).for_each(|seq| fail(&mut world, seq, 503));
    world.clock(5000);
    (1..=2).for_each(|seq| fail(&mut world, seq, 503));
    world.clock(60_000);
    // The only one that is due. It dies of itself, which says nothing about the destination.
    fail(&mut world, 3, 422);
    assert_eq!(world.start(1), None);
    let view = world.view(1);
    let due = world.destinations[&1].wake_at(&view, world.now);
    assert_eq!(due, Ok(Some(world.now + 240_000)));
    world.clock(240_000);
    assert_eq!(world.start(1), Some(1));
}
