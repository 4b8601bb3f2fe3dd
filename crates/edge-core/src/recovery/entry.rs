//! An entry of 3scale's list, turned into a message to the inbox. Its URL carries the secret, so it is examined here
//! and not passed on.

use sha2::{Digest as _, Sha256};
use threescale::{
    Limits,
    failures::{self, Failure, SecretUrl},
};

use crate::{
    config::{LARGEST_MAX_BODY_BYTES, Source},
    location::ParseUrl,
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

/// Identifies an entry: 3scale's id, or a hash of the content where the id cannot be read.
pub fn id(entry: &failures::Entry<'_>) -> String {
    match entry.failure() {
        Ok(failure) => failure.id().to_owned(),
        Err(_) => Sha256::digest(entry.raw())
            .iter()
            .fold("sha256:".to_owned(), |hex, byte| {
                hex + &format!("{byte:02x}")
            }),
    }
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

/// Turns entries into items, and determines the URLs that they were sent to.
#[derive(Debug)]
pub struct Sorter<'c> {
    parse_url: ParseUrl,
    source: &'c Source,
    path: String,
    /// The last URL, and our origin if it was ours: most entries have the same.
    last: Option<(SecretUrl, Option<String>)>,
    /// How many were sent to another URL than ours.
    pub foreign: u32,
    /// The latest of those URLs, without its secrets.
    pub foreign_url: Option<String>,
}

impl<'c> Sorter<'c> {
    /// A sorter for this source's list.
    #[must_use]
    pub fn new(parse_url: ParseUrl, source: &'c Source) -> Self {
        Self {
            parse_url,
            source,
            path: format!("/hooks/{}", source.name),
            last: None,
            foreign: 0,
            foreign_url: None,
        }
    }

    /// Makes an item of an entry.
    pub fn item(&mut self, id: String, entry: &failures::Entry<'_>, now_ms: i64) -> Item {
        match entry.failure() {
            Ok(failure) => {
                let base = self.base(failure.url());
                let (shard, content) = self.understood(failure, base);
                let entry = Entry {
                    id,
                    given_up_at: failure.time().unix_seconds() * 1000 + 999,
                    content,
                    document: Document(failure.event().to_vec()),
                };
                Item { shard, entry }
            }
            Err(error) => {
                let mut document = without_url(entry.raw());
                document.truncate(largest());
                let entry = Entry {
                    id,
                    given_up_at: now_ms,
                    content: Content::Unparsable(broken_entry(error)),
                    document: Document(document),
                };
                Item { shard: 0, entry }
            }
        }
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

    /// Our origin, if the URL is ours. Other URLs are counted.
    fn base(&mut self, url: &SecretUrl) -> String {
        let ours = match &self.last {
            Some((last, ours)) if last == url => ours.clone(),
            _ => {
                let ours = self.origin_of(url);
                self.last = Some((url.clone(), ours.clone()));
                ours
            }
        };
        ours.unwrap_or_else(|| {
            self.foreign += 1;
            self.foreign_url = Some(url.to_string().chars().take(200).collect());
            String::new()
        })
    }

    fn origin_of(&self, url: &SecretUrl) -> Option<String> {
        let url = (self.parse_url)(url.expose())?;
        let presented = Presented::in_query(&url.query, &self.source.secret_param);
        let admitted = bool::from(self.source.secrets.admit(&presented));
        (admitted && url.path == self.path).then_some(url.origin)
    }
}

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

/// The bytes of a broken entry without its `<url>`, and without its `<error>`, which may repeat the URL. If an element
/// does not end, nothing after it is kept.
fn without_url(raw: &[u8]) -> Vec<u8> {
    let raw = without(raw, b"<url", b"</url");
    without(&raw, b"<error", b"</error")
}

fn without(raw: &[u8], start: &[u8], end: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut rest = raw;
    while let Some(at) = find(rest, start) {
        let (before, element) = rest.split_at_checked(at).unwrap_or_default();
        kept.extend_from_slice(before);
        rest = find(element, end)
            .and_then(|at| element.get(at..))
            .unwrap_or_default();
        // The end tag stays, and shows that something was cut out.
        kept.extend_from_slice(start);
        kept.push(b'>');
    }
    kept.extend_from_slice(rest);
    kept
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
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

    fn item(sorter: &mut Sorter<'_>, entry: &str) -> Item {
        let list = format!("<webhooks-failures>{entry}</webhooks-failures>");
        let entries = failures::parse(list.as_bytes()).unwrap();
        sorter.item(id(&entries[0]), &entries[0], 5)
    }

    #[test]
    fn an_entry_becomes_an_intake_for_its_accounts_inbox() {
        let source = source();
        let mut sorter = Sorter::new(parse_url, &source);
        let ours = entry("https://edge.example/hooks/acme?token=n3w-s3cret", EVENT);
        let item = item(&mut sorter, &ours);
        assert_eq!(item.shard, shard::of_account(Some("7"), 4));
        assert_eq!(
            (item.entry.id.as_str(), &item.entry.document[..]),
            ("f-1", EVENT.as_bytes())
        );
        assert_eq!(item.entry.given_up_at, 1_795_341_600_999);
        let Content::Notification(intake) = item.entry.content else {
            panic!("not understood")
        };
        assert_eq!(
            (intake.base.as_str(), intake.kind.as_str()),
            ("https://edge.example", "user")
        );
        assert_eq!((sorter.foreign, sorter.foreign_url), (0, None));
    }

    #[test]
    fn a_url_is_ours_if_it_has_our_path_and_one_of_our_secrets() {
        let source = source();
        for (url, ours) in [
            ("https://edge.example/hooks/acme?token=0ld-s3cret", true),
            ("https://edge.example/hooks/acme?token=guess", false),
            ("https://edge.example/hooks/other?token=n3w-s3cret", false),
            ("https://old.example/3scale?token=s3cret", false),
            ("no url", false),
        ] {
            let mut sorter = Sorter::new(parse_url, &source);
            item(&mut sorter, &entry(url, EVENT));
            item(&mut sorter, &entry(url, EVENT));
            assert_eq!(sorter.foreign, if ours { 0 } else { 2 }, "{url}");
            let shown = sorter.foreign_url.unwrap_or_default();
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn an_unreadable_entry_is_stored_without_its_url() {
        let source = source();
        let mut sorter = Sorter::new(parse_url, &source);
        let broken_event = item(
            &mut sorter,
            &entry("https://e/?token=s3cret", "<event><type></event>"),
        );
        assert_eq!(broken_event.entry.id, "f-1");
        assert_eq!(*broken_event.entry.document, *b"<event><type></event>");
        let raw = entry("https://e/?a=1&token=s3cret", EVENT).replace("f-1", "");
        let broken_entry = item(&mut sorter, &raw);
        assert!(broken_entry.entry.id.starts_with("sha256:"));
        let Content::Unparsable(unparsable) = &broken_entry.entry.content else {
            panic!("understood")
        };
        let kept = String::from_utf8(broken_entry.entry.document.to_vec()).unwrap();
        assert!(
            !kept.contains("s3cret") && !unparsable.detail.contains("s3cret"),
            "{kept} {unparsable:?}"
        );
        assert!(
            kept.contains("<url></url>") && kept.contains("</event>"),
            "{kept}"
        );
    }

    #[test]
    fn a_url_that_does_not_end_takes_the_rest_with_it() {
        assert_eq!(
            without_url(b"<id>1</id><url>https://e/?t=s"),
            b"<id>1</id><url>"
        );
        assert_eq!(
            without_url(b"<url a='s'>s</url><url>s</url>x"),
            b"<url></url><url></url>x"
        );
        assert_eq!(
            without_url(b"<error>bad URI: s</error>"),
            b"<error></error>"
        );
    }
}
