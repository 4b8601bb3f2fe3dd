//! Which events an operator means, as it travels to an inbox and stands in the row of a replay.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::messages::{Head, Members};

/// One thing that a filter may ask for. All values are texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// The type, as `application`.
    Kind,
    /// The action.
    Action,
    /// The object's id.
    Object,
    /// The account's id.
    Account,
    /// The least id: that of a time.
    From,
    /// What all ids stand before: that of a time, or of where a list has got to.
    Before,
    /// What stands somewhere in the id or in the document, in small letters.
    Text,
    /// The state of a delivery.
    State,
    /// Where a delivery goes.
    Destination,
}

impl Member {
    fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Action => "action",
            Self::Object => "object",
            Self::Account => "account",
            Self::From => "from",
            Self::Before => "before",
            Self::Text => "text",
            Self::State => "state",
            Self::Destination => "destination",
        }
    }
}

/// What an event has to be like: all of it. An empty filter means every event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Filter(Map<String, Value>);

impl Filter {
    /// What it asks for.
    #[must_use]
    pub fn get(&self, member: Member) -> Option<&str> {
        self.0.get(member.name())?.as_str()
    }

    /// Whether it asks for it.
    #[must_use]
    pub fn has(&self, member: Member) -> bool {
        self.get(member).is_some()
    }

    /// Asks for it.
    pub fn set(&mut self, member: Member, value: impl Into<String>) {
        let name = member.name().to_owned();
        self.0.insert(name, Value::String(value.into()));
    }

    /// Whether it means every event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it asks for more than a time.
    #[must_use]
    pub fn searches(&self) -> bool {
        let times = [Member::From, Member::Before];
        self.0.len() > times.iter().filter(|time| self.has(**time)).count()
    }

    /// Whether it means single deliveries of an event, not all of it.
    #[must_use]
    pub fn names_deliveries(&self) -> bool {
        self.has(Member::State) || self.has(Member::Destination)
    }

    /// As it stands in a row.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As it stood in a row.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        match serde_json::from_str(json) {
            Ok(Value::Object(members)) => Some(Self(members)),
            _ => None,
        }
    }
}

/// An operator wants to see events, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List {
    /// Which.
    pub filter: Filter,
    /// How many at the most.
    pub limit: usize,
}

/// An operator wants events delivered again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Again {
    /// The replay's id, in each inbox that it concerns. `None` to count only.
    pub id: Option<String>,
    /// Which events.
    pub filter: Filter,
    /// Where to. `None` leaves it to the filter: the deliveries that it names, else all that want the event.
    pub destinations: Option<Vec<String>>,
}

impl Head for List {
    fn read(members: &Members) -> Option<Self> {
        Some(Self {
            filter: filter(members)?,
            limit: members.count("limit")?,
        })
    }
}

impl Head for Again {
    fn read(members: &Members) -> Option<Self> {
        Some(Self {
            id: members.text("id"),
            filter: filter(members)?,
            destinations: members.texts("destinations"),
        })
    }
}

fn filter(members: &Members) -> Option<Filter> {
    members.object("filter").cloned().map(Filter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{pack, unpack};

    fn dead_users() -> Filter {
        let mut filter = Filter::default();
        filter.set(Member::Kind, "user");
        filter.set(Member::State, "dead");
        filter
    }

    #[test]
    fn a_filter_is_read_as_it_was_written() {
        let filter = dead_users();
        assert_eq!(filter.to_json(), r#"{"kind":"user","state":"dead"}"#);
        assert_eq!(Filter::from_json(&filter.to_json()), Some(filter));
        assert_eq!(Filter::from_json("[]"), None);
    }

    #[test]
    fn what_is_asked_is_read_as_it_was_written() {
        let list = List {
            filter: dead_users(),
            limit: 50,
        };
        assert_eq!(unpack(&pack(&list, b"")), Some((list, &b""[..])));
        for destinations in [None, Some(vec!["crm".to_owned()])] {
            let again = Again {
                id: destinations.as_ref().map(|_| "0192".to_owned()),
                filter: Filter::default(),
                destinations,
            };
            assert_eq!(unpack(&pack(&again, b"")), Some((again, &b""[..])));
        }
    }

    #[test]
    fn a_state_or_a_destination_names_deliveries() {
        assert!(dead_users().names_deliveries());
        let mut filter = Filter::default();
        filter.set(Member::Text, "x");
        assert!(!filter.names_deliveries() && !filter.is_empty());
    }

    #[test]
    fn a_time_is_not_searched_for() {
        let mut filter = Filter::default();
        filter.set(Member::Before, "0192");
        assert!(!filter.searches() && !filter.is_empty());
        assert!(dead_users().searches());
    }
}
