//! One event: the way it took, what it changed, its document, and each attempt.

use askama::Template;
use edge_core::{
    messages::events::{AttemptDetails, DeliveryDetails, EventDetails},
    state::DeliveryState,
    time::UnixMillis,
};
use serde_json::Value;

use super::{Badge, delivery, in_words, kind_of};
use crate::{
    frame::Frame,
    icon,
    link::encoded,
    markup::Markup,
    moment,
    text::{
        changes::{self, Change},
        credentials::{self, Credentials},
        json, xml,
    },
};

/// One event.
#[derive(Debug, Template)]
#[template(path = "event.html")]
pub struct EventPage {
    /// What is around it.
    pub frame: Frame,
    /// Its id.
    pub id: String,
    /// The icon of its object's type.
    pub icon: Markup,
    /// The object's type.
    pub kind: String,
    /// The object's id.
    pub object: String,
    /// Where the object is shown.
    pub object_link: String,
    /// The account's id.
    pub account: String,
    /// The action, in words.
    pub action: String,
    /// The source.
    pub source: String,
    /// `type` of the CloudEvent.
    pub full_type: String,
    /// `sequence` of the CloudEvent.
    pub sequence: String,
    /// Its way, step by step.
    pub steps: Vec<Step>,
    /// Whether there is an event before this one about the object, and what differs.
    pub difference: Difference,
    /// The event about the same object after this one; empty if there is none.
    pub next: String,
    /// Each destination.
    pub deliveries: Vec<Delivery>,
    /// The document, as 3scale sent it.
    pub xml: Markup,
    /// The event, as destinations get it.
    pub json: Markup,
    /// `true` if the document is 3scale's; an alert's is our own.
    pub is_notification: bool,
    /// `true` if it has credentials that are masked.
    pub is_masked: bool,
    /// `true` if credentials are shown.
    pub is_revealed: bool,
    /// What `curl` would send.
    pub curl: String,
    /// What sending to all says, with the destinations.
    pub all: String,
}

/// A step of its way.
#[derive(Debug)]
pub struct Step {
    /// The class for its state.
    pub class: &'static str,
    /// What happened.
    pub name: String,
    /// When.
    pub at: Markup,
    /// More of it.
    pub note: String,
}

/// The difference to the event before it.
#[derive(Debug)]
pub struct Difference {
    /// The event before it; empty if there is none.
    pub previous: String,
    /// When that one came.
    pub at: Markup,
    /// What differs.
    pub changes: Vec<Change>,
}

/// What was done at a destination.
#[derive(Debug)]
pub struct Delivery {
    /// The destination.
    pub destination: String,
    /// Its state.
    pub badge: Badge,
    /// When the next attempt is, while it waits.
    pub next: Option<Markup>,
    /// What a replay to it alone says.
    pub replay: &'static str,
    /// The attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// An attempt.
#[derive(Debug)]
pub struct Attempt {
    /// The class for its outcome.
    pub class: &'static str,
    /// When.
    pub at: Markup,
    /// How long after the event came.
    pub after: String,
    /// How long it took.
    pub took: String,
    /// The width of its bar, of a hundred.
    pub share: i64,
    /// The status, or what else came of it.
    pub outcome: String,
    /// It in words.
    pub detail: String,
    /// The beginning of the answer.
    pub answer: String,
}

impl EventPage {
    /// From the API's answer, and the event before it if that is still stored.
    #[must_use]
    pub fn of(
        frame: Frame,
        event: &EventDetails,
        previous: Option<&EventDetails>,
        shown: Credentials,
    ) -> Self {
        let whole: Value = serde_json::from_str(event.event.get()).unwrap_or_default();
        let text = |name: &str| {
            whole
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let full_type = text("type");
        let data = whole.get("data");
        let member = |name: &str| data.and_then(|data| data.get(name)).and_then(Value::as_str);
        let action = member("action").map_or_else(
            || full_type.rsplit('.').next().unwrap_or_default().to_owned(),
            str::to_owned,
        );
        let kind = kind_of(&full_type, &action);
        let object = text("subject")
            .split_once('/')
            .map_or_else(String::new, |(_, id)| id.to_owned());
        let object_of = |value: &Value| value.pointer("/data/object").cloned().unwrap_or_default();
        let account = account_of(&kind, &object, &object_of(&whole));
        let secrets = match shown {
            Credentials::Masked => credentials::values(&whole),
            Credentials::Shown => Vec::new(),
        };
        let is_notification = event.document.trim_start().starts_with('<');
        let difference = Difference {
            previous: event.previous.map_or_else(String::new, |id| id.to_string()),
            at: previous
                .map(|one| moment::ago(one.received_at, frame.now_ms))
                .unwrap_or_default(),
            changes: previous.map_or_else(Vec::new, |previous| {
                let before: Value = serde_json::from_str(previous.event.get()).unwrap_or_default();
                changes::between(&object_of(&before), &object_of(&whole), shown)
            }),
        };
        let names: Vec<_> = event
            .deliveries
            .iter()
            .map(|one| one.destination.as_str())
            .collect();
        Self {
            id: text("id"),
            icon: icon::of_type(&kind),
            object_link: format!("{}/{}", encoded(&kind), encoded(&object)),
            object,
            account,
            action: in_words(&action),
            source: event.source.to_string(),
            sequence: text("sequence").trim_start_matches('0').to_owned(),
            steps: steps(event, &text("time"), is_notification),
            difference,
            next: event.next.map_or_else(String::new, |id| id.to_string()),
            deliveries: event
                .deliveries
                .iter()
                .map(|one| Delivery::of(one, event.received_at, &secrets, &frame))
                .collect(),
            xml: xml::pretty(if is_notification { &event.document } else { "" }, shown),
            json: json::pretty(event.event.get(), shown),
            is_notification,
            is_masked: !secrets.is_empty(),
            is_revealed: shown == Credentials::Shown,
            curl: curl(&event.document, &secrets, is_notification),
            all: names.join(", "),
            kind,
            full_type,
            frame,
        }
    }
}

/// An account's own id, or that of the account which the object belongs to.
fn account_of(kind: &str, id: &str, object: &Value) -> String {
    if kind == "account" {
        return id.to_owned();
    }
    let names = ["account_id", "user_account_id"];
    let found = names.iter().find_map(|name| object.get(name));
    match found {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => String::new(),
    }
}

fn steps(event: &EventDetails, time: &str, is_notification: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    let changed = edge_core::time::parse_rfc3339(time).map(UnixMillis);
    if let Some(at) = changed.filter(|_| is_notification) {
        steps.push(Step {
            class: "good",
            name: "Changed in 3scale".to_owned(),
            at: moment::clock(at),
            note: moment::words(at).get(..10).unwrap_or_default().to_owned(),
        });
    }
    steps.push(Step {
        class: "good",
        name: if is_notification {
            "Received and stored"
        } else {
            "Raised here"
        }
        .to_owned(),
        at: moment::clock(event.received_at),
        note: match event.repeats {
            0 => String::new(),
            repeats => moment::counted(repeats, "repeat dropped", "repeats dropped"),
        },
    });
    for one in &event.deliveries {
        let last = one.attempts.last();
        let at = last.map(|attempt| UnixMillis(attempt.at.0.saturating_add(attempt.ms)));
        let tries = u64::try_from(one.attempts.len()).unwrap_or_default();
        let Badge { class, words, .. } = delivery(one.state);
        steps.push(Step {
            class,
            name: format!("{}: {words}", one.destination),
            at: at.map(moment::clock).unwrap_or_default(),
            note: match (one.state, tries) {
                (DeliveryState::Waiting, 0) => "not tried yet".to_owned(),
                (_, 0) => String::new(),
                (_, tries) => moment::counted(tries, "attempt", "attempts"),
            },
        });
    }
    steps
}

impl Delivery {
    fn of(
        delivery: &DeliveryDetails,
        received: UnixMillis,
        secrets: &[String],
        frame: &Frame,
    ) -> Self {
        let slowest = delivery
            .attempts
            .iter()
            .map(|one| one.ms)
            .max()
            .unwrap_or_default();
        let attempts = delivery.attempts.iter();
        Self {
            destination: delivery.destination.to_string(),
            badge: super::delivery(delivery.state),
            next: delivery
                .next_attempt_at
                .map(|at| moment::until(at, frame.now_ms)),
            replay: match delivery.state {
                DeliveryState::Waiting => "Send now",
                DeliveryState::Delivered => "Send once more",
                DeliveryState::Dead => "Send again",
            },
            attempts: attempts
                .map(|one| Attempt::of(one, received, slowest, secrets))
                .collect(),
        }
    }
}

impl Attempt {
    fn of(
        attempt: &AttemptDetails,
        received: UnixMillis,
        slowest: i64,
        secrets: &[String],
    ) -> Self {
        let is_good = attempt.outcome == "delivered";
        let share = attempt
            .ms
            .saturating_mul(100)
            .checked_div(slowest)
            .unwrap_or(100);
        let text = |text: &Option<String>| {
            credentials::masked(text.as_deref().unwrap_or_default(), secrets)
        };
        Self {
            class: if is_good { "good" } else { "bad" },
            at: moment::clock(attempt.at),
            after: format!(
                "+{}",
                moment::duration(attempt.at.0.saturating_sub(received.0))
            ),
            took: moment::took(attempt.ms),
            share: share.clamp(2, 100),
            outcome: match attempt.status {
                Some(status) => status.to_string(),
                None => in_words(&attempt.outcome),
            },
            detail: text(&attempt.detail),
            answer: text(&attempt.answer),
        }
    }
}

/// A command that sends the document as 3scale does. What is masked stays so.
fn curl(document: &str, secrets: &[String], is_notification: bool) -> String {
    if !is_notification {
        return String::new();
    }
    let document = credentials::masked(document, secrets).replace('\'', "'\\''");
    format!("curl -X POST \"$URL\" -H 'content-type: application/xml' --data-binary '{document}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_quotes_what_it_sends_and_has_no_secrets() {
        let curl = curl("<a>it's k-123456</a>", &["k-123456".to_owned()], true);
        assert!(
            curl.ends_with("--data-binary '<a>it'\\''s ••••••••</a>'"),
            "{curl}"
        );
    }

    #[test]
    fn an_account_is_its_own_and_others_name_it() {
        let object = serde_json::json!({ "user_account_id": 17 });
        assert_eq!(account_of("application", "11", &object), "17");
        assert_eq!(account_of("account", "9", &Value::Null), "9");
        assert_eq!(account_of("alert", "", &Value::Null), "");
    }
}
