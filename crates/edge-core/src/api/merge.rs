//! One answer from those of a source's inboxes: counts are added up, and of states the worst is shown.

use serde_json::{Value, map::Entry};

/// From the best to the worst.
const STATES: [&str; 4] = ["ok", "failing", "open", "paused"];

/// `None` if no inbox has answered.
pub fn inboxes(answers: Vec<String>) -> Option<String> {
    answers.into_iter().reduce(|all, one| {
        let read = |answer: &str| serde_json::from_str(answer).unwrap_or_default();
        let mut merged: Value = read(&all);
        merge(&mut merged, read(&one), "");
        merged.to_string()
    })
}

/// Adds `one` to `all`; `name` is the member that they are the value of.
fn merge(all: &mut Value, one: Value, name: &str) {
    match (all, one) {
        // Destinations. One that is no longer configured is in those inboxes that have something left of it.
        (Value::Array(all), Value::Array(one)) => {
            for one in one {
                match all
                    .iter_mut()
                    .find(|all| all.get("name") == one.get("name"))
                {
                    Some(all) => merge(all, one, ""),
                    None => all.push(one),
                }
            }
        }
        (Value::Object(all), Value::Object(one)) => {
            for (name, one) in one {
                match all.entry(name.as_str()) {
                    Entry::Occupied(mut all) => merge(all.get_mut(), one, &name),
                    Entry::Vacant(place) => {
                        place.insert(one);
                    }
                }
            }
        }
        (all @ Value::Number(_), Value::Number(one)) => {
            let (left, right) = (all.as_i64().unwrap_or(0), one.as_i64().unwrap_or(0));
            // Each inbox has a breaker of its own.
            *all = Value::from(if name == "failures_in_a_row" {
                left.max(right)
            } else {
                left + right
            });
        }
        (all @ Value::Null, one) => *all = one,
        (Value::String(all), Value::String(one)) => {
            let later = match name {
                "state" => rank(&one) > rank(all),
                // Times: the earliest of them.
                _ => one < *all,
            };
            if later {
                *all = one;
            }
        }
        _ => {}
    }
}

fn rank(state: &str) -> Option<usize> {
    STATES.iter().position(|known| *known == state)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn inbox(state: &str, failures: u32, waiting: u32, oldest: Option<&str>) -> Value {
        json!({ "source": "acme", "destinations": [{
            "name": "crm", "state": state, "failures_in_a_row": failures, "waiting": waiting, "oldest_waiting_at": oldest
        }] })
    }

    #[test]
    fn counts_are_added_and_the_worst_state_and_oldest_time_shown() {
        let answers = [
            inbox("ok", 0, 3, None),
            inbox("open", 7, 40, Some("2026-11-22T10:00:00.000Z")),
            inbox("failing", 2, 0, Some("2026-11-22T09:00:00.000Z")),
        ];
        let all = inboxes(answers.iter().map(Value::to_string).collect());
        assert_eq!(
            all,
            Some(inbox("open", 7, 43, Some("2026-11-22T09:00:00.000Z")).to_string())
        );
    }

    #[test]
    fn a_destination_that_only_some_inboxes_know_is_shown_once() {
        let with = |names: &[&str]| {
            let all: Vec<_> = names
                .iter()
                .map(|name| json!({ "name": name, "waiting": 1 }))
                .collect();
            json!({ "destinations": all }).to_string()
        };
        let all = inboxes(vec![
            with(&["crm"]),
            with(&["crm", "old"]),
            with(&["crm", "older", "old"]),
        ]);
        let all: Value = serde_json::from_str(&all.unwrap()).unwrap();
        assert_eq!(
            all["destinations"],
            json!([
                { "name": "crm", "waiting": 3 }, { "name": "old", "waiting": 2 }, { "name": "older", "waiting": 1 }
            ])
        );
    }

    #[test]
    fn one_answer_is_itself_and_none_is_none() {
        let one = inbox("paused", 1, 1, None).to_string();
        assert_eq!(inboxes(vec![one.clone()]), Some(one));
        assert_eq!(inboxes(Vec::new()), None);
    }
}
