//! The inboxes of one source. One object is limited to one thread; a source that needs more is spread over several
//! (`shards = N`) by account, so that the events of one account stay in order.

use sha2::{Digest as _, Sha256};

use crate::name::SourceName;

/// Separates a source's name from its inbox's number; it occurs in no name.
const SEPARATOR: char = '.';

/// The source's inbox that stores events of this account. The first one stores events that belong to none.
#[must_use]
pub fn of_account(account: Option<&str>, shards: u32) -> u32 {
    account.map_or(0, |account| jump(hash(account), shards))
}

/// The inboxes that kept this account while the source had fewer, the latest first. All have lower numbers, so that no
/// two wait for each other.
#[must_use]
pub fn earlier_owners(account: Option<&str>, shard: u32) -> Vec<u32> {
    let Some(account) = account else {
        return Vec::new();
    };
    let hash = hash(account);
    let mut owners: Vec<_> = (1..=shard).rev().map(|shards| jump(hash, shards)).collect();
    owners.dedup();
    owners.retain(|owner| *owner < shard);
    owners
}

/// How long after an inbox's first event an earlier one may still get events that belong to it: until the last instance
/// of the Worker knows the new number.
const HANDOVER_MS: i64 = 3_600_000;
/// How soon an event that waits for an earlier inbox is looked at again.
const SOONEST_MS: i64 = 5000;
/// The longest until then.
const LATEST_MS: i64 = 300_000;

/// `true` if nothing in an earlier inbox can be before an event in this one, whose first event was received at `born_at`:
/// nothing waits there, or only what came later, which is none of this inbox's accounts.
#[must_use]
pub fn is_handed_over(oldest_waiting_at: Option<i64>, born_at: i64, now_ms: i64) -> bool {
    let until = born_at.saturating_add(HANDOVER_MS);
    now_ms > until && oldest_waiting_at.is_none_or(|at| at > until)
}

/// How long an event waits until the earlier inbox is asked again: a quarter of the time that it has waited already, so
/// that a long outage costs little.
#[must_use]
pub fn ask_again_after(received_at: i64, now_ms: i64) -> i64 {
    let waited = now_ms.saturating_sub(received_at);
    (waited / 4).clamp(SOONEST_MS, LATEST_MS)
}

/// The name of an inbox. The first has the source's own: that of a source without shards.
#[must_use]
pub fn name(source: &SourceName, shard: u32) -> String {
    match shard {
        0 => source.to_string(),
        shard => format!("{source}{SEPARATOR}{shard}"),
    }
}

/// The name of the source that an inbox belongs to.
#[must_use]
pub fn source_of(inbox: &str) -> &str {
    inbox
        .split_once(SEPARATOR)
        .map_or(inbox, |(source, _)| source)
}

/// The number of an inbox, from its name.
#[must_use]
pub fn number_of(inbox: &str) -> u32 {
    let number = inbox.split_once(SEPARATOR).map(|(_, number)| number);
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn hash(account: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(account.as_bytes()).into();
    digest
        .iter()
        .take(8)
        .fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// Lamping and Veach's jump consistent hash: from N to N + 1 shards, one account in N + 1 moves, and
/// each of those to the new shard.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the algorithm's own arithmetic, below 2^31"
)]
fn jump(mut key: u64, shards: u32) -> u32 {
    let (mut last, mut next) = (0_u64, 0_u64);
    while next < u64::from(shards.max(1)) {
        last = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((last + 1) as f64 * ((1_u64 << 31) as f64 / ((key >> 33) + 1) as f64)) as u64;
    }
    u32::try_from(last).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(account: u32, shards: u32) -> u32 {
        of_account(Some(&account.to_string()), shards)
    }

    #[test]
    fn one_shard_and_no_account_are_the_first_inbox() {
        assert!((0..100).all(|account| shard(account, 1) == 0));
        assert_eq!(of_account(None, 16), 0);
    }

    #[test]
    fn accounts_are_spread_evenly() {
        let mut counts = [0; 16];
        for account in 0..16_000 {
            counts[shard(account, 16) as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn one_more_shard_takes_its_part_and_moves_nothing_else() {
        let moved: Vec<u32> = (0..5000)
            .filter(|account| shard(*account, 4) != shard(*account, 5))
            .collect();
        assert!(moved.iter().all(|account| shard(*account, 5) == 4));
        assert!((800..1200).contains(&moved.len()), "{}", moved.len());
    }

    #[test]
    fn the_earlier_owners_are_those_that_kept_the_account_with_fewer_shards() {
        for account in 0..2000 {
            let account = account.to_string();
            let account = Some(account.as_str());
            let now = of_account(account, 8);
            let owners = earlier_owners(account, now);
            let before: std::collections::BTreeSet<_> = (1..=8)
                .map(|shards| of_account(account, shards))
                .filter(|owner| *owner != now)
                .collect();
            assert!(owners.is_sorted_by(|one, next| one > next));
            assert_eq!(
                owners
                    .into_iter()
                    .collect::<std::collections::BTreeSet<_>>(),
                before
            );
            assert_eq!(before.is_empty(), now == 0);
        }
        assert_eq!(earlier_owners(None, 5), [0; 0]);
    }

    #[test]
    fn an_inbox_is_handed_over_when_all_that_waits_elsewhere_came_an_hour_after_its_first_event() {
        let hour = HANDOVER_MS;
        assert!(!is_handed_over(None, 0, hour));
        assert!(is_handed_over(None, 0, hour + 1));
        assert!(!is_handed_over(Some(-5), 0, 9 * hour));
        assert!(!is_handed_over(Some(hour), 0, 9 * hour));
        assert!(is_handed_over(Some(hour + 1), 0, 9 * hour));
    }

    #[test]
    fn an_event_that_waits_for_long_asks_seldom() {
        assert_eq!(ask_again_after(0, 0), 5000);
        assert_eq!(ask_again_after(0, 60_000), 15_000);
        assert_eq!(ask_again_after(0, 86_400_000), 300_000);
        assert_eq!(ask_again_after(9000, 0), 5000, "the clock was set back");
    }

    #[test]
    fn an_inbox_is_named_after_its_source() {
        let source: SourceName = "acme-2".parse().unwrap();
        assert_eq!(name(&source, 0), "acme-2");
        assert_eq!(name(&source, 15), "acme-2.15");
        assert_eq!(source_of("acme-2.15"), "acme-2");
        assert_eq!(source_of("acme-2"), "acme-2");
    }
}
