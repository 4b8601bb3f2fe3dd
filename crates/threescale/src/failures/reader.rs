//! The list as a stream.

use super::entry::Entry;
use super::splitter::{Found, Splitter};
use crate::error::Error;
use crate::limits::Limits;

/// Reads a list of any length in steps: push bytes as they arrive, take entries until there are
/// none, and [`finish`](Self::finish) at the end. It holds one entry and one chunk in memory.
///
/// ```
/// use threescale::{Limits, failures};
///
/// # let list = include_bytes!("../../tests/samples/failures_two.xml");
/// let mut reader = failures::Reader::new(&Limits::default());
/// let mut times = Vec::new();
/// for chunk in list.chunks(100) {
///     reader.push(chunk);
///     while let Some(entry) = reader.next_entry()? {
///         times.extend(entry.failure().map(|failure| failure.time().to_string()));
///     }
/// }
/// reader.finish()?;
/// assert_eq!(times, ["2026-08-21T10:53:29Z", "2026-08-21T11:00:00Z"]);
/// # Ok::<(), threescale::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    splitter: Splitter,
    buffer: Vec<u8>,
}

impl Reader {
    /// `limits` apply to each entry, [`Limits::bytes`] to the event in it. The list itself may
    /// have any length.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: *limits,
            splitter: Splitter::new(limits),
            buffer: Vec::new(),
        }
    }

    /// Adds the next chunk.
    pub fn push(&mut self, chunk: &[u8]) {
        let done = self.splitter.forget();
        self.buffer.drain(..done.min(self.buffer.len()));
        self.buffer.extend_from_slice(chunk);
    }

    /// The next entry that is complete; `None` if more bytes are needed.
    ///
    /// # Errors
    /// As [`parse`](super::parse): the list itself is broken, and there are no more entries.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>, Error> {
        let found = self.splitter.next(&self.buffer)?;
        Ok(found.map(
            |Found {
                 start,
                 end,
                 position,
                 is_whole,
             }| {
                let raw = self.buffer.get(start..end).unwrap_or_default();
                Entry::read(raw, position, is_whole, &self.limits)
            },
        ))
    }

    /// The number of bytes that are waiting for the rest of their entry.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Checks that the list was complete: only then is it safe to delete its failures.
    ///
    /// # Errors
    /// As [`parse`](super::parse).
    pub fn finish(mut self) -> Result<(), Error> {
        while self.next_entry()?.is_some() {}
        self.splitter.finish(&self.buffer)
    }
}
