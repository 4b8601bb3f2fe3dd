//! The tables as plain maps: what is left after a kill. A commit is all or nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

use crate::id::EventId;

use super::super::{
    Cursor, DestinationId, Entry, Found, Head, Line, Log, Position, ReplayId, Seq, Stage, State,
    Tally, Waiting, Write,
};

#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: [u8; 16],
    pub(crate) id_ms: i64,
    pub(crate) line: Option<Line>,
    pub(crate) routed: Vec<DestinationId>,
    pub(crate) received_at: i64,
    pub(crate) tally: Vec<u8>,
}

/// The rows of one destination.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) state: Vec<u8>,
    pub(crate) waiting: BTreeMap<Seq, Waiting>,
    pub(crate) dead: BTreeMap<Seq, i64>,
    pub(crate) extra: BTreeSet<Seq>,
    pub(crate) drops: Vec<(Seq, Seq)>,
    pub(crate) cursors: BTreeMap<ReplayId, Cursor>,
    /// How many rows were written, by table.
    pub(crate) written: BTreeMap<&'static str, usize>,
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            state: State::default().encode().unwrap(),
            waiting: BTreeMap::new(),
            dead: BTreeMap::new(),
            extra: BTreeSet::new(),
            drops: Vec::new(),
            cursors: BTreeMap::new(),
            written: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    pub(crate) events: BTreeMap<Seq, Event>,
    pub(crate) destinations: BTreeMap<DestinationId, Rows>,
    /// The events that each replay means, for each destination.
    pub(crate) meant: BTreeMap<(ReplayId, DestinationId), BTreeSet<Seq>>,
    /// Written when the newest event is forgotten.
    pub(crate) floor: Head,
}

impl Rows {
    pub(crate) fn state(&self) -> State {
        State::decode(&self.state).unwrap()
    }

    fn run(&mut self, write: &Write) {
        let table = match write {
            Write::Destination(state) => {
                self.state = state.encode().unwrap();
                "destinations"
            }
            Write::Batch(successes) => {
                assert!(!successes.is_empty());
                "batches"
            }
            Write::PutWaiting(row) => {
                self.waiting.insert(row.seq, *row);
                "waiting"
            }
            Write::DeleteWaiting(seq) => {
                assert!(self.waiting.remove(seq).is_some(), "no row to delete");
                "waiting"
            }
            Write::PutDead { seq, at } => {
                assert!(self.dead.insert(*seq, *at).is_none(), "dead twice");
                "dead"
            }
            Write::DeleteDead(seq) => {
                assert!(self.dead.remove(seq).is_some(), "not dead");
                "dead"
            }
            Write::PutExtra(seq) => {
                self.extra.insert(*seq);
                "extra"
            }
            Write::DeleteExtra(seq) => {
                self.extra.remove(seq);
                "extra"
            }
            Write::PutDrop { first, last } => {
                self.drops.push((*first, *last));
                "drops"
            }
            Write::Attempt { .. } => "attempts",
            Write::PutCursor(cursor) => {
                self.cursors.insert(cursor.replay, cursor.clone());
                "replay_cursors"
            }
            Write::DeleteCursor(replay) => {
                self.cursors.remove(replay);
                "replay_cursors"
            }
        };
        *self.written.entry(table).or_default() += 1;
    }
}

impl Tables {
    pub(crate) fn commit(&mut self, id: DestinationId, writes: &[Write]) {
        let rows = self.destinations.get_mut(&id).unwrap();
        for write in writes {
            rows.run(write);
        }
    }

    /// The head that an opening inbox finds.
    pub(crate) fn head(&self) -> Head {
        match self.events.last_key_value() {
            Some((seq, event)) if *seq >= self.floor.seq => Head {
                seq: *seq,
                id_ms: event.id_ms,
                received_at: event.received_at,
                tally: Tally::decode(&event.tally).unwrap(),
            },
            _ => self.floor.clone(),
        }
    }

    pub(crate) fn append(&mut self, head: &Head, line: Option<Line>, routed: Vec<DestinationId>) {
        let id = head.id(3, 0x155_5555);
        assert_eq!(EventId::from_bytes(id.to_bytes()).seq(), head.seq);
        let event = Event {
            id: id.to_bytes(),
            id_ms: head.id_ms,
            line,
            routed,
            received_at: head.received_at,
            tally: head.tally.encode().unwrap(),
        };
        assert!(
            self.events.insert(head.seq, event).is_none(),
            "a place is used again"
        );
    }

    pub(crate) fn found(&self, id: DestinationId, seq: Seq) -> Found {
        let rows = &self.destinations[&id];
        Found {
            routed: self
                .events
                .get(&seq)
                .is_some_and(|event| event.routed.contains(&id)),
            waiting: rows.waiting.get(&seq).copied(),
            dead: rows.dead.contains_key(&seq),
            extra: rows.extra.contains(&seq),
            dropped: rows
                .drops
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&seq)),
        }
    }

    pub(crate) fn stage(&self, id: DestinationId, seq: Seq, position: &Position) -> Stage {
        Stage::of(seq, position, self.found(id, seq))
    }
}

/// The log as one destination asks it.
pub(crate) struct View<'t> {
    pub(crate) tables: &'t Tables,
    pub(crate) id: DestinationId,
    pub(crate) head: &'t Head,
}

impl View<'_> {
    fn rows(&self) -> &Rows {
        &self.tables.destinations[&self.id]
    }

    fn is_first_of_its_line(&self, row: &Waiting) -> bool {
        let mut before = self.rows().waiting.range(..row.seq);
        row.line.is_none() || before.all(|(_, other)| other.line != row.line)
    }
}

impl Log for View<'_> {
    type Error = Infallible;

    fn head(&self) -> (Seq, u64) {
        (self.head.seq, self.head.tally.of(self.id))
    }

    fn at_or_after(&self, seq: Seq) -> Result<Option<(Seq, u64)>, Infallible> {
        let found = self.tables.events.range(seq..).next();
        let count = |blob: &[u8]| Tally::decode(blob).unwrap().of(self.id);
        Ok(found.map(|(seq, event)| (*seq, count(&event.tally))))
    }

    fn received_at(&self, seq: Seq) -> Result<Option<i64>, Infallible> {
        Ok(self.tables.events.get(&seq).map(|event| event.received_at))
    }

    fn line(&self, seq: Seq) -> Result<Option<Line>, Infallible> {
        Ok(self.tables.events.get(&seq).and_then(|event| event.line))
    }

    fn entry(&self, seq: Seq) -> Result<Option<Entry>, Infallible> {
        let event = self.tables.events.get(&seq);
        Ok(event.map(|event| Entry {
            seq,
            line: event.line,
            found: self.tables.found(self.id, seq),
        }))
    }

    fn due(
        &self,
        replayed: bool,
        revived_at: Option<i64>,
        now_ms: i64,
        except: &[Seq],
    ) -> Result<Option<Waiting>, Infallible> {
        let rows = self.rows().waiting.values();
        let due = rows
            .filter(|row| row.replayed == replayed && !except.contains(&row.seq))
            .filter(|row| row.due_at(revived_at) <= now_ms && self.is_first_of_its_line(row));
        Ok(due
            .min_by_key(|row| (row.due_at(revived_at), row.seq))
            .copied())
    }

    fn least_tried(
        &self,
        revived_at: Option<i64>,
        now_ms: i64,
        except: &[Seq],
    ) -> Result<Option<Waiting>, Infallible> {
        let rows = self.rows().waiting.values();
        let due = rows
            .filter(|row| !except.contains(&row.seq) && row.due_at(revived_at) <= now_ms)
            .filter(|row| self.is_first_of_its_line(row));
        Ok(due
            .min_by_key(|row| (row.failed_at.is_some(), row.attempts, row.seq))
            .copied())
    }

    fn next_due(&self, revived_at: Option<i64>, after_ms: i64) -> Result<Option<i64>, Infallible> {
        let rows = self.rows().waiting.values();
        let first = rows.filter(|row| self.is_first_of_its_line(row));
        let due = first.map(|row| row.due_at(revived_at));
        Ok(due.filter(|at| *at > after_ms).min())
    }

    fn waits_before(&self, line: Line, seq: Seq) -> Result<bool, Infallible> {
        let mut before = self.rows().waiting.range(..seq);
        Ok(before.any(|(_, row)| row.line == Some(line)))
    }

    fn next_meant(
        &self,
        replay: ReplayId,
        after: Seq,
        last: Seq,
    ) -> Result<Option<Entry>, Infallible> {
        let meant = &self.tables.meant[&(replay, self.id)];
        let next = meant.iter().find(|seq| **seq > after && **seq <= last);
        next.map_or(Ok(None), |seq| self.entry(*seq))
    }
}
