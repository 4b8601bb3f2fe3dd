//! New or a repeat, and what is then done: of a push, and of a batch of what 3scale failed to deliver.
//! [`rule`] has the rules. What the inbox has is behind [`Books`], so that the tests can let things
//! happen in any order without SQL.

pub mod rule;

use self::rule::Verdict;
use crate::messages::{
    Intake, Receipt, Recovered, Status, Suspect, Taken,
    recovered::{self, Entry, What},
};

/// An earlier event with an equal document, which was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its place in the inbox.
    pub seq: i64,
    /// Its id.
    pub id: String,
    /// When it was received, in milliseconds since 1970.
    pub received_ms: i64,
}

/// What the inbox has, as far as judging asks, and what is done to it.
pub trait Books {
    /// The store's failure. Then nothing was decided.
    type Error;

    /// The newest event with this digest that was pushed between these times and stands for no entry
    /// of 3scale's list.
    fn newest_pushed(
        &self,
        digest: &str,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Option<Earlier>, Self::Error>;

    /// The `updated_at` of each different event about the same object that may lie between these two.
    fn changes_since(
        &self,
        earlier: &Earlier,
        intake: &Intake,
        until_ms: i64,
    ) -> Result<Vec<Option<i64>>, Self::Error>;

    /// Whether the entry with this id was taken in.
    fn has_failure(&self, id: &str) -> Result<bool, Self::Error>;

    /// Keeps a new event; gives back its id and place.
    fn keep(
        &self,
        intake: &Intake,
        document: &[u8],
        given_up_ms: Option<i64>,
    ) -> Result<(String, i64), Self::Error>;

    /// Counts a repeat of the event at this place.
    fn count_repeat(&self, seq: i64) -> Result<(), Self::Error>;

    /// Remembers that an entry was taken in, as this event if it is one.
    fn remember_failure(&self, id: &str, seq: Option<i64>) -> Result<(), Self::Error>;

    /// Keeps what nobody understands.
    fn quarantine(&self, suspect: &Suspect, document: &[u8]) -> Result<(), Self::Error>;
}

/// A notification that 3scale pushed. With a window of 0 nothing is a repeat.
pub fn take_push<B: Books>(
    books: &B,
    intake: &Intake,
    xml: &[u8],
    window_ms: i64,
    now_ms: i64,
) -> Result<Receipt, B::Error> {
    if let Some(earlier) = repeated(books, intake, window_ms, now_ms)? {
        books.count_repeat(earlier.seq)?;
        return Ok(Receipt {
            id: earlier.id,
            status: Status::Duplicate,
        });
    }
    let (id, _) = books.keep(intake, xml, None)?;
    Ok(Receipt {
        id,
        status: Status::Accepted,
    })
}

/// The event that a push repeats, if it does.
fn repeated<B: Books>(
    books: &B,
    intake: &Intake,
    window_ms: i64,
    now_ms: i64,
) -> Result<Option<Earlier>, B::Error> {
    if window_ms == 0 {
        return Ok(None);
    }
    let Some(earlier) = books.newest_pushed(&intake.digest, now_ms - window_ms, now_ms)? else {
        return Ok(None);
    };
    let changes = books.changes_since(&earlier, intake, now_ms)?;
    Ok(rule::repeats(intake.updated_at, &changes).then_some(earlier))
}

/// A batch of what 3scale failed to deliver. Whoever calls this makes it one commit.
pub fn take_batch<B: Books<Error: From<&'static str>>>(
    books: &B,
    batch: &Recovered,
    mut entries: &[u8],
    window_ms: i64,
) -> Result<Taken, B::Error> {
    let mut taker = Taker {
        books,
        window_ms,
        judge_before: batch.judge_before,
        taken: Taken::default(),
    };
    // What is new for certain comes first: it may lie between an event and what looks like its repeat.
    let mut doubtful = Vec::new();
    while !entries.is_empty() {
        let (entry, what, document) =
            recovered::next(&mut entries).ok_or("a batch cannot be read")?;
        if let Some(intake) = taker.take(&entry, what, document)? {
            doubtful.push((entry, intake, document));
        }
    }
    for (entry, intake, document) in doubtful {
        taker.judge(&entry, &intake, document)?;
    }
    Ok(taker.taken)
}

struct Taker<'b, B> {
    books: &'b B,
    window_ms: i64,
    judge_before: i64,
    taken: Taken,
}

impl<B: Books> Taker<'_, B> {
    /// Takes in what needs no judging, and gives back what does.
    fn take(
        &mut self,
        entry: &Entry,
        what: What,
        document: &[u8],
    ) -> Result<Option<Intake>, B::Error> {
        if self.books.has_failure(&entry.id)? {
            self.taken.known += 1;
            return Ok(None);
        }
        match what {
            What::Suspect(suspect) => {
                self.books.quarantine(&suspect, document)?;
                self.books.remember_failure(&entry.id, None)?;
                self.taken.quarantined += 1;
                Ok(None)
            }
            What::Intake(intake) => {
                if self.window_ms > 0 && self.earlier(entry, &intake)?.is_some() {
                    return Ok(Some(intake));
                }
                self.keep(entry, &intake, document)?;
                Ok(None)
            }
        }
    }

    fn judge(&mut self, entry: &Entry, intake: &Intake, document: &[u8]) -> Result<(), B::Error> {
        // Another entry of this batch may have taken it by now.
        let Some(earlier) = self.earlier(entry, intake)? else {
            return self.keep(entry, intake, document);
        };
        let changes = self.books.changes_since(&earlier, intake, entry.at)?;
        match rule::judge(intake.updated_at, &changes, entry.at, self.judge_before) {
            Verdict::New => self.keep(entry, intake, document),
            Verdict::Repeat => {
                self.books.count_repeat(earlier.seq)?;
                self.books.remember_failure(&entry.id, Some(earlier.seq))?;
                self.taken.repeats += 1;
                Ok(())
            }
            Verdict::TooEarly => {
                self.taken.held.push(entry.id.clone());
                Ok(())
            }
        }
    }

    /// The event that an entry may stand for.
    fn earlier(&self, entry: &Entry, intake: &Intake) -> Result<Option<Earlier>, B::Error> {
        let (from, to) = rule::tries_of(entry.at, self.window_ms);
        self.books.newest_pushed(&intake.digest, from, to)
    }

    fn keep(&mut self, entry: &Entry, intake: &Intake, document: &[u8]) -> Result<(), B::Error> {
        let (_, seq) = self.books.keep(intake, document, Some(entry.at))?;
        self.books.remember_failure(&entry.id, Some(seq))?;
        self.taken.taken_in += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
