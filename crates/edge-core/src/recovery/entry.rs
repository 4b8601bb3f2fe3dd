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
                let content = Content::Unparsable(broken_entry(error));
                let mut document = self.masked(event_of(entry.raw()));
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
            Err(error) => (0, Content::Unparsable(Unparsable::of(&error, MEDIA_TYPE))),
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
fn broken_entry(error: &threescale::Error) -> Unparsable {
    let (line, column) = (error.line(), error.column());
    Unparsable {
        code: error.code().to_owned(),
        detail: format!(
            "line {line}, column {column}: an entry of 3scale's list of failures cannot be read"
        ),
        line,
        column,
        media_type: MEDIA_TYPE.to_owned(),
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
mod tests {
    use super::*;
    use crate::{location::parse_url, secret::Secrets};

    fn source() -> Source {
        Source {
            is_closed: false,
            name: "acme".parse().unwrap(),
            secret_param: "token".to_owned(),
            secrets: Secrets::from_text("n3w-s3cret 0ld-s3cret"),
            admin_url: None,
            recover_from: RecoverFrom::default(),
            access_token: None,
            silent_after_ms: None,
            shards: 4,
            path: String::new(),
        }
    }

    const EVENT: &str = "<event><action>updated</action><type>user</type><object><user><id>9</id>\
        <account_id>7</account_id></user></object></event>";

    fn entry(url: &str, event: &str) -> String {
        format!(
            "<webhooks-failure><id>f-1</id><time>2026-11-22T10:00:00Z</time><error>x</error><url>{url}</url>{event}\
             </webhooks-failure>"
        )
    }

    fn sorter<'c>(config: &'c Config, source: &'c Source) -> Sorter<'c> {
        Sorter::new(parse_url, config, source, BTreeSet::new())
    }

    fn with_entry<T>(entry: &str, use_it: impl FnOnce(&failures::Entry<'_>) -> T) -> T {
        let list = format!("<webhooks-failures>{entry}</webhooks-failures>");
        let entries = failures::parse(list.as_bytes()).unwrap();
        use_it(&entries[0])
    }

    fn item(sorter: &mut Sorter<'_>, entry: &str) -> Item {
        with_entry(entry, |entry| {
            let receiver = sorter.receiver(entry);
            sorter.item(id(entry), entry, &receiver, 5)
        })
    }

    fn receiver(sorter: &mut Sorter<'_>, url: &str) -> Receiver {
        with_entry(&entry(url, EVENT), |entry| sorter.receiver(entry))
    }

    fn foreign(origin: &str) -> Receiver {
        Receiver::Foreign(Some(origin.to_owned()))
    }

    const OURS: &str = "https://edge.example/hooks/acme?token=n3w-s3cret";

    #[test]
    fn an_entry_becomes_an_intake_for_its_accounts_inbox() {
        let (config, source) = (Config::default(), source());
        let item = item(&mut sorter(&config, &source), &entry(OURS, EVENT));
        assert_eq!(item.shard, shard::of_account(Some("7"), 4));
        assert_eq!(*item.entry.document, *EVENT.as_bytes());
        assert_eq!(item.entry.given_up_at, 1_795_341_600_999);
        let Content::Notification(intake) = item.entry.content else {
            panic!("not understood")
        };
        assert_eq!(
            (intake.base.as_str(), intake.kind.as_str()),
            ("https://edge.example", "user")
        );
    }

    #[test]
    fn without_a_public_url_our_secret_says_whose_an_entry_is() {
        let (config, source) = (Config::default(), source());
        let ours = Receiver::Ours("https://edge.example".to_owned());
        for (url, expected) in [
            (
                "https://edge.example/hooks/acme?token=0ld-s3cret",
                ours.clone(),
            ),
            (
                "https://edge.example/hooks/acme?token=guess",
                foreign("https://edge.example"),
            ),
            (
                "https://edge.example/hooks/other?token=n3w-s3cret",
                foreign("https://edge.example"),
            ),
            (
                "https://old.example/3scale/s3cret",
                foreign("https://old.example"),
            ),
            ("no url", Receiver::Foreign(None)),
        ] {
            let mut sorter = sorter(&config, &source);
            for _ in 0..2 {
                assert_eq!(receiver(&mut sorter, url), expected, "{url}");
            }
        }
        // An entry that is older than the secret, at an address that was seen with one.
        let mut sorter = sorter(&config, &source);
        receiver(&mut sorter, OURS);
        let older = "https://edge.example/hooks/acme?token=0lder-s3cret";
        assert_eq!(receiver(&mut sorter, older), ours);
        let mut next = Sorter::new(parse_url, &config, &source, sorter.seen().clone());
        assert_eq!(receiver(&mut next, older), ours);
    }

    /// A staging deployment may have the secrets of production.
    #[test]
    fn with_a_public_url_the_address_says_whose_an_entry_is() {
        let config = Config {
            public_url: Some("https://staging.example".to_owned()),
            ..Config::default()
        };
        let mut source = source();
        assert_eq!(
            receiver(&mut sorter(&config, &source), OURS),
            foreign("https://edge.example")
        );
        let staging = "https://staging.example/hooks/acme?token=of-last-year";
        let ours = Receiver::Ours("https://staging.example".to_owned());
        assert_eq!(receiver(&mut sorter(&config, &source), staging), ours);
        // The operator says so.
        let edge = Receiver::Ours("https://edge.example".to_owned());
        source.recover_from = RecoverFrom::Origins(["https://edge.example".to_owned()].into());
        assert_eq!(receiver(&mut sorter(&config, &source), OURS), edge);
        source.recover_from = RecoverFrom::Any;
        assert_eq!(receiver(&mut sorter(&config, &source), OURS), edge);
        let item = item(&mut sorter(&config, &source), &entry(OURS, EVENT));
        let Content::Notification(intake) = item.entry.content else {
            panic!("not understood")
        };
        assert_eq!(intake.base, "https://staging.example");
    }

    /// Wherever 3scale, or whoever answers in its place, puts a secret.
    #[test]
    fn no_secret_of_an_entry_is_stored_wherever_it_is() {
        let (config, source) = (Config::default(), source());
        let url = "https://e.example/hooks/acme?token=n3w-s3cret&amp;x=";
        let whole = entry(url, EVENT);
        let in_event = EVENT.replace("<id>9</id>", "<id>n3w%2Ds3cret</id><broken>");
        for (kind, raw) in [
            ("an id", whole.replace("f-1", "n3w-s3cret")),
            ("a broken entry", whole.replace("f-1", "")),
            ("<URL>", whole.replace("url>", "URL>")),
            ("another element", whole.replace("url>", "address>")),
            (
                "an attribute",
                whole
                    .replace("<error>", "<error at='n3w-s3cret'>")
                    .replace("f-1", ""),
            ),
            ("no end", whole.replace("</url>", "").replace("f-1", "")),
            (
                "behind the event",
                format!("{}<url>{url}</url>", whole.replace("f-1", "")),
            ),
            ("an event in a URL", entry(&format!("{url}<event"), EVENT)),
            ("a broken event", entry("https://e.example/", &in_event)),
            (
                "an event without an end",
                entry(url, "<event><url>n3w-s3cret").replace("f-1", ""),
            ),
        ] {
            let list = format!("<webhooks-failures>{raw}</webhooks-failures>");
            // What breaks the list is not taken in at all.
            let Ok(entries) = failures::parse(list.as_bytes()) else {
                continue;
            };
            let mut sorter = sorter(&config, &source);
            for entry in &entries {
                let receiver = sorter.receiver(entry);
                let Item { entry, .. } = sorter.item(id(entry), entry, &receiver, 5);
                let kept = String::from_utf8_lossy(&entry.document);
                let stored = format!("{kept} {entry:?}");
                for secret in ["s3cret", "n3w%2D"] {
                    assert!(!stored.contains(secret), "{kind}: {stored}");
                }
            }
        }
    }

    #[test]
    fn a_broken_entry_is_stored_as_its_event() {
        let (config, source) = (Config::default(), source());
        let broken_event = item(
            &mut sorter(&config, &source),
            &entry("https://e/?token=s3cret", "<event><type></event>"),
        );
        assert_eq!(*broken_event.entry.document, *b"<event><type></event>");
        let raw = entry("https://e/?a=1&token=s3cret", EVENT).replace("f-1", "");
        let broken_entry = item(&mut sorter(&config, &source), &raw);
        assert_eq!(*broken_entry.entry.document, *EVENT.as_bytes());
        let Content::Unparsable(unparsable) = &broken_entry.entry.content else {
            panic!("understood")
        };
        assert!(!unparsable.detail.contains("s3cret"), "{unparsable:?}");
    }
}
