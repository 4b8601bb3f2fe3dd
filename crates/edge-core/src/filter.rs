//! A filter on events, as it is sent to an inbox, and as it is stored in the row of a replay.

use serde::{Deserialize, Serialize};

use crate::{name::DestinationName, state::DeliveryState};

/// The properties that an event must have: all of those that are given. An empty filter matches every event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// The type, such as `application`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The object's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The account's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Received at this time or later, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
    /// Received before this time, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// Text somewhere in the id or in the document, in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// With a delivery in this state; together with `destination`, with one there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<DeliveryState>,
    /// With a delivery to this destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<DestinationName>,
}

impl Filter {
    /// `true` if it matches every event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// `true` if it has a condition besides time, so that events have to be examined.
    #[must_use]
    pub fn searches(&self) -> bool {
        let times = Self {
            since_ms: self.since_ms,
            until_ms: self.until_ms,
            ..Self::default()
        };
        *self != times
    }

    /// `true` if it names single deliveries of an event, not all of it.
    #[must_use]
    pub fn names_deliveries(&self) -> bool {
        self.state.is_some() || self.destination.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead_users() -> Filter {
        Filter {
            kind: Some("user".to_owned()),
            state: Some(DeliveryState::Dead),
            ..Filter::default()
        }
    }

    #[test]
    fn a_filter_is_read_as_it_was_written() {
        let json = serde_json::to_string(&dead_users()).unwrap();
        assert_eq!(json, r#"{"kind":"user","state":"dead"}"#);
        assert_eq!(serde_json::from_str::<Filter>(&json).unwrap(), dead_users());
        assert!(serde_json::from_str::<Filter>(r#"{"state":"late"}"#).is_err());
    }

    #[test]
    fn a_state_or_a_destination_names_deliveries() {
        assert!(dead_users().names_deliveries());
        let text = Filter {
            text: Some("x".to_owned()),
            ..Filter::default()
        };
        assert!(!text.names_deliveries() && !text.is_empty());
    }

    #[test]
    fn a_time_is_not_searched_for() {
        let since = Filter {
            since_ms: Some(0),
            ..Filter::default()
        };
        assert!(!since.searches() && !since.is_empty());
        assert!(dead_users().searches());
    }
}
