//! Filters as operators write them, in a query or in a body: read, checked, and refused with what would
//! be right.

use threescale::Timestamp;

use super::json_body::{one_of, wrong};
use crate::{
    config::Config,
    filter::{Filter, Member},
    id::first_id,
    name::DestinationName,
    problem::Problem,
};

/// The parameters of a filter.
const NAMES: &str = "source, type, action, object, account, state, destination, since, until and q";
/// What stands before a type and an action in an event.
const PREFIX: &str = "net.3scale.";

/// What an operator asks for, as far as it has been read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Of one source only.
    pub source: Option<String>,
    /// What an inbox needs to know.
    pub filter: Filter,
}

impl Asked {
    /// Whether it means every event.
    pub fn is_empty(&self) -> bool {
        self.source.is_none() && self.filter.is_empty()
    }

    /// Reads one parameter. `false` if no filter has this one.
    pub fn take(&mut self, name: &str, value: &str, config: &Config) -> Result<bool, Problem> {
        let member = match name {
            "source" => {
                self.set_source(value, config)?;
                return Ok(true);
            }
            "type" => {
                self.set_type(value)?;
                return Ok(true);
            }
            "action" => Member::Action,
            "object" => Member::Object,
            "account" => Member::Account,
            "state" => Member::State,
            "destination" => Member::Destination,
            "since" => Member::From,
            "until" => Member::Before,
            "q" => Member::Text,
            _ => return Ok(false),
        };
        let value = match member {
            Member::From | Member::Before => first_id(time(name, value)?),
            // SQLite's `lower` knows these letters only.
            Member::Text => value.to_ascii_lowercase(),
            Member::State if !["waiting", "delivered", "dead"].contains(&value) => {
                return Err(wrong(name, "must be waiting, delivered or dead"));
            }
            Member::Destination if value.parse::<DestinationName>().is_err() => {
                return Err(wrong(name, "must be the name of a destination"));
            }
            _ => value.to_owned(),
        };
        self.set(name, member, value)?;
        Ok(true)
    }

    /// Goes on before this id, where an earlier page ended.
    pub fn go_on_before(&mut self, cursor: &str) {
        let until = self.filter.get(Member::Before);
        if until.is_none_or(|until| cursor < until) {
            self.filter.set(Member::Before, cursor);
        }
    }

    fn set_source(&mut self, value: &str, config: &Config) -> Result<(), Problem> {
        if config.source(value).is_none() {
            let known = config.sources.iter().map(|source| source.name.as_str());
            return Err(wrong("source", &one_of(known)));
        }
        if self.source.is_some() {
            return Err(twice("source"));
        }
        self.source = Some(value.to_owned());
        Ok(())
    }

    /// `application`, or `net.3scale.application.updated` as events have it.
    fn set_type(&mut self, value: &str) -> Result<(), Problem> {
        let Some(whole) = value.strip_prefix(PREFIX) else {
            return self.set("type", Member::Kind, value.to_owned());
        };
        let (kind, action) = whole.split_once('.').ok_or_else(|| {
            wrong(
                "type",
                "must be as application, or as net.3scale.application.updated",
            )
        })?;
        self.set("type", Member::Kind, kind.to_owned())?;
        self.set("action", Member::Action, action.to_owned())
    }

    fn set(&mut self, name: &str, member: Member, value: String) -> Result<(), Problem> {
        if value.is_empty() {
            return Err(wrong(name, "must not be empty: leave it out"));
        }
        if self.filter.has(member) {
            return Err(twice(name));
        }
        self.filter.set(member, value);
        Ok(())
    }
}

fn time(name: &str, value: &str) -> Result<i64, Problem> {
    let time = Timestamp::parse(value).ok_or_else(|| {
        wrong(
            name,
            "must be a time as 2026-11-22T10:00:00Z (in a query, the + of an offset is %2B)",
        )
    })?;
    Ok(time.unix_seconds() * 1000 + i64::from(time.subsec_nanos() / 1_000_000))
}

/// The problem of one that is not known. `others` are known beside those of a filter.
pub fn unknown(name: &str, others: &str) -> Problem {
    wrong(
        name,
        &format!("is not known here; known are {NAMES}, {others}"),
    )
}

fn twice(name: &str) -> Problem {
    wrong(name, "must be given once")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    /// What is read of these parameters.
    fn read(parameters: &[(&str, &str)]) -> Result<Asked, Problem> {
        let config = config();
        let mut asked = Asked::default();
        for (name, value) in parameters {
            assert!(asked.take(name, value, &config)?, "{name}");
        }
        Ok(asked)
    }

    /// The one member that is read of this parameter.
    fn member(name: &str, value: &str, member: Member) -> Option<String> {
        let asked = read(&[(name, value)]).unwrap();
        asked.filter.get(member).map(str::to_owned)
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
        assert_eq!(member("type", "user", Member::Kind), is("user"));
        assert_eq!(member("action", "created", Member::Action), is("created"));
        assert_eq!(member("object", "11", Member::Object), is("11"));
        assert_eq!(member("account", "7", Member::Account), is("7"));
        for state in ["waiting", "delivered", "dead"] {
            assert_eq!(member("state", state, Member::State), is(state));
        }
        assert_eq!(member("destination", "old", Member::Destination), is("old"));
        assert_eq!(member("q", "O'Neill É", Member::Text), is("o'neill É"));
        let acme = read(&[("source", "acme")]).unwrap();
        assert_eq!(acme.source.as_deref(), Some("acme"));
        assert!(acme.filter.is_empty());
        assert!(!Asked::default().take("limit", "5", &config()).unwrap());
    }

    #[test]
    fn a_time_is_the_first_id_of_its_millisecond() {
        let id = Some(first_id(1_700_000_000_123));
        for time in ["2023-11-14T22:13:20.123Z", "2023-11-14T23:13:20.1239+01:00"] {
            assert_eq!(member("since", time, Member::From), id, "{time}");
            assert_eq!(member("until", time, Member::Before), id, "{time}");
        }
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
    fn each_mistake_is_refused_with_what_would_be_right() {
        is_wrong(&[("source", "acne")], "source", "acme, other");
        is_wrong(&[("state", "Dead")], "state", "waiting, delivered or dead");
        is_wrong(&[("destination", "C R M")], "destination", "name");
        for time in ["yesterday", "2026-11-22", "2026-11-22T10:00:00"] {
            is_wrong(&[("since", time)], "since", "2026-11-22T10:00:00Z");
            is_wrong(&[("until", time)], "until", "2026-11-22T10:00:00Z");
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

    #[test]
    fn a_list_goes_on_where_it_ended_and_not_past_its_end() {
        let time = "2023-11-14T22:13:20.123Z";
        let end = first_id(1_700_000_000_123);
        let mut asked = read(&[("until", time)]).unwrap();
        asked.go_on_before("ffffffff");
        assert_eq!(asked.filter.get(Member::Before), Some(end.as_str()));
        asked.go_on_before("00000000");
        assert_eq!(asked.filter.get(Member::Before), Some("00000000"));
    }
}
