//! From outcomes to rows.

use super::{
    destination::{Change, Destination, Ended, GATHERED_MS, Origin},
    position::Position,
    rows::{BATCH, Success, Waiting, Write},
};
use crate::delivery::{
    outcome::Outcome,
    plan::{self, Health, Next, Wait},
    timing::Timing,
};

impl Destination {
    /// When [`flush`](Self::flush) has something to write: at once for anything but first-try successes, since
    /// else a `Retry-After` would be forgotten in a crash.
    #[must_use]
    pub fn write_at(&self, now_ms: i64) -> Option<i64> {
        let pause_until = self.pause_until.unwrap_or(i64::MIN);
        let first = self.ended.first().map(|one| one.at);
        let Some(since) = self.blocked.first().map(|(_, _, at)| *at).or(first) else {
            // After a failure, to find out whether it works again.
            return self
                .pause_until
                .or((!self.finished.is_empty()).then_some(now_ms));
        };
        let can_wait = self.blocked.is_empty()
            && self.finished.is_empty()
            && self.ended.len() < BATCH
            && self.has_room()
            && self.ended.iter().all(Ended::is_first_try_success)
            // Those of a batch are gathered already, and in the next one's way.
            && self.ended.iter().all(|one| one.under_way.is_lead())
            // A success that changes this is news.
            && self.state.health.breaker.failures == 0
            && self.state.health.gone.is_none()
            // Otherwise the clock was set back.
            && since <= now_ms;
        let gathered = if can_wait {
            since.saturating_add(GATHERED_MS)
        } else {
            now_ms
        };
        Some(gathered.max(pause_until))
    }

    /// `true` if what has ended may be written, whether or not its time has come: not in the pause after a failure.
    #[must_use]
    pub fn is_writable(&self, now_ms: i64) -> bool {
        self.pause_until.is_none_or(|until| until <= now_ms)
    }

    /// Writes what has ended, and how far everything has got.
    #[must_use]
    pub fn flush(&self, timing: &Timing) -> Change {
        let mut after = self.clone();
        after.pause_until = None;
        let mut writes = Vec::new();
        let ended = std::mem::take(&mut after.ended);
        for attempt in ended.chunk_by(|one, next| one.under_way.lead == next.under_way.lead) {
            let before = after.state.health;
            for ended in attempt {
                let (next, health) = consequences(timing, before, ended, attempt.len() > 1);
                after.state.health = health;
                after.record(before, ended, next, &mut writes);
            }
        }
        for (seq, line, at) in std::mem::take(&mut after.blocked) {
            after.state.position.resolve(seq);
            after.put(Waiting::anew(seq, at, false, line), true, &mut writes);
        }
        if after.state.successes.len() >= BATCH {
            writes.push(Write::Batch(std::mem::take(&mut after.state.successes)));
        }
        after.write_cursors(&mut writes);
        Self::change(after, writes)
    }

    /// `true` if the positions have room for those that begin next.
    fn has_room(&self) -> bool {
        let cursors = self.cursors.iter().map(|cursor| &cursor.position);
        std::iter::once(&self.state.position)
            .chain(cursors)
            .all(Position::has_room)
    }

    /// What follows for one event. `before` is the destination's health before the attempt.
    fn record(&mut self, before: Health, ended: &Ended, next: Next, writes: &mut Vec<Write>) {
        let under_way = &ended.under_way;
        let (seq, at) = (under_way.seq, ended.at);
        if before.is_probing() && next == Next::Delivered {
            self.state.revived_at = Some(at);
        }
        if self
            .state
            .suspect
            .is_some_and(|(suspect, _)| suspect == seq)
        {
            self.state.suspect = None;
        }
        let is_postponed = matches!(ended.outcome, Outcome::Postponed { .. });
        if ended.is_first_try_success() {
            self.succeeded(ended, writes);
        } else if !is_postponed {
            let number = under_way.progress().attempts.saturating_add(1);
            writes.push(Write::Attempt { seq, number, at });
        }
        let is_new = self.leave(ended, next, writes);
        if under_way.is_reset {
            return;
        }
        match next {
            Next::Delivered => self.count_delivered(ended),
            Next::Wait(Wait {
                until,
                not_before,
                attempts,
                gone,
                alone,
            }) => {
                let (replayed, line, failed_at) = match under_way.origin {
                    Origin::Position => (false, under_way.line.filter(|_| self.is_ordered), None),
                    Origin::Row(row) => (row.replayed, row.line, row.failed_at),
                    Origin::Replay { .. } => (true, None, None),
                };
                let failed_at = if is_postponed { failed_at } else { Some(at) };
                let row = Waiting {
                    seq,
                    attempts,
                    next_at: until,
                    not_before,
                    failed_at,
                    replayed,
                    gone,
                    alone,
                    line,
                };
                self.put(row, is_new, writes);
            }
            Next::Dead => {
                self.state.dead = self.state.dead.saturating_add(1);
                writes.push(Write::PutDead { seq, at });
            }
        }
    }

    /// Takes the attempt from where it came. `true` if there is no row of `waiting` for it.
    fn leave(&mut self, ended: &Ended, next: Next, writes: &mut Vec<Write>) -> bool {
        let seq = ended.under_way.seq;
        let is_reset = ended.under_way.is_reset;
        match ended.under_way.origin {
            Origin::Position => {
                self.state.position.resolve(seq);
                true
            }
            Origin::Row(_) => {
                if !is_reset && !matches!(next, Next::Wait(_)) {
                    self.state.waiting = self.state.waiting.saturating_sub(1);
                    writes.push(Write::DeleteWaiting(seq));
                }
                false
            }
            Origin::Replay {
                replay,
                was_delivered,
            } => {
                if let Some(cursor) = self.cursors.iter_mut().find(|one| one.replay == replay)
                    && cursor.position.resolve(seq)
                {
                    cursor.remaining = cursor.remaining.saturating_sub(1);
                }
                self.end_cursors();
                if !is_reset {
                    if was_delivered && next != Next::Delivered {
                        self.state.delivered = self.state.delivered.saturating_sub(1);
                    }
                    if !was_delivered {
                        writes.push(Write::PutExtra(seq));
                    }
                }
                true
            }
        }
    }

    fn count_delivered(&mut self, ended: &Ended) {
        let counts = match ended.under_way.origin {
            Origin::Position | Origin::Row(_) => true,
            Origin::Replay { was_delivered, .. } => !was_delivered,
        };
        self.state.delivered = self.state.delivered.saturating_add(u64::from(counts));
    }

    fn succeeded(&mut self, ended: &Ended, writes: &mut Vec<Write>) {
        let Outcome::Delivered { status } = ended.outcome else {
            return;
        };
        if self.state.successes.len() >= BATCH {
            writes.push(Write::Batch(std::mem::take(&mut self.state.successes)));
        }
        self.state.successes.push(Success {
            seq: ended.under_way.seq,
            at: ended.at,
            took_ms: ended.took_ms,
            status,
            answer: ended.answer.clone(),
        });
    }

    /// Puts a row, which `is_new` or replaces one.
    pub(super) fn put(&mut self, row: Waiting, is_new: bool, writes: &mut Vec<Write>) {
        self.state.waiting = self.state.waiting.saturating_add(u64::from(is_new));
        writes.push(Write::PutWaiting(row));
    }
}

/// What follows from an attempt for one of its events, and for the destination. `together`: it had several.
fn consequences(timing: &Timing, before: Health, ended: &Ended, together: bool) -> (Next, Health) {
    let Ended {
        under_way,
        outcome,
        at,
        jitter,
        ..
    } = ended;
    let (progress, lead) = (under_way.progress(), under_way.lead);
    if together {
        plan::after_together(timing, outcome, progress, lead, before, *at, *jitter)
    } else {
        plan::after(timing, outcome, progress, before, *at, *jitter)
    }
}
