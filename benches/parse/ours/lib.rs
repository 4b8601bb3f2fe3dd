//! From bytes to the `CloudEvent`, with the Worker's own code: the crates `threescale` and `edge-core`.

use std::sync::LazyLock;

use edge_core::event::{Content, Event};
use edge_core::id::EventId;
use edge_core::name::SourceName;
use threescale::{Notification, Redact};

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

/// The Worker has both before it sees the document.
static ID_AND_SOURCE: LazyLock<(EventId, SourceName)> = LazyLock::new(|| {
    let id = given::ID.parse().expect("an id");
    let name = SourceName::try_from("acme".to_owned()).expect("a name");
    (id, name)
});

/// The whole event as JSON.
///
/// # Panics
/// If the document is not a notification: then it measures nothing.
#[must_use]
pub fn cloud_event(xml: &[u8]) -> Vec<u8> {
    let (id, source) = &*ID_AND_SOURCE;
    Event {
        id: *id,
        source,
        source_uri: given::SOURCE,
        sequence: given::SEQUENCE,
        received_ms: given::RECEIVED_MS,
        given_up_ms: None,
        base: given::BASE,
        content: Content::Notification(Notification::parse(xml).expect("a notification")),
        document: xml,
    }
    .to_json(&Redact::none())
}
