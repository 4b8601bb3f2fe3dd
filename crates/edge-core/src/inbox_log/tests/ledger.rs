//! The truth by brute force: a list of all events with what has become of each at each destination, kept by the
//! simplest rules there are. It knows nothing of positions, tallies or rows.

use std::collections::BTreeMap;

use super::super::{DestinationId, Line, ReplayId, Seq};
use crate::delivery::outcome::Outcome;

/// The part of a delivery's state that survives a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Truth {
    NotRouted,
    /// Nothing is recorded of it.
    Fresh,
    Waiting,
    Dead,
    Delivered,
    Dropped,
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Pair {
    pub(super) truth: Truth,
    /// By the log; a replay may send others too.
    pub(super) routed: bool,
    pub(super) attempts: u32,
    pub(super) was_gone: bool,
    pub(super) not_before: Option<i64>,
    /// A batch with it was refused: it goes by itself.
    pub(super) alone: bool,
    /// It was answered with success, written or not.
    pub(super) arrived: bool,
    /// A kill took the record of a success: one repeat is allowed.
    pub(super) lost: bool,
    pub(super) died: bool,
    pub(super) dropped: bool,
    /// How many outcomes were written of it.
    pub(super) written: usize,
}

/// An attempt that is under way, or has ended and is not written.
#[derive(Debug, Clone)]
pub(super) struct Try {
    pub(super) seq: Seq,
    /// The first event of the attempt.
    pub(super) lead: Seq,
    pub(super) ended: Option<(Outcome, i64)>,
    pub(super) wanted_again: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) replay: ReplayId,
    pub(super) destination: DestinationId,
    pub(super) at_move: usize,
    pub(super) meant: Vec<(Seq, usize, bool)>,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) pairs: BTreeMap<(DestinationId, Seq), Pair>,
    pub(super) lines: BTreeMap<Seq, Option<Line>>,
    pub(super) tries: BTreeMap<DestinationId, Vec<Try>>,
    /// The event of the last written 410, where that was the last outcome.
    pub(super) last_gone: BTreeMap<DestinationId, Option<Seq>>,
    pub(super) asked: Vec<Asked>,
    /// Delivered and forgotten, by destination.
    pub(super) forgotten: BTreeMap<DestinationId, u64>,
}

/// The model's destinations give up after so many.
pub(super) const ATTEMPTS: u32 = 3;

impl Ledger {
    pub(super) fn pair(&mut self, id: DestinationId, seq: Seq) -> &mut Pair {
        self.pairs.entry((id, seq)).or_insert(Pair {
            truth: Truth::NotRouted,
            routed: false,
            attempts: 0,
            was_gone: false,
            not_before: None,
            alone: false,
            arrived: false,
            lost: false,
            died: false,
            dropped: false,
            written: 0,
        })
    }

    pub(super) fn tries(&mut self, id: DestinationId) -> &mut Vec<Try> {
        self.tries.entry(id).or_default()
    }

    /// Begins an attempt, and fails the test if the event may not be sent now.
    pub(super) fn sends(
        &mut self,
        id: DestinationId,
        (lead, seq): (Seq, Seq),
        number: u32,
        now: i64,
        ordered: bool,
    ) {
        let line = self.lines[&seq];
        for one in self.tries(id).clone() {
            assert_ne!(one.seq, seq, "sent twice at once");
            let same = line.is_some() && self.lines[&one.seq] == line;
            assert!(
                !ordered || !same || one.ended.is_some(),
                "two of an object under way: {} and {seq}",
                one.seq
            );
        }
        let pair = self.pair(id, seq).clone();
        assert!(
            pair.not_before.is_none_or(|at| now >= at),
            "before Retry-After"
        );
        let is_first = !pair.arrived && !pair.died && !pair.dropped;
        match pair.truth {
            Truth::Fresh | Truth::Waiting => {
                assert_eq!(number, pair.attempts + 1, "attempt of {seq}");
                if pair.truth == Truth::Fresh {
                    assert!(
                        !pair.arrived || pair.lost,
                        "{seq} was delivered, and is sent again"
                    );
                }
            }
            Truth::Delivered | Truth::Dropped | Truth::NotRouted => {
                let is_meant = self.asked.iter().any(|asked| {
                    asked.destination == id && asked.meant.iter().any(|(meant, ..)| *meant == seq)
                });
                assert!(
                    is_meant,
                    "{seq} has ended, nobody wants it again, and it is sent"
                );
                assert_eq!(number, 1);
            }
            Truth::Dead => panic!("a dead one is sent"),
        }
        if ordered && is_first && pair.routed {
            for ((_, before), other) in self.pairs.range((id, 0)..(id, seq)) {
                let same = line.is_some() && self.lines[before] == line;
                let is_through = other.arrived || other.died || other.dropped || !other.routed;
                assert!(!same || is_through, "{seq} overtakes {before}");
            }
        }
        self.tries(id).push(Try {
            seq,
            lead,
            ended: None,
            wanted_again: false,
        });
    }

    /// The outcomes of a destination are written.
    pub(super) fn written(&mut self, id: DestinationId, finals: &[u16]) {
        let tries = self.tries(id);
        let ended: Vec<_> = tries.extract_if(.., |one| one.ended.is_some()).collect();
        for attempt in ended.chunk_by(|one, next| one.lead == next.lead) {
            self.attempt_written(id, attempt, finals);
        }
    }

    /// One outcome for all events of an attempt.
    fn attempt_written(&mut self, id: DestinationId, attempt: &[Try], finals: &[u16]) {
        let Some((outcome, at)) = attempt.first().and_then(|one| one.ended.clone()) else {
            return;
        };
        let lead = attempt[0].lead;
        let last_gone = self.last_gone.entry(id).or_default();
        let pauses = outcome == Outcome::Gone && last_gone.is_some_and(|other| other != lead);
        let is_final = outcome
            .status()
            .is_some_and(|status| finals.contains(&status));
        let is_postponed = matches!(outcome, Outcome::Postponed { .. });
        if !is_final && !is_daily_limit(&outcome) && !is_postponed {
            *last_gone = (outcome == Outcome::Gone && !pauses).then_some(lead);
        }
        let is_refusal = is_final
            || matches!(outcome.status(), Some(400 | 422))
            || (outcome == Outcome::Gone && !pauses);
        for one in attempt {
            let pair = self.pair(id, one.seq);
            pair.written += usize::from(!is_postponed);
            if one.wanted_again {
                continue;
            }
            let is_free = is_postponed
                || is_daily_limit(&outcome)
                || (outcome == Outcome::Gone && (pauses || !pair.was_gone));
            match &outcome {
                Outcome::Delivered { .. } => {
                    pair.truth = Truth::Delivered;
                    pair.lost = false;
                    pair.begin_anew();
                    pair.not_before = None;
                }
                // All or nothing, and nobody knows which was at fault.
                _ if attempt.len() > 1 && is_refusal => {
                    pair.wait(None);
                    pair.alone = true;
                }
                _ if is_final => pair.die(),
                _ if is_free => {
                    pair.was_gone |= outcome == Outcome::Gone && !pauses;
                    pair.wait(None);
                }
                Outcome::Gone | Outcome::Postponed { .. } => pair.fail(None),
                Outcome::Failed { retry_after_ms, .. } => {
                    pair.fail(retry_after_ms.map(|wait| at + wait));
                }
            }
        }
    }

    /// The isolate ends. What was under way is not known of any more.
    pub(super) fn killed(&mut self) {
        for (id, tries) in std::mem::take(&mut self.tries) {
            for one in tries {
                if matches!(one.ended, Some((Outcome::Delivered { .. }, _))) {
                    self.pair(id, one.seq).lost = true;
                }
            }
        }
    }

    /// Somebody wants it again.
    pub(super) fn again(&mut self, id: DestinationId, seq: Seq) {
        let mut is_in_flight = false;
        for one in self.tries(id).iter_mut().filter(|one| one.seq == seq) {
            one.wanted_again = true;
            is_in_flight = true;
        }
        let pair = self.pair(id, seq);
        if pair.truth == Truth::Fresh && !is_in_flight {
            return;
        }
        pair.truth = Truth::Waiting;
        pair.begin_anew();
    }
}

impl Pair {
    pub(super) fn begin_anew(&mut self) {
        (self.attempts, self.was_gone, self.alone) = (0, false, false);
    }

    fn wait(&mut self, not_before: Option<i64>) {
        self.truth = Truth::Waiting;
        self.not_before = not_before;
    }

    fn die(&mut self) {
        self.truth = Truth::Dead;
        self.died = true;
        // What is replayed begins anew.
        self.begin_anew();
        self.not_before = None;
    }

    fn fail(&mut self, not_before: Option<i64>) {
        self.attempts += 1;
        if self.attempts == ATTEMPTS {
            self.die();
        } else {
            self.wait(not_before);
        }
    }
}

fn is_daily_limit(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed { failure, .. } if failure.is_daily_limit())
}
