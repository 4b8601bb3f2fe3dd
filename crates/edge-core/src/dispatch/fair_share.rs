//! Fair sharing of the invocation's six connections, so that slow or failing destinations cannot starve
//! healthy ones.

use crate::sort::sort_by_key;

/// One destination's attempts: those that it has, and those that it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Attempts that are under way to it.
    pub busy: usize,
    /// Attempts that it could begin now.
    pub wants: usize,
    /// `true` if its last attempts all failed.
    pub failing: bool,
    /// When it last began one, by a count that all share: who has waited longest comes first.
    pub last_start: u64,
}

/// Of all places, how many destinations that fail may hold together.
const FAILING_SHARE: usize = 2;
/// Places that are kept for destinations which have none under way, though they want none yet.
const MOST_RESERVED: usize = 2;

/// How many attempts each destination may begin now, with `places` in all.
///
/// Every destination gets one before any gets a second; one that fails gets one at the most; and a
/// place is left for those that have nothing under way, since what they get next should not wait
/// for an attempt that hangs.
#[must_use]
pub fn allocate(places: usize, demands: &[Demand]) -> Vec<usize> {
    let mut free = places.saturating_sub(demands.iter().map(|demand| demand.busy).sum());
    let mut failing_places = (places / FAILING_SHARE)
        .saturating_sub(demands.iter().filter(|c| c.failing).map(|c| c.busy).sum());
    let mut granted = vec![0; demands.len()];
    let queue = longest_waiting_first(demands);
    for index in &queue {
        let Some((demand, granted)) = demands.get(*index).zip(granted.get_mut(*index)) else {
            continue;
        };
        let first = demand.wants > 0 && demand.busy == 0 && (!demand.failing || failing_places > 0);
        if first && free > 0 {
            *granted = 1;
            free -= 1;
            failing_places -= usize::from(demand.failing);
        }
    }
    let idle = demands
        .iter()
        .zip(&granted)
        .filter(|(demand, granted)| demand.busy + **granted == 0)
        .count();
    let mut spare = free.saturating_sub(idle.min(MOST_RESERVED));
    loop {
        let before = spare;
        for index in &queue {
            let Some((demand, granted)) = demands.get(*index).zip(granted.get_mut(*index)) else {
                continue;
            };
            let one_more = !demand.failing && demand.busy + *granted > 0 && demand.wants > *granted;
            if one_more && spare > 0 {
                *granted += 1;
                spare -= 1;
            }
        }
        if spare == before {
            return granted;
        }
    }
}

/// The indexes of the demands, the one that has waited longest first.
fn longest_waiting_first(demands: &[Demand]) -> Vec<usize> {
    let mut queue: Vec<usize> = (0..demands.len()).collect();
    sort_by_key(&mut queue, |index| {
        demands.get(*index).map(|demand| demand.last_start)
    });
    queue
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy(busy: usize, wants: usize) -> Demand {
        Demand {
            busy,
            wants,
            failing: false,
            last_start: 0,
        }
    }

    fn failing(busy: usize, wants: usize) -> Demand {
        Demand {
            failing: true,
            ..healthy(busy, wants)
        }
    }

    #[test]
    fn one_destination_alone_gets_every_place() {
        assert_eq!(allocate(6, &[healthy(0, 100)]), [6]);
        assert_eq!(allocate(6, &[healthy(4, 100)]), [2]);
        assert_eq!(allocate(6, &[healthy(0, 2)]), [2]);
    }

    #[test]
    fn two_that_work_share_evenly() {
        assert_eq!(allocate(6, &[healthy(0, 100), healthy(0, 100)]), [3, 3]);
    }

    #[test]
    fn a_place_is_left_for_one_that_has_nothing_yet() {
        assert_eq!(allocate(6, &[healthy(0, 100), healthy(0, 0)]), [5, 0]);
        assert_eq!(
            allocate(
                6,
                &[healthy(0, 100), healthy(0, 0), healthy(0, 0), healthy(0, 0)]
            ),
            [4, 0, 0, 0]
        );
    }

    #[test]
    fn those_that_fail_get_one_each_and_half_at_the_most() {
        assert_eq!(allocate(6, &[failing(0, 100), healthy(0, 100)]), [1, 5]);
        let five = [
            failing(0, 9),
            failing(0, 9),
            failing(0, 9),
            failing(0, 9),
            healthy(0, 9),
        ];
        assert_eq!(allocate(6, &five), [1, 1, 1, 0, 2]);
    }

    #[test]
    fn who_has_waited_longest_comes_first() {
        let after = |last_start, demand| Demand {
            last_start,
            ..demand
        };
        let demands = [
            after(9, healthy(0, 9)),
            after(3, healthy(0, 9)),
            after(7, failing(0, 9)),
            after(3, healthy(0, 9)),
        ];
        assert_eq!(allocate(1, &demands), [0, 1, 0, 0]);
        assert_eq!(allocate(3, &demands), [0, 1, 1, 1]);
    }

    #[test]
    fn never_more_than_there_are() {
        for busy in 0..9 {
            let demands = [
                healthy(busy, 9),
                failing(0, 9),
                healthy(0, 9),
                healthy(0, 9),
            ];
            let granted: usize = allocate(6, &demands).iter().sum();
            assert!(granted + busy <= 6.max(busy), "{busy}");
        }
    }
}
