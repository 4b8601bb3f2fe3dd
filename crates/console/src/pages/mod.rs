//! One file for each page: what its template gets.

pub mod again;
pub mod audit;
pub mod destinations;
pub mod event;
pub mod events;
pub mod health;
pub mod objects;
pub mod problem;
pub mod quarantine;
pub mod replays;
pub mod sign_in;
pub mod sources;

use std::collections::BTreeMap;

use edge_core::{
    filter::Filter,
    messages::events::EventSummary,
    name::DestinationName,
    state::{DeliveryState, DestinationHealth},
    time::rfc3339,
};

use crate::{
    frame::{Frame, Page},
    icon,
    link::{Query, encoded},
    markup::Markup,
    moment,
};

macro_rules! pages {
    ($($page:ty),* $(,)?) => {
        $(impl Page for $page {
            fn frame(&self) -> &Frame {
                &self.frame
            }
        })*
    };
}

pages! {
    destinations::DestinationsPage,
    event::EventPage,
    events::EventsPage,
    audit::AuditPage,
    health::HealthPage,
    objects::ObjectPage,
    objects::ObjectsPage,
    problem::ProblemPage,
    quarantine::QuarantinePage,
    quarantine::QuarantinedPage,
    replays::NewReplayPage,
    replays::ReplayPage,
    replays::ReplaysPage,
    sources::SourcesPage,
}

/// An event in a list.
#[derive(Debug)]
pub struct EventRow {
    /// Its id.
    pub id: String,
    /// The icon of its object's type.
    pub icon: Markup,
    /// The object's type.
    pub kind: String,
    /// The action, in words.
    pub action: String,
    /// The object's id.
    pub object: String,
    /// Where the object is shown, without its origin.
    pub object_link: String,
    /// The account's id.
    pub account: String,
    /// The source.
    pub source: String,
    /// When it came.
    pub received: Markup,
    /// Its repeats, in words; empty if there were none.
    pub repeats: String,
    /// Its deliveries.
    pub deliveries: Vec<Badge>,
}

/// A state, by colour, mark and word.
#[derive(Debug)]
pub struct Badge {
    /// The class for its colour.
    pub class: &'static str,
    /// Its words.
    pub words: String,
    /// Whose it is.
    pub of: String,
}

impl EventRow {
    /// Of an event in a list.
    #[must_use]
    pub fn of(event: &EventSummary, now_ms: i64) -> Self {
        let kind = kind_of(&event.r#type, &event.action);
        let object = event.object.clone().unwrap_or_default();
        Self {
            id: event.id.to_string(),
            icon: icon::of_type(&kind),
            action: in_words(&event.action),
            object_link: format!("{}/{}", encoded(&kind), encoded(&object)),
            object,
            kind,
            account: event.account.clone().unwrap_or_default(),
            source: event.source.to_string(),
            received: moment::ago(event.received_at, now_ms),
            repeats: match event.repeats {
                0 => String::new(),
                more => format!("+{}", moment::count(more)),
            },
            deliveries: badges(&event.deliveries),
        }
    }
}

fn badges(deliveries: &BTreeMap<DestinationName, DeliveryState>) -> Vec<Badge> {
    let all = deliveries.iter();
    all.map(|(name, state)| Badge {
        of: name.to_string(),
        ..delivery(*state)
    })
    .collect()
}

/// The badge of a delivery.
#[must_use]
pub fn delivery(state: DeliveryState) -> Badge {
    let (class, words) = match state {
        DeliveryState::Waiting => ("wait", "waiting"),
        DeliveryState::Delivered => ("good", "delivered"),
        DeliveryState::Dead => ("bad", "dead"),
    };
    badge(class, words)
}

/// The badge of a destination.
#[must_use]
pub fn health(health: DestinationHealth) -> Badge {
    let (class, words) = match health {
        DestinationHealth::Ok => ("good", "healthy"),
        DestinationHealth::Failing => ("wait", "failing"),
        DestinationHealth::Open => ("bad", "breaker open"),
        DestinationHealth::Paused => ("calm", "paused"),
        DestinationHealth::Removed => ("calm", "removed"),
    };
    badge(class, words)
}

fn badge(class: &'static str, words: &str) -> Badge {
    Badge {
        class,
        words: words.to_owned(),
        of: String::new(),
    }
}

/// `application` of `net.3scale.application.plan_changed`; of an alert, `alert`.
#[must_use]
pub fn kind_of(full: &str, action: &str) -> String {
    let short = full.strip_prefix("net.3scale.").unwrap_or(full);
    let kind = short.strip_suffix(action).unwrap_or(short);
    let kind = kind.trim_end_matches('.');
    kind.strip_prefix("edge.").unwrap_or(kind).to_owned()
}

/// The parameters of the list of events that a filter stands for.
#[must_use]
pub fn filter_query(filter: &Filter) -> Query {
    let time = |ms: i64| rfc3339(ms);
    let parts = [
        ("type", filter.kind.clone()),
        ("action", filter.action.clone()),
        ("object", filter.object.clone()),
        ("account", filter.account.clone()),
        ("state", filter.state.map(|state| state.to_string())),
        (
            "destination",
            filter.destination.as_ref().map(ToString::to_string),
        ),
        ("since", filter.since_ms.map(time)),
        ("until", filter.until_ms.map(time)),
        ("q", filter.text.clone()),
    ];
    let set = parts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    set.fold(Query::default(), |query, (name, value)| {
        query.and(name, &value)
    })
}

/// A filter in words, condition by condition.
#[must_use]
pub fn filter_words(filter: &Filter) -> Vec<String> {
    if filter.is_empty() {
        return vec!["every event".to_owned()];
    }
    filter_query(filter)
        .pairs()
        .map(|(name, value)| match name {
            "q" => format!("\u{201c}{value}\u{201d}"),
            name => format!("{name} {value}"),
        })
        .collect()
}

/// `plan_changed` as `plan changed`.
#[must_use]
pub fn in_words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::frame::Tab;

    /// Markup and script, as somebody may write it into any field.
    pub(crate) const HOSTILE: &str = "\"><script>alert(1)</script><img src=x>'";

    /// Around a page of an operator who may change things.
    pub(crate) fn frame() -> Frame {
        Frame {
            title: "A page".to_owned(),
            tab: Tab::None,
            operator: None,
            may_write: true,
            form_token: "the-form-token".to_owned(),
            theme: "",
            version: "1.0.0",
            done: "",
            now_ms: 120_000,
        }
    }

    /// The page shows [`HOSTILE`], and as text.
    #[track_caller]
    pub(crate) fn is_only_text(page: &str) {
        assert!(page.contains("script"), "it is shown: {page}");
        for markup in ["<script", "<img", " style="] {
            assert!(!page.contains(markup), "{markup}: {page}");
        }
    }

    #[test]
    fn a_type_is_said_without_its_prefix() {
        assert_eq!(
            kind_of("net.3scale.application.plan_changed", "plan_changed"),
            "application"
        );
        assert_eq!(kind_of("net.3scale.edge.alert.silent", "silent"), "alert");
        assert_eq!(in_words("plan_changed"), "plan changed");
    }
}
