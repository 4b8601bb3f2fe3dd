//! Events as operators see them: a list of many, one in detail, and the replay of one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{document::Document, intake::Intake};
use crate::{
    filter::Filter,
    id::EventId,
    name::{DestinationName, SourceName},
    state::DeliveryState,
    time::UnixMillis,
};

/// Asks for a page of events, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEvents {
    /// The filter.
    pub filter: Filter,
    /// Only events whose id sorts before this one: where an earlier page ended.
    pub before: Option<EventId>,
    /// The most events that the page may hold.
    pub limit: usize,
    /// How many thousand events may be looked at; `None` leaves it to the inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thousands: Option<usize>,
}

/// A page of an inbox's events, newest first, and where the list continues.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPage {
    /// The events.
    pub events: Vec<EventSummary>,
    /// The list continues before this id; `None` if this is all.
    pub cursor: Option<EventId>,
}

/// An event in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventSummary {
    /// Its id.
    pub id: EventId,
    /// The name of its source.
    pub source: SourceName,
    /// The CloudEvent's `type`.
    pub r#type: String,
    /// The action on the object.
    pub action: String,
    /// The object's id.
    pub object: Option<String>,
    /// The account's id.
    pub account: Option<String>,
    /// The CloudEvent's `time`.
    pub time: String,
    /// When it was received.
    pub received_at: UnixMillis,
    /// The CloudEvent's `sequence`.
    pub sequence: String,
    /// The number of repeats from 3scale.
    pub repeats: u64,
    /// The state of its deliveries.
    pub deliveries: BTreeMap<DestinationName, DeliveryState>,
}

/// Asks for one event. The reply is `None` if it is not in this inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetEvent {
    /// Its id.
    pub id: EventId,
}

/// One event in detail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventDetails {
    /// The CloudEvent, unredacted.
    pub event: Box<RawValue>,
    /// The name of its source.
    pub source: SourceName,
    /// When it was received.
    pub received_at: UnixMillis,
    /// The number of repeats from 3scale.
    pub repeats: u64,
    /// The document as 3scale sent it; an alert's is JSON.
    pub document: String,
    /// The event about the same object before this one, in the order in which the inbox took them.
    pub previous: Option<EventId>,
    /// The one after it.
    pub next: Option<EventId>,
    /// Its deliveries.
    pub deliveries: Vec<DeliveryDetails>,
}

/// A delivery of an event, with its attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryDetails {
    /// Its destination.
    pub destination: DestinationName,
    /// Its state.
    pub state: DeliveryState,
    /// When the next attempt is, while it waits.
    pub next_attempt_at: Option<UnixMillis>,
    /// The newest attempts, oldest first.
    pub attempts: Vec<AttemptDetails>,
}

/// An attempt of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptDetails {
    /// When it began.
    pub at: UnixMillis,
    /// How long it took, in milliseconds.
    pub ms: i64,
    /// `delivered`, `gone`, or the kind of failure.
    pub outcome: String,
    /// The HTTP status, if there is one.
    pub status: Option<u16>,
    /// The failure, explained for people.
    pub detail: Option<String>,
    /// The beginning of the response.
    pub answer: Option<String>,
}

/// Asks for a page of events in full, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportEvents {
    /// The filter.
    pub filter: Filter,
    /// Only events whose id sorts before this one.
    pub before: Option<EventId>,
}

/// A page of an inbox's events in full, newest first, and where they continue.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ExportPage {
    /// The events.
    pub events: Vec<ExportedEvent>,
    /// They continue before this id; `None` if this is all.
    pub cursor: Option<EventId>,
}

/// An event in full.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExportedEvent {
    /// Its id.
    pub id: EventId,
    /// The CloudEvent, unredacted: the `event` of [`EventDetails`].
    pub event: Box<RawValue>,
}

/// Takes in an event for one destination alone, whether or not it wants such events. The reply is `None` if the inbox
/// does not know the destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendTest {
    /// The facts in the document.
    pub intake: Intake,
    /// The document.
    pub document: Document,
    /// The destination.
    pub destination: DestinationName,
}

/// Delivers an event again, with the same id and all attempts available again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayEvent {
    /// The event.
    pub id: EventId,
    /// The destinations. `None`: each that wants it now.
    pub destinations: Option<Vec<DestinationName>>,
}

/// An event that is being delivered again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayedEvent {
    /// The event.
    pub id: EventId,
    /// The number of destinations.
    pub deliveries: u64,
}
