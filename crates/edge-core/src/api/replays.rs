//! `/api/v1/replays`: delivering events again by filter, and how that is getting on.

use super::{
    filter::{Asked, unknown},
    json_body::{self, flag, one_of, wrong},
};
use crate::{config::Config, filter::Member, problem::Problem, time::rfc3339};
use serde_json::Value;

/// How many replays are listed.
const LISTED: usize = 50;

/// What the inboxes have counted, and begun if `id` is given.
pub fn begun(answers: &[String], id: Option<&str>) -> String {
    let (mut events, mut deliveries) = (0, 0);
    for answer in answers {
        let (of_events, of_deliveries) = answer.split_once(' ').unwrap_or_default();
        events += number(of_events).unwrap_or(0);
        deliveries += number(of_deliveries).unwrap_or(0);
    }
    match id {
        Some(id) => format!(r#"{{"id":"{id}","events":{events}}}"#),
        None => format!(r#"{{"dry_run":true,"events":{events},"deliveries":{deliveries}}}"#),
    }
}

/// How the newest replays are getting on.
pub fn list(answers: &[String]) -> String {
    let mut all = Vec::new();
    for answer in answers {
        add(&mut all, answer);
    }
    all.truncate(LISTED);
    let mut json = String::from(r#"{"replays":["#);
    for (index, one) in all.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str(&one.json());
    }
    json.push_str("]}");
    json
}

/// What an operator wants again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Which events.
    pub asked: Asked,
    /// Where to, if not to all that want them.
    pub destinations: Option<Vec<String>>,
    /// Whether they are only counted.
    pub dry_run: bool,
}

/// The destinations that a body asks for, for a replay of one event.
pub fn destinations_only(body: &[u8], config: &Config) -> Result<Option<Vec<String>>, Problem> {
    let mut chosen = None;
    for (name, value) in json_body::all(body)? {
        if name != "destinations" {
            return Err(wrong(&name, "is not known here; known is destinations"));
        }
        chosen = Some(destinations(&value, config)?);
    }
    Ok(chosen)
}

/// What a body asks for.
pub fn read(body: &[u8], config: &Config) -> Result<Wanted, Problem> {
    let mut wanted = Wanted::default();
    let mut all = false;
    for (name, value) in json_body::all(body)? {
        match name.as_str() {
            "all" => all = flag(&name, &value)?,
            "dry_run" => wanted.dry_run = flag(&name, &value)?,
            "destinations" => wanted.destinations = Some(destinations(&value, config)?),
            name => {
                let value = match value {
                    Value::String(text) => text,
                    // An id may well be written as one.
                    Value::Number(number) => number.to_string(),
                    _ => return Err(wrong(name, "must be a text")),
                };
                if !wanted.asked.take(name, &value, config)? {
                    return Err(unknown(name, "destinations, dry_run and all"));
                }
            }
        }
    }
    if wanted.asked.is_empty() && !all {
        return Err(wrong(
            "all",
            "must be true where no filter is given, since that means every event",
        ));
    }
    let there = wanted.asked.filter.get(Member::Destination);
    if wanted.destinations.is_none() && there.is_some_and(|name| config.destination(name).is_none())
    {
        let names = config.destinations.iter().map(|one| one.name.as_str());
        let right = format!("{}; or give destinations to send to", one_of(names));
        return Err(wrong("destination", &right));
    }
    Ok(wanted)
}

fn destinations(value: &Value, config: &Config) -> Result<Vec<String>, Problem> {
    let known = |name: &Value| {
        let name = config.destination(name.as_str()?)?.name.to_string();
        Some(name)
    };
    let names = value.as_array().filter(|names| !names.is_empty());
    names
        .and_then(|names| names.iter().map(known).collect())
        .ok_or_else(|| {
            let names = config.destinations.iter().map(|one| one.name.as_str());
            wrong(
                "destinations",
                &format!("must be a list, and each {}", one_of(names)),
            )
        })
}

/// How a replay is getting on: in all inboxes that it concerns.
#[derive(Debug, PartialEq, Eq)]
struct Progress {
    id: String,
    asked_at: i64,
    /// `None` while one of them has not ended.
    ended_at: Option<i64>,
    events: i64,
    deliveries: i64,
}

fn number(text: &str) -> Option<i64> {
    text.parse().ok()
}

impl Progress {
    /// As an inbox writes it.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        Some(Self {
            id: words.next()?.to_owned(),
            asked_at: number(words.next()?)?,
            ended_at: number(words.next()?),
            events: number(words.next()?)?,
            deliveries: number(words.next()?)?,
        })
    }

    fn json(&self) -> String {
        let ended_at = match self.ended_at {
            Some(at) => format!("\"{}\"", rfc3339(at)),
            None => "null".to_owned(),
        };
        format!(
            r#"{{"id":"{}","asked_at":"{}","ended_at":{ended_at},"events":{},"deliveries":{}}}"#,
            self.id,
            rfc3339(self.asked_at),
            self.events,
            self.deliveries
        )
    }
}

/// Adds what another inbox says to `all`, newest first, where what the others have said is summed up.
fn add(all: &mut Vec<Progress>, answer: &str) {
    for one in answer.split('\n').filter_map(Progress::read) {
        // Ids sort by time.
        let place = all.iter().position(|other| other.id <= one.id);
        match place.and_then(|place| all.get_mut(place)) {
            Some(same) if same.id == one.id => {
                same.asked_at = same.asked_at.min(one.asked_at);
                same.ended_at = same.ended_at.zip(one.ended_at).map(|(a, b)| a.max(b));
                same.events += one.events;
                same.deliveries += one.deliveries;
            }
            _ => all.insert(place.unwrap_or(all.len()), one),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::tests::config;

    fn wanted(body: &Value) -> Result<Wanted, Problem> {
        read(body.to_string().as_bytes(), &config())
    }

    #[track_caller]
    fn is_wrong(body: &Value, name: &str, right: &str) {
        let problem = wanted(body).unwrap_err();
        assert_eq!(problem.code(), "invalid_parameter");
        let detail = problem.to_string();
        assert!(detail.starts_with(&format!("`{name}` ")), "{detail}");
        assert!(detail.contains(right), "{detail}");
    }

    #[test]
    fn a_filter_destinations_and_a_dry_run_are_read() {
        let body = json!({ "type": "user", "object": 9, "destinations": ["crm"], "dry_run": true });
        let wanted = wanted(&body).unwrap();
        assert_eq!(wanted.asked.filter.get(Member::Object), Some("9"));
        assert_eq!(wanted.destinations, Some(vec!["crm".to_owned()]));
        assert!(wanted.dry_run);
    }

    #[test]
    fn every_event_has_to_be_asked_for() {
        is_wrong(&json!({}), "all", "true");
        is_wrong(&json!({ "all": false, "dry_run": true }), "all", "true");
        is_wrong(&json!({ "destinations": ["crm"] }), "all", "true");
        assert_eq!(wanted(&json!({ "all": true })), Ok(Wanted::default()));
        assert!(wanted(&json!({ "source": "acme" })).is_ok());
        let nothing = read(b"", &config()).unwrap_err();
        assert!(nothing.to_string().starts_with("`all`"), "{nothing}");
    }

    #[test]
    fn each_mistake_is_refused_with_what_would_be_right() {
        is_wrong(&json!([]), "body", "JSON object");
        is_wrong(&json!({ "all": "yes" }), "all", "true or false");
        is_wrong(
            &json!({ "type": "user", "dry_run": 1 }),
            "dry_run",
            "true or false",
        );
        is_wrong(&json!({ "type": ["user"] }), "type", "text");
        is_wrong(&json!({ "limit": 5 }), "limit", "dry_run");
        for names in [json!("crm"), json!([]), json!(["crm", "crn"]), json!([1])] {
            let body = json!({ "type": "user", "destinations": names });
            is_wrong(&body, "destinations", "archive, crm");
        }
    }

    #[test]
    fn what_went_to_a_destination_that_is_gone_can_go_to_others_only() {
        is_wrong(
            &json!({ "destination": "old" }),
            "destination",
            "archive, crm",
        );
        assert!(wanted(&json!({ "destination": "old", "destinations": ["crm"] })).is_ok());
        assert!(wanted(&json!({ "destination": "crm" })).is_ok());
    }

    #[test]
    fn one_event_is_replayed_to_chosen_destinations_or_to_all_that_want_it() {
        let chosen = |body: &str| destinations_only(body.as_bytes(), &config());
        assert_eq!(chosen(""), Ok(None));
        assert_eq!(chosen("{}"), Ok(None));
        assert_eq!(
            chosen(r#"{"destinations":["archive"]}"#),
            Ok(Some(vec!["archive".to_owned()]))
        );
        assert!(chosen(r#"{"type":"user"}"#).is_err());
        assert!(chosen(r#"{"destinations":["else"]}"#).is_err());
    }

    #[test]
    fn progress_is_summed_up_over_inboxes_newest_first() {
        let answers = [
            "c 3000 4000 5 6\na 1000 2000 1 1",
            "c 3000 - 10 20\nb 2000 2500 0 0",
            "c 2999 5000 0 0\na 1000 3000 1 2",
        ];
        let json: Value = serde_json::from_str(&list(&answers.map(str::to_owned))).unwrap();
        assert_eq!(
            json["replays"],
            json!([
                { "id": "c", "asked_at": rfc3339(2999), "ended_at": null, "events": 15, "deliveries": 26 },
                { "id": "b", "asked_at": rfc3339(2000), "ended_at": rfc3339(2500), "events": 0, "deliveries": 0 },
                { "id": "a", "asked_at": rfc3339(1000), "ended_at": rfc3339(3000), "events": 2, "deliveries": 3 }
            ])
        );
    }
}
