//! The body of a replay: the events to deliver again, and their destinations.

use serde_json::{Number, Value};

use super::{
    event_query::{EVENT_QUERY, EventQuery, Reading, unknown},
    json_body::{self, flag, one_of, wrong},
};
use crate::{config::Config, name::DestinationName, problem::Problem};

/// A whole number as text. JSON Schema takes 7.0 for one too (2020-12, §4.2.3). What JSON readers hold exactly is one, as
/// in our events; an id beyond it is written as a string.
#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be whole and within what f64 holds exactly"
)]
fn whole(number: &Number) -> Option<String> {
    const MOST: f64 = 9_007_199_254_740_991.0;
    let number = number.as_f64()?;
    let is_whole = number.fract() == 0.0 && (-MOST..=MOST).contains(&number);
    is_whole.then(|| (number as i64).to_string())
}

/// The body of `POST /api/v1/replays`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayBody {
    /// The events.
    pub events: EventQuery,
    /// The destinations, unless the events imply them.
    pub destinations: Option<Vec<DestinationName>>,
    /// `true` if they are only counted.
    pub dry_run: bool,
}

impl ReplayBody {
    /// Parses a body.
    pub fn read(body: &[u8], reading: Reading<'_>) -> Result<Self, Problem> {
        let config = reading.config;
        let mut replay = Self::default();
        let mut all = false;
        for (name, value) in json_body::all(body)? {
            match name.as_str() {
                "all" => all = flag(&name, &value)?,
                "dry_run" => replay.dry_run = flag(&name, &value)?,
                "destinations" => replay.destinations = Some(destinations(&value, config)?),
                name if !EVENT_QUERY.contains(&name) => {
                    return Err(unknown(name, "destinations, dry_run and all"));
                }
                name => {
                    let value = match value {
                        Value::String(text) => text,
                        // An id is a number to 3scale.
                        Value::Number(id) if matches!(name, "object" | "account") => whole(&id)
                            .ok_or_else(|| {
                                wrong(name, "must be a string, or a whole number up to 2^53-1")
                            })?,
                        _ => return Err(wrong(name, "must be a string")),
                    };
                    replay.events.take(name, &value, reading)?;
                }
            }
        }
        if replay.events.is_empty() && !all {
            return Err(wrong(
                "all",
                "must be true if no filter is given, since that selects every event",
            ));
        }
        replay.check_destination(config)?;
        Ok(replay)
    }

    /// Events that went to a destination that is no longer configured can only go elsewhere.
    fn check_destination(&self, config: &Config) -> Result<(), Problem> {
        let there = self.events.filter.destination.as_ref();
        let is_gone = there.is_some_and(|name| config.destination(name.as_str()).is_none());
        if self.destinations.is_none() && is_gone {
            let right = format!("{}; or give destinations to send to", one_of(names(config)));
            return Err(wrong("destination", &right));
        }
        Ok(())
    }
}

/// The destinations that the body of a replay of one event names.
pub fn destinations_only(
    body: &[u8],
    config: &Config,
) -> Result<Option<Vec<DestinationName>>, Problem> {
    let members = json_body::of(body, &["destinations"])?;
    let value = members.get("destinations");
    value.map(|value| destinations(value, config)).transpose()
}

fn destinations(value: &Value, config: &Config) -> Result<Vec<DestinationName>, Problem> {
    let known = |name: &Value| Some(config.destination(name.as_str()?)?.name.clone());
    let list = value.as_array().filter(|list| !list.is_empty());
    list.and_then(|list| list.iter().map(known).collect())
        .ok_or_else(|| {
            let right = format!("must be a list, and each {}", one_of(names(config)));
            wrong("destinations", &right)
        })
}

fn names(config: &Config) -> impl Iterator<Item = &str> {
    config.destinations.iter().map(|one| one.name.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::tests::config;

    fn read(body: &[u8]) -> Result<ReplayBody, Problem> {
        let config = config();
        let reading = Reading {
            config: &config,
            now_ms: 0,
        };
        ReplayBody::read(body, reading)
    }

    fn replay(body: &Value) -> Result<ReplayBody, Problem> {
        read(body.to_string().as_bytes())
    }

    fn crm() -> Vec<DestinationName> {
        vec!["crm".parse().unwrap()]
    }

    #[track_caller]
    fn is_wrong(body: &Value, name: &str, right: &str) {
        let problem = replay(body).unwrap_err();
        assert_eq!(problem.code(), "invalid_parameter");
        let detail = problem.to_string();
        assert!(detail.starts_with(&format!("`{name}` ")), "{detail}");
        assert!(detail.contains(right), "{detail}");
    }

    #[test]
    fn a_filter_destinations_and_a_dry_run_are_read() {
        let body = json!({ "type": "user", "object": 9, "destinations": ["crm"], "dry_run": true });
        let replay = replay(&body).unwrap();
        assert_eq!(replay.events.filter.object.as_deref(), Some("9"));
        assert_eq!(replay.destinations, Some(crm()));
        assert!(replay.dry_run);
    }

    #[test]
    fn every_event_has_to_be_asked_for() {
        is_wrong(&json!({}), "all", "true");
        is_wrong(&json!({ "all": false, "dry_run": true }), "all", "true");
        is_wrong(&json!({ "destinations": ["crm"] }), "all", "true");
        assert_eq!(replay(&json!({ "all": true })), Ok(ReplayBody::default()));
        assert!(replay(&json!({ "source": "acme" })).is_ok());
        let nothing = read(b"").unwrap_err();
        assert!(nothing.to_string().starts_with("`all`"), "{nothing}");
    }

    #[test]
    fn an_id_may_be_any_whole_number() {
        let object = |body: &[u8]| read(body).unwrap().events.filter.object;
        for body in [
            &br#"{"object":"7"}"#[..],
            br#"{"object":7}"#,
            br#"{"object":7.0}"#,
        ] {
            assert_eq!(object(body).as_deref(), Some("7"));
        }
        let largest = object(br#"{"object":9007199254740991}"#);
        assert_eq!(largest.as_deref(), Some("9007199254740991"));
        for beyond in [9_007_199_254_740_992_i64, -9_007_199_254_740_992, i64::MIN] {
            is_wrong(&json!({ "object": beyond }), "object", "string");
        }
    }

    #[test]
    fn each_mistake_is_refused_with_the_values_that_would_be_right() {
        is_wrong(&json!([]), "body", "JSON object");
        is_wrong(&json!({ "all": "yes" }), "all", "true or false");
        is_wrong(
            &json!({ "type": "user", "dry_run": 1 }),
            "dry_run",
            "true or false",
        );
        is_wrong(&json!({ "type": ["user"] }), "type", "string");
        is_wrong(&json!({ "type": 5 }), "type", "string");
        is_wrong(&json!({ "object": 5.5 }), "object", "string");
        is_wrong(&json!({ "limit": 5 }), "limit", "dry_run");
        for names in [json!("crm"), json!([]), json!(["crm", "crn"]), json!([1])] {
            let body = json!({ "type": "user", "destinations": names });
            is_wrong(&body, "destinations", "archive, crm");
        }
    }

    #[test]
    fn events_of_a_destination_that_is_gone_can_go_to_others_only() {
        is_wrong(
            &json!({ "destination": "old" }),
            "destination",
            "archive, crm",
        );
        assert!(replay(&json!({ "destination": "old", "destinations": ["crm"] })).is_ok());
        assert!(replay(&json!({ "destination": "crm" })).is_ok());
    }

    #[test]
    fn one_event_is_replayed_to_chosen_destinations_or_to_all_that_want_it() {
        let config = config();
        let chosen = |body: &str| destinations_only(body.as_bytes(), &config);
        assert_eq!(chosen(""), Ok(None));
        assert_eq!(chosen("{}"), Ok(None));
        assert_eq!(chosen(r#"{"destinations":["crm"]}"#), Ok(Some(crm())));
        assert!(chosen(r#"{"type":"user"}"#).is_err());
        assert!(chosen(r#"{"destinations":["else"]}"#).is_err());
    }
}
