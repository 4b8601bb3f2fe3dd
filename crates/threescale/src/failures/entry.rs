//! One entry of the list.

use std::fmt;

use super::url::SecretUrl;
use crate::error::{Error, ErrorCode, Position};
use crate::limits::Limits;
use crate::model::{self, element::Element};
use crate::notification::Notification;
use crate::time::Timestamp;
use crate::xml::chars;

/// One entry as it is in the list, readable or not.
#[derive(Clone)]
pub struct Entry<'x> {
    raw: &'x [u8],
    failure: Result<Failure<'x>, Error>,
}

/// A delivery that 3scale has given up.
#[derive(Clone)]
pub struct Failure<'x> {
    id: String,
    time: Timestamp,
    error: String,
    url: SecretUrl,
    event: &'x [u8],
    position: Position,
}

impl<'x> Entry<'x> {
    /// Its bytes, from `<webhooks-failure>` to its end tag; only the first of them if there are
    /// more than the limits allow.
    #[must_use]
    pub fn raw(&self) -> &'x [u8] {
        self.raw
    }

    /// The failure that it describes.
    ///
    /// # Errors
    /// If it is not well-formed outside its `<event>`, too large, or has no id, time or event.
    /// The position is the one in the list.
    pub fn failure(&self) -> Result<&Failure<'x>, &Error> {
        self.failure.as_ref()
    }

    /// The failure that it describes, by value.
    ///
    /// # Errors
    /// As [`failure`](Self::failure).
    pub fn into_failure(self) -> Result<Failure<'x>, Error> {
        self.failure
    }

    pub(super) fn read(raw: &'x [u8], position: Position, is_whole: bool, limits: &Limits) -> Self {
        let failure = if is_whole {
            Failure::read(raw, position, limits)
        } else {
            let message = format!("an entry has more than {} bytes", raw.len());
            Err(Error::new(ErrorCode::LimitExceeded, message))
        };
        Self {
            raw,
            failure: failure.map_err(|error| error.within(position)),
        }
    }
}

impl<'x> Failure<'x> {
    /// The id, which 3scale gives to an event when it creates it, but does not send with it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The time at which 3scale gave up, to the second.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// The reason. For every HTTP status it is `WebHookWorker::ClientError`: 3scale does not keep
    /// the status itself (`app/models/web_hook/failure.rb`).
    #[must_use]
    pub fn error(&self) -> &str {
        &self.error
    }

    /// The URL that 3scale sent it to, secret included.
    #[must_use]
    pub const fn url(&self) -> &SecretUrl {
        &self.url
    }

    /// The notification as it is in the list, from `<event>` to `</event>`.
    #[must_use]
    pub const fn event(&self) -> &'x [u8] {
        self.event
    }

    /// The notification, which has the same [digest](Notification::digest) as the pushed body.
    ///
    /// # Errors
    /// As [`Notification::parse`], but the position is the one in the list.
    pub fn notification(&self) -> Result<Notification<'x>, Error> {
        self.notification_with(&Limits::default())
    }

    /// The notification, read within other limits.
    ///
    /// # Errors
    /// As [`notification`](Self::notification).
    pub fn notification_with(&self, limits: &Limits) -> Result<Notification<'x>, Error> {
        Notification::parse_with(self.event, limits).map_err(|error| error.within(self.position))
    }

    /// Reads the part around `<event>` separately, so that a broken event hides neither id nor
    /// time.
    fn read(raw: &'x [u8], position: Position, limits: &Limits) -> Result<Self, Error> {
        let (start, end) = event(raw).ok_or_else(|| incomplete("event"))?;
        let (before, rest) = raw.split_at_checked(start).unwrap_or_default();
        let (event, after) = rest.split_at_checked(end - start).unwrap_or_default();
        let around = [before, after].concat();
        let document = model::read(&around, limits).map_err(|error| {
            let offset = error.offset();
            let removed = if offset < start { 0 } else { event.len() };
            error.at(raw, offset + removed)
        })?;
        let entry = Element::new(&document, 0);
        let text = |name| entry.child(name).map_or("", Element::text);
        Ok(Self {
            id: entry
                .child_text("id")
                .ok_or_else(|| incomplete("id"))?
                .to_owned(),
            time: Timestamp::parse(chars::trim(text("time"))).ok_or_else(|| incomplete("time"))?,
            error: text("error").to_owned(),
            url: SecretUrl::new(text("url")),
            event,
            position: position.after(before),
        })
    }
}

/// The beginning and the end of the event in an entry. Text cannot contain `<`, so the first start
/// tag and the last end tag are found without parsing the part between them.
fn event(raw: &[u8]) -> Option<(usize, usize)> {
    let start = raw.windows(7).position(|window| {
        window.starts_with(b"<event")
            && window
                .last()
                .is_some_and(|&byte| chars::is_space(byte) || matches!(byte, b'>' | b'/'))
    })?;
    let tag_end = start + memchr::memchr(b'>', raw.get(start..)?)?;
    if raw.get(..tag_end)?.ends_with(b"/") {
        return Some((start, tag_end + 1));
    }
    let mut windows = raw.get(tag_end..)?.windows(7);
    let last = tag_end + windows.rposition(|window| window == b"</event")?;
    Some((start, last + memchr::memchr(b'>', raw.get(last..)?)? + 1))
}

fn incomplete(name: &str) -> Error {
    Error::new(
        ErrorCode::NotAFailuresList,
        format!("found no valid <{name}> in <webhooks-failure>"),
    )
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("bytes", &self.raw.len())
            .field("failure", &self.failure)
            .finish()
    }
}

/// Without the event: its values may be secrets.
impl fmt::Debug for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("id", &self.id)
            .field("time", &self.time)
            .field("error", &self.error)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
