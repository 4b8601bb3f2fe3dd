//! Operators' hands: one event again, pause, resume, drop; and what an event does that ends the isolate.

use super::{
    Entry, Seq,
    destination::{Change, Destination},
    rows::{Waiting, Write},
    stage::Stage,
};
use crate::delivery::{breaker::Breaker, plan::Health};

/// How often an event may be under way when the isolate ends, before it is dead.
const MOST_CRASHES: u8 = 2;

impl Destination {
    /// One event again. `None` if it was not begun: it comes anyway.
    #[must_use]
    pub fn replay_one(&self, entry: Entry, now_ms: i64) -> Option<Change> {
        self.replayed(entry, false, now_ms)
    }

    pub(super) fn replayed(&self, entry: Entry, of_many: bool, now_ms: i64) -> Option<Change> {
        let Entry { seq, line, found } = entry;
        let stage = Stage::of(seq, &self.state.position, found);
        let mut after = self.clone();
        let mut writes = Vec::new();
        let ended = after.ended.iter_mut().map(|one| &mut one.under_way);
        let in_flight = after.under_way.iter_mut().chain(ended);
        let mut is_in_flight = false;
        for one in in_flight.filter(|one| one.seq == seq) {
            is_in_flight = true;
            one.is_reset = true;
        }
        let line = line.filter(|_| self.is_ordered);
        // Only a first delivery stands in line.
        let row = |line| Waiting::anew(seq, now_ms, of_many, line);
        match stage {
            Stage::Beyond => return None,
            // A replay of many is content with the attempt under way.
            Stage::Pending if !is_in_flight || of_many => return None,
            Stage::Pending => {
                after.state.position.resolve(seq);
                after.put(row(line), true, &mut writes);
            }
            Stage::Waiting => {
                let old = found.waiting.unwrap_or(row(line));
                let row = Waiting {
                    // A row is never due before its `Retry-After`, so `next_at` says it all.
                    next_at: now_ms.max(old.not_before.unwrap_or(now_ms)),
                    not_before: old.not_before,
                    replayed: old.replayed && of_many,
                    ..row(old.line)
                };
                after.put(row, false, &mut writes);
            }
            Stage::Dead => {
                after.state.dead = after.state.dead.saturating_sub(1);
                writes.push(Write::DeleteDead(seq));
                after.put(row(None), true, &mut writes);
            }
            Stage::Delivered => {
                after.state.delivered = after.state.delivered.saturating_sub(1);
                after.put(row(None), true, &mut writes);
            }
            Stage::Dropped | Stage::NotRouted => {
                writes.push(Write::PutExtra(seq));
                after.put(row(None), true, &mut writes);
            }
        }
        Some(Self::change(after, writes))
    }

    /// Nothing is sent until somebody resumes it.
    #[must_use]
    pub fn pause(&self) -> Change {
        let mut after = self.clone();
        after.state.health.paused = true;
        Self::change(after, Vec::new())
    }

    /// It is tried at once: whoever resumes it wants to know whether it works.
    #[must_use]
    pub fn resume(&self, now_ms: i64) -> Change {
        let mut after = self.clone();
        after.state.health = Health {
            breaker: Breaker::default(),
            ..Health::default()
        };
        after.state.revived_at = Some(now_ms);
        Self::change(after, Vec::new())
    }

    /// Gives up what has not arrived and is not under way: all that was not begun up to the head, and these rows
    /// of `waiting` and `dead`. The caller comes again while there are rows.
    #[must_use]
    pub fn drop_undelivered(
        &self,
        (head, wanted): (Seq, u64),
        waiting: &[Seq],
        dead: &[Seq],
    ) -> Change {
        let mut after = self.clone();
        let mut writes = Vec::new();
        let upto = after.state.position.upto();
        if !after.state.is_at(wanted) {
            let first = upto.saturating_add(1);
            writes.push(Write::PutDrop { first, last: head });
            after.state.position.pass(head, wanted);
        }
        after.blocked.clear();
        for seq in self.state.position.pending() {
            if !self.is_in_flight(*seq) {
                after.state.position.resolve(*seq);
                writes.push(Write::PutDrop {
                    first: *seq,
                    last: *seq,
                });
            }
        }
        for seq in waiting.iter().filter(|seq| !self.is_in_flight(**seq)) {
            after.state.waiting = after.state.waiting.saturating_sub(1);
            writes.push(Write::DeleteWaiting(*seq));
            give_up(*seq, &mut writes);
        }
        for seq in dead {
            after.state.dead = after.state.dead.saturating_sub(1);
            writes.push(Write::DeleteDead(*seq));
            give_up(*seq, &mut writes);
        }
        Self::change(after, writes)
    }

    /// Records that an attempt begins, since the runtime says that the run before ended badly. `false`: this is
    /// the third time for this event; end it as `crashed` instead of sending it.
    #[must_use]
    pub fn record_start(&self, seq: Seq) -> (Change, bool) {
        let mut after = self.clone();
        let before = match self.state.suspect {
            Some((suspect, times)) if suspect == seq => times,
            _ => 0,
        };
        after.state.suspect = Some((seq, before.saturating_add(1)));
        (Self::change(after, Vec::new()), before < MOST_CRASHES)
    }
}

fn give_up(seq: Seq, writes: &mut Vec<Write>) {
    writes.push(Write::DeleteExtra(seq));
    writes.push(Write::PutDrop {
        first: seq,
        last: seq,
    });
}
