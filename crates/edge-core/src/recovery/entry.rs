//! An entry of 3scale's list, turned into a message to the inbox. Its URL carries the secret, so it is examined here
//! and not passed on.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use threescale::{
    Limits,
    failures::{self, Failure, SecretUrl},
};

use crate::{
    config::{Config, LARGEST_MAX_BODY_BYTES, RecoverFrom, Source},
    location::ParseUrl,
    mask::Mask,
    messages::{
        document::Document,
        intake::{Intake, Unparsable},
        recovered::{Content, Entry},
    },
    quarantine::likeness,
    secret::Presented,
    shard,
};

const MEDIA_TYPE: &str = "application/xml";

/// The limits for reading entries: a row of the inbox holds this much. `MAX_BODY_BYTES` does not apply, since a body
/// that the hook refused for its size exists in this list and nowhere else.
pub fn limits() -> Limits {
    Limits {
        bytes: largest(),
        ..Limits::default()
    }
}

fn largest() -> usize {
    usize::try_from(LARGEST_MAX_BODY_BYTES).unwrap_or(usize::MAX)
}

/// Identifies an entry by a hash: of 3scale's id, or of the content where the id cannot be read. The id itself is
/// somebody else's text and is stored nowhere.
pub fn id(entry: &failures::Entry<'_>) -> String {
    let digest = match entry.failure() {
        Ok(failure) => Sha256::digest(failure.id()),
        Err(_) => Sha256::digest(entry.raw()),
    };
    digest
        .iter()
        .take(16)
        .fold("sha256:".to_owned(), |hex, byte| {
            hex + &format!("{byte:02x}")
        })
}

/// When 3scale gave it up, in seconds since 1970.
pub fn time(entry: &failures::Entry<'_>) -> Option<i64> {
    let failure = entry.failure().ok()?;
    Some(failure.time().unix_seconds())
}

/// An entry on its way to the inbox of this number.
#[derive(Debug)]
pub struct Item {
    /// The number of the inbox.
    pub shard: u32,
    /// The entry.
    pub entry: Entry,
}

/// Turns entries into items, and determines whom they were sent to.
#[derive(Debug)]
pub struct Sorter<'c> {
    parse_url: ParseUrl,
    config: &'c Config,
    source: &'c Source,
    path: String,
    mask: Mask,
    /// Origins at which entries with our secret were addressed.
    seen: BTreeSet<String>,
    /// The last URL, and its receiver: most entries have the same.
    last: Option<(SecretUrl, Receiver)>,
}

/// Whom an entry was sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receiver {
    /// This Worker, at this origin.
    Ours(String),
    /// Another system, or this one under an address that it does not know to be its own. The origin is there if the URL
    /// is one; the rest of such a URL may be a secret.
    Foreign(Option<String>),
    /// The entry cannot be read.
    Unknown,
}

impl<'c> Sorter<'c> {
    /// A sorter for this source's list. `seen` are the origins that earlier ones have seen.
    #[must_use]
    pub fn new(
        parse_url: ParseUrl,
        config: &'c Config,
        source: &'c Source,
        seen: BTreeSet<String>,
    ) -> Self {
        Self {
            parse_url,
            config,
            source,
            path: format!("/hooks/{}", source.name),
            mask: Mask::new(config.secrets().chain(source.secrets.iter())),
            seen,
            last: None,
        }
    }

    /// The origins at which entries with our secret were addressed.
    #[must_use]
    pub fn seen(&self) -> &BTreeSet<String> {
        &self.seen
    }

    /// Makes an item of an entry.
    pub fn item(
        &self,
        id: String,
        entry: &failures::Entry<'_>,
        receiver: &Receiver,
        now_ms: i64,
    ) -> Item {
        let (shard, given_up_at, content, document) = match entry.failure() {
            Ok(failure) => {
                let (shard, content) = self.understood(failure, self.base(receiver));
                let document = match &content {
                    Content::Notification(_) => failure.event().to_vec(),
                    Content::Unparsable(_) => self.masked(failure.event()),
                };
                let given_up_at = failure.time().unix_seconds() * 1000 + 999;
                (shard, given_up_at, content, document)
            }
            Err(error) => {
                let event = event_of(entry.raw());
                let content = Content::Unparsable(broken_entry(error, event));
                let mut document = self.masked(event);
                document.truncate(largest());
                (0, now_ms, content, document)
            }
        };
        let document = Document(document);
        let entry = Entry {
            id,
            given_up_at,
            content,
            document,
        };
        Item { shard, entry }
    }

    fn understood(&self, failure: &Failure<'_>, base: String) -> (u32, Content) {
        match failure.notification_with(&limits()) {
            Ok(notification) => {
                let intake = Intake::of(&notification, &self.source.name, base);
                let shard = shard::of_account(intake.account.as_deref(), self.source.shards);
                (shard, Content::Notification(intake))
            }
            Err(error) => {
                let event = failure.event();
                let unparsable = Unparsable::of(&error, MEDIA_TYPE, event);
                (0, Content::Unparsable(unparsable))
            }
        }
    }

    /// This Worker's address in the event; empty where it is not known.
    fn base(&self, receiver: &Receiver) -> String {
        match (&self.config.public_url, receiver) {
            (Some(public_url), _) => public_url.clone(),
            (None, Receiver::Ours(origin)) => origin.clone(),
            (None, _) => String::new(),
        }
    }

    /// Whom an entry was sent to.
    pub fn receiver(&mut self, entry: &failures::Entry<'_>) -> Receiver {
        let Ok(failure) = entry.failure() else {
            return Receiver::Unknown;
        };
        match &self.last {
            Some((last, receiver)) if last == failure.url() => receiver.clone(),
            _ => {
                let receiver = self.receiver_at(failure.url());
                self.last = Some((failure.url().clone(), receiver.clone()));
                receiver
            }
        }
    }

    /// The address decides where it is configured. Otherwise our secret does, and after it the addresses that came
    /// with it: an entry may be older than the secret.
    fn receiver_at(&mut self, url: &SecretUrl) -> Receiver {
        let Some(url) = (self.parse_url)(url.expose()) else {
            return Receiver::Foreign(None);
        };
        let origin = url.origin;
        let is_told = match &self.source.recover_from {
            RecoverFrom::Any => true,
            RecoverFrom::Origins(origins) => origins.contains(&origin),
        };
        let is_ours = match &self.config.public_url {
            _ if is_told => true,
            Some(public_url) => *public_url == origin,
            None => {
                let presented = Presented::in_query(&url.query, &self.source.secret_param);
                let admitted = bool::from(self.source.secrets.admit(&presented));
                if admitted && url.path == self.path && self.seen.len() < MOST_SEEN {
                    self.seen.insert(origin.clone());
                }
                self.seen.contains(&origin)
            }
        };
        if is_ours {
            Receiver::Ours(origin)
        } else {
            Receiver::Foreign(Some(origin))
        }
    }

    /// The document without our secrets.
    fn masked(&self, document: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(document);
        let masked = self.mask.text(&text);
        if masked == text {
            document.to_vec()
        } else {
            masked.into_bytes()
        }
    }
}

/// The most origins that are remembered; this Worker has one or two.
const MOST_SEEN: usize = 20;

/// Without the parser's words, which may quote the URL.
fn broken_entry(error: &threescale::Error, event: &[u8]) -> Unparsable {
    let (line, column) = (error.line(), error.column());
    Unparsable {
        code: error.code().to_owned(),
        detail: format!(
            "line {line}, column {column}: an entry of 3scale's list of failures cannot be read"
        ),
        line,
        column,
        media_type: MEDIA_TYPE.to_owned(),
        likeness: likeness::of(event),
    }
}

/// The event in a broken entry, and nothing else of it: a URL may be in any other element, whatever it is called. If the
/// event does not begin or end, nothing tells what is inside it.
fn event_of(raw: &[u8]) -> &[u8] {
    const START: &[u8] = b"<event";
    const END: &[u8] = b"</event>";
    let last = |word: &[u8]| raw.windows(word.len()).rposition(|window| window == word);
    last(START)
        .zip(last(END))
        .and_then(|(start, end)| raw.get(start..end + END.len()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
