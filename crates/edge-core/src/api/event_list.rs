//! `GET /api/v1/events`: the page that a query asks for, and the merging of several inboxes' pages into one.

use std::cmp::Reverse;

use super::{
    event_query::{EventQuery, Reading, unknown},
    query::{limit, wrong_cursor},
};
use crate::{
    messages::events::{EventPage, ListEvents},
    name::SourceName,
    problem::Problem,
    secret::decoded,
    sort::sort_by_key,
};

const DEFAULT_LIMIT: usize = 50;
const LARGEST_LIMIT: usize = 200;

/// Parses a query: the source, or all of them, and the page.
pub fn read(
    query: &str,
    reading: Reading<'_>,
) -> Result<(Option<SourceName>, ListEvents), Problem> {
    let mut events = EventQuery::default();
    let mut list = ListEvents {
        filter: events.filter.clone(),
        before: None,
        limit: DEFAULT_LIMIT,
        thousands: None,
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        match name.as_str() {
            "limit" => list.limit = limit(&value, LARGEST_LIMIT)?,
            "cursor" => list.before = Some(value.parse().map_err(|_| wrong_cursor())?),
            name => {
                if !events.take(name, &value, reading)? {
                    return Err(unknown(name, "cursor and limit"));
                }
            }
        }
    }
    list.filter = events.filter;
    Ok((events.source, list))
}

/// The first `limit` events of all pages, newest first, with no gap and no repeat. Events older than the end of one
/// page have to wait: that inbox may have something newer.
#[must_use]
pub fn merge(pages: Vec<EventPage>, limit: usize) -> EventPage {
    let mut cursor = pages.iter().filter_map(|page| page.cursor).max();
    let mut events: Vec<_> = pages.into_iter().flat_map(|page| page.events).collect();
    sort_by_key(&mut events, |event| Reverse(event.id));
    events.retain(|event| cursor.is_none_or(|cursor| event.id >= cursor));
    if events.len() > limit {
        events.truncate(limit);
        cursor = events.last().map(|event| event.id);
    }
    EventPage { events, cursor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::tests::config, id::EventId, messages::events::EventSummary, time::UnixMillis,
    };

    fn query(text: &str) -> Result<(Option<SourceName>, ListEvents), Problem> {
        let config = config();
        let reading = Reading {
            config: &config,
            now_ms: 0,
        };
        read(text, reading)
    }

    #[test]
    fn a_query_is_read_and_decoded() {
        let (source, list) =
            query("source=acme&type=user&q=two+words%2B&since=2026-11-22T10:00:00%2B01:00")
                .unwrap();
        assert_eq!(source, "acme".parse().ok());
        assert_eq!((list.limit, list.before), (50, None));
        assert_eq!(list.filter.kind.as_deref(), Some("user"));
        assert_eq!(list.filter.text.as_deref(), Some("two words+"));
        assert!(list.filter.since_ms.is_some());
        assert!(query("").unwrap().1.filter.is_empty());
        assert_eq!(query("limit=200").unwrap().1.limit, 200);
    }

    #[test]
    fn a_list_continues_at_its_cursor() {
        let id = "0192f3c4-0000-7000-8000-000000000000";
        let (_, list) = query(&format!("cursor={id}&until=2999-01-01")).unwrap();
        assert_eq!(list.before, id.parse().ok());
        assert!(list.filter.until_ms.is_some());
    }

    #[test]
    fn each_invalid_parameter_is_named() {
        for (text, name) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=many", "limit"),
            ("limit", "limit"),
            ("cursor=2", "cursor"),
            ("cursor=", "cursor"),
            ("colour=red", "colour"),
            ("type", "type"),
        ] {
            let problem = query(text).unwrap_err();
            assert_eq!(problem.code(), "invalid_parameter");
            assert!(
                problem.to_string().starts_with(&format!("`{name}` ")),
                "{problem}"
            );
        }
    }

    /// Events are letters: a later one sorts later.
    fn id(letter: char) -> EventId {
        EventId::new(i64::from(u32::from(letter)), &[0; 10])
    }

    fn page(letters: &str, cursor: &str) -> EventPage {
        let event = |letter| EventSummary {
            id: id(letter),
            source: "acme".parse().unwrap(),
            r#type: String::new(),
            action: String::new(),
            object: None,
            account: None,
            time: String::new(),
            received_at: UnixMillis(0),
            sequence: String::new(),
            repeats: 0,
            deliveries: std::collections::BTreeMap::new(),
        };
        EventPage {
            events: letters.chars().map(event).collect(),
            cursor: cursor.chars().next().map(id),
        }
    }

    #[test]
    fn the_newest_of_all_come_first() {
        let all = merge(vec![page("fca", ""), page("e", ""), page("", "")], 9);
        assert_eq!(all, page("feca", ""));
    }

    #[test]
    fn a_truncated_list_continues_after_its_last_event() {
        let two = |pages| merge(pages, 2);
        assert_eq!(two(vec![page("fc", ""), page("e", "")]), page("fe", "e"));
        assert_eq!(two(vec![page("f", ""), page("e", "")]), page("fe", ""));
    }

    #[test]
    fn events_older_than_the_end_of_a_page_have_to_wait() {
        // The first inbox may have more between d and a.
        let all = merge(vec![page("fd", "d"), page("ea", "")], 9);
        assert_eq!(all, page("fed", "d"));
        // It has looked down to b and found nothing.
        let none = merge(vec![page("", "b"), page("ea", "")], 9);
        assert_eq!(none, page("e", "b"));
    }

    #[test]
    fn paging_through_returns_each_event_once() {
        let inboxes = ["zxvq", "ywu", "", "tsr"];
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            // Two at a time from each.
            let pages = inboxes.map(|letters| {
                let rest = letters
                    .chars()
                    .filter(|one| before.is_none_or(|b| id(*one) < b));
                let letters: String = rest.take(2).collect();
                let last = letters.chars().last().filter(|_| letters.len() == 2);
                page(&letters, &last.map(String::from).unwrap_or_default())
            });
            let one = merge(pages.into(), 2);
            seen.extend(one.events.iter().map(|event| event.id));
            let Some(cursor) = one.cursor else { break };
            before = Some(cursor);
        }
        let all: Vec<_> = "zyxwvutsrq".chars().map(id).collect();
        assert_eq!(seen, all);
    }
}
