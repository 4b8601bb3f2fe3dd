//! The destinations: how each does, and what can be done.

use askama::Template;
use edge_core::{
    api::{answer::Sources, sample, stats::Stats},
    config::{Config, Transport},
    messages::destinations::DestinationOverview,
    state::DestinationHealth,
    time::UnixMillis,
};

use super::{Badge, health};
use crate::{chart, frame::Frame, link::encoded, markup::Markup, moment};

/// The destinations.
#[derive(Debug, Template)]
#[template(path = "destinations.html")]
pub struct DestinationsPage {
    /// What is around it.
    pub frame: Frame,
    /// Each destination, over all sources.
    pub destinations: Vec<Row>,
    /// The kinds of test events.
    pub kinds: Vec<String>,
}

/// A destination.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its name in a link.
    pub link: String,
    /// What it is: an origin, a KV namespace, a queue.
    pub transport: &'static str,
    /// Its state.
    pub badge: Badge,
    /// What the state means, and what happens next.
    pub note: String,
    /// When its open breaker lets an attempt through.
    pub next_probe: Option<Markup>,
    /// Waiting deliveries.
    pub waiting: String,
    /// How long the oldest waits.
    pub oldest: String,
    /// Completed deliveries.
    pub delivered: String,
    /// Deliveries whose attempts ran out; empty if there are none.
    pub dead: String,
    /// The share of attempts that succeeded, in a day.
    pub success: String,
    /// Half of the attempts took at most so long.
    pub p50: String,
    /// 19 of 20 did.
    pub p95: String,
    /// Attempts by hour.
    pub chart: Markup,
    /// `true` if it gets nothing until it is resumed.
    pub is_paused: bool,
    /// `true` if it is no longer configured.
    pub is_removed: bool,
}

impl DestinationsPage {
    /// From the API's answers.
    #[must_use]
    pub fn of(frame: Frame, sources: Sources, stats: &Stats, config: &Config) -> Self {
        let of_sources = sources
            .sources
            .into_iter()
            .map(|source| source.destinations);
        let all = DestinationOverview::merge(of_sources.collect());
        Self {
            destinations: all
                .iter()
                .map(|one| Row::of(one, stats, config, frame.now_ms))
                .collect(),
            kinds: sample::kinds(),
            frame,
        }
    }
}

impl Row {
    fn of(one: &DestinationOverview, stats: &Stats, config: &Config, now_ms: i64) -> Self {
        let figures = stats
            .destinations
            .iter()
            .find(|known| known.name == one.name);
        let time = |of: fn(&edge_core::api::stats::DestinationStats) -> Option<u32>| {
            let ms = figures.and_then(of);
            ms.map_or_else(|| "–".to_owned(), |ms| moment::took(ms.into()))
        };
        let configured = config.destination(one.name.as_str());
        Self {
            name: one.name.to_string(),
            link: encoded(one.name.as_str()),
            transport: match configured.and_then(|one| one.transport.as_ref()) {
                Some(Transport::Kv { .. }) => "KV namespace",
                Some(Transport::Queue { .. }) => "queue",
                Some(_) => "origin",
                None => "not configured",
            },
            badge: health(one.state),
            note: note(one),
            next_probe: one.next_probe_at.map(|at| moment::until(at, now_ms)),
            waiting: moment::count(one.waiting),
            oldest: one
                .oldest_waiting_at
                .map_or_else(String::new, |UnixMillis(at)| {
                    moment::duration(now_ms.saturating_sub(at))
                }),
            delivered: moment::count(one.delivered),
            dead: match one.dead {
                0 => String::new(),
                dead => moment::count(dead),
            },
            success: figures
                .and_then(|one| one.success_rate)
                .map_or_else(|| "–".to_owned(), moment::percent),
            p50: time(|one| one.p50_ms),
            p95: time(|one| one.p95_ms),
            chart: figures
                .map(|one| chart::attempts(&one.delivered_by_hour, &one.failed_by_hour))
                .unwrap_or_default(),
            is_paused: one.state == DestinationHealth::Paused,
            is_removed: one.state == DestinationHealth::Removed,
        }
    }
}

fn note(one: &DestinationOverview) -> String {
    match one.state {
        DestinationHealth::Ok => String::new(),
        DestinationHealth::Failing => format!(
            "{} in a row; each is tried again by its schedule.",
            moment::counted(one.failures_in_a_row.into(), "failed attempt", "failed attempts")
        ),
        DestinationHealth::Open => format!(
            "{} in a row: deliveries wait, and one at a time tries whether it is back.",
            moment::counted(one.failures_in_a_row.into(), "failed attempt", "failed attempts")
        ),
        DestinationHealth::Paused => "Deliveries wait until an operator resumes it.".to_owned(),
        DestinationHealth::Removed => {
            "No longer in DESTINATIONS. What is left for it waits until it is configured again, or dropped.".to_owned()
        }
    }
}
