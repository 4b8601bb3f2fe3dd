//! The events that a replay means for one destination: found out once, when it is asked for.

use serde::{Deserialize, Serialize};

use super::{
    Seq,
    blob::{self, BadBlob},
};

/// How many runs one row has, so that none grows large.
const MOST_RUNS: usize = 10_000;

/// Places in ascending order, as runs without a gap: how far each begins after the last one's end, and its length.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meant {
    runs: Vec<(u64, u64)>,
    /// The last place.
    last: Seq,
}

impl Meant {
    /// Adds a place after all others.
    pub fn push(&mut self, seq: Seq) {
        let gap = seq.saturating_sub(self.last).max(0).unsigned_abs();
        match self.runs.last_mut() {
            Some((_, length)) if gap == 1 => *length = length.saturating_add(1),
            _ => self.runs.push((gap, 1)),
        }
        self.last = seq;
    }

    /// `true` if the next place belongs to another row.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.runs.len() >= MOST_RUNS
    }

    /// The last place. 0 if there is none.
    #[must_use]
    pub fn last(&self) -> Seq {
        self.last
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        let lengths = self.runs.iter().map(|(_, length)| *length);
        lengths.fold(0, u64::saturating_add)
    }

    /// The first place after this one.
    #[must_use]
    pub fn next_after(&self, after: Seq) -> Option<Seq> {
        let mut end: Seq = 0;
        for (gap, length) in &self.runs {
            let first = end.saturating_add_unsigned(*gap);
            end = first.saturating_add_unsigned(length.saturating_sub(1));
            if end > after {
                return Some(first.max(after.saturating_add(1)));
            }
        }
        None
    }

    /// For the column `replay_events.seqs`.
    pub fn encode(&self) -> Result<Vec<u8>, BadBlob> {
        blob::encode(self)
    }

    /// From the column.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadBlob> {
        blob::decode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_place_is_found_after_the_one_before(places in prop::collection::btree_set(1..5000_i64, 0..300)) {
            let mut meant = Meant::default();
            for place in &places {
                meant.push(*place);
            }
            let meant = Meant::decode(&meant.encode().unwrap()).unwrap();
            let mut found = Vec::new();
            let mut after = 0;
            while let Some(next) = meant.next_after(after) {
                found.push(next);
                after = next;
            }
            prop_assert_eq!(found, places.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(meant.last(), places.last().copied().unwrap_or(0));
            for after in [0, 77, 4999, 9999] {
                prop_assert_eq!(meant.next_after(after), places.range(after + 1..).next().copied());
            }
        }
    }

    #[test]
    fn a_row_of_scattered_places_is_small_and_one_of_all_is_tiny() {
        let mut scattered = Meant::default();
        for seq in 1.. {
            if scattered.is_full() {
                break;
            }
            scattered.push(seq * 40);
        }
        assert!(scattered.encode().unwrap().len() < 40_000);
        let mut all = Meant::default();
        (1..=300_000).for_each(|seq| all.push(seq));
        assert!(all.encode().unwrap().len() < 20);
    }
}
