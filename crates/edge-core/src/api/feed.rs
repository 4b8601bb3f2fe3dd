//! `GET /api/v1/feed`: the events of several inboxes, oldest first, for a program that follows. The cursor keeps a place
//! in each inbox: their commits interleave, so that no time and no id could say what was given.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use super::{
    event_query::{EventQuery, Reading},
    query::{limit, pairs, wrong_cursor},
};
use crate::{
    filter::Filter,
    messages::feed::{FeedItem, FeedPage, Place, PlacedItem, ReadFeed},
    name::SourceName,
    problem::Problem,
    time::UnixMillis,
};

const DEFAULT_LIMIT: usize = 50;
const LARGEST_LIMIT: usize = 200;
/// How much all inboxes together are asked for, in bytes. The Worker has 128 MB for all that it does.
const BYTES: usize = 4 << 20;
/// An inbox is asked for at least so much.
const LEAST_BYTES: usize = 128 << 10;

/// How far a follower has got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Where it begins in an inbox of which it knows no place, in milliseconds since 1970: one that was added later.
    since_ms: i64,
    /// Its place in each inbox, by name.
    places: BTreeMap<String, Place>,
}

/// What a follower asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedQuery {
    /// The only source, if one is named.
    pub source: Option<SourceName>,
    filter: Filter,
    cursor: Cursor,
    limit: usize,
}

/// What has happened since, oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Feed {
    /// The events that were taken in, and those that were replayed.
    pub items: Vec<FeedItem>,
    /// Where to go on. There always is one.
    pub cursor: String,
    /// `true` if there is more already.
    pub more: bool,
}

impl FeedQuery {
    /// Parses a query. Without a cursor it begins with what comes from now on.
    ///
    /// # Errors
    ///
    /// A value is invalid.
    pub fn read(query: &str, reading: Reading<'_>) -> Result<Self, Problem> {
        let mut events = EventQuery::default();
        let mut cursor = None;
        let mut most = DEFAULT_LIMIT;
        for (name, value) in pairs(query)? {
            match name.as_str() {
                "cursor" => cursor = Some(value.parse::<Cursor>().map_err(|_| wrong_cursor())?),
                "limit" => most = limit(&value, LARGEST_LIMIT)?,
                // The table of routes has said which there may be.
                name => {
                    events.take(name, &value, reading)?;
                }
            }
        }
        let since_ms = events.filter.since_ms.take().unwrap_or(reading.now_ms);
        let begin = || Cursor {
            since_ms,
            places: BTreeMap::new(),
        };
        Ok(Self {
            source: events.source,
            filter: events.filter,
            cursor: cursor.unwrap_or_else(begin),
            limit: most,
        })
    }

    /// What to ask the inbox of this name, one of so many.
    #[must_use]
    pub fn operation(&self, inbox: &str, inboxes: usize) -> ReadFeed {
        ReadFeed {
            filter: self.filter.clone(),
            place: self.cursor.places.get(inbox).copied(),
            since_ms: self.cursor.since_ms,
            limit: self.limit,
            bytes: (BYTES / inboxes.max(1)).max(LEAST_BYTES),
        }
    }

    /// One answer from those of the inboxes, by name: by time, and in each inbox's own order. Nothing is given that
    /// comes after the end of a page which is not the last one, since that inbox may have something earlier.
    #[must_use]
    pub fn merge(self, pages: Vec<(String, FeedPage)>) -> Feed {
        let mut cursor = self.cursor;
        let mut more = pages.iter().any(|(_, page)| page.more);
        let mut inboxes: Vec<_> = pages
            .into_iter()
            .map(|(name, page)| Inbox {
                name,
                at: page.start,
                end: page.end,
                more: page.more,
                items: page.items.into(),
            })
            .collect();
        let mut items = Vec::new();
        while items.len() < self.limit {
            if inboxes.iter().any(|one| one.more && one.items.is_empty()) {
                break;
            }
            let waiting = inboxes.iter_mut().filter(|one| !one.items.is_empty());
            let first = waiting.min_by_key(|one| one.next_at());
            let Some((inbox, PlacedItem { place, item })) =
                first.and_then(|one| one.items.pop_front().map(|item| (one, item)))
            else {
                break;
            };
            inbox.at = place;
            items.push(item);
        }
        for inbox in inboxes {
            let is_used_up = inbox.items.is_empty();
            more |= !is_used_up;
            let at = if is_used_up { inbox.end } else { inbox.at };
            cursor.places.insert(inbox.name, at);
        }
        Feed {
            items,
            cursor: cursor.to_string(),
            more,
        }
    }
}

/// What an inbox has answered, and how much of it was given.
struct Inbox {
    name: String,
    at: Place,
    end: Place,
    more: bool,
    items: VecDeque<PlacedItem>,
}

impl Inbox {
    fn next_at(&self) -> Option<UnixMillis> {
        self.items.front().map(|next| next.item.at())
    }
}

/// `1764288000000~acme:120:3:0~acme.1:33:0:0`
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.since_ms)?;
        for (name, place) in &self.places {
            let Place {
                seq,
                replay,
                replayed,
            } = place;
            write!(f, "~{name}:{seq}:{replay}:{replayed}")?;
        }
        Ok(())
    }
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidCursor;

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.split('~');
        let since_ms = number(parts.next())?;
        let places = parts.map(place).collect::<Result<_, _>>()?;
        Ok(Self { since_ms, places })
    }
}

fn place(text: &str) -> Result<(String, Place), InvalidCursor> {
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default();
    let is_known =
        |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || "-.".contains(char);
    let place = Place {
        seq: number(parts.next())?,
        replay: number(parts.next())?,
        replayed: number(parts.next())?,
    };
    if name.is_empty() || !name.chars().all(is_known) || parts.next().is_some() {
        return Err(InvalidCursor);
    }
    Ok((name.to_owned(), place))
}

fn number(text: Option<&str>) -> Result<i64, InvalidCursor> {
    let text = text.unwrap_or_default();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidCursor);
    }
    text.parse().map_err(|_| InvalidCursor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::tests::config, id::EventId, messages::events::EventSummary};
    use serde_json::value::RawValue;

    fn query(text: &str) -> Result<FeedQuery, Problem> {
        let config = config();
        let reading = Reading {
            config: &config,
            now_ms: 5000,
        };
        FeedQuery::read(text, reading)
    }

    #[test]
    fn it_begins_with_what_comes_from_now_on_or_since_a_time_or_where_it_was() {
        let of = |text: &str| query(text).unwrap().cursor.to_string();
        assert_eq!(of(""), "5000");
        assert_eq!(of("since=2s"), "3000");
        let cursor = "3000~acme:12:3:0~acme.1:0:1:7";
        assert_eq!(of(&format!("cursor={cursor}")), cursor);
        let asked = query(&format!("cursor={cursor}&type=user&limit=3")).unwrap();
        let first = asked.operation("acme.1", 2);
        let place = Place {
            seq: 0,
            replay: 1,
            replayed: 7,
        };
        assert_eq!((first.place, first.limit), (Some(place), 3));
        assert_eq!(asked.operation("acme.2", 2).place, None);
        assert_eq!(first.filter.since_ms, None);
        for wrong in [
            "x",
            "-1",
            "1~",
            "1~acme",
            "1~acme:1:2",
            "1~acme:1:2:3:4",
            "1~:1:2:3",
            "1~A:1:2:3",
            "1~acme:1:2:+3",
            "99999999999999999999",
        ] {
            assert!(query(&format!("cursor={wrong}")).is_err(), "{wrong}");
        }
    }

    /// An inbox has these events, by time; it gives some from a place on.
    fn page(times: &[i64], asked: &ReadFeed, most: usize) -> FeedPage {
        let start = asked.place.unwrap_or_default();
        let from = usize::try_from(start.seq).unwrap();
        let at = |seq: usize| Place {
            seq: i64::try_from(seq).unwrap(),
            ..start
        };
        let end = (from + most).min(times.len());
        let item = |seq: usize| PlacedItem {
            place: at(seq + 1),
            item: FeedItem {
                replayed_at: None,
                summary: EventSummary {
                    id: EventId::new(times[seq], &[0; 10]),
                    source: "acme".parse().unwrap(),
                    r#type: String::new(),
                    action: String::new(),
                    object: None,
                    account: None,
                    time: String::new(),
                    received_at: UnixMillis(times[seq]),
                    sequence: String::new(),
                    repeats: 0,
                    deliveries: BTreeMap::new(),
                },
                event: RawValue::from_string(times[seq].to_string()).unwrap(),
            },
        };
        FeedPage {
            items: (from..end).map(item).collect(),
            start,
            end: at(end),
            more: end < times.len(),
        }
    }

    /// Events arrive in four inboxes while a follower reads; commits interleave, so that an earlier time may show up
    /// after a later one was given.
    #[test]
    fn nothing_is_missed_and_nothing_comes_twice_while_events_arrive() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..20 {
            let mut inboxes: BTreeMap<String, Vec<i64>> =
                (0..4).map(|n| (format!("acme.{n}"), vec![])).collect();
            let mut cursor = "0".to_owned();
            let (mut given, mut clock, mut asked_for) = (Vec::new(), 1, 0);
            loop {
                if asked_for < 40 {
                    for times in inboxes.values_mut() {
                        for _ in 0..random.usize(0..3) {
                            clock += 1;
                            times.push(clock);
                        }
                    }
                    asked_for += 1;
                }
                let limit = random.usize(1..5);
                let asked = query(&format!("cursor={cursor}&limit={limit}")).unwrap();
                let pages = inboxes.iter().map(|(name, times)| {
                    let operation = asked.operation(name, 4);
                    let most = random.usize(0..=limit).max(1);
                    (name.clone(), page(times, &operation, most))
                });
                let pages = pages.collect();
                let feed = asked.merge(pages);
                assert!(feed.items.len() <= limit);
                given.extend(feed.items.iter().map(FeedItem::at));
                cursor = feed.cursor;
                if asked_for == 40 && !feed.more {
                    break;
                }
            }
            let mut all: Vec<_> = inboxes
                .values()
                .flatten()
                .map(|at| UnixMillis(*at))
                .collect();
            all.sort();
            let mut sorted = given.clone();
            sorted.sort();
            assert_eq!(sorted, all);
        }
    }

    #[test]
    fn the_backlog_of_several_inboxes_comes_in_the_order_of_time() {
        let inboxes = [vec![1, 4, 9, 10], vec![2, 3, 11], vec![], vec![5]];
        let (mut cursor, mut given) = ("0".to_owned(), vec![]);
        loop {
            let asked = query(&format!("cursor={cursor}&limit=2")).unwrap();
            let pages = inboxes.iter().enumerate().map(|(number, times)| {
                let name = format!("acme.{number}");
                let operation = asked.operation(&name, 4);
                (name, page(times, &operation, 2))
            });
            let pages = pages.collect();
            let feed = asked.merge(pages);
            given.extend(feed.items.iter().map(|item| item.at().0));
            cursor = feed.cursor;
            if !feed.more {
                break;
            }
        }
        assert_eq!(given, [1, 2, 3, 4, 5, 9, 10, 11]);
    }
}
