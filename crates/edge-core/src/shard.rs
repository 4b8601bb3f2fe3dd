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
    fn an_inbox_is_named_after_its_source() {
        let source: SourceName = "acme-2".parse().unwrap();
        assert_eq!(name(&source, 0), "acme-2");
        assert_eq!(name(&source, 15), "acme-2.15");
        assert_eq!(source_of("acme-2.15"), "acme-2");
        assert_eq!(source_of("acme-2"), "acme-2");
    }
}
