//! Any order of pushes, failures, fetches and deletes: nothing is lost, and nothing doubled without need.
//!
//! 3scale is modelled as it is (how it tries, when it gives up, how its list is kept), and so is what
//! the inbox and recovery remember. What decides is the real code: this module's, [`dedup`]'s, and
//! [`plan`](crate::recovery::plan)'s.

mod model;
mod sender;

use proptest::prelude::*;

use self::{
    model::World,
    sender::{Notification, runs, story},
};
use crate::inbox::dedup;

/// Whether a different state of the same object, sent between these two, would make them two.
fn lies_between(change: &Notification, a: &Notification, b: &Notification) -> bool {
    change.object == b.object
        && change.digest() != b.digest()
        && (a.id < change.id && change.id < b.id)
        && !dedup::repeats(b.updated_at, &[change.updated_at])
}

/// A notification is not lost if it is an event, or if an equal one is an event that we took in after
/// all that 3scale sent between the two, so that its state is the last here as it was there.
fn is_safe(world: &World, lost: &Notification) -> bool {
    let all = &world.sent;
    world.events.iter().any(|event| {
        let origin = &all[event.origin];
        origin.digest() == lost.digest()
            && (origin.id >= lost.id
                || all
                    .iter()
                    .filter(|change| lies_between(change, origin, lost))
                    // One that is no event is looked at for itself.
                    .filter(|change| world.had(change, usize::MAX))
                    .all(|change| world.had(change, event.seq)
                        // What was still under way when 3scale had its answer, nobody could know.
                        || world.answered_before(lost, change)))
    })
}

/// Nobody sent another state of its object that could be taken for one between its tries.
fn is_alone(world: &World, notification: &Notification) -> bool {
    world.sent.iter().all(|other| {
        other.id == notification.id
            || other.object != notification.object
            || dedup::repeats(notification.updated_at, &[other.updated_at])
                && other.digest() != notification.digest()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200_000, ..ProptestConfig::default() })]

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
