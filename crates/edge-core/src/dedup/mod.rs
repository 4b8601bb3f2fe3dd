//! Decides whether a notification is new or a repeat, and acts on it: for a push, and for a batch of the notifications
//! that 3scale failed to deliver. [`rule`] has the rule. The inbox's contents are behind [`IntakeStore`], so that the
//! tests can let things happen in any order without SQL.

pub mod rule;

use std::ops::ControlFlow;

use self::rule::Verdict;
use crate::{
    id::{Digest, EventId},
    messages::{
        intake::{Intake, Push, Receipt, Status, Unparsable},
        recovered::{BatchReceipt, Content, Entry, RecoveredBatch},
    },
};

/// An earlier event with an equal document, which was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriorEvent {
    /// Its `seq` in the inbox.
    pub seq: i64,
    /// Its id.
    pub id: EventId,
    /// When it was received, in milliseconds since 1970.
    pub received_ms: i64,
}

/// An earlier event about the same object that was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The event.
    pub event: PriorEvent,
    /// Its document's digest.
    pub digest: Digest,
    /// Its object's `updated_at`.
    pub updated_at: Option<i64>,
    /// `true` if it stands for an entry of 3scale's list: 3scale does not send again what it gave up.
    pub is_entry: bool,
}

/// The part of the inbox's contents that this decision reads and changes.
pub trait IntakeStore {
    /// The store's error, after which nothing was decided.
    type Error;

    /// Visits the events about the same object that were pushed, the newest first, until `visit` breaks. They are
    /// found by their object, so each costs a read: in most cases of doubt one is enough.
    fn visit_pushed(
        &self,
        intake: &Intake,
        visit: impl FnMut(Pushed) -> ControlFlow<()>,
    ) -> Result<(), Self::Error>;

    /// The `updated_at` of each different event about the same object that was recovered, and that 3scale may have
    /// begun to send after the earlier event and before `until_ms`. Whichever it began first, either may have taken
    /// longer to arrive, or to be given up.
    fn recovered_since(
        &self,
        earlier: &PriorEvent,
        intake: &Intake,
        until_ms: i64,
    ) -> Result<Vec<Option<i64>>, Self::Error>;

    /// `true` if the entry with this id was ingested.
    fn has_failure(&self, id: &str) -> Result<bool, Self::Error>;

    /// Stores what was pushed, unless a look at the newest pushed event about the same object leaves a doubt whether it
    /// is new: that event is equal, or certainly a later state ([`rule::repeats`]), so that an equal one may lie behind
    /// it. Nearly every notification is stored by this one step. `None` is always right: then all events are looked at.
    fn keep_undoubted(&self, intake: &Intake) -> Result<Option<EventId>, Self::Error>;

    /// Stores a new event; returns its id and `seq`. Without a document, it is the one that was pushed.
    fn keep(
        &self,
        intake: &Intake,
        document: Option<&[u8]>,
        given_up_ms: Option<i64>,
    ) -> Result<(EventId, i64), Self::Error>;

    /// Counts a repeat of the event with this `seq`, which from now on stands for an entry of 3scale's list if
    /// `is_entry`.
    fn count_repeat(&self, seq: i64, is_entry: bool) -> Result<(), Self::Error>;

    /// Records that an entry was ingested, as this event if it became one.
    fn remember_failure(&self, id: &str, seq: Option<i64>) -> Result<(), Self::Error>;

    /// Stores a body that cannot be parsed; `false` if there is no place for it.
    fn quarantine(&self, unparsable: &Unparsable, document: &[u8]) -> Result<bool, Self::Error>;
}

/// Ingests a notification that 3scale pushed. With a window of 0 nothing is a repeat.
pub fn take_push<S: IntakeStore>(
    store: &S,
    push: &Push,
    window_ms: i64,
    now_ms: i64,
) -> Result<Receipt, S::Error> {
    let accepted = |id| Receipt {
        id,
        status: Status::Accepted,
    };
    if let Some(id) = store.keep_undoubted(&push.intake)? {
        return Ok(accepted(id));
    }
    if let Some(prior) = repeated(store, &push.intake, window_ms, now_ms)? {
        store.count_repeat(prior.seq, false)?;
        return Ok(Receipt {
            id: prior.id,
            status: Status::Duplicate,
        });
    }
    let (id, _) = store.keep(&push.intake, None, None)?;
    Ok(accepted(id))
}

/// The event that a push repeats, if it does.
fn repeated<S: IntakeStore>(
    store: &S,
    intake: &Intake,
    window_ms: i64,
    now_ms: i64,
) -> Result<Option<PriorEvent>, S::Error> {
    let Some(digest) = intake.digest.filter(|_| window_ms > 0) else {
        return Ok(None);
    };
    let mut prior = None;
    store.visit_pushed(intake, |pushed| {
        if pushed.event.received_ms < now_ms - window_ms {
            return ControlFlow::Break(());
        }
        if pushed.digest != digest {
            // Another state in between, unless it is certainly a later one: whatever lies behind it is no repeat.
            return if rule::repeats(intake.updated_at, &[pushed.updated_at]) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            };
        }
        if pushed.is_entry {
            return ControlFlow::Continue(());
        }
        prior = Some(pushed.event);
        ControlFlow::Break(())
    })?;
    let Some(prior) = prior else {
        return Ok(None);
    };
    // What recovery brought late counts as well.
    let changes = store.recovered_since(&prior, intake, now_ms)?;
    Ok(rule::repeats(intake.updated_at, &changes).then_some(prior))
}

/// Ingests a batch of the notifications that 3scale failed to deliver. The caller makes it one commit.
pub fn take_batch<S: IntakeStore>(
    store: &S,
    batch: &RecoveredBatch,
    window_ms: i64,
) -> Result<BatchReceipt, S::Error> {
    let mut taker = BatchIntake {
        store,
        window_ms,
        judge_before: batch.judge_before,
        receipt: BatchReceipt::default(),
    };
    // Entries that are certainly new come first: each may lie between an event and one that looks like its repeat.
    let mut doubtful = Vec::new();
    for entry in &batch.entries {
        if let Some(intake) = taker.take(entry)? {
            doubtful.push((entry, intake));
        }
    }
    for (entry, intake) in doubtful {
        taker.judge(entry, intake)?;
    }
    Ok(taker.receipt)
}

/// A batch, and the part of it that was ingested so far.
struct BatchIntake<'s, S> {
    store: &'s S,
    window_ms: i64,
    judge_before: i64,
    receipt: BatchReceipt,
}

impl<S: IntakeStore> BatchIntake<'_, S> {
    /// Ingests an entry that needs no decision, and returns the notification of one that does.
    fn take<'e>(&mut self, entry: &'e Entry) -> Result<Option<&'e Intake>, S::Error> {
        if self.store.has_failure(&entry.id)? {
            self.receipt.known += 1;
            return Ok(None);
        }
        match &entry.content {
            Content::Unparsable(unparsable) => {
                if self.store.quarantine(unparsable, &entry.document)? {
                    self.store.remember_failure(&entry.id, None)?;
                    self.receipt.quarantined += 1;
                } else {
                    self.receipt.no_place.push(entry.id.clone());
                }
                Ok(None)
            }
            Content::Notification(intake) => {
                if self.prior(entry, intake)?.is_some() {
                    return Ok(Some(intake));
                }
                self.keep(entry, intake)?;
                Ok(None)
            }
        }
    }

    fn judge(&mut self, entry: &Entry, intake: &Intake) -> Result<(), S::Error> {
        // Another entry of this batch may stand for the prior event by now.
        let Some(prior) = self.prior(entry, intake)? else {
            return self.keep(entry, intake);
        };
        let given_up_at = entry.given_up_at;
        let changes = self.changes_since(&prior, intake, given_up_at)?;
        match rule::judge(intake.updated_at, &changes, given_up_at, self.judge_before) {
            Verdict::New => self.keep(entry, intake),
            Verdict::Repeat => {
                self.store.count_repeat(prior.seq, true)?;
                self.store.remember_failure(&entry.id, Some(prior.seq))?;
                self.receipt.repeats += 1;
                Ok(())
            }
            Verdict::TooEarly => {
                self.receipt.held.push(entry.id.clone());
                Ok(())
            }
        }
    }

    /// The event that an entry may stand for.
    fn prior(&self, entry: &Entry, intake: &Intake) -> Result<Option<PriorEvent>, S::Error> {
        let Some(digest) = intake.digest.filter(|_| self.window_ms > 0) else {
            return Ok(None);
        };
        let (from, to) = rule::tries_of(entry.given_up_at, self.window_ms);
        let mut prior = None;
        self.store.visit_pushed(intake, |pushed| {
            let received_ms = pushed.event.received_ms;
            if received_ms < from {
                return ControlFlow::Break(());
            }
            if pushed.digest == digest && !pushed.is_entry && received_ms <= to {
                prior = Some(pushed.event);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(prior)
    }

    /// The `updated_at` of each different event about the same object that may lie between the two.
    fn changes_since(
        &self,
        prior: &PriorEvent,
        intake: &Intake,
        until_ms: i64,
    ) -> Result<Vec<Option<i64>>, S::Error> {
        let mut changes = self.store.recovered_since(prior, intake, until_ms)?;
        self.store.visit_pushed(intake, |pushed| {
            if pushed.event.seq <= prior.seq {
                return ControlFlow::Break(());
            }
            let is_different = Some(pushed.digest) != intake.digest;
            if is_different && pushed.event.received_ms <= until_ms + rule::SPREAD_MS {
                changes.push(pushed.updated_at);
            }
            ControlFlow::Continue(())
        })?;
        Ok(changes)
    }

    fn keep(&mut self, entry: &Entry, intake: &Intake) -> Result<(), S::Error> {
        let given_up_at = Some(entry.given_up_at);
        let (_, seq) = self
            .store
            .keep(intake, Some(&entry.document), given_up_at)?;
        self.store.remember_failure(&entry.id, Some(seq))?;
        self.receipt.taken_in += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
