//! Any order of pushes, failures, fetches and deletes: nothing is lost, and nothing is duplicated without need.
//!
//! 3scale is modelled as it is (its retries, when it gives up, how it stores its list), and so is the memory of the
//! inbox and recovery. The decisions are the real code's: this module's, [`rule`](crate::dedup::rule)'s, and
//! [`plan`](crate::recovery::plan)'s.

mod model;
mod sender;
mod store;
mod window;

use proptest::prelude::*;

use self::{
    model::World,
    sender::{Notification, runs, story},
};

/// `true` if this state certainly came after the other. Stated independently of the rules.
fn is_later(this: &Notification, other: &Notification) -> bool {
    let times = this.updated_at.zip(other.updated_at);
    times.is_some_and(|(this, other)| this > other)
}

/// `true` if a different state of the same object, sent between these two, makes them two events.
fn lies_between(change: &Notification, a: &Notification, b: &Notification) -> bool {
    change.object == b.object
        && change.digest() != b.digest()
        && (a.id < change.id && change.id < b.id)
        && !is_later(change, b)
}

/// A notification is not lost if it is an event, or if an equal one is an event that we ingested after everything that
/// 3scale sent between the two, so that its state is the last here as it was there.
fn is_safe(world: &World, lost: &Notification) -> bool {
    let all = &world.sent;
    world.events.iter().any(|event| {
        let origin = &all[event.origin];
        origin.digest() == lost.digest()
            && (origin.id >= lost.id
                || all
                    .iter()
                    .filter(|change| lies_between(change, origin, lost))
                    // One that is no event is checked for itself.
                    .filter(|change| world.had(change, i64::MAX))
                    .all(|change| {
                        world.had(change, event.seq)
                        // Nobody could know about tries still under way when 3scale had its answer.
                        || world.answered_before(lost, change)
                    }))
    })
}

/// Nobody sent another state of its object that could be taken for one between its tries.
fn is_alone(world: &World, notification: &Notification) -> bool {
    world.sent.iter().all(|other| {
        other.id == notification.id
            || other.object != notification.object
            || other.digest() != notification.digest() && is_later(other, notification)
    })
}

#[test]
fn a_removal_that_took_longer_to_arrive_than_what_came_after_it_to_be_given_up_lies_between() {
    let mut world = World::new(
        vec![
            Notification::slow(0, 0, -320, 0, 0, true),
            Notification::slow(1, 1, 0, 15, 9, true),
            Notification::slow(2, 0, 1, 0, 0, false),
        ],
        0,
    );
    world.live(Vec::new());
    world.recover_until_quiet();
    assert!(is_safe(&world, &world.sent[2]), "{world:?}");
}

#[test]
fn a_removal_that_was_given_up_before_what_it_followed_arrived_lies_between() {
    let mut world = World::new(
        vec![
            Notification::slow(0, 0, 0, 15, 9, true),
            Notification::slow(1, 1, 0, 0, 0, false),
            Notification::slow(2, 0, 120, 0, 0, false),
        ],
        0,
    );
    world.live(Vec::new());
    world.recover_until_quiet();
    assert!(is_safe(&world, &world.sent[2]), "{world:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_notification_is_lost_or_doubled_in_any_order_of_things(
        story in story(),
        runs in runs(),
        skew in -20_000..20_000_i64,
    ) {
        let mut world = World::new(story, skew);
        world.live(runs);
        world.recover_until_quiet();
        prop_assert!(world.list.is_empty(), "the list still has {:?}", world.list);
        for notification in &world.sent {
            prop_assert!(is_safe(&world, notification), "lost: {notification:?}\n{world:?}");
            let events = world.events.iter().filter(|event| event.origin == notification.id).count();
            if is_alone(&world, notification) && !notification.comes_late() {
                prop_assert_eq!(events, 1, "{:?}\n{:?}", notification, world);
            }
        }
    }
}
