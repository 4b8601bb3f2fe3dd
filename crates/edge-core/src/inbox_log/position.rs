//! A place in the log: all up to it were begun, but for a few that are still pending.

use serde::{Deserialize, Serialize};

use super::{Seq, blob::BadBlob};

/// How many may be pending. It bounds the blob, and what is sent again after a kill.
pub const MOST_PENDING: usize = 64;

/// How far a destination, or a replay for it, has got.
///
/// One that hangs stays in `pending` while `upto` moves on, so it holds up nobody and leaves no gap. What is
/// up to `upto` and not pending has ended, or has a row of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    upto: Seq,
    /// How many were begun, ever: the tally at `upto`, without the event there, which may be forgotten.
    begun: u64,
    /// In ascending order.
    pending: Vec<Seq>,
}

/// As many are pending as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Position {
    /// After this place, with nothing pending, where the log's tally says `begun`.
    #[must_use]
    pub fn at(upto: Seq, begun: u64) -> Self {
        Self {
            upto,
            begun,
            pending: Vec::new(),
        }
    }

    /// The highest that was begun, or that nothing is wanted up to.
    #[must_use]
    pub fn upto(&self) -> Seq {
        self.upto
    }

    /// How many were begun.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.begun
    }

    /// Those that were begun and have neither ended nor a row of their own, in ascending order.
    #[must_use]
    pub fn pending(&self) -> &[Seq] {
        &self.pending
    }

    /// `true` if this one is pending.
    #[must_use]
    pub fn is_pending(&self, seq: Seq) -> bool {
        self.pending.binary_search(&seq).is_ok()
    }

    /// `true` if there is room for one more.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.pending.len() < MOST_PENDING
    }

    /// Begins the next one that is wanted, or holds it back: in the log it is the same.
    ///
    /// # Errors
    ///
    /// Too many are pending. Nothing has changed.
    pub fn begin(&mut self, seq: Seq) -> Result<(), Full> {
        if !self.has_room() || seq <= self.upto {
            return Err(Full);
        }
        self.upto = seq;
        self.begun = self.begun.saturating_add(1);
        self.pending.push(seq);
        Ok(())
    }

    /// It has ended, or gets a row of its own. `false` if it was not pending.
    pub fn resolve(&mut self, seq: Seq) -> bool {
        let found = self.pending.binary_search(&seq);
        if let Ok(index) = found {
            self.pending.remove(index);
        }
        found.is_ok()
    }

    /// Passes what is not wanted, or wanted no more: `begun` is the tally there.
    pub fn pass(&mut self, upto: Seq, begun: u64) {
        self.upto = self.upto.max(upto);
        self.begun = self.begun.max(begun);
    }

    /// Refuses what [`begin`](Self::begin) could not have made.
    pub(super) fn checked(self) -> Result<Self, BadBlob> {
        let is_ascending = self
            .pending
            .windows(2)
            .all(|pair| pair.first() < pair.last());
        let is_behind = self.pending.last().is_none_or(|last| *last <= self.upto);
        let fits = self.pending.len() <= MOST_PENDING
            && u64::try_from(self.pending.len()).is_ok_and(|pending| pending <= self.begun);
        if is_ascending && is_behind && fits {
            Ok(self)
        } else {
            Err(BadBlob)
        }
    }
}
