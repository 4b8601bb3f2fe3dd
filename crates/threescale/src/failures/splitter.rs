//! Finds the entries of a list in one pass over bytes that arrive in pieces.
//!
//! `<` begins markup anywhere outside comments, CDATA and processing instructions, so it takes no
//! parser to find `<webhooks-failure>` and its end tag, and even a broken entry ends at its end
//! tag. The bytes outside the entries are kept: together they are a small document, which the XML
//! reader then checks.

use memchr::memchr;

use crate::error::{Error, ErrorCode, Position};
use crate::limits::Limits;
use crate::model;
use crate::xml::quoted;

/// An entry, complete or (`!is_whole`) the beginning of one that is too large.
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) position: Position,
    pub(super) is_whole: bool,
}

/// Offsets are into the bytes that the caller still holds: see [`forget`](Self::forget).
#[derive(Debug)]
pub(super) struct Splitter {
    entry_limit: usize,
    /// The next byte to look at.
    at: usize,
    /// The end of the comment, CDATA or instruction that `at` is in, if it is in one.
    until: Option<&'static [u8]>,
    place: Place,
    /// Everything before this offset has been returned or kept.
    done: usize,
    /// The position of `done` in the list.
    position: Position,
    outside: Vec<u8>,
    /// The last piece of `outside`: its offset there, and its position in the list.
    last_piece: (usize, Position),
    head_is_checked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Between entries.
    Gap,
    /// In the entry that began at `done`.
    Entry,
    /// In the rest of an entry that was too large.
    Excess,
}

/// Room for the bytes outside the entries: usually a declaration, two tags and white space.
const OUTSIDE_LIMIT: usize = 1 << 16;
/// Room for the URL, the error and the markup around the event.
const AROUND_EVENT: usize = 1 << 16;

impl Splitter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            entry_limit: limits.bytes.saturating_add(AROUND_EVENT),
            at: 0,
            until: None,
            place: Place::Gap,
            done: 0,
            position: Position::START,
            outside: Vec::new(),
            last_piece: (0, Position::START),
            head_is_checked: false,
        }
    }

    /// The number of bytes at the beginning that are no longer needed. The caller must drop them:
    /// all offsets shift by that number.
    pub(super) fn forget(&mut self) -> usize {
        let done = std::mem::take(&mut self.done);
        self.at -= done;
        done
    }

    /// The next entry in `list`; `None` if more bytes are needed.
    pub(super) fn next(&mut self, list: &[u8]) -> Result<Option<Found>, Error> {
        while let Some(markup) = self.markup(list) {
            match (self.place, markup) {
                (Place::Gap, Markup::EntryStart { start, is_empty }) => {
                    self.leave_gap(list, start)?;
                    self.check_head()?;
                    if is_empty {
                        return Ok(Some(self.entry(list, true)));
                    }
                    self.place = Place::Entry;
                }
                (Place::Entry, Markup::EntryEnd) => return Ok(Some(self.entry(list, true))),
                (Place::Excess, Markup::EntryEnd) => {
                    self.place = Place::Gap;
                    self.advance(list, self.at);
                }
                _ => {}
            }
        }
        // More is needed. Nothing may grow without bound while we wait.
        match self.place {
            Place::Gap if list.len() - self.done > OUTSIDE_LIMIT => {
                self.leave_gap(list, self.at)?;
            }
            Place::Entry if list.len() - self.done > self.entry_limit => {
                let entry = self.entry(list, false);
                self.place = Place::Excess;
                return Ok(Some(entry));
            }
            Place::Excess => self.advance(list, self.at),
            Place::Gap | Place::Entry => {}
        }
        Ok(None)
    }

    /// Checks that the list is complete; `list` is the part of it that was not dropped.
    pub(super) fn finish(mut self, list: &[u8]) -> Result<(), Error> {
        if self.place == Place::Gap {
            self.leave_gap(list, list.len())?;
            return self.check(&self.outside);
        }
        self.advance(list, list.len());
        let message = "the list ends too early, expected `</webhooks-failure>`";
        Err(Error::new(ErrorCode::MalformedXml, message).within(self.position))
    }

    /// The next piece of markup, with `at` moved behind it; `None` if more bytes are needed.
    fn markup(&mut self, list: &[u8]) -> Option<Markup> {
        if let Some(until) = self.until {
            let Some(length) = find(list.get(self.at..)?, until) else {
                self.at = self.at.max((list.len() + 1).saturating_sub(until.len()));
                return None;
            };
            self.at += length + until.len();
            self.until = None;
            return Some(Markup::Other);
        }
        let Some(length) = memchr(b'<', list.get(self.at..)?) else {
            self.at = list.len();
            return None;
        };
        // If more bytes are needed, the next call begins here again.
        self.at += length;
        let start = self.at;
        let rest = list.get(start..)?;
        for (opening, closing) in PASSAGES {
            if begins(rest, opening)? {
                self.at = start + opening.len();
                self.until = Some(closing);
                return Some(Markup::Other);
            }
        }
        for (opening, is_start) in [(ENTRY_START, true), (ENTRY_END, false)] {
            let is_entry = begins(rest, opening)?
                && matches!(
                    rest.get(opening.len())?,
                    b'>' | b'/' | b' ' | b'\t' | b'\n' | b'\r'
                );
            if is_entry {
                let length = memchr(b'>', rest)?;
                self.at = start + length + 1;
                let is_empty = rest.get(..length)?.ends_with(b"/");
                return Some(if is_start {
                    Markup::EntryStart { start, is_empty }
                } else {
                    Markup::EntryEnd
                });
            }
        }
        self.at = start + 1;
        Some(Markup::Other)
    }

    /// The entry that began at `done`; if it has ended, it ends at `at`.
    fn entry(&mut self, list: &[u8], has_ended: bool) -> Found {
        let (start, position) = (self.done, self.position);
        let is_whole = has_ended && self.at - start <= self.entry_limit;
        let end = if is_whole {
            self.at
        } else {
            start + self.entry_limit
        };
        self.place = Place::Gap;
        self.advance(list, self.at);
        Found {
            start,
            end,
            position,
            is_whole,
        }
    }

    /// Keeps the bytes outside the entries up to `end`, unless they are only white space between
    /// two of them.
    fn leave_gap(&mut self, list: &[u8], end: usize) -> Result<(), Error> {
        let piece = list.get(self.done..end).unwrap_or_default();
        if !self.head_is_checked || !piece.trim_ascii().is_empty() {
            self.last_piece = (self.outside.len(), self.position);
            self.outside.extend_from_slice(piece);
        }
        self.advance(list, end);
        if self.outside.len() > OUTSIDE_LIMIT {
            let message =
                format!("the list has more than {OUTSIDE_LIMIT} bytes outside its entries");
            return Err(Error::new(ErrorCode::LimitExceeded, message).within(self.position));
        }
        Ok(())
    }

    fn advance(&mut self, list: &[u8], end: usize) {
        self.position = self
            .position
            .after(list.get(self.done..end).unwrap_or_default());
        self.done = end;
    }

    /// Checks before the first entry is returned that the bytes before it begin a list.
    fn check_head(&mut self) -> Result<(), Error> {
        if !self.head_is_checked {
            self.check(&[&self.outside, &b"</webhooks-failures>"[..]].concat())?;
            self.head_is_checked = true;
        }
        Ok(())
    }

    fn check(&self, outside: &[u8]) -> Result<(), Error> {
        let (start, position) = self.last_piece;
        let document = model::read(
            outside,
            &Limits {
                bytes: usize::MAX,
                ..Limits::default()
            },
        )
        .map_err(|error| match error.offset().checked_sub(start) {
            Some(length) => {
                let piece = outside.get(start..start + length).unwrap_or_default();
                error.at(&[], 0).within(position.after(piece))
            }
            None => error,
        })?;
        match document.node(0).map_or("", |root| root.name) {
            "webhooks-failures" => Ok(()),
            other => {
                let message = format!("found <{}>, expected <webhooks-failures>", quoted(other));
                Err(Error::new(ErrorCode::NotAFailuresList, message))
            }
        }
    }
}

/// The markup that a `<` begins.
enum Markup {
    EntryStart { start: usize, is_empty: bool },
    EntryEnd,
    Other,
}

const ENTRY_START: &[u8] = b"<webhooks-failure";
const ENTRY_END: &[u8] = b"</webhooks-failure";

/// The passages in which `<` has no meaning: how they begin, and how they end.
const PASSAGES: [(&[u8], &[u8]); 3] = [(b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")];

/// The offset of `word`. Such passages are short or do not occur, and a searcher that is made for
/// long ones would add some KB to the program.
fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}

/// Returns true if `rest` begins with `opening`; `None` if it is too short to tell.
fn begins(rest: &[u8], opening: &[u8]) -> Option<bool> {
    if rest.len() < opening.len() && opening.starts_with(rest) {
        return None;
    }
    Some(rest.starts_with(opening))
}
