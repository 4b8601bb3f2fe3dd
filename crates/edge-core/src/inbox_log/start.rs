//! The next attempt to make.

use super::{
    Line, Log, Seq,
    destination::{Destination, Origin, Start, UnderWay},
    position::MOST_PENDING,
    rows::Waiting,
};
use crate::delivery::outcome::Outcome;
use crate::sort::sort_by_key;

/// Of the pending ones, how many may be held back. Beyond it they get rows, so that one object of which a
/// hundred events come while one hangs holds up no other object.
const MOST_HELD: usize = MOST_PENDING - 16;
/// How many rows a question to the log can leave out: the platform binds 100 values to a statement.
const MOST_EXCEPT: usize = 80;

impl Destination {
    /// Begins the next attempt, if one can be made now, and returns its events. Nothing is written; the caller has asked
    /// `state().health.allows` and its rate for a place.
    ///
    /// New events and due ones alternate, replays of many come last. While the breaker is open, the one probe is
    /// of an event that has not failed yet, or else of the one that was tried least of those that are due.
    ///
    /// # Errors
    ///
    /// That of the log.
    pub fn next<L: Log>(&mut self, log: &L, now_ms: i64) -> Result<Vec<Start>, L::Error> {
        if self.pause_until.is_some() || self.state.health.allows(1, now_ms) == 0 {
            return Ok(Vec::new());
        }
        let begun = self.under_way.len();
        let starts = if self.state.health.is_probing() {
            self.next_probe(log, now_ms)
        } else {
            self.next_together(log, now_ms)
        };
        match starts {
            Ok(mut starts) => {
                sort_by_key(&mut starts, |start| start.seq);
                if let Some(first) = starts.first() {
                    let of_attempt = self.under_way.iter_mut().skip(begun);
                    of_attempt.for_each(|one| one.lead = first.seq);
                }
                Ok(starts)
            }
            Err(error) => {
                // Those that have begun so far are not sent.
                self.under_way.truncate(begun);
                Err(error)
            }
        }
    }

    fn next_probe<L: Log>(&mut self, log: &L, now_ms: i64) -> Result<Vec<Start>, L::Error> {
        if !self.under_way.is_empty() {
            return Ok(Vec::new());
        }
        let fresh = self.next_fresh(log, 1, now_ms)?;
        if !fresh.is_empty() {
            return Ok(fresh);
        }
        let except = self.in_flight();
        let row = log.least_tried(self.state.revived_at, now_ms, &except)?;
        let start = match row {
            Some(row) => self.begin_row(log, row)?,
            None => self.next_replayed(log)?,
        };
        Ok(start.into_iter().collect())
    }

    /// The events of one attempt: all new, or all due, or all of replays.
    fn next_together<L: Log>(&mut self, log: &L, now_ms: i64) -> Result<Vec<Start>, L::Error> {
        let batching = self.together();
        let most = batching.map_or(1, |batching| batching.most);
        if batching.is_some_and(|batching| !self.has_room_for(batching)) {
            return Ok(Vec::new());
        }
        let fresh_first = !self.was_fresh;
        for fresh in [fresh_first, !fresh_first] {
            let starts = if fresh {
                self.next_fresh(log, most, now_ms)?
            } else {
                self.next_due(log, false, most, now_ms)?
            };
            if !starts.is_empty() {
                self.was_fresh = fresh;
                return Ok(starts);
            }
        }
        let mut starts = self.next_due(log, true, most, now_ms)?;
        if starts.is_empty() {
            while starts.len() < most
                && let Some(start) = self.next_replayed(log)?
            {
                starts.push(start);
            }
        }
        Ok(starts)
    }

    /// When something can begin next. For the alarm: ask when nothing is under way and [`next`](Self::next) gives
    /// nothing.
    ///
    /// # Errors
    ///
    /// That of the log.
    pub fn wake_at<L: Log>(&self, log: &L, now_ms: i64) -> Result<Option<i64>, L::Error> {
        let start = self.start_at(log, now_ms)?;
        Ok(start.into_iter().chain(self.write_at(now_ms)).min())
    }

    /// When the next attempt can begin, if the destination has a place for it.
    ///
    /// # Errors
    ///
    /// That of the log.
    pub fn start_at<L: Log>(&self, log: &L, now_ms: i64) -> Result<Option<i64>, L::Error> {
        if self.state.health.paused {
            return Ok(None);
        }
        let fresh = self.fresh_at(log, now_ms)?;
        // What a replay has begun goes on when it is written.
        let is_replaying = !self.cursors.is_empty() && self.ended.is_empty();
        let due = if is_replaying || fresh == Some(now_ms) {
            Some(now_ms)
        } else if self.state.waiting == 0 {
            fresh
        } else {
            let row = log.next_due(self.state.revived_at, i64::MIN)?;
            fresh.into_iter().chain(row).min()
        };
        let start = due.and_then(|due| self.state.health.earliest(due));
        Ok(start.map(|at| at.max(self.pause_until.unwrap_or(i64::MIN))))
    }

    /// When the next row is due, or new events have waited long enough, apart from those that are due now: they wait
    /// for a place, or are under way.
    ///
    /// # Errors
    ///
    /// That of the log.
    pub fn next_due_at<L: Log>(&self, log: &L, now_ms: i64) -> Result<Option<i64>, L::Error> {
        // While a probe is under way nothing else begins.
        if self.state.health.is_probing() {
            return Ok(None);
        }
        let row = if self.state.waiting == 0 {
            None
        } else {
            log.next_due(self.state.revived_at, now_ms)?
        };
        let fresh = match self.batching {
            Some(_) => self.fresh_at(log, now_ms)?.filter(|at| *at > now_ms),
            None => None,
        };
        Ok(row.into_iter().chain(fresh).min())
    }

    /// New events, `most` at the most.
    fn next_fresh<L: Log>(
        &mut self,
        log: &L,
        most: usize,
        now_ms: i64,
    ) -> Result<Vec<Start>, L::Error> {
        let mut starts = Vec::new();
        if self.together().is_some() && self.fresh_at(log, now_ms)?.is_none_or(|at| at > now_ms) {
            return Ok(starts);
        }
        // Those that a kill left, and those that were held back.
        for seq in self.state.position.pending().to_vec() {
            if starts.len() >= most {
                return Ok(starts);
            }
            let is_busy = self.is_in_flight(seq) || self.is_blocked(seq);
            if is_busy {
                continue;
            }
            let line = self.line(log, seq)?;
            match self.standing(log, seq, line)? {
                Standing::Free => starts.push(self.begin(seq, line, Origin::Position)),
                Standing::Behind => {}
                Standing::BehindRow => self.blocked.push((seq, line, now_ms)),
            }
        }
        let (head, wanted) = log.head();
        while starts.len() < most && !self.state.is_at(wanted) && self.state.position.has_room() {
            let Some(seq) = self.next_beyond(log, head)? else {
                break;
            };
            let line = self.line(log, seq)?;
            let standing = self.standing(log, seq, line)?;
            if self.state.position.begin(seq).is_err() {
                break;
            }
            match standing {
                Standing::Free => starts.push(self.begin(seq, line, Origin::Position)),
                Standing::Behind if self.held() <= MOST_HELD => {}
                Standing::Behind | Standing::BehindRow => {
                    self.blocked.push((seq, line, now_ms));
                }
            }
        }
        Ok(starts)
    }

    /// Rows that are due, `most` at the most.
    fn next_due<L: Log>(
        &mut self,
        log: &L,
        replayed: bool,
        most: usize,
        now_ms: i64,
    ) -> Result<Vec<Start>, L::Error> {
        let mut starts = Vec::new();
        if self.state.waiting == 0 {
            return Ok(starts);
        }
        let mut except = self.in_flight();
        while starts.len() < most
            && except.len() <= MOST_EXCEPT
            && let Some(row) = log.due(replayed, self.state.revived_at, now_ms, &except)?
        {
            except.push(row.seq);
            if row.alone && !starts.is_empty() {
                continue;
            }
            // If it cannot begin, another of its object is under way.
            if let Some(start) = self.begin_row(log, row)? {
                starts.push(start);
                if row.alone {
                    break;
                }
            }
        }
        Ok(starts)
    }

    fn begin_row<L: Log>(&mut self, log: &L, row: Waiting) -> Result<Option<Start>, L::Error> {
        let line = self.line(log, row.seq)?;
        let is_free = match line {
            // A first delivery stands behind those before it.
            Some(line) if row.line.is_some() => {
                !self.is_line_busy(line) && !self.is_pending_before(log, line, row.seq)?
            }
            Some(line) => !self.is_line_busy(line),
            None => true,
        };
        Ok(is_free.then(|| self.begin(row.seq, line, Origin::Row(row))))
    }

    /// The line in which an event stands, if this destination keeps order.
    fn line<L: Log>(&self, log: &L, seq: Seq) -> Result<Option<Line>, L::Error> {
        if self.is_ordered {
            log.line(seq)
        } else {
            Ok(None)
        }
    }

    pub(super) fn begin(&mut self, seq: Seq, line: Option<Line>, origin: Origin) -> Start {
        let under_way = UnderWay {
            seq,
            lead: seq,
            line,
            origin,
            is_reset: false,
        };
        let number = under_way.progress().attempts.saturating_add(1);
        self.under_way.push(under_way);
        Start { seq, number }
    }

    fn standing<L: Log>(
        &self,
        log: &L,
        seq: Seq,
        line: Option<Line>,
    ) -> Result<Standing, L::Error> {
        let Some(line) = line else {
            return Ok(Standing::Free);
        };
        if log.waits_before(line, seq)? {
            return Ok(Standing::BehindRow);
        }
        let is_behind = self.is_line_busy(line) || self.is_pending_before(log, line, seq)?;
        Ok(if is_behind {
            Standing::Behind
        } else {
            Standing::Free
        })
    }

    /// `true` if one of this object is under way, or has failed and has no row yet.
    pub(super) fn is_line_busy(&self, line: Line) -> bool {
        let failed = self
            .ended
            .iter()
            .filter(|one| !matches!(one.outcome, Outcome::Delivered { .. }));
        let mut all = self
            .under_way
            .iter()
            .chain(failed.map(|one| &one.under_way));
        all.any(|one| one.line == Some(line))
    }

    /// `true` if one of this object before this place was begun, and did not arrive.
    fn is_pending_before<L: Log>(&self, log: &L, line: Line, seq: Seq) -> Result<bool, L::Error> {
        let arrived = |seq: Seq| self.ended.iter().any(|one| one.under_way.seq == seq);
        for before in self.state.position.pending().iter().copied() {
            if before >= seq {
                break;
            }
            if !arrived(before) && log.line(before)? == Some(line) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn is_blocked(&self, seq: Seq) -> bool {
        self.blocked.iter().any(|(blocked, _, _)| *blocked == seq)
    }

    fn held(&self) -> usize {
        let pending = self.state.position.pending().iter().copied();
        pending
            .filter(|seq| !self.is_in_flight(*seq) && !self.is_blocked(*seq))
            .count()
    }

    pub(super) fn in_flight(&self) -> Vec<Seq> {
        let ended = self.ended.iter().map(|one| one.under_way.seq);
        self.under_way
            .iter()
            .map(|one| one.seq)
            .chain(ended)
            .collect()
    }
}

/// Where an event stands among those of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Free,
    /// Behind one under way: it is held back.
    Behind,
    /// Behind one that has a row: it gets one too.
    BehindRow,
}
