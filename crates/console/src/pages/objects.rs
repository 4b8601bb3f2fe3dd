//! Objects of 3scale: the list, and one with its latest state, its history and what belongs to it.

use askama::Template;
use edge_core::{
    api::{answer::Objects, object_list::ObjectPage as Found},
    config::Config,
    messages::objects::{ObjectDetails, ObjectSummary},
};
use serde_json::{Value, json};

use super::{EventRow, events::Choice, in_words};
use crate::{
    frame::Frame,
    icon,
    link::{Query, encoded},
    markup::Markup,
    moment,
    text::{
        changes::{self, Change},
        credentials::Credentials,
    },
};

/// The types of objects that 3scale tells of.
pub const TYPES: [&str; 3] = ["account", "user", "application"];

/// The list of objects.
#[derive(Debug, Template)]
#[template(path = "objects.html")]
pub struct ObjectsPage {
    /// What is around it.
    pub frame: Frame,
    /// The objects.
    pub rows: Vec<Row>,
    /// The fields with few values.
    pub choices: Vec<Choice>,
    /// The id that is looked for.
    pub id: String,
    /// The account that they belong to.
    pub account: String,
    /// `true` if any field is set.
    pub is_filtered: bool,
    /// The query of the next page; empty if this is all.
    pub more: String,
}

/// An object in a list.
#[derive(Debug)]
pub struct Row {
    /// The icon of its type.
    pub icon: Markup,
    /// Its type.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Where it is shown.
    pub link: String,
    /// Its account.
    pub account: String,
    /// Its source.
    pub source: String,
    /// `true` if it was deleted.
    pub is_deleted: bool,
    /// The event with its latest state.
    pub event: String,
    /// The action of that event, in words.
    pub action: String,
    /// When that came.
    pub at: Markup,
}

impl Row {
    fn of(one: &ObjectSummary, now_ms: i64) -> Self {
        Self {
            icon: icon::of_type(&one.r#type),
            link: format!("{}/{}", encoded(&one.r#type), encoded(&one.id)),
            kind: one.r#type.clone(),
            id: one.id.clone(),
            account: one.account.clone().unwrap_or_default(),
            source: one.source.to_string(),
            is_deleted: one.deleted,
            event: one.event.to_string(),
            action: in_words(&one.action),
            at: moment::ago(one.received_at, now_ms),
        }
    }
}

impl ObjectsPage {
    /// From the API's answer.
    #[must_use]
    pub fn of(frame: Frame, found: &Found, query: &Query, config: &Config) -> Self {
        let pair = |text: &str| (text.to_owned(), text.to_owned());
        let sources = config.sources.iter().map(|one| pair(one.name.as_str()));
        let query = query.without(&["done"]);
        Self {
            rows: found
                .objects
                .iter()
                .map(|one| Row::of(one, frame.now_ms))
                .collect(),
            choices: vec![
                Choice::of(
                    "type",
                    "any type",
                    TYPES.map(pair).into(),
                    query.get("type"),
                ),
                Choice::of(
                    "source",
                    "any source",
                    sources.collect(),
                    query.get("source"),
                ),
            ],
            id: query.get("id").to_owned(),
            account: query.get("account").to_owned(),
            is_filtered: !query.without(&["cursor", "limit"]).is_empty(),
            more: match &found.cursor {
                Some(cursor) => query.with("cursor", cursor).text(),
                None => String::new(),
            },
            frame,
        }
    }
}

/// One object, in each source that has it.
#[derive(Debug, Template)]
#[template(path = "object.html")]
pub struct ObjectPage {
    /// What is around it.
    pub frame: Frame,
    /// The icon of its type.
    pub icon: Markup,
    /// Its type.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// It, in each source.
    pub objects: Vec<Object>,
}

/// An object in a source.
#[derive(Debug)]
pub struct Object {
    /// As it is in a list.
    pub row: Row,
    /// What it is called, if it has a name.
    pub name: String,
    /// When it was last changed in 3scale.
    pub time: String,
    /// Its latest state, field by field.
    pub fields: Vec<Change>,
    /// Its newest events.
    pub history: Vec<EventRow>,
    /// The query for all of them.
    pub query: String,
    /// Of an account: what belongs to it, by type.
    pub related: Vec<(&'static str, Vec<Row>)>,
}

impl ObjectPage {
    /// From the API's answer.
    #[must_use]
    pub fn of(frame: Frame, kind: &str, id: &str, found: &Objects) -> Self {
        Self {
            icon: icon::of_type(kind),
            kind: kind.to_owned(),
            id: id.to_owned(),
            objects: found
                .objects
                .iter()
                .map(|one| Object::of(one, frame.now_ms))
                .collect(),
            frame,
        }
    }
}

impl Object {
    fn of(one: &ObjectDetails, now_ms: i64) -> Self {
        let state: Value = serde_json::from_str(one.object.get()).unwrap_or_default();
        let related = |kind: &str| -> Vec<_> {
            let of_kind = one.related.iter().filter(|other| {
                other.r#type == kind || (kind.is_empty() && !TYPES.contains(&other.r#type.as_str()))
            });
            of_kind.map(|other| Row::of(other, now_ms)).collect()
        };
        let groups = [
            ("Users", related("user")),
            ("Applications", related("application")),
            ("Others", related("")),
        ];
        Self {
            name: name_of(&state),
            time: one.summary.time.clone(),
            // Against nothing, each field is new.
            fields: changes::between(&json!({}), &state, Credentials::Masked),
            history: one
                .history
                .iter()
                .map(|event| EventRow::of(event, now_ms))
                .collect(),
            query: Query::default()
                .with("type", &one.summary.r#type)
                .with("object", &one.summary.id)
                .with("source", one.summary.source.as_str())
                .text(),
            related: groups
                .into_iter()
                .filter(|(_, rows)| !rows.is_empty())
                .collect(),
            row: Row::of(&one.summary, now_ms),
        }
    }
}

/// What people call it: an account has the organization's name, a user their own.
fn name_of(state: &Value) -> String {
    let names = ["org_name", "name", "username", "email"];
    let mut found = names.iter().filter_map(|name| state.get(name)?.as_str());
    found.next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use edge_core::{id::EventId, messages::events::EventSummary, time::UnixMillis};
    use serde_json::value::RawValue;

    use super::*;
    use crate::pages::tests::{HOSTILE, frame, is_only_text};

    fn summary(kind: &str, id: &str) -> ObjectSummary {
        ObjectSummary {
            source: "acme".parse().unwrap(),
            r#type: kind.to_owned(),
            id: id.to_owned(),
            account: Some("7".to_owned()),
            deleted: kind == "user",
            event: EventId::new(5, &[0; 10]),
            action: "plan_changed".to_owned(),
            time: "2026-11-22T10:00:00Z".to_owned(),
            received_at: UnixMillis(0),
        }
    }

    fn event() -> EventSummary {
        EventSummary {
            id: EventId::new(5, &[0; 10]),
            source: "acme".parse().unwrap(),
            r#type: "net.3scale.account.created".to_owned(),
            action: "created".to_owned(),
            object: Some("7".to_owned()),
            account: Some("7".to_owned()),
            time: "2026-11-22T10:00:00Z".to_owned(),
            received_at: UnixMillis(0),
            sequence: String::new(),
            repeats: 0,
            deliveries: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn objects_are_listed_with_their_accounts_and_the_list_goes_on() {
        let found = Found {
            objects: vec![summary("application", HOSTILE), summary("user", "9")],
            cursor: Some("abc".to_owned()),
        };
        let query = Query::read("type=application");
        let page = ObjectsPage::of(frame(), &found, &query, &Config::default());
        let page = page.render().unwrap();
        is_only_text(&page);
        assert!(page.contains("?type=application&#38;cursor=abc"), "{page}");
        assert!(page.contains("/console/objects/account/7") && page.contains("deleted"));
        let none = Found {
            objects: vec![],
            cursor: None,
        };
        let of = |query: &str| {
            let page = ObjectsPage::of(frame(), &none, &Query::read(query), &Config::default());
            page.render().unwrap()
        };
        assert!(of("").contains("No object yet") && of("account=9").contains("No object matches"));
    }

    #[test]
    fn an_account_has_its_state_without_credentials_its_history_and_what_belongs_to_it() {
        let state = json!({
            "id": 7, "org_name": HOSTILE, "site_access_code": "s3cret-code",
            "plan": { "name": HOSTILE }, "extra_fields": { "client_secret": "hunter2hunter2" },
        });
        let details = ObjectDetails {
            summary: summary("account", "7"),
            object: RawValue::from_string(state.to_string()).unwrap(),
            history: vec![event()],
            related: vec![summary("user", "9"), summary("application", "11")],
        };
        let found = Objects {
            objects: vec![details],
        };
        let page = ObjectPage::of(frame(), "account", "7", &found)
            .render()
            .unwrap();
        is_only_text(&page);
        for secret in ["s3cret-code", "hunter2hunter2"] {
            assert!(!page.contains(secret), "{page}");
        }
        for words in [
            "plan.<wbr>name",
            "/console/objects/user/9",
            "/console/objects/application/11",
            "/console/events/00000000-0005-7000-8000-000000000000",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }
}
