//! How many events went to each destination, up to an event. It is kept with each event, so that nothing is
//! ever counted by reading the log.

use serde::{Deserialize, Serialize};

use super::{
    DestinationId, Seq,
    blob::{self, BadBlob},
};

/// Cumulative counts by destination, the event itself among them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally(Vec<Count>);

/// One destination's count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    destination: DestinationId,
    events: u64,
    /// `true` if the event itself goes there.
    here: bool,
}

impl Tally {
    /// How many went there.
    #[must_use]
    pub fn of(&self, destination: DestinationId) -> u64 {
        self.find(destination).map_or(0, |count| count.events)
    }

    /// `true` if the event itself goes there. It was decided when the event was appended.
    #[must_use]
    pub fn routes_to(&self, destination: DestinationId) -> bool {
        self.find(destination).is_some_and(|count| count.here)
    }

    /// The destinations to which the event itself goes.
    pub fn routed(&self) -> impl Iterator<Item = DestinationId> {
        let here = self.0.iter().filter(|count| count.here);
        here.map(|count| count.destination)
    }

    fn find(&self, destination: DestinationId) -> Option<&Count> {
        let found = self
            .0
            .binary_search_by_key(&destination, |count| count.destination);
        found.ok().and_then(|index| self.0.get(index))
    }

    /// The tally at the next event, which goes to these. One that is named twice gets it once.
    #[must_use]
    pub fn with(&self, routed: &[DestinationId]) -> Self {
        let mut next = self.0.clone();
        for count in &mut next {
            count.here = false;
        }
        for id in routed {
            match next.binary_search_by_key(id, |count| count.destination) {
                Ok(index) => {
                    if let Some(count) = next.get_mut(index).filter(|count| !count.here) {
                        count.events = count.events.saturating_add(1);
                        count.here = true;
                    }
                }
                Err(index) => next.insert(
                    index,
                    Count {
                        destination: *id,
                        events: 1,
                        here: true,
                    },
                ),
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
        let is_ascending = tally.0.windows(2).all(|pair| {
            pair.first().map(|one| one.destination) < pair.last().map(|one| one.destination)
        });
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
