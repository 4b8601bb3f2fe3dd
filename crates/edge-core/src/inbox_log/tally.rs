//! How many events went to each destination, up to an event. It is kept with each event, so that nothing is
//! ever counted by reading the log.

use serde::{Deserialize, Serialize};

use super::{
    DestinationId, Seq,
    blob::{self, BadBlob},
};

/// Cumulative counts by destination, the event itself among them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally(Vec<(DestinationId, u64)>);

impl Tally {
    /// How many went there.
    #[must_use]
    pub fn of(&self, destination: DestinationId) -> u64 {
        let found = self.0.binary_search_by_key(&destination, |(id, _)| *id);
        found
            .ok()
            .and_then(|index| self.0.get(index))
            .map_or(0, |(_, count)| *count)
    }

    /// The tally at the next event, which goes to these. One that is named twice gets it once.
    #[must_use]
    pub fn with(&self, routed: &[DestinationId]) -> Self {
        let mut next = self.0.clone();
        let mut added = routed.to_vec();
        added.sort_unstable();
        added.dedup();
        for id in added {
            match next.binary_search_by_key(&id, |(id, _)| *id) {
                Ok(index) => {
                    if let Some((_, count)) = next.get_mut(index) {
                        *count = count.saturating_add(1);
                    }
                }
                Err(index) => next.insert(index, (id, 1)),
            }
        }
        Self(next)
    }

    /// For the column `events.tally`.
    pub fn encode(&self) -> Result<Vec<u8>, BadBlob> {
        blob::encode(self)
    }

    /// From the column.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadBlob> {
        let tally: Self = blob::decode(bytes)?;
        let is_ascending = tally
            .0
            .windows(2)
            .all(|pair| pair.first().map(|(id, _)| id) < pair.last().map(|(id, _)| id));
        if is_ascending {
            Ok(tally)
        } else {
            Err(BadBlob)
        }
    }
}

/// The first event after `after` and up to `head` that goes to a destination: the first whose tally is `target`,
/// which is one more than were begun.
///
/// `at_or_after` looks up the first event kept from a place on, and its tally for the destination (an event that
/// goes elsewhere may be forgotten; one that is wanted is not). The next one in the log is tried first; then
/// it takes a binary search, at the most 2 + log₂(head − after) look-ups.
///
/// Ask only if the tally at `head` is at least `target`.
///
/// # Errors
///
/// That of `at_or_after`.
pub fn find_wanted<E>(
    after: Seq,
    head: Seq,
    target: u64,
    mut at_or_after: impl FnMut(Seq) -> Result<Option<(Seq, u64)>, E>,
) -> Result<Option<Seq>, E> {
    let mut low = after.saturating_add(1);
    let mut found = match at_or_after(low)? {
        Some((seq, count)) if count >= target => return Ok(Some(seq)),
        Some((seq, _)) => {
            low = seq.saturating_add(1);
            None
        }
        None => return Ok(None),
    };
    let mut high = head;
    while low <= high {
        let middle = low.saturating_add((high - low) / 2);
        match at_or_after(middle)? {
            Some((seq, count)) if count < target => low = seq.saturating_add(1),
            Some((seq, _)) => {
                found = Some(seq);
                high = middle.saturating_sub(1);
            }
            None => high = middle.saturating_sub(1),
        }
    }
    Ok(found)
}
