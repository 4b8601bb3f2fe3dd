//! Taking in what 3scale failed to deliver: most of it never arrived, and becomes an event. Of some
//! only our answer was lost, and the event is there. Each entry's id is remembered in the same
//! commit, so that it is taken in once whatever crashes between here and 3scale's list.

use worker::Result;

use super::{
    core::Core,
    dedup::{self, Verdict},
    intake,
    store::NewEvent,
    wire::{
        Intake, Recovered, Taken,
        recovered::{self, Entry, What},
    },
};
use crate::platform::{new_id, now_ms};

/// Takes in a batch: all of it, or nothing.
pub(super) async fn take_in(core: &Core, batch: &Recovered, entries: &[u8]) -> Result<Taken> {
    let now = now_ms();
    let taken = core.store.transaction(|| {
        let mut taker = Taker {
            core,
            now,
            judge_before: batch.judge_before,
            taken: Taken::default(),
        };
        // What is new for certain comes first: it may lie between an event and what looks like its repeat.
        let mut doubtful = Vec::new();
        let mut rest = entries;
        while !rest.is_empty() {
            let (entry, what, document) =
                recovered::next(&mut rest).ok_or("a batch cannot be read")?;
            if let Some(intake) = taker.take(&entry, what, document)? {
                doubtful.push((entry, intake, document));
            }
        }
        for (entry, intake, document) in doubtful {
            taker.judge(&entry, &intake, document)?;
        }
        Ok(taker.taken)
    })?;
    // Whatever came: an earlier try may have died between its commit and this.
    core.dispatcher.expect(&core.storage, now).await?;
    core.dispatcher.tell(core, now).await?;
    Ok(taken)
}

struct Taker<'c> {
    core: &'c Core,
    now: i64,
    judge_before: i64,
    taken: Taken,
}

impl Taker<'_> {
    /// Takes in what needs no judging, and gives back what does.
    fn take(&mut self, entry: &Entry, what: What, document: &[u8]) -> Result<Option<Intake>> {
        let store = &self.core.store;
        if store.has_failure(&entry.id)? {
            self.taken.known += 1;
            return Ok(None);
        }
        match what {
            What::Suspect(suspect) => {
                intake::quarantine(self.core, &suspect, document, self.now)?;
                store.remember_failure(&entry.id, None, self.now)?;
                self.taken.quarantined += 1;
                Ok(None)
            }
            What::Intake(intake) => {
                let window = self.core.config.dedup_window_ms;
                let (from, to) = dedup::tries_of(entry.at, window);
                if window > 0 && store.newest_pushed(&intake.digest, from, to)?.is_some() {
                    return Ok(Some(intake));
                }
                self.keep(entry, &intake, document)?;
                Ok(None)
            }
        }
    }

    fn judge(&mut self, entry: &Entry, intake: &Intake, document: &[u8]) -> Result<()> {
        let store = &self.core.store;
        let (from, to) = dedup::tries_of(entry.at, self.core.config.dedup_window_ms);
        // Another entry of this batch may have taken it by now.
        let Some(earlier) = store.newest_pushed(&intake.digest, from, to)? else {
            return self.keep(entry, intake, document);
        };
        let changes = store.changes_since(&earlier, intake, entry.at)?;
        match dedup::judge(intake.updated_at, &changes, entry.at, self.judge_before) {
            Verdict::New => self.keep(entry, intake, document),
            Verdict::Repeat => {
                store.count_repeat(earlier.seq)?;
                store.remember_failure(&entry.id, Some(earlier.seq), self.now)?;
                self.taken.repeats += 1;
                Ok(())
            }
            Verdict::TooEarly => {
                self.taken.held.push(entry.id.clone());
                Ok(())
            }
        }
    }

    fn keep(&mut self, entry: &Entry, intake: &Intake, xml: &[u8]) -> Result<()> {
        let store = &self.core.store;
        let mut intake = intake.clone();
        if intake.base.is_empty() {
            intake.base = store.newest_base()?;
        }
        let id = new_id(self.now).map_err(|error| error.to_string())?;
        let event = NewEvent {
            id: &id,
            intake: &intake,
            document: xml,
            received_ms: self.now,
            given_up_ms: Some(entry.at),
        };
        let seq = store.keep(&event, &intake::destinations(self.core, &intake))?;
        store.remember_failure(&entry.id, Some(seq), self.now)?;
        self.taken.taken_in += 1;
        Ok(())
    }
}
