//! Objects as operators see them: the latest state that the events of each tell.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::events::EventSummary;
use crate::{id::EventId, name::SourceName, time::UnixMillis};

/// An object's key. Objects are listed by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectKey {
    /// The type, such as `application`.
    pub kind: String,
    /// The id.
    pub id: String,
}

/// Asks for the objects of an inbox, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListObjects {
    /// Only this type.
    pub kind: Option<String>,
    /// Only objects of this account.
    pub account: Option<String>,
    /// From this key on.
    pub from: Option<ObjectKey>,
    /// The most objects.
    pub limit: usize,
}

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectSummary {
    /// The name of its source.
    pub source: SourceName,
    /// Its type.
    pub r#type: String,
    /// Its id.
    pub id: String,
    /// The account that it is or belongs to.
    pub account: Option<String>,
    /// `true` if it was deleted.
    pub deleted: bool,
    /// The event with its latest state.
    pub event: EventId,
    /// The action of that event.
    pub action: String,
    /// The CloudEvent's `time` of that event.
    pub time: String,
    /// When that event was received.
    pub received_at: UnixMillis,
}

impl ObjectSummary {
    /// Its key.
    #[must_use]
    pub fn key(&self) -> ObjectKey {
        ObjectKey {
            kind: self.r#type.clone(),
            id: self.id.clone(),
        }
    }
}

/// Asks for an object. The reply is `None` if the inbox has no event about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetObject {
    /// Its key.
    pub key: ObjectKey,
}

/// An object in detail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ObjectDetails {
    /// As it is in a list.
    #[serde(flatten)]
    pub summary: ObjectSummary,
    /// Its latest state: the `object` of that event's data.
    pub object: Box<RawValue>,
    /// Its newest events, newest first.
    pub history: Vec<EventSummary>,
    /// Of an account: its users and applications, and what else belongs to it.
    pub related: Vec<ObjectSummary>,
}
