//! An accepted notification, or an alert of ours, as a `CloudEvent` 1.0: the one JSON form that leaves
//! this Worker.
//!
//! The stored XML is the source of truth; this is derived from it each time (`ARCHITECTURE.md`), byte for byte the
//! same, so that an origin sees repeats as equal.

use serde_json::Value;
use threescale::{Id, Notification, Redact, Timestamp, write_member};

use crate::{
    alert,
    excerpt::{IN_LINE, excerpt},
    id::EventId,
    name::SourceName,
    time::rfc3339,
};

/// An accepted notification, with the properties that it got on acceptance.
#[derive(Debug)]
pub struct Event<'x> {
    /// Assigned once: the same through retries, recovery and replays.
    pub id: EventId,
    /// The name of the source.
    pub source: &'x SourceName,
    /// The `CloudEvent`'s source: the tenant's admin URL, or a path that names the source here.
    pub source_uri: &'x str,
    /// The event's position in the order in which the source's inbox accepted events.
    pub sequence: i64,
    /// When it was received, in milliseconds since 1970.
    pub received_ms: i64,
    /// When 3scale gave it up, if it was not pushed.
    pub given_up_ms: Option<i64>,
    /// This Worker's own origin, as the sender called it: `https://edge.example.com`. Empty if there has been no call
    /// yet.
    pub base: &'x str,
    /// Its content.
    pub content: Content<'x>,
    /// The document itself: the XML from 3scale, or an alert's JSON.
    pub document: &'x [u8],
}

/// The content of an event.
#[derive(Debug)]
pub enum Content<'x> {
    /// A notification of 3scale's.
    Notification(Notification<'x>),
    /// An alert of our own.
    Alert {
        /// The code of its kind.
        kind: &'x str,
    },
}

/// The beginning of every CloudEvent's `type`.
pub const TYPE_PREFIX: &str = "net.3scale.";

/// The media type of `data`.
pub const DATA_CONTENT_TYPE: &str = "application/json";

impl Event<'_> {
    /// Passes on each attribute of the CloudEvent but `datacontenttype` and `data`: its name, and its value in pieces,
    /// which saves putting them together first.
    pub fn attributes(&self, mut give: impl FnMut(&'static str, &[&str])) {
        let kind = self.type_name();
        give("specversion", &["1.0"]);
        give("id", &[&self.id.to_string()]);
        give("source", &[self.source_uri]);
        give("type", &[TYPE_PREFIX, kind, ".", self.action()]);
        if let Some(id) = self.object_id() {
            give("subject", &[kind, "/", id]);
        }
        give("time", &[&self.time()]);
        give("sequence", &[&self.sequence()]);
        if !self.base.is_empty() {
            let schema = self.schema();
            give("dataschema", &[self.base, "/schemas/", schema, ".json"]);
        }
    }

    /// The whole event in structured mode.
    #[must_use]
    pub fn to_json(&self, redact: &Redact) -> Vec<u8> {
        // The document is longer than its JSON in all but odd cases; the envelope is some 400 bytes.
        let mut json = Vec::with_capacity(self.document.len() + 512);
        json.push(b'{');
        self.attributes(|name, value| {
            write_member(&mut json, name, value);
            json.push(b',');
        });
        write_member(&mut json, "datacontenttype", &[DATA_CONTENT_TYPE]);
        json.extend_from_slice(b",\"data\":");
        self.write_data(&mut json, redact);
        json.push(b'}');
        json
    }

    /// `data` alone, which is the body in binary mode.
    #[must_use]
    pub fn data(&self, redact: &Redact) -> Vec<u8> {
        let mut json = Vec::with_capacity(self.document.len());
        self.write_data(&mut json, redact);
        json
    }

    fn write_data(&self, json: &mut Vec<u8>, redact: &Redact) {
        match &self.content {
            Content::Notification(notification) => notification.write_data(json, redact),
            Content::Alert { .. } => json.extend_from_slice(self.document),
        }
    }

    /// The type: of a notification, its object's.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match &self.content {
            Content::Notification(notification) => notification.type_name(),
            Content::Alert { .. } => alert::TYPE,
        }
    }

    /// The action on the object; an alert's kind.
    #[must_use]
    pub fn action(&self) -> &str {
        match &self.content {
            Content::Notification(notification) => notification.action(),
            Content::Alert { kind } => kind,
        }
    }

    /// The object's id.
    #[must_use]
    pub fn object_id(&self) -> Option<&str> {
        self.notification()?.object_id().map(Id::as_str)
    }

    /// The id of the account that the object is or belongs to.
    #[must_use]
    pub fn account_id(&self) -> Option<&str> {
        self.notification()?.account_id().map(Id::as_str)
    }

    fn notification(&self) -> Option<&Notification<'_>> {
        match &self.content {
            Content::Notification(notification) => Some(notification),
            Content::Alert { .. } => None,
        }
    }

    /// A summary in one line, for people.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.content {
            Content::Notification(notification) => {
                let (kind, action) = (notification.type_name(), notification.action());
                let id = notification.object_id().map_or("", Id::as_str);
                let id = excerpt(id, IN_LINE);
                format!("[{}] {kind}.{action} {kind}/{id}", self.source)
            }
            Content::Alert { .. } => {
                let alert: Value = serde_json::from_slice(self.document).unwrap_or_default();
                let text = alert.get("text").and_then(Value::as_str);
                text.unwrap_or_default().to_owned()
            }
        }
    }

    /// The CloudEvent's `sequence`.
    #[must_use]
    pub fn sequence(&self) -> String {
        sequence(self.sequence)
    }

    /// The CloudEvent's `time`.
    #[must_use]
    pub fn time(&self) -> String {
        let updated_at = self.notification().and_then(Notification::updated_at);
        time(updated_at, self.received_ms)
    }

    fn schema(&self) -> &str {
        if let Content::Alert { .. } = self.content {
            return "alert";
        }
        match self.type_name() {
            known @ ("account" | "user" | "application") => known,
            _ => "generic",
        }
    }
}

/// The CloudEvent's `type`.
#[must_use]
pub fn type_of(kind: &str, action: &str) -> String {
    format!("{TYPE_PREFIX}{kind}.{action}")
}

/// The type and the action that a CloudEvent's `type` names; `None` if it is not one of ours.
#[must_use]
pub fn kind_and_action(r#type: &str) -> Option<(&str, &str)> {
    let name = r#type.strip_prefix(TYPE_PREFIX)?;
    // The type of alerts has a dot itself.
    let alert = name.strip_prefix(alert::TYPE);
    match alert.and_then(|rest| rest.strip_prefix('.')) {
        Some(kind) => Some((alert::TYPE, kind)),
        None => name.split_once('.'),
    }
}

/// The CloudEvent's `sequence`: the order as text, of a length that makes it sort.
#[must_use]
pub fn sequence(seq: i64) -> String {
    format!("{seq:020}")
}

/// The CloudEvent's `time`: the object's `updated_at` if 3scale gives one, else when the event was received
/// (milliseconds since 1970).
#[must_use]
pub fn time(updated_at: Option<Timestamp>, received_ms: i64) -> String {
    updated_at.map_or_else(|| rfc3339(received_ms), Timestamp::to_rfc3339)
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use serde_json::{Value, json};

    use super::*;

    const XML: &[u8] = br"<event><action>suspended</action><type>application</type><object><application><id>11</id><updated_at>2023-01-14T15:37:32+01:00</updated_at><user_key>k3y</user_key></application></object></event>";

    const ID: &str = "0192f3c4-0000-7000-8000-000000000000";
    static SOURCE: OnceLock<SourceName> = OnceLock::new();

    fn event(xml: &'static [u8]) -> Event<'static> {
        Event {
            id: ID.parse().unwrap(),
            source: SOURCE.get_or_init(|| "acme".parse().unwrap()),
            source_uri: "/sources/acme",
            sequence: 42,
            received_ms: 1_700_000_000_123,
            given_up_ms: None,
            base: "https://edge.example.com",
            content: Content::Notification(Notification::parse(xml).unwrap()),
            document: xml,
        }
    }

    #[test]
    fn an_event_has_the_attributes_of_the_contract() {
        let json: Value = serde_json::from_slice(&event(XML).to_json(&Redact::none())).unwrap();
        assert_eq!(
            json,
            json!({
                "specversion": "1.0",
                "id": "0192f3c4-0000-7000-8000-000000000000",
                "source": "/sources/acme",
                "type": "net.3scale.application.suspended",
                "subject": "application/11",
                "time": "2023-01-14T14:37:32Z",
                "sequence": "00000000000000000042",
                "dataschema": "https://edge.example.com/schemas/application.json",
                "datacontenttype": "application/json",
                "data": {
                    "type": "application",
                    "action": "suspended",
                    "object": { "id": 11, "updated_at": "2023-01-14T14:37:32Z", "user_key": "k3y" }
                }
            })
        );
    }

    #[test]
    fn the_type_and_the_action_are_read_back_also_of_an_alert() {
        for (kind, action) in [("application", "key_created"), (alert::TYPE, "dead_letter")] {
            assert_eq!(
                kind_and_action(&type_of(kind, action)),
                Some((kind, action))
            );
        }
        assert_eq!(kind_and_action("com.example.user.created"), None);
        assert_eq!(kind_and_action("net.3scale.user"), None);
    }

    #[test]
    fn an_attribute_of_any_text_is_json() {
        let event = event("<event><type>x</type><action>y</action><object><x><id>\"\u{e9}\\</id></x></object></event>".as_bytes());
        let json: Value = serde_json::from_slice(&event.to_json(&Redact::none())).unwrap();
        assert_eq!(json["subject"], "x/\"\u{e9}\\");
    }

    #[test]
    fn an_unknown_type_without_times_is_generic_and_has_the_time_it_was_received() {
        let event = event(
            b"<event><type>invoice</type><action>paid</action><object><invoice/></object></event>",
        );
        let json: Value = serde_json::from_slice(&event.to_json(&Redact::none())).unwrap();
        assert_eq!(json["time"], "2023-11-14T22:13:20.123Z");
        assert_eq!(
            json["dataschema"],
            "https://edge.example.com/schemas/generic.json"
        );
        assert!(json.get("subject").is_none());
    }

    /// What is an alert of our own is a fact, not a spelling.
    #[test]
    fn a_notification_whose_type_is_that_of_our_alerts_is_generic() {
        let event = event(
            b"<event><type>edge.alert</type><action>overdue</action><object><x/></object></event>",
        );
        let json: Value = serde_json::from_slice(&event.to_json(&Redact::none())).unwrap();
        assert_eq!(
            json["dataschema"],
            "https://edge.example.com/schemas/generic.json"
        );
    }

    #[test]
    fn without_our_address_an_event_names_no_schema() {
        let event = Event {
            base: "",
            ..event(XML)
        };
        let json: Value = serde_json::from_slice(&event.to_json(&Redact::none())).unwrap();
        assert!(json.get("dataschema").is_none());
    }
}
