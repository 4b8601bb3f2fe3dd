//! The edges of the time in which something may be a repeat, and what a receipt counts.

use super::{
    model::{WINDOW_MS, World, intake},
    sender::{BEGIN, Notification},
    store::TestStore,
};
use crate::{
    dedup::{rule, take_batch, take_push},
    id::Digest,
    messages::{
        document::Document,
        intake::{Push, Status, Unparsable},
        recovered::{BatchReceipt, Content, Entry, RecoveredBatch},
    },
};

const GIVEN_UP: i64 = BEGIN + 3_600_000;

/// Two states of one object.
fn world() -> World {
    let state = |state: u8| Notification::slow(state.into(), state, 0, 0, 0, true);
    World::new(vec![state(0), state(1)], 0)
}

/// Pushes the first state.
fn push(world: &mut World, window_ms: i64, at: i64) -> Status {
    push_state(world, 0, window_ms, at)
}

fn push_state(world: &mut World, state: usize, window_ms: i64, at: i64) -> Status {
    let push = Push {
        intake: intake(&world.sent[state]),
        old_secret: false,
    };
    let store = TestStore::new(world, at);
    let receipt = take_push(&store, &push, window_ms, at).unwrap();
    store.commit(world);
    receipt.status
}

/// Hands over what 3scale gave up then. It has nothing else to send any more.
fn recover(
    world: &mut World,
    window_ms: i64,
    entries: impl IntoIterator<Item = (&'static str, Content)>,
) -> BatchReceipt {
    let entry = |(id, content): (&str, _)| Entry {
        id: id.to_owned(),
        given_up_at: GIVEN_UP,
        content,
        document: Document(b"0".to_vec()),
    };
    let batch = RecoveredBatch {
        judge_before: GIVEN_UP + 1,
        entries: entries.into_iter().map(entry).collect(),
    };
    let store = TestStore::new(world, GIVEN_UP + window_ms);
    let receipt = take_batch(&store, &batch, window_ms).unwrap();
    store.commit(world);
    receipt
}

fn same(world: &World) -> Content {
    Content::Notification(intake(&world.sent[0]))
}

#[test]
fn an_equal_push_is_a_repeat_until_the_window_has_passed() {
    let mut world = world();
    assert_eq!(push(&mut world, WINDOW_MS, BEGIN), Status::Accepted);
    let last = BEGIN + WINDOW_MS;
    assert_eq!(push(&mut world, WINDOW_MS, last), Status::Duplicate);
    assert_eq!(push(&mut world, WINDOW_MS, last + 1), Status::Accepted);
}

#[test]
fn without_a_window_nothing_is_a_repeat() {
    let mut world = world();
    for _ in 0..2 {
        assert_eq!(push(&mut world, 0, GIVEN_UP), Status::Accepted);
    }
    let entry = same(&world);
    let receipt = recover(&mut world, 0, [("1", entry)]);
    assert_eq!((receipt.taken_in, receipt.repeats), (1, 0));
}

#[test]
fn an_entry_is_what_arrived_while_3scale_may_have_tried() {
    let (from, to) = rule::tries_of(GIVEN_UP, WINDOW_MS);
    for (at, repeats) in [(from - 1, 0), (from, 1), (to, 1), (to + 1, 0)] {
        let mut world = world();
        assert_eq!(push(&mut world, WINDOW_MS, at), Status::Accepted);
        let entry = same(&world);
        let receipt = recover(&mut world, WINDOW_MS, [("1", entry)]);
        let counts = (receipt.taken_in, receipt.repeats);
        assert_eq!(counts, (1 - repeats, repeats), "{} ms", at - GIVEN_UP);
    }
}

#[test]
fn a_change_long_after_an_entry_was_given_up_does_not_lie_before_it() {
    let last = GIVEN_UP + rule::SPREAD_MS;
    for (at, repeats) in [(last, 0), (last + 1, 1)] {
        let mut world = world();
        assert_eq!(push(&mut world, WINDOW_MS, GIVEN_UP), Status::Accepted);
        let change = push_state(&mut world, 1, WINDOW_MS, at);
        assert_eq!(change, Status::Accepted);
        let entry = same(&world);
        let receipt = recover(&mut world, WINDOW_MS, [("1", entry)]);
        assert_eq!(receipt.repeats, repeats, "{} ms", at - GIVEN_UP);
    }
}

#[test]
fn an_equal_event_after_the_one_that_an_entry_stands_for_is_no_change() {
    let mut world = world();
    let (_, to) = rule::tries_of(GIVEN_UP, 1000);
    assert_eq!(push(&mut world, 1000, GIVEN_UP), Status::Accepted);
    assert_eq!(push(&mut world, 1000, to + 1), Status::Accepted);
    let entry = same(&world);
    let receipt = recover(&mut world, 1000, [("1", entry)]);
    assert_eq!((receipt.taken_in, receipt.repeats), (0, 1));
}

#[test]
fn a_receipt_counts_what_became_of_each_entry() {
    let mut world = world();
    assert_eq!(push(&mut world, WINDOW_MS, GIVEN_UP), Status::Accepted);
    let unparsable = Content::Unparsable(Unparsable {
        code: "malformed_xml".to_owned(),
        detail: "The document ends too early.".to_owned(),
        line: 1,
        column: 1,
        media_type: "application/xml".to_owned(),
        likeness: Digest::from([0; 32]),
    });
    let entry = same(&world);
    let entries = [
        ("1", entry.clone()),
        ("2", entry.clone()),
        ("3", entry),
        ("4", unparsable.clone()),
        ("5", unparsable),
    ];
    let first = recover(&mut world, WINDOW_MS, entries.clone());
    // One of the three stands for the push; two of them would be one notification too few.
    let counts = BatchReceipt {
        taken_in: 2,
        repeats: 1,
        quarantined: 2,
        ..BatchReceipt::default()
    };
    assert_eq!(first, counts);
    let again = recover(&mut world, WINDOW_MS, entries);
    let known = BatchReceipt {
        known: 5,
        ..BatchReceipt::default()
    };
    assert_eq!(again, known);
}
