//! A notification on its way into the inbox, parsed by the hook, or a body that cannot be parsed.

use serde::{Deserialize, Serialize};
use threescale::{Notification, Timestamp};

use super::document::Document;
use crate::{
    id::{Digest, EventId},
    name::SourceName,
    quarantine::likeness,
};

/// Ingests a notification. Its document goes beside it, as it is, and the reply is a [`Receipt`]: it means that the
/// notification is committed. This one operation is not among the requests of an inbox, since it is the one that has to
/// be fast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The facts in the document.
    pub intake: Intake,
    /// `true` if the sender presented a value of the secret that is not the current one.
    pub old_secret: bool,
}

/// The facts about a notification that the inbox needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intake {
    /// This Worker's origin, as the sender called it. Empty if the sender called another URL.
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
    /// Equal for equal documents. An alert of our own has none.
    pub digest: Option<Digest>,
}

impl Intake {
    /// The facts about a notification.
    #[must_use]
    pub fn of(notification: &Notification<'_>, source: &SourceName, base: String) -> Self {
        Self {
            base,
            kind: notification.type_name().to_owned(),
            action: notification.action().to_owned(),
            object: notification.object_id().map(|id| id.to_string()),
            account: notification.account_id().map(|id| id.to_string()),
            updated_at: notification.updated_at().map(Timestamp::unix_seconds),
            digest: Some(notification.digest(source.as_str()).into()),
        }
    }
}

/// Confirms that the inbox has committed a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The event's id: for a repeat, that of the first.
    pub id: EventId,
    /// The verdict: new or a repeat.
    pub status: Status,
}

/// The verdict on a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is a new event.
    Accepted,
    /// It repeats an earlier one.
    Duplicate,
}

impl Status {
    /// The word for it, in the response and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
        }
    }
}

/// Quarantines a body that cannot be parsed. The reply means that this is committed, and says whether the quarantine
/// has the body: it may be full of bodies that are nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// The reason why it cannot be parsed.
    pub unparsable: Unparsable,
    /// The body, as it came.
    pub body: Document,
}

/// The reason why a body cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unparsable {
    /// The problem's stable code.
    pub code: String,
    /// The problem in words.
    pub detail: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The body's media type.
    pub media_type: String,
    /// The same for a body and its reprint in 3scale's list of failures.
    pub likeness: Digest,
}

impl Unparsable {
    /// A body of this media type that the parser refused.
    #[must_use]
    pub fn of(error: &threescale::Error, media_type: &str, body: &[u8]) -> Self {
        Self {
            code: error.code().to_owned(),
            detail: error.to_string(),
            line: error.line(),
            column: error.column(),
            media_type: media_type.to_owned(),
            likeness: likeness::of(body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_reads_as_the_contract_says() {
        let id: EventId = "0192f3c4-0000-7000-8000-000000000000".parse().unwrap();
        for (status, word) in [
            (Status::Accepted, "accepted"),
            (Status::Duplicate, "duplicate"),
        ] {
            assert_eq!(
                serde_json::to_string(&Receipt { id, status }).unwrap(),
                format!(r#"{{"id":"{id}","status":"{word}"}}"#)
            );
            assert_eq!(status.as_str(), word);
        }
    }
}
