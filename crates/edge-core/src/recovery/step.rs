//! One step of recovery and its progress: the entries that were read, those on their way to the inboxes, those
//! committed, and how it ends. The caller reads, hands over and deletes; every decision is here.

use std::collections::BTreeSet;

use threescale::{Timestamp, failures};

use super::{
    batch::{Batch, Sending},
    entry::{self, Receiver, Sorter},
    plan::{self, Done, List, Pace, Reading},
};
use crate::{
    admin_api::error::{AdminApiError, Code},
    config::{Config, Source},
    location::ParseUrl,
    messages::{
        recovered::{BatchReceipt, Content},
        recovery::{State, StepReport},
    },
    time::{UnixMillis, http_date},
};

/// For the operator, while entries stay because there is no place for them.
const NO_PLACE: &str = "Entries that cannot be parsed stay in 3scale's list, and so does what is behind them: the \
    quarantine is full of such entries. It has a place again once the oldest are older than RETENTION_DAYS.";

/// The state of recovery between two steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Failed steps in a row.
    pub failures: i64,
    /// The cron begins no run before this time.
    pub next_at: i64,
    /// When, by 3scale's clock, the list was last read to its end and all of it ingested.
    pub swept_at: i64,
}

/// A step under way.
#[derive(Debug)]
pub struct Step<'c> {
    began: i64,
    pace: Pace,
    before: Ledger,
    report: StepReport,
    sorter: Sorter<'c>,
    reading: Reading,
    /// One for each inbox.
    batches: Vec<Batch>,
    /// When 3scale gave up the entries that stay in the list, in milliseconds since 1970.
    held: Vec<i64>,
    /// `true` once an inbox had no place for an entry that cannot be parsed.
    is_quarantine_full: bool,
    done: Done,
    /// 3scale's clock, in seconds since 1970.
    date: Option<i64>,
    /// `true` if the list was read to its end, and all of it is committed.
    is_complete: bool,
    /// The time, in milliseconds, up to which everything that 3scale gave up is known.
    known_up_to: Option<i64>,
}

impl<'c> Step<'c> {
    /// Begins a step.
    pub fn begin(
        parse_url: ParseUrl,
        config: &'c Config,
        source: &'c Source,
        before: Ledger,
        seen_origins: BTreeSet<String>,
        now_ms: i64,
    ) -> Self {
        let mut report = StepReport::new(source.name.clone(), State::Ok);
        report.at = Some(UnixMillis(now_ms));
        Self {
            began: now_ms,
            pace: Pace::of_worker(config.time_factor),
            before,
            report,
            sorter: Sorter::new(parse_url, config, source, seen_origins),
            reading: Reading::begin(now_ms / 1000),
            batches: (0..source.shards).map(|_| Batch::default()).collect(),
            held: Vec::new(),
            is_quarantine_full: false,
            done: Done::default(),
            date: None,
            is_complete: false,
            known_up_to: None,
        }
    }

    /// 3scale has begun to answer; `date` is its `Date` header.
    pub fn answered(&mut self, date: &str) {
        self.done.calls += 1;
        self.date = http_date::parse(date).map(|ms| ms / 1000);
    }

    /// This many bytes of the list have arrived, decompressed.
    pub fn arrived(&mut self, bytes: usize) {
        self.done.read_bytes += bytes;
    }

    /// Takes an entry of the list; `known` if it was taken in before. Gives back the number of an inbox whose batch is
    /// full now.
    pub fn read(&mut self, id: String, entry: &failures::Entry<'_>, known: bool) -> Option<usize> {
        self.report.read += 1;
        self.done.read_entries += 1;
        let time = entry::time(entry);
        self.reading.saw(time, known);
        let receiver = self.sorter.receiver(entry);
        if let Receiver::Foreign(origin) = &receiver {
            // Whom it was sent to may read the list as well, or still have to.
            if time.is_some() {
                self.reading.held(time);
            }
            self.report.foreign += 1;
            self.report.foreign_origin.clone_from(origin);
        }
        if known {
            self.report.known += 1;
            return None;
        }
        let item = self.sorter.item(id, entry, &receiver, self.began);
        let guard = self.reading.guard(time);
        if self.is_quarantine_full && matches!(item.entry.content, Content::Unparsable(_)) {
            // To send it would take calls and bytes from the entries behind it.
            self.stays_without_place(guard);
            return None;
        }
        self.done.new_entries += 1;
        self.done.new_bytes += item.entry.document.len();
        let shard = usize::try_from(item.shard).unwrap_or(0);
        let batch = self.batches.get_mut(shard)?;
        batch.add(item.entry, guard);
        batch.is_full().then_some(shard)
    }

    /// `true` if enough was read for one step.
    pub fn is_enough(&self, now_ms: i64) -> bool {
        let pending = self.batches.iter().filter(|batch| !batch.is_empty());
        plan::is_enough(Done {
            calls: self.done.calls + pending.count(),
            ms: now_ms - self.began,
            ..self.done
        })
    }

    /// How many inboxes there are.
    pub fn inboxes(&self) -> usize {
        self.batches.len()
    }

    /// Takes out the batch of an inbox, to hand it over. `None` if it is empty.
    pub fn take_batch(&mut self, shard: usize) -> Option<Sending> {
        let judge_before = self.pace.judge_before(self.before.swept_at);
        let batch = self.batches.get_mut(shard).filter(|one| !one.is_empty())?;
        self.done.calls += 1;
        Some(batch.take(judge_before))
    }

    /// Called when an inbox has committed a batch. Returns the ids of the entries that count as seen from now on.
    pub fn committed(&mut self, sent: Sending, receipt: &BatchReceipt) -> Vec<String> {
        let mut seen = Vec::new();
        for entry in sent.entries {
            if receipt.held.contains(&entry.id) {
                self.held.push(entry.given_up_at);
                self.reading.held(entry.guard);
            } else if receipt.no_place.contains(&entry.id) {
                self.is_quarantine_full = true;
                self.stays_without_place(entry.guard);
            } else {
                seen.push(entry.id);
            }
        }
        // Held entries must not keep this step, and each after it, from the entries behind them.
        if seen.is_empty() {
            self.done.new_bytes = self.done.new_bytes.saturating_sub(sent.bytes);
        }
        let stay = receipt.held.len() + receipt.no_place.len();
        let stay = u32::try_from(stay).unwrap_or(u32::MAX);
        self.done.new_entries = self.done.new_entries.saturating_sub(stay);
        self.report.taken_in += receipt.taken_in;
        self.report.repeats += receipt.repeats;
        self.report.known += receipt.known;
        self.report.quarantined += receipt.quarantined;
        seen
    }

    fn stays_without_place(&mut self, guard: Option<i64>) {
        self.report.no_place += 1;
        self.reading.held(guard);
    }

    /// Called when everything that was read is committed; `is_complete` if that was the whole list.
    pub fn finished_reading(&mut self, is_complete: bool) {
        self.is_complete = is_complete;
        let known_up_to = self.reading.known_up_to(self.list());
        self.known_up_to = known_up_to.map(|seconds| seconds.saturating_mul(1000));
    }

    /// The time up to which 3scale may drop entries; `None` if it is to drop nothing.
    pub fn delete_up_to(&self) -> Option<Timestamp> {
        let up_to = self.reading.delete_up_to(self.list(), self.pace)?;
        Timestamp::from_unix_millis(up_to.saturating_mul(1000))
    }

    /// 3scale has dropped them.
    pub fn deleted(&mut self, up_to: Timestamp) {
        self.report.deleted_up_to = Some(up_to.to_rfc3339());
    }

    /// Whether the step has moved anything.
    ///
    /// # Errors
    ///
    /// As much of the list was read as a step reads, and nothing of that could be taken in or dropped: each step after
    /// it would end there too.
    pub fn check_progress(&self) -> Result<(), AdminApiError> {
        if self.is_complete || self.has_moved() {
            return Ok(());
        }
        Err(AdminApiError::new(
            Code::Stuck,
            format!(
                "The first {} entries and {} bytes of the list were read, which is as much as a step reads or had time \
                 for, and nothing among them could be taken in or deleted. {} were sent elsewhere and stay, and for {} \
                 the quarantine has no place.",
                self.report.read, self.done.read_bytes, self.report.foreign, self.report.no_place
            ),
        ))
    }

    fn has_moved(&self) -> bool {
        self.done.new_entries > 0 || self.report.deleted_up_to.is_some()
    }

    /// The addresses at which entries with our secret were sent, to begin the next step with.
    #[must_use]
    pub fn seen_origins(&self) -> &BTreeSet<String> {
        self.sorter.seen()
    }

    /// The failure of a list that cannot be read.
    pub fn list_error(&self, error: &threescale::Error, content_type: &str) -> AdminApiError {
        match error.code() {
            "not_a_failures_list" | "doctype_forbidden" if self.report.read == 0 => {
                AdminApiError::not_a_list(content_type)
            }
            // Without the parser's words, which may quote the response.
            code => AdminApiError::new(
                Code::BrokenList,
                format!(
                    "The list of failed deliveries breaks at line {}, column {} ({code}). What came before is \
                     taken in, and nothing is deleted.",
                    error.line(),
                    error.column()
                ),
            ),
        }
    }

    /// The step's report, and the new state of recovery.
    pub fn end(self, error: Option<AdminApiError>) -> (StepReport, Ledger) {
        let moved = self.has_moved();
        let mut report = self.report;
        let mut after = self.before;
        report.held = u32::try_from(self.held.len()).unwrap_or(u32::MAX);
        if self.is_complete {
            after.swept_at = self.known_up_to.unwrap_or(self.began);
        } else if let Some(known_up_to) = self.known_up_to {
            after.swept_at = after.swept_at.max(known_up_to);
        }
        if let Some(error) = error {
            after.failures += 1;
            let pause = self.pace.pause(after.failures, error.retry_after_ms);
            after.next_at = self.began + pause;
            report.state = State::Failed(error.code);
            report.detail = Some(error.detail);
            report.next_at = Some(UnixMillis(after.next_at));
        } else {
            after.failures = 0;
            after.next_at = 0;
            if report.no_place > 0 {
                report.detail = Some(NO_PLACE.to_owned());
            }
            let judge_before = self.pace.judge_before(after.swept_at);
            let can_judge = self.held.iter().any(|at| *at < judge_before);
            // A step that makes no progress would be followed by another like it for ever.
            report.more = can_judge || (moved && !self.is_complete);
        }
        report.failures_in_a_row = u32::try_from(after.failures).unwrap_or(u32::MAX);
        (report, after)
    }

    fn list(&self) -> List {
        List {
            is_complete: self.is_complete,
            date: self.date,
        }
    }
}

#[cfg(test)]
mod tests;
