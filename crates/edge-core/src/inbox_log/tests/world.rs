//! An inbox that the moves drive: tables that survive, memory that does not, and the ledger beside them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        Change, Cursor, Destination, DestinationId, Ending, Head, Line, Log as _, ReplayId, Seq,
        Stage, Write, may_forget,
    },
    ledger::{Asked, Ledger, Truth, Try},
    tables::{Rows, Tables, View},
};
use crate::delivery::{
    batching::Batching,
    outcome::Outcome,
    timing::{Jitter, Timing},
};

pub(super) const BEGIN: i64 = 1_700_000_000_000;
pub(super) const KEEP_MS: i64 = 86_400_000;
pub(super) const WINDOW_MS: i64 = 1_800_000;
/// This one is ordered.
pub(super) const ORDERED: DestinationId = 2;

pub(super) struct World {
    pub(super) now: i64,
    pub(super) moves: usize,
    pub(super) timing: Timing,
    pub(super) tables: Tables,
    pub(super) head: Head,
    pub(super) destinations: BTreeMap<DestinationId, Destination>,
    pub(super) ledger: Ledger,
    replays: ReplayId,
    pub(super) batching: Option<Batching>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::batched(None)
    }

    /// Every destination gets several events in one attempt.
    pub(super) fn batched(batching: Option<Batching>) -> Self {
        let mut world = Self {
            now: BEGIN,
            moves: 0,
            timing: Timing {
                schedule: vec![5000, 300_000],
                final_statuses: vec![422],
                ..Timing::default()
            },
            tables: Tables::default(),
            head: Head::default(),
            destinations: BTreeMap::new(),
            ledger: Ledger::default(),
            replays: 0,
            batching,
        };
        world.add_destination(1);
        world.add_destination(ORDERED);
        world
    }

    /// A destination that is there already stays as it is.
    pub(super) fn add_destination(&mut self, id: DestinationId) {
        if !self.destinations.contains_key(&id) {
            self.tables.destinations.insert(id, Rows::default());
            self.open(id);
        }
    }

    fn open(&mut self, id: DestinationId) {
        let rows = &self.tables.destinations[&id];
        let cursors = rows.cursors.values().cloned().collect();
        let opened = Destination::opened(id, id == ORDERED, rows.state(), cursors);
        let opened = opened.batched(self.batching);
        self.destinations.insert(id, opened);
    }

    pub(super) fn push(&mut self, line: Option<Line>, routed: &[DestinationId]) {
        let routed: Vec<_> = routed
            .iter()
            .copied()
            .filter(|id| self.destinations.contains_key(id))
            .collect();
        let next = self.head.append(self.now, &routed);
        assert!(
            next.seq > self.head.seq
                && next.id_ms >= self.head.id_ms
                && next.received_at >= self.head.received_at
        );
        let newest = self
            .tables
            .events
            .last_key_value()
            .map(|(_, event)| event.id);
        self.tables.append(&next, line, routed.clone());
        assert!(newest < Some(self.tables.events[&next.seq].id), "ids sort");
        self.ledger.lines.insert(next.seq, line);
        for id in routed {
            let pair = self.ledger.pair(id, next.seq);
            (pair.routed, pair.truth) = (true, Truth::Fresh);
        }
        self.head = next;
    }

    pub(super) fn view(&self, id: DestinationId) -> View<'_> {
        View {
            tables: &self.tables,
            id,
            head: &self.head,
        }
    }

    fn commit(&mut self, id: DestinationId, change: Change) {
        self.tables.commit(id, &change.writes);
        self.destinations.get_mut(&id).unwrap().committed(change);
    }

    /// Resets the next deliveries of a replay of many, then begins one attempt, if the destination takes one. Its first
    /// event.
    pub(super) fn start(&mut self, id: DestinationId) -> Option<Seq> {
        loop {
            let destination = &self.destinations[&id];
            if destination.pause_until.is_some() {
                return None;
            }
            let Some(change) = destination.next_reset(&self.view(id), self.now).unwrap() else {
                break;
            };
            for write in &change.writes {
                if let Write::PutWaiting(row) = write {
                    self.ledger.again(id, row.seq);
                }
            }
            self.commit(id, change);
        }
        let mut destination = self.destinations[&id].clone();
        if destination.state().health.allows(6, self.now) <= destination.busy() {
            return None;
        }
        let starts = destination.next(&self.view(id), self.now).unwrap();
        let seqs: Vec<_> = starts.iter().map(|start| start.seq).collect();
        self.check_batch(id, &seqs);
        self.destinations.insert(id, destination);
        let lead = *seqs.first()?;
        for start in starts {
            let (seq, number) = (start.seq, start.number);
            self.ledger
                .sends(id, (lead, seq), number, self.now, id == ORDERED);
        }
        Some(lead)
    }

    pub(super) fn end(&mut self, id: DestinationId, which: usize, outcome: &Outcome, chance: f64) {
        let tries = self.ledger.tries(id);
        let open = tries.iter().filter(|one| one.ended.is_none());
        let mut open: Vec<_> = open.map(|one| one.lead).collect();
        open.dedup();
        if open.is_empty() {
            return;
        }
        let lead = open[which % open.len()];
        // The order of the ledger's list is that of the ends.
        let of_attempt = |one: &mut Try| one.lead == lead && one.ended.is_none();
        let mut ended: Vec<_> = tries.extract_if(.., of_attempt).collect();
        for one in &mut ended {
            one.ended = Some((outcome.clone(), self.now));
        }
        let seqs: Vec<_> = ended.iter().map(|one| one.seq).collect();
        tries.extend(ended);
        if matches!(outcome, Outcome::Delivered { .. }) {
            for seq in seqs {
                self.ledger.pair(id, seq).arrived = true;
            }
        }
        let destination = self.destinations.get_mut(&id).unwrap();
        let ending = Ending {
            outcome: outcome.clone(),
            at: self.now,
            took_ms: 7,
            jitter: Jitter::new(chance),
            answer: None,
        };
        destination.ended(lead, ending);
    }

    /// Writes, if there is something to write and its time has come.
    pub(super) fn flush(&mut self, id: DestinationId, fails: bool) {
        let destination = self.destinations.get_mut(&id).unwrap();
        if destination
            .write_at(self.now)
            .is_none_or(|at| at > self.now)
        {
            return;
        }
        if fails {
            destination.write_failed(self.now);
            return;
        }
        let change = destination.flush(&self.timing);
        self.commit(id, change);
        self.ledger.written(id, &[422]);
    }

    /// Time passes, and what is to be written meanwhile is written. Or the clock is set back.
    pub(super) fn clock(&mut self, by: i64) {
        let until = self.now + by;
        for id in self.ids() {
            while let Some(at) = self.destinations[&id]
                .write_at(self.now)
                .filter(|at| *at <= until)
            {
                let now = self.now;
                self.now = at.max(now).min(until.max(now));
                self.flush(id, false);
                self.now = now;
            }
        }
        self.now = until;
        for id in self.ids() {
            self.flush(id, false);
        }
    }

    pub(super) fn kill(&mut self) {
        for (id, tries) in &self.ledger.tries {
            let unwritten: Vec<_> = tries.iter().filter_map(|one| one.ended.as_ref()).collect();
            assert!(unwritten.len() <= 64 + 6, "{} unwritten", unwritten.len());
            let fails = self.destinations[id].pause_until.is_some();
            let old = unwritten
                .iter()
                .filter(|(_, at)| self.now - at > 250)
                .count();
            assert!(old == 0 || fails, "a success was not written within 250 ms");
        }
        self.ledger.killed();
        assert_eq!(
            self.tables.head(),
            self.head,
            "memory knew more than the disk"
        );
        self.head = self.tables.head();
        self.ids().into_iter().for_each(|id| self.open(id));
    }

    pub(super) fn ids(&self) -> Vec<DestinationId> {
        self.destinations.keys().copied().collect()
    }

    pub(super) fn pause(&mut self, id: DestinationId) {
        let change = self.destinations[&id].pause();
        self.commit(id, change);
    }

    pub(super) fn resume(&mut self, id: DestinationId) {
        let change = self.destinations[&id].resume(self.now);
        self.commit(id, change);
        self.ledger.last_gone.insert(id, None);
    }

    pub(super) fn drop_undelivered(&mut self, id: DestinationId) {
        let rows = &self.tables.destinations[&id];
        let waiting: Vec<_> = rows.waiting.keys().copied().collect();
        let dead: Vec<_> = rows.dead.keys().copied().collect();
        let head = self.view(id).head();
        let change = self.destinations[&id].drop_undelivered(head, &waiting, &dead);
        self.commit(id, change);
        let in_flight: BTreeSet<_> = self.ledger.tries(id).iter().map(|one| one.seq).collect();
        let routed = |seq: &Seq| self.tables.events[seq].routed.contains(&id);
        for ((of, seq), pair) in &mut self.ledger.pairs {
            let is_open = matches!(pair.truth, Truth::Fresh | Truth::Waiting | Truth::Dead);
            if *of == id && is_open && !in_flight.contains(seq) {
                pair.truth = if routed(seq) {
                    Truth::Dropped
                } else {
                    Truth::NotRouted
                };
                pair.dropped = true;
                pair.begin_anew();
                pair.not_before = None;
            }
        }
    }

    pub(super) fn nth_event(&self, nth: usize) -> Option<Seq> {
        let count = self.tables.events.len();
        (count > 0).then(|| *self.tables.events.keys().nth(nth % count).unwrap())
    }

    pub(super) fn replay_one(&mut self, id: DestinationId, nth: usize) {
        let Some(seq) = self.nth_event(nth) else {
            return;
        };
        let entry = self.view(id).entry(seq).unwrap().unwrap();
        if let Some(change) = self.destinations[&id].replay_one(entry, self.now) {
            self.commit(id, change);
        }
        self.ledger.again(id, seq);
    }

    /// Of all, of those that went there, or of the dead.
    pub(super) fn replay_many(&mut self, id: DestinationId, only: Option<Truth>) {
        self.replays += 1;
        let seqs: Vec<_> = self.tables.events.keys().copied().collect();
        let meant: BTreeSet<_> = seqs
            .into_iter()
            .filter(|seq| only.is_none_or(|truth| self.ledger.pair(id, *seq).truth == truth))
            .collect();
        let change = {
            let count = u64::try_from(meant.len()).unwrap();
            self.destinations[&id].replay_many(self.replays, self.head.seq, count)
        };
        let in_flight: BTreeSet<_> = self.ledger.tries(id).iter().map(|one| one.seq).collect();
        let sent = |seq: &Seq| {
            (
                *seq,
                self.ledger
                    .pairs
                    .get(&(id, *seq))
                    .map_or(0, |pair| pair.written),
                in_flight.contains(seq),
            )
        };
        let asked = Asked {
            replay: self.replays,
            destination: id,
            at_move: self.moves,
            meant: meant.iter().map(sent).collect(),
        };
        self.ledger.asked.push(asked);
        self.tables.meant.insert((self.replays, id), meant);
        self.commit(id, change);
    }

    pub(super) fn forget(&mut self) {
        let seqs: Vec<_> = self.tables.events.keys().copied().collect();
        for seq in seqs {
            let received_at = self.tables.events[&seq].received_at;
            let stages = self.destinations.keys().map(|id| {
                let state = self.tables.destinations[id].state();
                self.tables.stage(*id, seq, &state.position)
            });
            let is_meant = self.destinations.values().any(|one| one.is_meant(seq));
            let is_busy = self
                .ledger
                .tries
                .values()
                .flatten()
                .any(|one| one.seq == seq);
            if is_busy || !may_forget(self.now - received_at, KEEP_MS, WINDOW_MS, is_meant, stages)
            {
                continue;
            }
            assert!(self.now - received_at > WINDOW_MS);
            for (id, rows) in &self.tables.destinations {
                let is_left = |cursor: &Cursor| {
                    let position = &cursor.position;
                    let is_meant = self.tables.meant[&(cursor.replay, *id)].contains(&seq);
                    is_meant && (seq > position.upto() || position.is_pending(seq))
                };
                assert!(
                    !rows.cursors.values().any(is_left),
                    "8: a replay means {seq}"
                );
            }
            if seq == self.head.seq {
                self.tables.floor = self.head.clone();
            }
            self.tables.events.remove(&seq);
            for (id, rows) in &mut self.tables.destinations {
                let pair = self.ledger.pairs.remove(&(*id, seq));
                let truth = pair.map_or(Truth::NotRouted, |pair| pair.truth);
                assert!(
                    matches!(truth, Truth::NotRouted | Truth::Delivered | Truth::Dropped),
                    "{seq} forgotten: {truth:?}"
                );
                *self.ledger.forgotten.entry(*id).or_default() +=
                    u64::from(truth == Truth::Delivered);
                rows.extra.remove(&seq);
            }
        }
    }

    /// The stage that the rows give, as the ledger would say it.
    pub(super) fn truth_of(&self, id: DestinationId, seq: Seq) -> Truth {
        let position = self.tables.destinations[&id].state().position;
        match self.tables.stage(id, seq, &position) {
            Stage::NotRouted => Truth::NotRouted,
            Stage::Beyond | Stage::Pending => Truth::Fresh,
            Stage::Waiting => Truth::Waiting,
            Stage::Dead => Truth::Dead,
            Stage::Delivered => Truth::Delivered,
            Stage::Dropped => Truth::Dropped,
        }
    }

    /// Everything works from now on, and every alarm comes at its time.
    pub(super) fn settle(&mut self) {
        let success = Outcome::Delivered { status: Some(204) };
        // Two outcomes that are not written yet may be 410, which pauses. A clock that was set back makes it longer.
        let pauses = self.destinations.values().filter_map(|one| one.pause_until);
        self.clock(pauses.max().map_or(60_000, |until| until - self.now));
        self.ids().into_iter().for_each(|id| self.resume(id));
        for _ in 0..3000 {
            let mut moved = false;
            for id in self.ids() {
                self.flush(id, false);
                self.moves += 1;
                while self.start(id).is_some() {
                    moved = true;
                }
                while self.ledger.tries(id).iter().any(|one| one.ended.is_none()) {
                    self.end(id, 0, &success, 0.0);
                }
            }
            if moved {
                continue;
            }
            let wake = |id: &DestinationId| {
                let destination = &self.destinations[id];
                destination.wake_at(&self.view(*id), self.now).unwrap()
            };
            let Some(wake) = self.ids().iter().filter_map(wake).min() else {
                return;
            };
            self.now = self.now.max(wake);
        }
        panic!("it never comes to rest: {:?}", self.destinations);
    }
}
