//! What the front door and the inbox say to each other: a line of JSON, then the document's bytes.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Takes in an accepted notification.
pub const EVENTS: &str = "/events";
/// Keeps a body that could not be understood.
pub const QUARANTINE: &str = "/quarantine";
/// Looks whether anything is overdue.
pub const WAKE: &str = "/wake";

/// A notification on its way into the inbox, as the front door understood it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// The inbox has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The event's id: for a repeat, that of the first.
    pub id: String,
    /// Whether it is new.
    pub status: Status,
}

/// Whether a notification is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is a new event.
    Accepted,
    /// It repeats an earlier one.
    Duplicate,
}

/// A body on its way into the quarantine, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
pub fn unpack<T: DeserializeOwned>(message: &[u8]) -> Option<(T, &[u8])> {
    let end = message.iter().position(|b| *b == b'\n')?;
    let (head, body) = message.split_at_checked(end)?;
    Some((serde_json::from_slice(head).ok()?, body.get(1..)?))
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
