//! The inbox as a log: positions, and what goes wrong.
//!
//! An event is appended once, with the destinations it goes to. Each destination has a [`Position`] in the log;
//! only what goes wrong gets a row of its own. This module is the rules: plain values, no I/O. The store executes
//! the [`Write`]s that they give, and answers their questions ([`Log`]).
//!
//! # How the store uses it
//!
//! One [`Destination`] is in memory for each row of `destinations`, and is made of it ([`Destination::opened`]).
//! Each transition is a [`Change`]: statements, and what the destination is after them. The store executes
//! `change.writes` in one transaction; only when that has succeeded it gives the change to
//! [`Destination::committed`]. So memory never knows more than the disk, but for two things, which a kill may
//! take: attempts under way, and first-try successes of the last 250 ms.
//!
//! | transition | rows written |
//! |---|---|
//! | [`Head::append`] | `events`: 1 and its indexes |
//! | [`Destination::next`] begins, holds back or passes | none |
//! | [`Destination::ended`] | none; [`Destination::write_at`] tells when to write |
//! | [`Destination::flush`], successes only | `destinations` 1, `batches` 1 for each 64 |
//! | … with a first failure, or an event behind a failed one | `waiting` 1 (2 with a line, and 1 for `due`), `attempts` 1 |
//! | … with a further failure | `waiting` 1, `attempts` 1 |
//! | … with a late success | `waiting` 1 (deleted), `attempts` 1 |
//! | … with a death | `waiting` 1 (deleted), `dead` 1, `attempts` 1 |
//! | [`Destination::replay_one`] | `destinations` 1, `waiting` 1 or 2, `dead` or `extra` 1 where there is one |
//! | [`Destination::replay_many`] begins; flushed with the rest | `replay_cursors` 1 |
//! | [`Destination::pause`], `resume`, `record_start` | `destinations` 1 |
//! | [`Destination::drop_undelivered`] | `destinations` 1, and 2 for each row that goes |
//!
//! # A turn of the dispatcher
//!
//! ```text
//! loop {
//!     for each destination that write_at says: flush, commit, committed (or write_failed)
//!     while there are places: next() -> send, then ended()
//!     sleep until an attempt ends, write_at, or wake_at
//! }
//! ```
//!
//! When nothing is under way the alarm is set for the earliest `wake_at`.

mod blob;
mod bulk;
mod destination;
mod head;
mod meant;
mod operator;
mod outcome;
mod position;
mod rows;
mod stage;
mod start;
mod tally;
#[cfg(test)]
pub(crate) mod tests;
mod together;

pub use self::{
    blob::BadBlob,
    destination::{Change, Destination, Ending, Start},
    head::Head,
    meant::Meant,
    position::{Full, MOST_PENDING, Position},
    rows::{BATCH, Cursor, State, Success, Waiting, Write, decode_batch, encode_batch},
    stage::{Found, Stage, may_forget},
    tally::{Tally, find_wanted},
};

/// An event's place in the log, from 1.
pub type Seq = i64;
/// A row of `destinations`.
pub type DestinationId = u32;
/// A row of `replays`.
pub type ReplayId = u32;
/// A hash of an event's type and object: what an ordered destination gets one after the other. Two objects of
/// one hash only wait for each other.
pub type Line = i64;

/// An event, as one destination sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// Its object, if it has one.
    pub line: Option<Line>,
    /// Which rows there are for it.
    pub found: Found,
}

/// The questions about one destination that the rules ask the store. `except` are those that are under way.
pub trait Log {
    /// The store's failure. Then nothing has changed.
    type Error;

    /// The tally at the head, for this destination.
    fn head(&self) -> (Seq, u64);

    /// The first event kept from a place on, and its tally for this destination.
    fn at_or_after(&self, seq: Seq) -> Result<Option<(Seq, u64)>, Self::Error>;

    /// When an event was received. Only those that send several events in one attempt ask.
    fn received_at(&self, seq: Seq) -> Result<Option<i64>, Self::Error>;

    /// An event's line, if it has one. Only ordered destinations ask.
    fn line(&self, seq: Seq) -> Result<Option<Line>, Self::Error>;

    /// An event, with the rows that there are for it.
    fn entry(&self, seq: Seq) -> Result<Option<Entry>, Self::Error>;

    /// The row of `waiting` that is due first ([`Waiting::due_at`]) and not after `now_ms`, with this mark
    /// `replayed`, and with no row of its line before it.
    fn due(
        &self,
        replayed: bool,
        revived_at: Option<i64>,
        now_ms: i64,
        except: &[Seq],
    ) -> Result<Option<Waiting>, Self::Error>;

    /// Of the rows that are due, the one that was tried least, with no row of its line before it. Only what is due:
    /// else the probes of an outage would use up the attempts of the few deliveries that wait.
    fn least_tried(
        &self,
        revived_at: Option<i64>,
        now_ms: i64,
        except: &[Seq],
    ) -> Result<Option<Waiting>, Self::Error>;

    /// The first time later than `after_ms` when a row is due that has none of its line before it.
    fn next_due(&self, revived_at: Option<i64>, after_ms: i64) -> Result<Option<i64>, Self::Error>;

    /// `true` if a row of this line is before this place.
    fn waits_before(&self, line: Line, seq: Seq) -> Result<bool, Self::Error>;

    /// The first event after a place that a replay means.
    fn next_meant(
        &self,
        replay: ReplayId,
        after: Seq,
        last: Seq,
    ) -> Result<Option<Entry>, Self::Error>;
}
