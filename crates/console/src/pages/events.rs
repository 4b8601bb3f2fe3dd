//! The list of events.

use askama::Template;
use edge_core::{
    api::stats::Stats,
    config::Config,
    messages::{destinations::DestinationOverview, events::EventPage, metrics::InboxMetrics},
    time::UnixMillis,
};

use super::EventRow;
use crate::{chart, frame::Frame, link::Query, markup::Markup, moment};

/// The parameters of the list that are not the API's.
pub const OWN_PARAMETERS: [&str; 1] = ["done"];

/// The list of events.
#[derive(Debug, Template)]
#[template(path = "events.html")]
pub struct EventsPage {
    /// What is around it.
    pub frame: Frame,
    /// The figures on top.
    pub strip: Strip,
    /// The rows.
    pub list: EventList,
    /// The fields of the filter.
    pub filter: FilterForm,
}

/// The figures on top, and the chart of the last hours.
#[derive(Debug)]
pub struct Strip {
    /// Each figure.
    pub figures: Vec<Figure>,
    /// Events by hour.
    pub chart: Markup,
    /// When its first hour begins.
    pub since: Markup,
}

/// A figure.
#[derive(Debug)]
pub struct Figure {
    /// The class for its colour; empty where there is nothing to look at.
    pub class: &'static str,
    /// What it counts.
    pub name: &'static str,
    /// Its value, in words.
    pub value: String,
    /// What it is a part of.
    pub note: &'static str,
    /// Where the counted things are.
    pub link: &'static str,
}

impl Strip {
    /// From the figures of all sources.
    #[must_use]
    pub fn of(metrics: &InboxMetrics, stats: &Stats, now_ms: i64) -> Self {
        let destinations = &metrics.destinations;
        let today =
            |of: fn(&edge_core::api::stats::Hour) -> u64| stats.hours.iter().map(of).sum::<u64>();
        let sum = |of: fn(&DestinationOverview) -> u64| destinations.iter().map(of).sum::<u64>();
        let quarantined = metrics.quarantine.values().map(|one| one.bodies).sum();
        let oldest = destinations
            .iter()
            .filter_map(|one| one.oldest_waiting_at)
            .min();
        let (waiting, dead) = (sum(|one| one.waiting), sum(|one| one.dead));
        let figure = |name, number: u64, class, note, link| Figure {
            class: if number > 0 { class } else { "" },
            name,
            value: moment::count(number),
            note,
            link,
        };
        Self {
            figures: vec![
                figure(
                    "received",
                    today(|hour| hour.events),
                    "",
                    "24 h",
                    "/console/events?since=24h",
                ),
                figure(
                    "delivered",
                    today(|hour| hour.delivered),
                    "good",
                    "24 h",
                    "/console/events?since=24h&state=delivered",
                ),
                figure(
                    "waiting",
                    waiting,
                    "wait",
                    "now",
                    "/console/events?state=waiting",
                ),
                figure("dead", dead, "bad", "now", "/console/events?state=dead"),
                figure("repeats", metrics.repeats, "", "in all", "/console/sources"),
                figure(
                    "quarantined",
                    quarantined,
                    "odd",
                    "now",
                    "/console/quarantine",
                ),
                Figure {
                    class: if oldest.is_some() { "wait" } else { "" },
                    name: "oldest undelivered",
                    value: oldest.map_or_else(
                        || "none".to_owned(),
                        |UnixMillis(oldest)| moment::duration(now_ms.saturating_sub(oldest)),
                    ),
                    note: "",
                    link: "/console/destinations",
                },
            ],
            chart: chart::hours(&stats.hours),
            since: moment::day_and_clock(stats.since),
        }
    }
}

/// The rows.
#[derive(Debug)]
pub struct EventList {
    /// What each form has to carry.
    pub form_token: String,
    /// `true` if events can be sent again.
    pub may_write: bool,
    /// The events.
    pub rows: Vec<EventRow>,
    /// `true` if a filter is set.
    pub is_filtered: bool,
    /// The query for the export, and for sending all of it again.
    pub selection: String,
    /// The query of the next page; empty if this is all.
    pub older: String,
    /// What is said of the search, if it has more to look through.
    pub progress: String,
    /// `true` on the first page, which has the newest.
    pub is_newest: bool,
    /// The newest event shown, after which there may be others.
    pub newest: String,
    /// Where nothing has arrived yet: the path to call.
    pub hook: String,
}

impl EventList {
    /// From a page of the API's list.
    #[must_use]
    pub fn of(page: &EventPage, query: &Query, frame: &Frame, config: &Config) -> Self {
        let query = query.without(&OWN_PARAMETERS);
        let selection = query.without(&["cursor", "limit"]);
        let last = page.events.last().map(|event| event.received_at);
        let hook = config.sources.first().map_or_else(String::new, |source| {
            format!("/hooks/{}?{}=…", source.name, source.secret_param)
        });
        Self {
            form_token: frame.form_token.clone(),
            may_write: frame.may_write,
            rows: page
                .events
                .iter()
                .map(|event| EventRow::of(event, frame.now_ms))
                .collect(),
            is_filtered: !selection.is_empty(),
            older: match &page.cursor {
                Some(cursor) => query.with("cursor", &cursor.to_string()).text(),
                None => String::new(),
            },
            progress: match (&page.cursor, last) {
                (Some(cursor), _) if !selection.get("q").is_empty() || page.events.is_empty() => {
                    let at = cursor.unix_ms();
                    format!("Looked back to {}", moment::words(UnixMillis(at)))
                }
                _ => String::new(),
            },
            selection: selection.text(),
            is_newest: query.get("cursor").is_empty(),
            newest: page
                .events
                .first()
                .map_or_else(String::new, |event| event.id.to_string()),
            hook,
        }
    }
}

/// The fields of the filter, as they are set.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is the parameter of that name")]
pub struct FilterForm {
    pub q: String,
    pub action: String,
    pub object: String,
    pub account: String,
    pub since: String,
    pub until: String,
    /// The fields with few values.
    pub choices: Vec<Choice>,
    /// How many of the fields that are folded away are set.
    pub more: usize,
    /// `true` if any is set.
    pub is_set: bool,
}

/// A field with few values.
#[derive(Debug)]
pub struct Choice {
    /// Its name.
    pub name: &'static str,
    /// What is said when it is not set.
    pub any: &'static str,
    /// Its values, with what is said of each, and whether it is set.
    pub options: Vec<(String, String, bool)>,
}

impl Choice {
    /// With these values, each with what is said of it; `set` is there even if it is none of them.
    #[must_use]
    pub fn of(
        name: &'static str,
        any: &'static str,
        values: Vec<(String, String)>,
        set: &str,
    ) -> Self {
        let is_known = values.iter().any(|(value, _)| value == set);
        let other = (!is_known && !set.is_empty()).then(|| (set.to_owned(), set.to_owned()));
        let options = values.into_iter().chain(other);
        Self {
            name,
            any,
            options: options
                .map(|(value, words)| {
                    let is_set = value == set;
                    (value, words, is_set)
                })
                .collect(),
        }
    }
}

impl FilterForm {
    /// As a query sets them.
    #[must_use]
    pub fn of(query: &Query, config: &Config) -> Self {
        let text = |name: &str| query.get(name).to_owned();
        let choice = |name, any, values| Choice::of(name, any, values, query.get(name));
        let same = |values: &[&str]| {
            values
                .iter()
                .map(|one| ((*one).to_owned(), (*one).to_owned()))
                .collect()
        };
        let since = ["15m", "1h", "24h", "7d"]
            .map(|ago| (ago.to_owned(), format!("last {}", spelled(ago))));
        let sources = config
            .sources
            .iter()
            .map(|one| (one.name.to_string(), one.name.to_string()));
        let destinations = config
            .destinations
            .iter()
            .map(|one| (one.name.to_string(), one.name.to_string()));
        let folded = ["action", "object", "account", "source", "until"];
        Self {
            q: text("q"),
            action: text("action"),
            object: text("object"),
            account: text("account"),
            since: text("since"),
            until: text("until"),
            choices: vec![
                choice(
                    "type",
                    "any type",
                    same(&["account", "user", "application"]),
                ),
                choice(
                    "state",
                    "any state",
                    same(&["waiting", "delivered", "dead"]),
                ),
                choice("destination", "any destination", destinations.collect()),
                choice("since", "any time", since.into()),
                choice("source", "any source", sources.collect()),
            ],
            more: folded
                .iter()
                .filter(|name| !query.get(name).is_empty())
                .count(),
            is_set: !query.without(&["cursor", "limit", "done"]).is_empty(),
        }
    }
}

fn spelled(ago: &str) -> &str {
    match ago {
        "15m" => "15 minutes",
        "1h" => "hour",
        "24h" => "24 hours",
        _ => "7 days",
    }
}
