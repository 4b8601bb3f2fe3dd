//! Messages between the inboxes of one source: the order of an object's events after `shards` has grown.

use serde::{Deserialize, Serialize};

use crate::{name::DestinationName, time::UnixMillis};

/// Asks an inbox that kept an object's account before whether events of this object still wait there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskEarlier {
    /// For this destination.
    pub destination: DestinationName,
    /// The object's type.
    pub kind: String,
    /// Its id.
    pub object: String,
}

/// What waits in the earlier inbox for the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierEvents {
    /// `true` if events of the object are undelivered there.
    pub object_waits: bool,
    /// When the oldest of all undelivered events was received.
    pub oldest_waiting_at: Option<UnixMillis>,
}
