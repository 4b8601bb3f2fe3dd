//! The quarantine as operators see it, and the way out of it.

use serde::{Deserialize, Serialize};

use super::{document::Document, intake::Intake};
use crate::{id::QuarantineId, name::SourceName, time::UnixMillis};

/// Asks for the bodies of an inbox's quarantine, without their contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuarantine {
    /// Only those with this code.
    pub code: Option<String>,
    /// Only those on the other side of this one: where an earlier page ended.
    pub after: Option<QuarantineId>,
    /// `true` to begin with the newest.
    pub newest_first: bool,
    /// The most bodies.
    pub limit: usize,
}

/// A body in the quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedBody {
    /// Its id.
    pub id: QuarantineId,
    /// The name of its source.
    pub source: SourceName,
    /// The stable code of what is wrong with it.
    pub code: String,
    /// The same in words.
    pub detail: String,
    /// The line where it broke, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: u64,
    /// Its media type.
    pub media_type: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// How often it came.
    pub times: u64,
    /// `true` if recovery brought it, so that 3scale does not have it any more.
    pub recovered: bool,
    /// When it came first.
    pub received_at: UnixMillis,
    /// When it came last.
    pub last_at: UnixMillis,
}

/// Asks for one body. The reply is `None` if it is not in this inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetQuarantined {
    /// Its id.
    pub id: QuarantineId,
}

/// A body in the quarantine, with its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedDetails {
    /// What is known of it.
    #[serde(flatten)]
    pub summary: QuarantinedBody,
    /// The body, as it came.
    pub body: Document,
}

/// Removes a body. The reply is `false` if it is not in this inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropQuarantined {
    /// Its id.
    pub id: QuarantineId,
}

/// Takes in a notification that was in the quarantine, unless an equal one was taken in since it came there: then that is
/// the same one, brought by recovery or by an earlier try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeReparsed {
    /// The facts in the document.
    pub intake: Intake,
    /// The document.
    pub document: Document,
    /// When it came into the quarantine.
    pub received_at: UnixMillis,
}
