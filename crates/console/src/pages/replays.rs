//! Replays of many events: the list, one with its progress, and the asking for one, which counts before it begins.

use askama::Template;
use edge_core::{
    api::answer::{Replay, Replays},
    config::Config,
    messages::replays::ReplayProgress,
};

use super::{Badge, badge, events::FilterForm, filter_query, filter_words};
use crate::{frame::Frame, link::Query, markup::Markup, moment};

/// The newest replays.
#[derive(Debug, Template)]
#[template(path = "replays.html")]
pub struct ReplaysPage {
    /// What is around it.
    pub frame: Frame,
    /// The replays.
    pub rows: Vec<Row>,
}

/// One replay.
#[derive(Debug, Template)]
#[template(path = "replay.html")]
pub struct ReplayPage {
    /// What is around it.
    pub frame: Frame,
    /// The replay.
    pub row: Row,
}

/// A replay.
#[derive(Debug)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its state.
    pub badge: Badge,
    /// `true` while it goes on.
    pub is_going_on: bool,
    /// Which events it means, in words.
    pub filter: Vec<String>,
    /// The query for the list of these.
    pub query: String,
    /// Events sent so far.
    pub events: String,
    /// Deliveries sent so far.
    pub sent: u64,
    /// The same in words.
    pub deliveries: String,
    /// The same, and of how many; of one that was cancelled there are no more to come.
    pub handed_over: String,
    /// All deliveries; never less than one, for the bar.
    pub most: u64,
    /// When it was asked for.
    pub asked: Markup,
    /// When it ended.
    pub ended: Option<Markup>,
}

impl Row {
    fn of(one: &ReplayProgress, now_ms: i64) -> Self {
        let badge = match (one.cancelled_at, one.ended_at) {
            (Some(_), _) => badge("calm", "cancelled"),
            (None, Some(_)) => badge("good", "done"),
            (None, None) => badge("wait", "going on"),
        };
        let deliveries = moment::count(one.deliveries);
        Self {
            id: one.id.to_string(),
            badge,
            is_going_on: one.ended_at.is_none() && one.cancelled_at.is_none(),
            filter: filter_words(&one.filter),
            query: filter_query(&one.filter).text(),
            events: moment::count(one.events),
            sent: one.deliveries,
            handed_over: match one.cancelled_at {
                Some(_) => deliveries.clone(),
                None => format!("{deliveries} of {}", moment::count(one.all_deliveries)),
            },
            deliveries,
            most: one.all_deliveries.max(1),
            asked: moment::ago(one.asked_at, now_ms),
            ended: one
                .cancelled_at
                .or(one.ended_at)
                .map(|at| moment::ago(at, now_ms)),
        }
    }
}

impl ReplaysPage {
    /// From the API's answer.
    #[must_use]
    pub fn of(frame: Frame, replays: &Replays) -> Self {
        let all = replays.replays.iter();
        Self {
            rows: all.map(|one| Row::of(one, frame.now_ms)).collect(),
            frame,
        }
    }
}

impl ReplayPage {
    /// From the API's answer.
    #[must_use]
    pub fn of(frame: Frame, replay: &ReplayProgress) -> Self {
        Self {
            row: Row::of(replay, frame.now_ms),
            frame,
        }
    }
}

/// Asking for a replay.
#[derive(Debug, Template)]
#[template(path = "new-replay.html")]
pub struct NewReplayPage {
    /// What is around it.
    pub frame: Frame,
    /// Which events.
    pub filter: FilterForm,
    /// The destinations, and whether each is chosen.
    pub destinations: Vec<(String, bool)>,
    /// How much it would be; `None` until events are chosen.
    pub count: Option<Counted>,
    /// The fields to send, once it is confirmed.
    pub fields: Vec<(String, String)>,
    /// The query for the list of these events.
    pub query: String,
}

/// How much a replay would be.
#[derive(Debug)]
pub struct Counted {
    /// Events, in words.
    pub events: String,
    /// Deliveries, in words.
    pub deliveries: String,
    /// `true` if there is something to send.
    pub is_some: bool,
    /// Each destination with its deliveries. Empty if each event goes to those that want it now.
    pub destinations: Vec<(String, String)>,
}

/// What is asked of a replay before it begins: how much it would be, in all and for each destination alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Question {
    /// The query for all of it.
    pub all: Query,
    /// For each destination, that for it alone.
    pub alone: Vec<(String, Query)>,
}

/// The answers to a question.
#[derive(Debug)]
pub struct Answered {
    /// What was asked for all of it.
    pub all: Query,
    /// How much all of it is.
    pub whole: Replay,
    /// How much it is for each destination alone.
    pub alone: Vec<(String, Replay)>,
}

/// How many destinations are counted alone: each is a call of every inbox, and the free plan allows 50 of them.
const MOST_ALONE: usize = 8;

impl Question {
    /// Of this query; `None` if it selects no events yet.
    #[must_use]
    pub fn of(query: &Query, config: &Config) -> Option<Self> {
        let events = query.without(&["done", "to", "cursor", "limit", "back"]);
        if events.is_empty() {
            return None;
        }
        let chosen: Vec<_> = query.all("to").map(str::to_owned).collect();
        let names_deliveries =
            !(query.get("state").is_empty() && query.get("destination").is_empty());
        let alone = if !chosen.is_empty() {
            let one = |name: String| (name.clone(), events.with("to", &name));
            chosen.iter().cloned().map(one).collect()
        } else if !query.get("destination").is_empty() {
            let name = query.get("destination").to_owned();
            vec![(name, events.clone())]
        } else if names_deliveries {
            let all = config.destinations.iter().map(|one| one.name.to_string());
            all.map(|name| (name.clone(), events.with("destination", &name)))
                .collect()
        } else {
            Vec::new()
        };
        let all = chosen
            .iter()
            .fold(events, |query, name| query.and("to", name));
        Some(Self {
            all,
            alone: alone.into_iter().take(MOST_ALONE).collect(),
        })
    }
}

impl NewReplayPage {
    /// With the answers to its question.
    #[must_use]
    pub fn of(frame: Frame, query: &Query, config: &Config, counted: Option<&Answered>) -> Self {
        let (mut fields, mut events, mut count) = (Vec::new(), String::new(), None);
        if let Some(Answered { all, whole, alone }) = counted {
            fields = all
                .pairs()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            events = all.without(&["to"]).text();
            let (of_events, deliveries) = extent(whole);
            count = Some(Counted {
                events: moment::counted(of_events, "event", "events"),
                deliveries: moment::counted(deliveries, "delivery", "deliveries"),
                is_some: deliveries > 0,
                destinations: alone
                    .iter()
                    .map(|(name, one)| (name.clone(), moment::count(extent(one).1)))
                    .collect(),
            });
        }
        Self {
            filter: FilterForm::of(query, config),
            destinations: config
                .destinations
                .iter()
                .map(|one| {
                    let is_chosen = query.all("to").any(|name| name == one.name.as_str());
                    (one.name.to_string(), is_chosen)
                })
                .collect(),
            count,
            fields,
            query: events,
            frame,
        }
    }
}

fn extent(replay: &Replay) -> (u64, u64) {
    match replay {
        Replay::Begun { events, .. } => (*events, *events),
        Replay::Counted {
            events, deliveries, ..
        } => (*events, *deliveries),
    }
}

#[cfg(test)]
mod tests {
    use edge_core::{filter::Filter, id::ReplayId, state::DeliveryState, time::UnixMillis};

    use super::*;
    use crate::{
        link::encoded,
        pages::tests::{HOSTILE, frame, is_only_text},
    };

    fn replay() -> ReplayProgress {
        ReplayProgress {
            id: ReplayId::new(5, &[0; 10]),
            asked_at: UnixMillis(0),
            ended_at: None,
            cancelled_at: None,
            events: 20,
            deliveries: 40,
            all_deliveries: 1200,
            filter: Filter {
                state: Some(DeliveryState::Dead),
                text: Some(HOSTILE.to_owned()),
                since_ms: Some(0),
                ..Filter::default()
            },
        }
    }

    fn counted(events: u64, deliveries: u64) -> Replay {
        Replay::Counted {
            dry_run: true,
            events,
            deliveries,
        }
    }

    #[test]
    fn a_replay_shows_its_progress_can_be_cancelled_and_leads_to_its_events() {
        let page = ReplayPage::of(frame(), &replay()).render().unwrap();
        is_only_text(&page);
        assert!(
            page.contains("<progress max=\"1200\" value=\"40\""),
            "{page}"
        );
        assert!(page.contains("/cancel\"") && page.contains("data-confirm"));
        assert!(
            page.contains("since=1970-01-01T00%3A00%3A00.000Z"),
            "{page}"
        );
        let done = ReplayProgress {
            ended_at: Some(UnixMillis(60_000)),
            ..replay()
        };
        let page = ReplayPage::of(frame(), &done).render().unwrap();
        assert!(!page.contains("/cancel\"") && page.contains("done"));
        let list = ReplaysPage::of(
            frame(),
            &Replays {
                replays: vec![done],
            },
        );
        is_only_text(&list.render().unwrap());
        let empty = ReplaysPage::of(frame(), &Replays { replays: vec![] });
        assert!(empty.render().unwrap().contains("/console/replays/new"));
    }

    #[test]
    fn nothing_is_asked_before_events_are_chosen_and_each_destination_is_counted_alone() {
        let config = Config::default();
        let of = |query: &str| Question::of(&Query::read(query), &config);
        assert_eq!(of("to=crm&done=x"), None);
        let chosen = of("type=user&to=crm&to=archive").unwrap();
        assert_eq!(chosen.all.text(), "type=user&to=crm&to=archive");
        assert_eq!(chosen.alone[1].1.text(), "type=user&to=archive");
        let there = of("state=dead&destination=crm").unwrap();
        assert_eq!(there.alone, [("crm".to_owned(), there.all.clone())]);
        assert_eq!(of("type=user").unwrap().alone, []);
    }

    #[test]
    fn the_count_comes_before_the_button_and_what_is_sent_is_what_was_counted() {
        let config = Config::default();
        let query = Query::read(&format!("q={}&to=crm", encoded(HOSTILE)));
        let of = |count: Option<Answered>| {
            let page = NewReplayPage::of(frame(), &query, &config, count.as_ref());
            page.render().unwrap()
        };
        let before = of(None);
        assert!(!before.contains("action=\"/console/replays\""), "{before}");
        let answer = |deliveries| {
            let all = Question::of(&query, &config).unwrap().all;
            let alone = vec![("crm".to_owned(), counted(3, deliveries))];
            Some(Answered {
                all,
                whole: counted(3, deliveries),
                alone,
            })
        };
        let page = of(answer(4));
        is_only_text(&page);
        assert!(
            page.contains("3 events") && page.contains("4 deliveries"),
            "{page}"
        );
        assert!(page.contains("name=\"to\" value=\"crm\""));
        assert!(page.contains("method=\"post\" action=\"/console/replays\""));
        assert!(!of(answer(0)).contains("method=\"post\" action=\"/console/replays\""));
    }
}
