//! The selection of events by an operator, in a query or a body: parsed, validated, and rejected with the values that
//! would be right.

use super::{json_body::wrong, query::source};
use crate::{
    config::Config,
    event,
    filter::Filter,
    name::{DestinationName, SourceName},
    problem::Problem,
    time::range,
};

/// The parameters that select events.
pub const EVENT_QUERY: [&str; 10] = [
    "source",
    "type",
    "action",
    "object",
    "account",
    "state",
    "destination",
    "since",
    "until",
    "q",
];

/// The events that an operator selects, from the parameters parsed so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// The only source, if one is named.
    pub source: Option<SourceName>,
    /// The properties of the events.
    pub filter: Filter,
}

/// The context in which a request is parsed.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'c> {
    /// The configuration.
    pub config: &'c Config,
    /// The time, in milliseconds since 1970.
    pub now_ms: i64,
}

impl EventQuery {
    /// `true` if every event is selected.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Parses one parameter. `false` if it is not one of a query's.
    pub fn take(&mut self, name: &str, value: &str, reading: Reading<'_>) -> Result<bool, Problem> {
        let filter = &mut self.filter;
        let time = |value| {
            range::parse(value, reading.now_ms)
                .ok_or_else(|| wrong(name, &format!("must be a time: {}", range::FORMS)))
        };
        match name {
            "source" => set(&mut self.source, name, source(value, reading.config)?)?,
            "type" => self.take_type(value)?,
            "action" => set(&mut filter.action, name, text(name, value)?)?,
            "object" => set(&mut filter.object, name, text(name, value)?)?,
            "account" => set(&mut filter.account, name, text(name, value)?)?,
            "state" => {
                let state = value.parse();
                let state = state.map_err(|_| wrong(name, "must be waiting, delivered or dead"))?;
                set(&mut filter.state, name, state)?;
            }
            "destination" => {
                let destination = value.parse::<DestinationName>();
                let destination =
                    destination.map_err(|_| wrong(name, "must be the name of a destination"))?;
                set(&mut filter.destination, name, destination)?;
            }
            "since" => set(&mut filter.since_ms, name, time(value)?)?,
            "until" => set(&mut filter.until_ms, name, time(value)?)?,
            // SQLite's `lower` knows ASCII letters only.
            "q" => {
                let small = text(name, value)?.to_ascii_lowercase();
                set(&mut filter.text, name, small)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `application`, or `net.3scale.application.updated` as events have it.
    fn take_type(&mut self, value: &str) -> Result<(), Problem> {
        if !value.starts_with(event::TYPE_PREFIX) {
            return set(&mut self.filter.kind, "type", text("type", value)?);
        }
        let (kind, action) = event::kind_and_action(value).ok_or_else(|| {
            wrong(
                "type",
                "must be like application or net.3scale.application.updated",
            )
        })?;
        set(&mut self.filter.kind, "type", kind.to_owned())?;
        let is_said = self.filter.action.as_deref() == Some(action);
        if is_said {
            return Ok(());
        }
        set(&mut self.filter.action, "action", action.to_owned())
    }
}

fn text(name: &str, value: &str) -> Result<String, Problem> {
    if value.is_empty() {
        return Err(wrong(name, "must not be empty: leave it out"));
    }
    Ok(value.to_owned())
}

fn set<T>(place: &mut Option<T>, name: &str, value: T) -> Result<(), Problem> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(wrong(name, "must be given once")),
    }
}

/// The problem for an unknown parameter. `others` are accepted besides those of a query.
pub fn unknown(name: &str, others: &str) -> Problem {
    let known = EVENT_QUERY.join(", ");
    wrong(
        name,
        &format!("is not known here; known are {known}, {others}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::tests::config, state::DeliveryState};

    const NOW: i64 = 1_700_000_000_123;

    fn read(parameters: &[(&str, &str)]) -> Result<EventQuery, Problem> {
        let config = config();
        let reading = Reading {
            config: &config,
            now_ms: NOW,
        };
        let mut query = EventQuery::default();
        for (name, value) in parameters {
            assert!(query.take(name, value, reading)?, "{name}");
        }
        Ok(query)
    }

    /// The value that this parameter stands for.
    fn filter(name: &str, value: &str) -> Filter {
        read(&[(name, value)]).unwrap().filter
    }

    #[track_caller]
    fn is_wrong(parameters: &[(&str, &str)], name: &str, right: &str) {
        let problem = read(parameters).unwrap_err();
        assert_eq!(
            (problem.status(), problem.code()),
            (400, "invalid_parameter")
        );
        let detail = problem.to_string();
        assert!(detail.starts_with(&format!("`{name}` ")), "{detail}");
        assert!(detail.contains(right), "{detail}");
    }

    #[test]
    fn each_parameter_is_read() {
        let is = |value: &str| Some(value.to_owned());
        assert_eq!(filter("type", "user").kind, is("user"));
        assert_eq!(filter("action", "created").action, is("created"));
        assert_eq!(filter("object", "11").object, is("11"));
        assert_eq!(filter("account", "7").account, is("7"));
        for state in DeliveryState::ALL {
            assert_eq!(filter("state", state.as_str()).state, Some(state));
        }
        let old = "old".parse().ok();
        assert_eq!(filter("destination", "old").destination, old);
        assert_eq!(filter("q", "O'Neill É").text, is("o'neill É"));
        assert_eq!(filter("since", "2h").since_ms, Some(NOW - 7_200_000));
        assert_eq!(
            filter("until", "2023-11-14T22:13:20.123Z").until_ms,
            Some(NOW)
        );
        let acme = read(&[("source", "acme")]).unwrap();
        assert_eq!(acme.source, "acme".parse().ok());
        assert!(acme.filter.is_empty() && !acme.is_empty());
    }

    #[test]
    fn each_name_that_is_told_is_known() {
        for name in EVENT_QUERY {
            let config = config();
            let reading = Reading {
                config: &config,
                now_ms: NOW,
            };
            let taken = EventQuery::default().take(name, "", reading);
            assert_ne!(taken, Ok(false), "{name}");
        }
    }

    #[test]
    fn another_parameter_is_left_to_the_caller() {
        let config = config();
        let reading = Reading {
            config: &config,
            now_ms: NOW,
        };
        assert_eq!(EventQuery::default().take("limit", "5", reading), Ok(false));
    }

    #[test]
    fn a_type_may_be_as_events_have_it() {
        let whole = read(&[("type", "net.3scale.application.user_key_updated")]).unwrap();
        let parts = read(&[("type", "application"), ("action", "user_key_updated")]).unwrap();
        assert_eq!(whole, parts);
        is_wrong(
            &[("type", "net.3scale.user")],
            "type",
            "net.3scale.application.updated",
        );
        let contradiction = [("type", "net.3scale.user.created"), ("action", "deleted")];
        is_wrong(&contradiction, "action", "once");
    }

    #[test]
    fn each_mistake_is_refused_with_the_values_that_would_be_right() {
        is_wrong(&[("source", "acne")], "source", "acme, other");
        is_wrong(&[("state", "Dead")], "state", "waiting, delivered or dead");
        is_wrong(&[("destination", "C R M")], "destination", "name");
        for time in ["yesterday", "2026-11-22T10:00:00"] {
            is_wrong(&[("since", time)], "since", "2026-11-22T10:00:00Z");
            is_wrong(&[("until", time)], "until", "2h");
        }
        for name in ["type", "action", "object", "account", "q"] {
            is_wrong(&[(name, "")], name, "empty");
            is_wrong(&[(name, "1"), (name, "1")], name, "once");
        }
        is_wrong(&[("source", "acme"), ("source", "acme")], "source", "once");
        let problem = unknown("colour", "cursor and limit").to_string();
        assert!(
            problem.contains("`colour`") && problem.contains("account"),
            "{problem}"
        );
    }
}
