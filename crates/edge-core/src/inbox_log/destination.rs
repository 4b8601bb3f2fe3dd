//! A destination in memory: its row, and what is under way.

use super::{
    DestinationId, Line, ReplayId, Seq,
    rows::{Cursor, State, Waiting, Write, short_answer},
};
use crate::delivery::{batching::Batching, outcome::Outcome, plan::Progress, timing::Jitter};

/// How long first-try successes are gathered before they are written.
pub(super) const GATHERED_MS: i64 = 250;
/// After the write of outcomes has failed.
const PAUSE_AFTER_FAILURE_MS: i64 = 60_000;

/// An event to send: by itself, or the attempt has several, in the log's order. Then all of them end together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Its place.
    pub seq: Seq,
    /// Which attempt it is, from 1. The same again if the last one's outcome was lost or did not count.
    pub number: u32,
}

/// How an attempt has ended.
#[derive(Debug, Clone)]
pub struct Ending {
    /// What came of it.
    pub outcome: Outcome,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// How long it took.
    pub took_ms: u32,
    /// For the delay before the next one.
    pub jitter: Jitter,
    /// The beginning of the response, without secrets.
    pub answer: Option<String>,
}

/// Where an attempt comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The position: it is pending there.
    Position,
    /// A row.
    Row(Waiting),
    /// A replay's position, of an event that had arrived or does not go here.
    Replay {
        replay: ReplayId,
        /// `true` if it counts among `delivered`. If not, it needs a row of `extra`.
        was_delivered: bool,
    },
}

/// An attempt under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnderWay {
    pub(super) seq: Seq,
    /// The first event of the attempt, by which it is known.
    pub(super) lead: Seq,
    pub(super) line: Option<Line>,
    pub(super) origin: Origin,
    /// Somebody wanted the event again meanwhile: there is a row, which this attempt's outcome leaves alone.
    pub(super) is_reset: bool,
}

impl UnderWay {
    pub(super) fn progress(&self) -> Progress {
        let row = match self.origin {
            Origin::Row(row) => Some(row),
            Origin::Position | Origin::Replay { .. } => None,
        };
        Progress {
            seq: self.seq,
            attempts: row.map_or(0, |row| row.attempts),
            gone: row.is_some_and(|row| row.gone),
            alone: row.is_some_and(|row| row.alone),
        }
    }

    /// `true` if the attempt is counted by this event.
    pub(super) fn is_lead(&self) -> bool {
        self.seq == self.lead
    }
}

/// An attempt that has ended, and is not written.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) under_way: UnderWay,
    pub(super) outcome: Outcome,
    pub(super) at: i64,
    pub(super) took_ms: u32,
    pub(super) jitter: Jitter,
    /// The beginning of the response, if it is kept with the position.
    pub(super) answer: Option<String>,
}

impl Ended {
    /// Gathered, since losing it costs a repeat and nothing else.
    pub(super) fn is_first_try_success(&self) -> bool {
        let is_first = match self.under_way.origin {
            Origin::Position | Origin::Replay { .. } => true,
            Origin::Row(_) => false,
        };
        is_first && !self.under_way.is_reset && matches!(self.outcome, Outcome::Delivered { .. })
    }
}

/// A destination in memory.
#[derive(Debug, Clone)]
pub struct Destination {
    pub(super) id: DestinationId,
    pub(super) is_ordered: bool,
    /// `None`: each event goes by itself.
    pub(super) batching: Option<Batching>,
    /// Its row; `position` is ahead of it by what has begun since it was written.
    pub(super) state: State,
    /// The replays that have not ended here; like `state`, they are ahead of their rows.
    pub(super) cursors: Vec<Cursor>,
    /// Those as they are in their rows.
    pub(super) written_cursors: Vec<Cursor>,
    pub(super) under_way: Vec<UnderWay>,
    pub(super) ended: Vec<Ended>,
    /// Pending ones that get a row, since they are behind a row of their line.
    pub(super) blocked: Vec<(Seq, Option<Line>, i64)>,
    /// Replays that have come to their end since the last write.
    pub(super) finished: Vec<ReplayId>,
    /// No write before this time: the last one failed.
    pub(super) pause_until: Option<i64>,
    /// `true` if the last live attempt was of a new event: new ones and due ones alternate.
    pub(super) was_fresh: bool,
}

/// A transition: what to write, and what is so when it is written.
#[derive(Debug)]
pub struct Change {
    /// To be committed together, in this order, for the destination.
    pub writes: Vec<Write>,
    pub(super) after: Destination,
}

impl Change {
    /// The destination's state once it is committed.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.after.state
    }
}

impl Destination {
    /// As it is in its rows.
    #[must_use]
    pub fn opened(id: DestinationId, is_ordered: bool, state: State, cursors: Vec<Cursor>) -> Self {
        Self {
            id,
            is_ordered,
            batching: None,
            state,
            written_cursors: cursors.clone(),
            cursors,
            under_way: Vec::new(),
            ended: Vec::new(),
            blocked: Vec::new(),
            finished: Vec::new(),
            pause_until: None,
            was_fresh: false,
        }
    }

    /// The same, with several events in one attempt.
    #[must_use]
    pub fn batched(self, batching: Option<Batching>) -> Self {
        Self { batching, ..self }
    }

    /// Its row's key.
    #[must_use]
    pub fn id(&self) -> DestinationId {
        self.id
    }

    /// The state that it is known to be in.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// How many attempts are under way.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.under_way.iter().filter(|one| one.is_lead()).count()
    }

    /// How many deliveries wait, where the log's tally for it is `head`.
    #[must_use]
    pub fn waits(&self, head: u64) -> u64 {
        let left = self.cursors.iter().map(|cursor| cursor.remaining);
        left.fold(self.state.waits(head), u64::saturating_add)
    }

    /// `true` if a replay that has not ended may still send this event.
    #[must_use]
    pub fn is_meant(&self, seq: Seq) -> bool {
        self.cursors.iter().any(|cursor| {
            let is_beyond = seq > cursor.position.upto() && seq <= cursor.last;
            is_beyond || cursor.position.is_pending(seq)
        })
    }

    /// How many deliveries a replay has left here.
    #[must_use]
    pub fn replay_left(&self, replay: ReplayId) -> u64 {
        let mut cursors = self.cursors.iter();
        let found = cursors.find(|cursor| cursor.replay == replay);
        found.map_or(0, |cursor| cursor.remaining)
    }

    /// Takes over what was committed. Nothing may have happened to the destination since the change was made:
    /// a transaction in a Durable Object is synchronous, so nothing can have.
    pub fn committed(&mut self, change: Change) {
        *self = change.after;
    }

    /// The commit failed: outcomes stay in memory, nothing begins, and it is tried again in a minute.
    pub fn write_failed(&mut self, now_ms: i64) {
        self.pause_until = Some(now_ms.saturating_add(PAUSE_AFTER_FAILURE_MS));
    }

    /// The attempt whose first event is this one has ended, for all of its events.
    pub fn ended(&mut self, lead: Seq, ending: Ending) {
        let Ending {
            outcome,
            at,
            took_ms,
            jitter,
            answer,
        } = ending;
        let answer = answer.as_deref().map(short_answer);
        let of_attempt = self.under_way.extract_if(.., |one| one.lead == lead);
        let ended = of_attempt.map(|under_way| Ended {
            under_way,
            outcome: outcome.clone(),
            at,
            took_ms,
            jitter,
            answer: answer.clone(),
        });
        self.ended.extend(ended);
    }

    /// The attempt whose first event is this one could not be made: it is as if it had not begun.
    pub fn not_made(&mut self, lead: Seq) {
        self.under_way.retain(|one| one.lead != lead);
    }

    /// The attempt has the events up to this one only: for the others it is as if it had not begun.
    pub fn shortened(&mut self, lead: Seq, last: Seq) {
        self.under_way
            .retain(|one| one.lead != lead || one.seq <= last);
    }

    /// `true` if an attempt is under way, or its outcome not written.
    pub(super) fn is_in_flight(&self, seq: Seq) -> bool {
        let ended = self.ended.iter().map(|one| one.under_way.seq);
        let mut all = self.under_way.iter().map(|one| one.seq).chain(ended);
        all.any(|one| one == seq)
    }

    /// A change that has only the destination's row so far.
    pub(super) fn change(after: Self, mut writes: Vec<Write>) -> Change {
        writes.push(Write::Destination(after.state.clone()));
        Change { writes, after }
    }
}
