//! What the front door and the inbox say to each other: a line of JSON, then the document's bytes.
//!
//! Read by hand: derived deserialization, with its messages about what it expected, would make the
//! Worker 15 KB larger (compressed), to read what it has written itself.

pub mod recovered;

use serde::Serialize;
use serde_json::{Map, Value};
use threescale::{Notification, Timestamp};

pub use self::recovered::{Recovered, Taken};
use crate::{alert::Kind, name::SourceName};

/// Takes in an accepted notification.
pub const EVENTS: &str = "/events";
/// Takes in a batch of what 3scale failed to deliver.
pub const RECOVERED: &str = "/recovered";
/// Tells when an old value of the source's secret was last used.
pub const OLD_SECRET: &str = "/old-secret";
/// Keeps a body that could not be understood.
pub const QUARANTINE: &str = "/quarantine";
/// Tells operators how destinations are doing.
pub const DESTINATIONS: &str = "/destinations";
/// Pauses a destination; its name is the body.
pub const PAUSE: &str = "/pause";
/// Resumes a destination; its name is the body.
pub const RESUME: &str = "/resume";
/// Drops what has not arrived at a destination that is no longer configured; its name is the body.
pub const DROP: &str = "/drop";
/// Tells operators what became of an event; its id is the body.
pub const EVENT: &str = "/event";
/// Delivers an event again; its id is the body, and in lines below it the destinations, if only some.
pub const REPLAY: &str = "/replay";
/// Lists events.
pub const LIST: &str = "/list";
/// Delivers all events again that a filter means, or counts them.
pub const AGAIN: &str = "/again";
/// Tells operators how replays are getting on.
pub const REPLAYS: &str = "/replays";
/// Gathers what somebody else has noticed about the source.
pub const ALERT: &str = "/alert";
/// Looks whether anything is overdue. The answer is when something came last, if ever.
pub const WAKE: &str = "/wake";

/// A notification on its way into the inbox, as the front door understood it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Intake {
    /// This Worker's origin, as the sender called it.
    pub base: String,
    /// The notification's type.
    pub kind: String,
    /// Its action.
    pub action: String,
    /// The object's id.
    pub object: Option<String>,
    /// The account that the object belongs to.
    pub account: Option<String>,
    /// The object's `updated_at`, in seconds since 1970.
    pub updated_at: Option<i64>,
    /// What the document says, as hexadecimal SHA-256.
    pub digest: String,
    /// Whether the sender presented a value of the secret that is not the current one.
    pub old_secret: bool,
}

impl Intake {
    /// What the inbox needs to know of a notification.
    #[must_use]
    pub fn of(notification: &Notification<'_>, source: &SourceName, base: String) -> Self {
        Self {
            base,
            kind: notification.type_name().to_owned(),
            action: notification.action().to_owned(),
            object: notification.object_id().map(str::to_owned),
            account: notification.account_id().map(str::to_owned),
            updated_at: notification.updated_at().map(Timestamp::unix_seconds),
            digest: notification.digest(source.as_str()).to_string(),
            old_secret: false,
        }
    }
}

/// The inbox has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The event's id: for a repeat, that of the first.
    pub id: String,
    /// Whether it is new.
    pub status: Status,
}

/// Whether a notification is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is a new event.
    Accepted,
    /// It repeats an earlier one.
    Duplicate,
}

/// A body on its way into the quarantine, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suspect {
    /// The problem's stable code.
    pub code: String,
    /// The problem in words.
    pub detail: String,
    /// Where, from 1.
    pub line: usize,
    /// Where, from 1.
    pub column: usize,
    /// The body's media type.
    pub media_type: String,
}

/// What was noticed about a source outside its inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What.
    pub kind: Kind,
    /// More, for people.
    pub detail: String,
    /// For how long it is not told again.
    pub pause_ms: i64,
}

impl Suspect {
    /// A body of this media type that could not be understood.
    #[must_use]
    pub fn of(error: &threescale::Error, media_type: &str) -> Self {
        Self {
            code: error.code().to_owned(),
            detail: error.to_string(),
            line: error.line(),
            column: error.column(),
            media_type: media_type.to_owned(),
        }
    }
}

/// A message's head, read from its JSON.
pub trait Head: Sized {
    /// `None` if a member is missing or of another type.
    fn read(members: &Members) -> Option<Self>;
}

/// The members of a head.
#[derive(Debug)]
pub struct Members(Map<String, Value>);

impl Members {
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    pub(crate) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let all = self.0.get(name)?.as_array()?;
        all.iter()
            .map(|one| one.as_str().map(str::to_owned))
            .collect()
    }

    pub(crate) fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.0.get(name)?.as_object()
    }

    fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    pub(crate) fn count(&self, name: &str) -> Option<usize> {
        self.integer(name)?.try_into().ok()
    }
}

impl Head for Intake {
    fn read(members: &Members) -> Option<Self> {
        Some(Self {
            base: members.text("base")?,
            kind: members.text("kind")?,
            action: members.text("action")?,
            object: members.text("object"),
            account: members.text("account"),
            updated_at: members.integer("updated_at"),
            digest: members.text("digest")?,
            old_secret: members.0.get("old_secret")?.as_bool()?,
        })
    }
}

impl Head for Report {
    fn read(members: &Members) -> Option<Self> {
        Some(Self {
            kind: Kind::of_code(&members.text("kind")?)?,
            detail: members.text("detail")?,
            pause_ms: members.integer("pause_ms")?,
        })
    }
}

impl Head for Receipt {
    fn read(members: &Members) -> Option<Self> {
        let status = match members.text("status")?.as_str() {
            "accepted" => Status::Accepted,
            "duplicate" => Status::Duplicate,
            _ => return None,
        };
        Some(Self {
            id: members.text("id")?,
            status,
        })
    }
}

impl Head for Suspect {
    fn read(members: &Members) -> Option<Self> {
        Some(Self {
            code: members.text("code")?,
            detail: members.text("detail")?,
            line: members.count("line")?,
            column: members.count("column")?,
            media_type: members.text("media_type")?,
        })
    }
}

/// Puts a head and a body into one message. JSON has no line break in it unless one asks for it.
#[must_use]
pub fn pack<T: Serialize>(head: &T, body: &[u8]) -> Vec<u8> {
    let mut message = serde_json::to_vec(head).unwrap_or_default();
    message.push(b'\n');
    message.extend_from_slice(body);
    message
}

/// Takes a message apart.
#[must_use]
pub fn unpack<T: Head>(message: &[u8]) -> Option<(T, &[u8])> {
    let end = message.iter().position(|b| *b == b'\n')?;
    let (head, body) = message.split_at_checked(end)?;
    Some((read(head)?, body.get(1..)?))
}

/// Reads a head that stands alone.
#[must_use]
pub fn read<T: Head>(json: &[u8]) -> Option<T> {
    let Ok(Value::Object(members)) = serde_json::from_slice(json) else {
        return None;
    };
    T::read(&Members(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_taken_apart_as_it_was_put_together() {
        let receipt = Receipt {
            id: "a\nb".into(),
            status: Status::Duplicate,
        };
        for body in [&b"<a>\n</a>\n"[..], b""] {
            let message = pack(&receipt, body);
            assert_eq!(unpack::<Receipt>(&message), Some((receipt.clone(), body)));
        }
        assert_eq!(unpack::<Receipt>(b"{}"), None);
        assert_eq!(unpack::<Receipt>(b"{}\n"), None);
    }

    #[test]
    fn each_head_is_read_as_it_was_written() {
        let intake = Intake {
            base: "https://edge.example.com".into(),
            kind: "user".into(),
            action: "created".into(),
            object: Some("9".into()),
            account: None,
            updated_at: Some(-5),
            digest: "00".into(),
            old_secret: true,
        };
        assert_eq!(unpack(&pack(&intake, b"x")), Some((intake, &b"x"[..])));
        let suspect = Suspect {
            code: "malformed_xml".into(),
            detail: "\"é\"\n".into(),
            line: 2,
            column: 11,
            media_type: "application/xml".into(),
        };
        assert_eq!(unpack(&pack(&suspect, b"")), Some((suspect, &b""[..])));
    }

    #[test]
    fn a_receipt_reads_as_the_contract_says() {
        let receipt = Receipt {
            id: "0192".into(),
            status: Status::Accepted,
        };
        assert_eq!(
            serde_json::to_string(&receipt).unwrap(),
            r#"{"id":"0192","status":"accepted"}"#
        );
    }
}
