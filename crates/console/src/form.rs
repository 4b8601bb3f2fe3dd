//! What a form asks for, as a call of the API: the same method, path and body that a program would send, so that the
//! console can do nothing else.

use edge_core::api::event_query::EVENT_QUERY;
use serde_json::{Map, Value};

use crate::link::Query;

/// A call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCall {
    /// Its method.
    pub method: &'static str,
    /// Its path after `/api/v1/`, in segments.
    pub path: Vec<String>,
    /// Its body.
    pub body: Vec<u8>,
}

impl ApiCall {
    /// The call behind `POST /console/{path}` with this form; `None` if there is none.
    #[must_use]
    pub fn of(path: &[&str], form: &Query) -> Option<Self> {
        let known: &[&str] = match path {
            ["replays"] => &EVENT_QUERY,
            ["destinations", _, "test"] => &["kind", "source"],
            ["recoveries"] => &["source"],
            ["quarantine", "reparse"] => &["code", "source", "cursor"],
            ["events", _, "replay"]
            | ["destinations", _, "pause" | "resume" | "drop"]
            | ["replays", _, "cancel"]
            | ["sources", _, "register"]
            | ["quarantine", _, "reparse" | "drop"] => &[],
            _ => return None,
        };
        let may_name_destinations = matches!(path, ["events", _, "replay"] | ["replays"]);
        let body = members(form, known, may_name_destinations);
        // The API drops by DELETE.
        let (method, path) = match path {
            ["quarantine", id, "drop"] => ("DELETE", vec!["quarantine", *id]),
            path => ("POST", path.to_vec()),
        };
        Some(Self {
            method,
            path: path.into_iter().map(str::to_owned).collect(),
            body: if body.is_empty() {
                Vec::new()
            } else {
                Value::Object(body).to_string().into_bytes()
            },
        })
    }
}

impl ApiCall {
    /// The count of what `POST /console/replays` with this form would send.
    #[must_use]
    pub fn counting(form: &Query) -> Self {
        let mut body = members(form, &EVENT_QUERY, true);
        body.insert("dry_run".to_owned(), true.into());
        Self {
            method: "POST",
            path: vec!["replays".to_owned()],
            body: Value::Object(body).to_string().into_bytes(),
        }
    }
}

fn members(form: &Query, known: &[&str], may_name_destinations: bool) -> Map<String, Value> {
    let mut body = Map::new();
    for (name, value) in form.pairs() {
        if known.contains(&name) {
            body.insert(name.to_owned(), value.into());
        }
    }
    let to: Vec<Value> = form.all("to").map(Value::from).collect();
    if !to.is_empty() && may_name_destinations {
        body.insert("destinations".to_owned(), to.into());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_the_call_that_a_program_would_make() {
        let form = Query::read("form_token=x&to=crm&to=archive&kind=user.created");
        let call = ApiCall::of(&["events", "1", "replay"], &form).unwrap();
        assert_eq!(
            (call.method, call.path.join("/")),
            ("POST", "events/1/replay".to_owned())
        );
        assert_eq!(call.body, br#"{"destinations":["crm","archive"]}"#);
        let call = ApiCall::of(&["destinations", "crm", "test"], &form).unwrap();
        assert_eq!(call.body, br#"{"kind":"user.created"}"#);
        let call = ApiCall::of(&["destinations", "crm", "pause"], &form).unwrap();
        assert!(call.body.is_empty(), "the form's token goes nowhere");
        let call = ApiCall::of(&["quarantine", "7", "drop"], &form).unwrap();
        assert_eq!(
            (call.method, call.path.join("/")),
            ("DELETE", "quarantine/7".to_owned())
        );
        assert_eq!(ApiCall::of(&["events", "1"], &form), None);
        let call = ApiCall::counting(&Query::read("state=dead&to=crm&done=x"));
        let wanted =
            serde_json::json!({ "state": "dead", "destinations": ["crm"], "dry_run": true });
        assert_eq!(serde_json::from_slice::<Value>(&call.body).unwrap(), wanted);
    }
}
