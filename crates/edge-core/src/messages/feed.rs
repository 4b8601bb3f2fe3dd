//! Events in the order in which an inbox took them, and its replays: for a program that follows.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::events::EventSummary;
use crate::{filter::Filter, time::UnixMillis};

/// How far a follower has got in one inbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The events up to this one were given.
    pub seq: i64,
    /// The replays before this one were given,
    pub replay: i64,
    /// and of this one the events up to this one.
    pub replayed: i64,
}

/// Asks for what follows a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadFeed {
    /// Which events. It names no time and no deliveries.
    pub filter: Filter,
    /// The place; `None` in an inbox where the follower has none yet.
    pub place: Option<Place>,
    /// Then it begins with what came at this time, in milliseconds since 1970.
    pub since_ms: i64,
    /// The most items.
    pub limit: usize,
    /// The page ends with the item that fills it to so many bytes.
    pub bytes: usize,
}

/// What follows a place: events, then replayed ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FeedPage {
    /// What follows, in order.
    pub items: Vec<PlacedItem>,
    /// Where the follower is after them.
    pub end: Place,
    /// Where it is before them.
    pub start: Place,
    /// `true` if there is more already.
    pub more: bool,
}

/// An item, and the place after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlacedItem {
    /// The place after it.
    pub place: Place,
    /// The item.
    pub item: FeedItem,
}

/// An event that was taken in, or replayed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FeedItem {
    /// When an operator had it sent again; `None` if it is new.
    pub replayed_at: Option<UnixMillis>,
    /// What the list of events says of it now.
    pub summary: EventSummary,
    /// The CloudEvent, unredacted.
    pub event: Box<RawValue>,
}

impl FeedItem {
    /// When it happened.
    #[must_use]
    pub fn at(&self) -> UnixMillis {
        self.replayed_at.unwrap_or(self.summary.received_at)
    }
}
