//! Decides how far a step goes, which entries 3scale may then drop, and when to run again. Seconds are 3scale's, since
//! 1970; the list has whole ones.

use crate::dedup::rule;

/// The limit of one step. The next one follows at once.
const MOST_ENTRIES: u32 = 2000;
const MOST_BYTES: usize = 8 << 20;
/// The free plan allows 50 subrequests per invocation.
const MOST_CALLS: usize = 40;
/// A list that arrives slowly is read in parts, too.
const LONGEST_MS: i64 = 180_000;
/// How much is read of a list, decompressed, whatever is in it: known entries, one that never ends, or 408 KB of gzip
/// that become 400 MB. A real list of failures is tens of megabytes after a long outage.
const MOST_READ_ENTRIES: u32 = 100_000;
const MOST_READ_BYTES: usize = 64 << 20;

/// After this many milliseconds, no entry is added to a second any more: 3scale's hosts write their own time, and one
/// that has its time zone wrong is hours behind. Waiting for longer costs nothing, since all of the second is taken in.
const QUIET_MS: i64 = 24 * 60 * 60_000;
/// The same where all hosts have one clock: experiments on one machine.
const QUIET_WITH_ONE_CLOCK_MS: i64 = 60_000;
const LEAST_QUIET_MS: i64 = 2000;
/// By then 3scale has given up, or delivered, everything that it began to send before it gave something else up: the
/// tries of both take about as long.
const SETTLED_MS: i64 = rule::TRIES_MS;
/// The pause after the first failure, and the longest.
const FIRST_PAUSE_MS: i64 = 5 * 60_000;
const LONGEST_PAUSE_MS: i64 = 60 * 60_000;
/// The longest requested wait that we honour.
const LONGEST_RETRY_AFTER_MS: i64 = 24 * 60 * 60_000;

/// The waits, scaled.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    factor: i64,
    quiet_ms: i64,
}

impl Pace {
    /// `factor` times as fast as in production, where all of 3scale's hosts have one clock.
    #[must_use]
    pub fn new(factor: u32) -> Self {
        Self {
            factor: i64::from(factor.max(1)),
            quiet_ms: QUIET_WITH_ONE_CLOCK_MS,
        }
    }

    /// The pace of a Worker: without a factor, for hosts whose clocks may be anything.
    #[must_use]
    pub fn of_worker(factor: u32) -> Self {
        let pace = Self::new(factor);
        match pace.factor {
            1 => Self {
                quiet_ms: QUIET_MS,
                ..pace
            },
            _ => pace,
        }
    }

    /// How long to wait after this many failures in a row, in milliseconds.
    #[must_use]
    pub fn pause(self, failures: i64, retry_after_ms: Option<i64>) -> i64 {
        let doublings = u32::try_from(failures - 1).unwrap_or(0).min(10);
        let pause = (FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS);
        let asked = retry_after_ms.unwrap_or(0).min(LONGEST_RETRY_AFTER_MS);
        pause.max(asked) / self.factor
    }

    /// Entries that 3scale gave up before this time can be decided, given when the list was last read to its end and
    /// ingested, in milliseconds: everything under way at the same time is known.
    #[must_use]
    pub fn judge_before(self, swept_at: i64) -> i64 {
        swept_at - SETTLED_MS / self.factor
    }

    fn quiet_seconds(self) -> i64 {
        (self.quiet_ms / self.factor).max(LEAST_QUIET_MS) / 1000
    }
}

/// What a step has done so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// Entries that were not known before.
    pub new_entries: u32,
    /// Their size.
    pub new_bytes: usize,
    /// All entries that were read.
    pub read_entries: u32,
    /// All bytes that were read, decompressed.
    pub read_bytes: usize,
    /// Calls to 3scale and to inboxes.
    pub calls: usize,
    /// The time that it has taken.
    pub ms: i64,
}

/// `true` if a step has done enough, so that there is time, and there are calls left, to finish it.
#[must_use]
pub fn is_enough(done: Done) -> bool {
    // One call is for the DELETE.
    done.new_entries >= MOST_ENTRIES
        || done.new_bytes >= MOST_BYTES
        || done.read_entries >= MOST_READ_ENTRIES
        || done.read_bytes >= MOST_READ_BYTES
        || done.calls + 1 >= MOST_CALLS
        || done.ms >= LONGEST_MS
}

/// The part of the list that was read, from its beginning on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// The first entry's time, if it has one.
    first: Option<i64>,
    newest: Option<i64>,
    earliest_held: Option<i64>,
    /// `true` if an entry has to stay that nothing guards.
    is_unguarded: bool,
    /// The time by our own clock.
    now: Option<i64>,
    /// `true` if an entry was not known before this step.
    has_new: bool,
    has_begun: bool,
}

impl Reading {
    /// Nothing read yet, at this time by our own clock.
    #[must_use]
    pub fn begin(now: i64) -> Self {
        Self {
            now: Some(now),
            ..Self::default()
        }
    }

    /// Counts the next entry; one that cannot be parsed has no time.
    pub fn saw(&mut self, time: Option<i64>, known: bool) {
        if !self.has_begun {
            self.first = time;
            self.has_begun = true;
        }
        self.newest = self.newest.max(time);
        self.has_new |= !known;
    }

    /// The time that keeps the entry that was counted last in the list: its own, or, where that cannot be read, the
    /// newest of those before it. 3scale stops at the first entry that is newer than it is told, so nothing behind one
    /// that stays is dropped.
    #[must_use]
    pub fn guard(&self, time: Option<i64>) -> Option<i64> {
        time.or(self.newest)
    }

    /// An entry of those has to stay in the list. Without a [guard](Self::guard) nothing is dropped at all.
    pub fn held(&mut self, guard: Option<i64>) {
        self.is_unguarded |= guard.is_none();
        self.earliest_held = self.earliest_held.into_iter().chain(guard).min();
    }

    /// The second up to which 3scale may drop entries, now that all entries read are committed. `None` if it is to drop
    /// nothing.
    ///
    /// 3scale drops entries from the first on, that second's included, and stops at the first later one. So the newest
    /// entry that was read, or the earliest that has to stay, guards all behind it: an entry added in the same second
    /// after our GET stays, whatever the list's order. Only if the `list` was read to its end, holds nothing new, and
    /// its newest second is a day over, by 3scale's clock and by ours, is that second dropped too.
    #[must_use]
    pub fn delete_up_to(&self, list: List, pace: Pace) -> Option<i64> {
        let newest = self.newest.filter(|_| !self.is_unguarded)?;
        let is_over = list.date.is_some_and(|date| {
            date.min(self.now.unwrap_or(date)) - newest >= pace.quiet_seconds()
        });
        let up_to = if list.is_complete && !self.has_new && is_over {
            newest
        } else {
            newest - 1
        };
        let up_to = self.earliest_held.map_or(up_to, |held| up_to.min(held - 1));
        // Otherwise it would drop nothing.
        self.first
            .is_none_or(|first| first <= up_to)
            .then_some(up_to)
    }

    /// The time, by 3scale's own clock in seconds, up to which all entries are known, now that those read are committed
    /// or stay in the list.
    #[must_use]
    pub fn known_up_to(&self, list: List) -> Option<i64> {
        if list.is_complete {
            list.date
        } else {
            self.newest
        }
    }
}

/// The list that was read.
#[derive(Debug, Clone, Copy)]
pub struct List {
    /// `true` if it was read to its end.
    pub is_complete: bool,
    /// When 3scale answered, by its own clock.
    pub date: Option<i64>,
}

#[cfg(test)]
mod tests;
