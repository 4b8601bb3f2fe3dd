//! From bytes to the `CloudEvent`, with the Worker's own code: the crate `threescale` and the
//! Worker's `src/event.rs`.

use threescale::{Notification, Redact};

#[path = "../../../src/event.rs"]
pub mod event;

use event::Event;

/// What an event gets besides what 3scale said: the same for every contender.
pub mod given {
    /// The event's id.
    pub const ID: &str = "0192f3c4-0000-7000-8000-000000000000";
    /// The `CloudEvent`'s source.
    pub const SOURCE: &str = "https://acme-admin.3scale.net";
    /// The place in the source's inbox.
    pub const SEQUENCE: i64 = 42;
    /// When it was received, in milliseconds since 1970.
    pub const RECEIVED_MS: i64 = 1_700_000_000_123;
    /// The Worker's origin.
    pub const BASE: &str = "https://edge.example.com";
}

/// The whole event as JSON.
///
/// # Panics
/// If the document is not a notification: then it measures nothing.
#[must_use]
pub fn cloud_event(xml: &[u8]) -> Vec<u8> {
    Event {
        id: given::ID,
        source: "acme",
        source_uri: given::SOURCE,
        sequence: given::SEQUENCE,
        received_ms: given::RECEIVED_MS,
        base: given::BASE,
        notification: Notification::parse(xml).expect("a notification"),
        xml,
    }
    .to_json(&Redact::none())
}
