//! The stored rows, table by table, and the statements that change them.

use serde::{Deserialize, Serialize};

use super::{
    Line, ReplayId, Seq,
    blob::{self, BadBlob},
    position::Position,
};
use crate::delivery::plan::Health;

/// How many successes are recorded in a destination's row before they get a row of `batches`.
pub const BATCH: usize = 64;

/// The blob of a row of `destinations`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// How far it has got.
    pub position: Position,
    /// Rows of `waiting`.
    pub waiting: u64,
    /// Rows of `dead`.
    pub dead: u64,
    /// Deliveries that are delivered, forgotten ones among them.
    pub delivered: u64,
    /// How it has been doing.
    pub health: Health,
    /// When it came back or was resumed: what had failed before is due since then.
    pub revived_at: Option<i64>,
    /// The attempt whose start was recorded since an earlier one may have ended the isolate, and how often.
    pub suspect: Option<(Seq, u8)>,
    /// The last first-try successes.
    pub successes: Vec<Success>,
}

/// The longest answer that is recorded of a first-try success, in bytes: the last 64 of them are in one row.
const LONGEST_ANSWER: usize = 256;

/// The record of a first-try success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success {
    /// Of this event.
    pub seq: Seq,
    /// When the attempt ended, in milliseconds since 1970.
    pub at: i64,
    /// How long it took.
    pub took_ms: u32,
    /// The HTTP status, where there is one.
    pub status: Option<u16>,
    /// The beginning of the response, without secrets.
    pub answer: Option<String>,
}

/// The successes of a column `batches.outcomes`.
///
/// # Errors
///
/// It is damaged, or of another version.
pub fn decode_batch(bytes: &[u8]) -> Result<Vec<Success>, BadBlob> {
    blob::decode(bytes)
}

/// For the column `batches.outcomes`.
///
/// # Errors
///
/// It is larger than a blob may be.
pub fn encode_batch(batch: &[Success]) -> Result<Vec<u8>, BadBlob> {
    blob::encode(&batch)
}

/// As much of a response as the record of a first-try success has room for.
pub(super) fn short_answer(answer: &str) -> String {
    let end = answer.floor_char_boundary(LONGEST_ANSWER);
    answer.get(..end).unwrap_or_default().to_owned()
}

impl State {
    /// For the column `destinations.state`.
    pub fn encode(&self) -> Result<Vec<u8>, BadBlob> {
        blob::encode(self)
    }

    /// From the column.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadBlob> {
        let mut state: Self = blob::decode(bytes)?;
        if state.successes.len() > BATCH {
            return Err(BadBlob);
        }
        state.position = state.position.checked()?;
        Ok(state)
    }

    /// How many deliveries wait, where the log's tally for this destination is `head`. A subtraction.
    #[must_use]
    pub fn waits(&self, head: u64) -> u64 {
        let pending = u64::try_from(self.position.pending().len()).unwrap_or(u64::MAX);
        let beyond = head.saturating_sub(self.position.begun());
        beyond.saturating_add(pending).saturating_add(self.waiting)
    }

    /// `true` if there is nothing new to read.
    #[must_use]
    pub fn is_at(&self, head: u64) -> bool {
        self.position.begun() == head
    }
}

/// A row of `waiting`: a delivery that failed, or is behind one that did, or is to be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Of this event.
    pub seq: Seq,
    /// Attempts that are used up.
    pub attempts: u32,
    /// When it is due, by the schedule.
    pub next_at: i64,
    /// Not before, whatever happens: a `Retry-After`.
    pub not_before: Option<i64>,
    /// When it last failed. `None`: it has not failed yet, and may be a probe.
    pub failed_at: Option<i64>,
    /// `true` if a replay of many wants it: nothing live waits for it.
    pub replayed: bool,
    /// `true` if a 410 was forgiven it.
    pub gone: bool,
    /// `true` if it is sent by itself: a batch with it was refused.
    pub alone: bool,
    /// The line that it stands in until it is first delivered. `None`: nobody waits for it.
    pub line: Option<Line>,
}

impl Waiting {
    /// A delivery that has not been tried, or begins anew.
    #[must_use]
    pub fn anew(seq: Seq, now_ms: i64, replayed: bool, line: Option<Line>) -> Self {
        Self {
            seq,
            attempts: 0,
            next_at: now_ms,
            not_before: None,
            failed_at: None,
            replayed,
            gone: false,
            alone: false,
            line,
        }
    }

    /// When it can be tried. A destination that came back gets what had failed before without delay, but not
    /// before it asked for.
    #[must_use]
    pub fn due_at(&self, revived_at: Option<i64>) -> i64 {
        let is_revived = |revived: &i64| self.failed_at.is_some_and(|failed| failed <= *revived);
        let at = revived_at
            .filter(is_revived)
            .map_or(self.next_at, |revived| revived.min(self.next_at));
        at.max(self.not_before.unwrap_or(i64::MIN))
    }
}

/// The blob of a row of `replay_cursors`: a replay's place for one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Which replay.
    pub replay: ReplayId,
    /// How far it has got. Its pending ones are under way.
    pub position: Position,
    /// The last event that it may mean: what came later is none of its business.
    pub last: Seq,
    /// How many of those that it means it has not begun, or are under way.
    pub remaining: u64,
}

impl Cursor {
    /// For the column `replay_cursors.cursor`.
    pub fn encode(&self) -> Result<Vec<u8>, BadBlob> {
        blob::encode(self)
    }

    /// From the column.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadBlob> {
        let cursor: Self = blob::decode(bytes)?;
        let position = cursor.position.checked()?;
        Ok(Self { position, ..cursor })
    }
}

/// One statement. A transition is a list of them, committed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// `INSERT OR REPLACE INTO destinations`.
    Destination(State),
    /// `INSERT INTO batches`: the last of them is `upto`.
    Batch(Vec<Success>),
    /// `INSERT OR REPLACE INTO waiting`.
    PutWaiting(Waiting),
    /// `DELETE FROM waiting`.
    DeleteWaiting(Seq),
    /// `INSERT INTO dead`.
    PutDead {
        /// Of this event.
        seq: Seq,
        /// Since when.
        at: i64,
    },
    /// `DELETE FROM dead`.
    DeleteDead(Seq),
    /// `INSERT OR IGNORE INTO extra`: from here on as if the event had been routed here and begun.
    PutExtra(Seq),
    /// `DELETE FROM extra`.
    DeleteExtra(Seq),
    /// `INSERT INTO drops`: of these (`first` to `last`) what was not delivered is given up.
    PutDrop {
        /// The first.
        first: Seq,
        /// The last.
        last: Seq,
    },
    /// `INSERT INTO attempts`, of what was no first-try success.
    Attempt {
        /// Of this event.
        seq: Seq,
        /// From 1.
        number: u32,
        /// When it ended.
        at: i64,
    },
    /// `INSERT OR REPLACE INTO replay_cursors`.
    PutCursor(Cursor),
    /// `DELETE FROM replay_cursors`: the replay has ended here.
    DeleteCursor(ReplayId),
}
