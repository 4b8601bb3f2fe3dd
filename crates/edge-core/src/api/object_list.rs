//! `GET /api/v1/objects`: the page that a query asks for, and the merging of several inboxes' objects into one.

use std::cmp::Reverse;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::query::{limit, pairs, source, wrong_cursor};
use crate::{
    config::Config,
    messages::objects::{ListObjects, ObjectDetails, ObjectKey, ObjectSummary},
    name::SourceName,
    problem::Problem,
    sort::{sort_by, sort_by_key},
};

const DEFAULT_LIMIT: usize = 50;
const LARGEST_LIMIT: usize = 200;

/// A query for objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectQuery {
    /// The only source, if one is named.
    pub source: Option<SourceName>,
    kind: Option<String>,
    account: Option<String>,
    /// Where the page before this one ended.
    after: Option<Place>,
    limit: usize,
}

/// The place of an object in the list. Objects that come up while somebody pages through have places of their own, so
/// that none is skipped or shown twice.
type Place = (String, String, String);

/// A page of objects.
#[derive(Debug, Serialize, Deserialize)]
pub struct ObjectPage {
    /// The objects, by type, id and source.
    pub objects: Vec<ObjectSummary>,
    /// Where the list continues; `None` if this is all.
    pub cursor: Option<String>,
}

impl ObjectQuery {
    /// Parses a query.
    ///
    /// # Errors
    ///
    /// A value is invalid.
    pub fn read(query: &str, config: &Config) -> Result<Self, Problem> {
        let mut all = Self {
            source: None,
            kind: None,
            account: None,
            after: None,
            limit: DEFAULT_LIMIT,
        };
        for (name, value) in pairs(query)? {
            match name.as_str() {
                "source" => all.source = Some(source(&value, config)?),
                "type" => all.kind = Some(value),
                "account" => all.account = Some(value),
                "cursor" => all.after = Some(place(&value).ok_or_else(wrong_cursor)?),
                _ => all.limit = limit(&value, LARGEST_LIMIT)?,
            }
        }
        Ok(all)
    }

    /// The question for each inbox. The first object may be of another source and shown already, and one more than the
    /// page holds tells that there are more.
    #[must_use]
    pub fn operation(&self) -> ListObjects {
        let from = self
            .after
            .clone()
            .map(|(kind, id, _)| ObjectKey { kind, id });
        ListObjects {
            kind: self.kind.clone(),
            account: self.account.clone(),
            from,
            limit: self.limit.saturating_add(2),
        }
    }

    /// The page, from the objects of each inbox.
    #[must_use]
    pub fn merge(&self, inboxes: Vec<Vec<ObjectSummary>>) -> ObjectPage {
        let mut objects = merge(inboxes);
        objects.retain(|one| {
            self.after
                .as_ref()
                .is_none_or(|after| place_of(one) > *after)
        });
        let has_more = objects.len() > self.limit;
        objects.truncate(self.limit);
        let last = objects.last().filter(|_| has_more);
        ObjectPage {
            cursor: last.map(|last| cursor(&place_of(last))),
            objects,
        }
    }
}

/// The objects of several inboxes, each once, in the list's order.
#[must_use]
pub fn merge(inboxes: Vec<Vec<ObjectSummary>>) -> Vec<ObjectSummary> {
    let mut objects: Vec<_> = inboxes.into_iter().flatten().collect();
    // Two inboxes of one source may know an object: the later state comes first, and stays.
    sort_by(&mut objects, |one, other| {
        let state = |object: &ObjectSummary| (object.deleted, object.time.clone(), object.event);
        place_of(one)
            .cmp(&place_of(other))
            .then_with(|| state(other).cmp(&state(one)))
    });
    objects.dedup_by_key(|one| place_of(one));
    objects
}

/// One object, from the inboxes of its source that know it. Hardly ever more than one does: then the latest state counts,
/// and all of the history.
pub fn one(inboxes: impl Iterator<Item = ObjectDetails>) -> Option<ObjectDetails> {
    inboxes.reduce(|one, other| {
        let state = |object: &ObjectSummary| (object.deleted, object.time.clone(), object.event);
        let (mut latest, earlier) = if state(&other.summary) > state(&one.summary) {
            (other, one)
        } else {
            (one, other)
        };
        latest.history.extend(earlier.history);
        sort_by_key(&mut latest.history, |event| Reverse(event.id));
        latest.related = merge(vec![latest.related, earlier.related]);
        latest
    })
}

fn place_of(object: &ObjectSummary) -> Place {
    let source = object.source.as_str().to_owned();
    (object.r#type.clone(), object.id.clone(), source)
}

fn cursor(place: &Place) -> String {
    let json = serde_json::to_vec(place).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(json)
}

fn place(cursor: &str) -> Option<Place> {
    let json = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::tests::config, id::EventId, time::UnixMillis};

    fn object(source: &str, id: &str) -> ObjectSummary {
        ObjectSummary {
            source: source.parse().unwrap(),
            r#type: "user".to_owned(),
            id: id.to_owned(),
            account: None,
            deleted: false,
            event: EventId::new(0, &[0; 10]),
            action: "updated".to_owned(),
            time: "2026-11-22T10:00:00Z".to_owned(),
            received_at: UnixMillis(0),
        }
    }

    fn query(text: &str) -> Result<ObjectQuery, Problem> {
        ObjectQuery::read(text, &config())
    }

    #[test]
    fn each_invalid_parameter_is_named() {
        for (text, name) in [
            ("limit=201", "limit"),
            ("cursor=x", "cursor"),
            ("cursor=WzFd", "cursor"),
            ("source=nobody", "source"),
            ("type=", "type"),
        ] {
            let problem = query(text).unwrap_err().to_string();
            assert!(problem.starts_with(&format!("`{name}` ")), "{problem}");
        }
    }

    /// Two sources have objects of the same ids, and one arrives while somebody pages through.
    #[test]
    fn paging_through_returns_each_object_once() {
        for limit in 1..=7 {
            let mut inboxes = [
                vec![
                    object("acme", "1"),
                    object("acme", "3"),
                    object("acme", "4"),
                ],
                vec![
                    object("other", "1"),
                    object("other", "2"),
                    object("other", "4"),
                ],
            ];
            let (mut seen, mut next) = (Vec::new(), String::new());
            loop {
                let query = query(&format!("limit={limit}{next}")).unwrap();
                let asked = query.operation();
                let answers = inboxes.iter().map(|inbox| {
                    let from = |one: &&ObjectSummary| {
                        asked.from.as_ref().is_none_or(|from| one.key() >= *from)
                    };
                    inbox
                        .iter()
                        .filter(from)
                        .take(asked.limit)
                        .cloned()
                        .collect()
                });
                let page = query.merge(answers.collect());
                assert!(page.objects.len() <= limit);
                let names = page
                    .objects
                    .iter()
                    .map(|one| format!("{}/{}", one.source, one.id));
                seen.extend(names);
                let Some(cursor) = page.cursor else { break };
                next = format!("&cursor={cursor}");
                if inboxes[0].len() == 3 {
                    inboxes[0].insert(0, object("acme", "0"));
                }
            }
            assert_eq!(
                seen,
                [
                    "acme/1", "other/1", "other/2", "acme/3", "acme/4", "other/4"
                ],
                "{limit}"
            );
        }
    }

    #[test]
    fn of_an_object_in_two_inboxes_the_later_state_is_shown() {
        let later = ObjectSummary {
            time: "2026-11-22T10:00:01Z".to_owned(),
            ..object("acme", "1")
        };
        let deleted = ObjectSummary {
            deleted: true,
            ..object("acme", "1")
        };
        let both = vec![vec![object("acme", "1")], vec![later.clone()]];
        assert_eq!(merge(both), std::slice::from_ref(&later));
        assert_eq!(merge(vec![vec![later], vec![deleted.clone()]]), [deleted]);
    }
}
