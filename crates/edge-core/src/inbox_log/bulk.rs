//! A replay of many: a position of its own for each destination, so that a paused one holds up no other.

use super::{
    Log, ReplayId, Seq,
    destination::{Change, Destination, Origin, Start},
    position::Position,
    rows::{Cursor, Write},
    stage::Stage,
};

impl Destination {
    /// Begins a replay of `remaining` events up to `last`, which the log tells one after the other.
    #[must_use]
    pub fn replay_many(&self, replay: ReplayId, last: Seq, remaining: u64) -> Change {
        let cursor = Cursor {
            replay,
            position: Position::default(),
            last,
            remaining,
        };
        let mut after = self.clone();
        after.cursors.push(cursor);
        let mut writes = Vec::new();
        after.write_cursors(&mut writes);
        Self::change(after, writes)
    }

    /// Ends a replay: what it has not begun here is not sent again. `None` if it has ended here.
    #[must_use]
    pub fn cancel_replay(&self, replay: ReplayId) -> Option<Change> {
        let mut after = self.clone();
        after.cursors.retain(|cursor| cursor.replay != replay);
        if after.cursors.len() == self.cursors.len() {
            return None;
        }
        after.finished.push(replay);
        let mut writes = Vec::new();
        after.write_cursors(&mut writes);
        Some(Self::change(after, writes))
    }

    /// The next event of a replay that has a row, which begins anew. To be committed before [`next`](Self::next)
    /// is asked for more.
    ///
    /// # Errors
    ///
    /// That of the log.
    pub fn next_reset<L: Log>(&self, log: &L, now_ms: i64) -> Result<Option<Change>, L::Error> {
        for (index, cursor) in self.cursors.iter().enumerate() {
            let (after, last) = (cursor.position.upto(), cursor.last);
            let Some(entry) = log.next_meant(cursor.replay, after, last)? else {
                continue;
            };
            let stage = Stage::of(entry.seq, &self.state.position, entry.found);
            let is_row = match stage {
                Stage::Waiting | Stage::Dead => true,
                Stage::Beyond | Stage::Pending => false,
                // Another replay is sending it.
                Stage::Delivered | Stage::Dropped | Stage::NotRouted => {
                    self.is_in_flight(entry.seq)
                }
            };
            if !is_row {
                continue;
            }
            let Some(mut change) = self.replayed(entry, true, now_ms) else {
                continue;
            };
            let after = &mut change.after;
            after.passed(index, entry.seq);
            after.end_cursors();
            after.write_cursors(&mut change.writes);
            return Ok(Some(change));
        }
        Ok(None)
    }

    /// The next event of a replay that had arrived, or does not go here. It passes those that are still to be
    /// sent anyway, and stops before one that has a row.
    pub(super) fn next_replayed<L: Log>(&mut self, log: &L) -> Result<Option<Start>, L::Error> {
        if let Some(start) = self.next_interrupted(log)? {
            return Ok(Some(start));
        }
        for index in 0..self.cursors.len() {
            while let Some(cursor) = self.cursors.get(index) {
                let (replay, upto, last) = (cursor.replay, cursor.position.upto(), cursor.last);
                let Some(entry) = log.next_meant(replay, upto, last)? else {
                    if let Some(cursor) = self.cursors.get_mut(index) {
                        let begun = cursor.position.begun();
                        cursor.position.pass(last, begun);
                    }
                    break;
                };
                let stage = Stage::of(entry.seq, &self.state.position, entry.found);
                let is_busy = entry
                    .line
                    .is_some_and(|line| self.is_ordered && self.is_line_busy(line));
                match stage {
                    Stage::Waiting | Stage::Dead => break,
                    Stage::Beyond | Stage::Pending => self.passed(index, entry.seq),
                    _ if self.is_in_flight(entry.seq) => break,
                    _ if is_busy || !cursor.position.has_room() => break,
                    Stage::Delivered | Stage::Dropped | Stage::NotRouted => {
                        if let Some(cursor) = self.cursors.get_mut(index) {
                            // There is room: see above.
                            let _ = cursor.position.begin(entry.seq);
                        }
                        return Ok(Some(self.begin(
                            entry.seq,
                            entry.line,
                            replaying(replay, stage),
                        )));
                    }
                }
            }
        }
        self.end_cursors();
        Ok(None)
    }

    /// One that was under way when the isolate ended.
    fn next_interrupted<L: Log>(&mut self, log: &L) -> Result<Option<Start>, L::Error> {
        for index in 0..self.cursors.len() {
            let pending = self
                .cursors
                .get(index)
                .map(|one| one.position.pending().to_vec());
            for seq in pending.into_iter().flatten() {
                if self.is_in_flight(seq) {
                    continue;
                }
                let Some(entry) = log.entry(seq)? else {
                    continue;
                };
                let stage = Stage::of(seq, &self.state.position, entry.found);
                let Some(cursor) = self.cursors.get_mut(index) else {
                    break;
                };
                match stage {
                    Stage::Delivered | Stage::Dropped | Stage::NotRouted => {
                        let replay = cursor.replay;
                        let is_busy = entry
                            .line
                            .is_some_and(|line| self.is_ordered && self.is_line_busy(line));
                        if !is_busy {
                            return Ok(Some(self.begin(
                                entry.seq,
                                entry.line,
                                replaying(replay, stage),
                            )));
                        }
                    }
                    // It was wanted once more while it was under way, and has a row since.
                    Stage::Beyond | Stage::Pending | Stage::Waiting | Stage::Dead => {
                        cursor.position.resolve(seq);
                        cursor.remaining = cursor.remaining.saturating_sub(1);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Those rows that have changed.
    pub(super) fn write_cursors(&mut self, writes: &mut Vec<Write>) {
        let changed = self
            .cursors
            .iter()
            .filter(|one| !self.written_cursors.contains(one));
        writes.extend(changed.cloned().map(Write::PutCursor));
        writes.extend(self.finished.drain(..).map(Write::DeleteCursor));
        self.written_cursors.clone_from(&self.cursors);
    }

    fn passed(&mut self, index: usize, seq: Seq) {
        if let Some(cursor) = self.cursors.get_mut(index) {
            let begun = cursor.position.begun();
            cursor.position.pass(seq, begun);
            cursor.remaining = cursor.remaining.saturating_sub(1);
        }
    }

    /// Takes away those that are through.
    pub(super) fn end_cursors(&mut self) {
        let is_through = |cursor: &Cursor| {
            cursor.position.upto() >= cursor.last && cursor.position.pending().is_empty()
        };
        let through = self.cursors.iter().filter(|cursor| is_through(cursor));
        self.finished.extend(through.map(|cursor| cursor.replay));
        self.cursors.retain(|cursor| !is_through(cursor));
    }
}

fn replaying(replay: ReplayId, stage: Stage) -> Origin {
    Origin::Replay {
        replay,
        was_delivered: stage == Stage::Delivered,
    }
}
