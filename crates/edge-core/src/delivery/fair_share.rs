//! Who may send next. The runtime has six connections for one invocation, and destinations share
//! them so that those which hang or fail leave enough to those which work.

/// What one destination has and wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Attempts that are under way to it.
    pub busy: usize,
    /// Attempts that it could begin now.
    pub wants: usize,
    /// Whether its last attempts all failed.
    pub failing: bool,
    /// When it last began one, by a count that all share: who has waited longest comes first.
    pub turn: u64,
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
pub fn share(places: usize, claims: &[Claim]) -> Vec<usize> {
    let mut free = places.saturating_sub(claims.iter().map(|claim| claim.busy).sum());
    let mut failing_places = (places / FAILING_SHARE)
        .saturating_sub(claims.iter().filter(|c| c.failing).map(|c| c.busy).sum());
    let mut granted = vec![0; claims.len()];
    let queue = by_turn(claims);
    for index in &queue {
        let Some((claim, granted)) = claims.get(*index).zip(granted.get_mut(*index)) else {
            continue;
        };
        let first = claim.wants > 0 && claim.busy == 0 && (!claim.failing || failing_places > 0);
        if first && free > 0 {
            *granted = 1;
            free -= 1;
            failing_places -= usize::from(claim.failing);
        }
    }
    let idle = claims
        .iter()
        .zip(&granted)
        .filter(|(claim, granted)| claim.busy + **granted == 0)
        .count();
    let mut spare = free.saturating_sub(idle.min(MOST_RESERVED));
    loop {
        let before = spare;
        for index in &queue {
            let Some((claim, granted)) = claims.get(*index).zip(granted.get_mut(*index)) else {
                continue;
            };
            let one_more = !claim.failing && claim.busy + *granted > 0 && claim.wants > *granted;
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

/// The indexes of those that have waited longest first. There are few, and a sort would cost the
/// upload more than this costs time.
fn by_turn(claims: &[Claim]) -> Vec<usize> {
    let mut queue: Vec<(u64, usize)> = Vec::with_capacity(claims.len());
    for (index, claim) in claims.iter().enumerate() {
        let place = queue.iter().position(|(turn, _)| *turn > claim.turn);
        queue.insert(place.unwrap_or(queue.len()), (claim.turn, index));
    }
    queue.into_iter().map(|(_, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy(busy: usize, wants: usize) -> Claim {
        Claim {
            busy,
            wants,
            failing: false,
            turn: 0,
        }
    }

    fn failing(busy: usize, wants: usize) -> Claim {
        Claim {
            failing: true,
            ..healthy(busy, wants)
        }
    }

    #[test]
    fn one_destination_alone_gets_every_place() {
        assert_eq!(share(6, &[healthy(0, 100)]), [6]);
        assert_eq!(share(6, &[healthy(4, 100)]), [2]);
        assert_eq!(share(6, &[healthy(0, 2)]), [2]);
    }

    #[test]
    fn two_that_work_share_evenly() {
        assert_eq!(share(6, &[healthy(0, 100), healthy(0, 100)]), [3, 3]);
    }

    #[test]
    fn a_place_is_left_for_one_that_has_nothing_yet() {
        assert_eq!(share(6, &[healthy(0, 100), healthy(0, 0)]), [5, 0]);
        assert_eq!(
            share(
                6,
                &[healthy(0, 100), healthy(0, 0), healthy(0, 0), healthy(0, 0)]
            ),
            [4, 0, 0, 0]
        );
    }

    #[test]
    fn those_that_fail_get_one_each_and_half_at_the_most() {
        assert_eq!(share(6, &[failing(0, 100), healthy(0, 100)]), [1, 5]);
        let five = [
            failing(0, 9),
            failing(0, 9),
            failing(0, 9),
            failing(0, 9),
            healthy(0, 9),
        ];
        assert_eq!(share(6, &five), [1, 1, 1, 0, 2]);
    }

    #[test]
    fn who_has_waited_longest_comes_first() {
        let after = |turn, claim| Claim { turn, ..claim };
        let claims = [
            after(9, healthy(0, 9)),
            after(3, healthy(0, 9)),
            after(7, failing(0, 9)),
            after(3, healthy(0, 9)),
        ];
        assert_eq!(share(1, &claims), [0, 1, 0, 0]);
        assert_eq!(share(3, &claims), [0, 1, 1, 1]);
    }

    #[test]
    fn never_more_than_there_are() {
        for busy in 0..9 {
            let claims = [
                healthy(busy, 9),
                failing(0, 9),
                healthy(0, 9),
                healthy(0, 9),
            ];
            let granted: usize = share(6, &claims).iter().sum();
            assert!(granted + busy <= 6.max(busy), "{busy}");
        }
    }
}
