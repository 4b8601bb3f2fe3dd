//! What operators did: who, what, when, and to what.

use askama::Template;
use edge_core::{
    api::audit_log::AuditPage as Actions,
    filter::Filter,
    messages::audit::{Action, ActionKind},
};
use serde_json::Value;

use super::{filter_query, filter_words};
use crate::{
    frame::Frame,
    icon,
    link::{Query, encoded},
    markup::Markup,
    moment,
};

/// What operators did.
#[derive(Debug, Template)]
#[template(path = "audit.html")]
pub struct AuditPage {
    /// What is around it.
    pub frame: Frame,
    /// The actions.
    pub rows: Vec<Row>,
    /// The query of the next page; empty if this is all.
    pub older: String,
}

/// An action.
#[derive(Debug)]
pub struct Row {
    /// When.
    pub at: Markup,
    /// The day and the time.
    pub day: Markup,
    /// Who.
    pub who: String,
    /// `true` if Cloudflare Access told who it was.
    pub is_person: bool,
    /// The icon of what was done.
    pub icon: Markup,
    /// What was done.
    pub what: &'static str,
    /// What it was done to: each with its link, which is empty where there is no page.
    pub to: Vec<(String, String)>,
    /// More of it.
    pub details: String,
}

impl AuditPage {
    /// From the API's answer.
    #[must_use]
    pub fn of(frame: Frame, page: &Actions, query: &Query) -> Self {
        Self {
            rows: page
                .actions
                .iter()
                .map(|action| Row::of(action, frame.now_ms))
                .collect(),
            older: match &page.cursor {
                Some(cursor) => query
                    .without(&["done"])
                    .with("cursor", &cursor.to_string())
                    .text(),
                None => String::new(),
            },
            frame,
        }
    }
}

impl Row {
    fn of(action: &Action, now_ms: i64) -> Self {
        let (icon, what) = said(action.action);
        let (to, details) = objects(action);
        Self {
            at: moment::ago(action.at, now_ms),
            day: moment::day_and_clock(action.at),
            who: match (&action.person, &action.token) {
                (Some(name), _) | (None, Some(name)) => name.clone(),
                (None, None) => "the unnamed token".to_owned(),
            },
            is_person: action.person.is_some(),
            icon: icon::svg(icon),
            what,
            to,
            details,
        }
    }
}

fn said(kind: ActionKind) -> (&'static str, &'static str) {
    match kind {
        ActionKind::PauseDestination => ("pause", "paused"),
        ActionKind::ResumeDestination => ("play", "resumed"),
        ActionKind::DropDestination => ("x", "dropped what was left for"),
        ActionKind::TestDestination => ("flask-conical", "sent a test event to"),
        ActionKind::ReplayEvent => ("rotate-ccw", "sent again"),
        ActionKind::StartReplay => ("rotate-ccw", "replayed all that match"),
        ActionKind::CancelReplay => ("x", "cancelled the replay"),
        ActionKind::RunRecovery => ("rotate-ccw", "ran a step of recovery"),
        ActionKind::RegisterSource => ("plug", "registered with 3scale"),
        ActionKind::ReparseQuarantine => ("shield-alert", "parsed again"),
        ActionKind::DropQuarantined => ("x", "dropped from the quarantine"),
        ActionKind::RevealCredentials => ("eye", "looked at the credentials of"),
    }
}

/// What an action was done to, with links, and what else is known of it.
fn objects(action: &Action) -> (Vec<(String, String)>, String) {
    let mut to = Vec::new();
    let mut more = Vec::new();
    for (name, value) in &action.details {
        let text = words(value);
        match name.as_str() {
            "event" => to.push((text.clone(), format!("/console/events/{}", encoded(&text)))),
            "replay" => to.push((text.clone(), format!("/console/replays/{}", encoded(&text)))),
            "body" => to.push((
                text.clone(),
                format!("/console/quarantine/{}", encoded(&text)),
            )),
            "code" => to.push((
                text.clone(),
                format!("/console/quarantine?code={}", encoded(&text)),
            )),
            "destination" => to.push((text, "/console/destinations".to_owned())),
            "filter" => {
                let filter: Filter = serde_json::from_value(value.clone()).unwrap_or_default();
                let mut query = filter_query(&filter);
                if let Some(source) = &action.source {
                    query = query.with("source", source.as_str());
                }
                to.push((
                    filter_words(&filter).join(", "),
                    format!("/console/events?{}", query.text()),
                ));
            }
            "destinations" => more.push(format!("to {text}")),
            name => more.push(format!("{} {text}", super::in_words(name))),
        }
    }
    if let Some(source) = &action.source {
        to.push((source.to_string(), "/console/sources".to_owned()));
    }
    (to, more.join("; "))
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use edge_core::{id::ActionId, time::UnixMillis};
    use serde_json::json;

    use super::*;
    use crate::pages::tests::{HOSTILE, frame, is_only_text};

    fn action(kind: ActionKind, details: &Value) -> Action {
        Action {
            id: ActionId::new(5, &[0; 10]),
            at: UnixMillis(60_000),
            token: Some(HOSTILE.to_owned()),
            person: None,
            action: kind,
            source: "acme".parse().ok(),
            details: details.as_object().cloned().unwrap(),
        }
    }

    #[test]
    fn each_action_says_who_did_what_and_leads_to_what_it_was_done_to() {
        let page = Actions {
            actions: vec![
                action(
                    ActionKind::ReplayEvent,
                    &json!({ "event": "e-1", "destinations": ["crm", HOSTILE] }),
                ),
                action(
                    ActionKind::StartReplay,
                    &json!({ "filter": { "state": "dead", "text": HOSTILE } }),
                ),
                action(ActionKind::ReparseQuarantine, &json!({ "body": HOSTILE })),
                Action {
                    person: Some("ann@example.com".to_owned()),
                    ..action(
                        ActionKind::PauseDestination,
                        &json!({ "destination": "crm" }),
                    )
                },
            ],
            cursor: Some(ActionId::new(5, &[0; 10])),
        };
        let page = AuditPage::of(frame(), &page, &Query::default());
        let page = page.render().unwrap();
        is_only_text(&page);
        for words in [
            "href=\"/console/events/e-1\"",
            "href=\"/console/events?state=dead&#38;q=",
            "href=\"/console/quarantine/%22%3E",
            "ann@example.com",
            "paused",
            "?cursor=",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
        let none = Actions {
            actions: vec![],
            cursor: None,
        };
        let page = AuditPage::of(frame(), &none, &Query::default());
        assert!(
            page.render()
                .unwrap()
                .contains("Nobody has changed anything yet")
        );
    }
}
