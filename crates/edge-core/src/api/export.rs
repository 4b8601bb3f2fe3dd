//! `GET /api/v1/events.ndjson`: the events of several inboxes as one stream, newest first. Each inbox is asked for a page
//! when the events of its last one are used up, so that neither side holds more than a page.

use std::collections::VecDeque;

use super::{
    event_query::{EventQuery, Reading, unknown},
    query::wrong_cursor,
};
use crate::{
    id::EventId,
    messages::events::{ExportEvents, ExportPage, ExportedEvent},
    name::SourceName,
    problem::Problem,
    secret::decoded,
};

/// Parses a query: the source, or all of them, and the first page.
///
/// # Errors
///
/// A value is invalid.
pub fn read(
    query: &str,
    reading: Reading<'_>,
) -> Result<(Option<SourceName>, ExportEvents), Problem> {
    let mut events = EventQuery::default();
    let mut before = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        if name == "cursor" {
            before = Some(value.parse().map_err(|_| wrong_cursor())?);
        } else if !events.take(&name, &value, reading)? {
            return Err(unknown(&name, "cursor"));
        }
    }
    let EventQuery { source, filter } = events;
    Ok((source, ExportEvents { filter, before }))
}

/// The events of all inboxes, as far as they were asked for.
#[derive(Debug)]
pub struct Merge(Vec<Inbox>);

#[derive(Debug)]
struct Inbox {
    /// Not yet given.
    events: VecDeque<ExportedEvent>,
    /// Where its next page begins; `None` if it has no more.
    next: Option<Next>,
}

/// Where an inbox is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    First,
    Before(EventId),
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Give this event.
    Event(ExportedEvent),
    /// Ask the inbox at this place for the page before this id, or for its first one.
    Ask(usize, Option<EventId>),
    /// That was all.
    End,
}

impl Merge {
    /// So many inboxes, of which none was asked.
    #[must_use]
    pub fn of(inboxes: usize) -> Self {
        let inbox = || Inbox {
            events: VecDeque::new(),
            next: Some(Next::First),
        };
        Self((0..inboxes).map(|_| inbox()).collect())
    }

    /// What to do next. An event may be given only when every inbox has one to compare, or has no more.
    pub fn step(&mut self) -> Step {
        let mut all = self.0.iter().enumerate();
        let empty = all.find_map(|(index, one)| {
            one.next
                .filter(|_| one.events.is_empty())
                .map(|next| (index, next))
        });
        if let Some((index, next)) = empty {
            return Step::Ask(
                index,
                match next {
                    Next::First => None,
                    Next::Before(id) => Some(id),
                },
            );
        }
        let newest = self
            .0
            .iter_mut()
            .max_by_key(|one| one.events.front().map(|event| event.id));
        let event = newest.and_then(|one| one.events.pop_front());
        event.map_or(Step::End, Step::Event)
    }

    /// Takes in the page that the inbox at this place was asked for.
    pub fn take(&mut self, index: usize, page: ExportPage) {
        if let Some(inbox) = self.0.get_mut(index) {
            // A page that does not go back would be asked for for ever.
            let goes_back = |id: &EventId| match inbox.next {
                Some(Next::Before(before)) => *id < before,
                Some(Next::First) => true,
                None => false,
            };
            inbox.next = page.cursor.filter(goes_back).map(Next::Before);
            inbox.events.extend(page.events);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    /// Events are letters: a later one sorts later.
    fn id(letter: char) -> EventId {
        EventId::new(i64::from(u32::from(letter)), &[0; 10])
    }

    fn event(letter: char) -> ExportedEvent {
        let json = format!("\"{letter}\"");
        ExportedEvent {
            id: id(letter),
            event: RawValue::from_string(json).unwrap(),
        }
    }

    /// The page of an inbox with these events, newest first, two at a time.
    fn page(letters: &str, before: Option<EventId>) -> ExportPage {
        let rest = letters
            .chars()
            .filter(|one| before.is_none_or(|before| id(*one) < before));
        let events: Vec<_> = rest.take(2).map(event).collect();
        let cursor = events
            .last()
            .filter(|_| events.len() == 2)
            .map(|last| last.id);
        ExportPage { events, cursor }
    }

    #[test]
    fn all_events_come_newest_first_each_once() {
        let inboxes = ["zxvq", "ywu", "", "tsr"];
        let mut merge = Merge::of(inboxes.len());
        let (mut given, mut asked) = (String::new(), 0);
        loop {
            match merge.step() {
                Step::Event(event) => given.push_str(event.event.get().trim_matches('"')),
                Step::Ask(index, before) => {
                    asked += 1;
                    merge.take(index, page(inboxes[index], before));
                }
                Step::End => break,
            }
        }
        assert_eq!((given.as_str(), asked), ("zyxwvutsrq", 8));
    }

    #[test]
    fn a_page_without_events_continues_at_its_cursor() {
        let mut merge = Merge::of(1);
        assert!(matches!(merge.step(), Step::Ask(0, None)));
        merge.take(
            0,
            ExportPage {
                events: Vec::new(),
                cursor: Some(id('m')),
            },
        );
        assert!(matches!(merge.step(), Step::Ask(0, Some(before)) if before == id('m')));
        // One that goes on where it was would never end.
        merge.take(
            0,
            ExportPage {
                events: Vec::new(),
                cursor: Some(id('m')),
            },
        );
        assert!(matches!(merge.step(), Step::End));
    }

    #[test]
    fn a_query_is_a_filter_and_a_cursor() {
        let config = crate::config::tests::config();
        let reading = Reading {
            config: &config,
            now_ms: 0,
        };
        let text = format!("source=acme&type=user&cursor={}", id('m'));
        let (source, page) = read(&text, reading).unwrap();
        assert_eq!(source, "acme".parse().ok());
        assert_eq!(
            (page.filter.kind.as_deref(), page.before),
            (Some("user"), Some(id('m')))
        );
        assert!(read("limit=5", reading).is_err());
        assert!(read("cursor=5", reading).is_err());
    }
}
