//! `GET /api/v1/audit`: the list of what operators did.

use std::cmp::Reverse;

use serde::Serialize;

use super::query::{limit, pairs, wrong_cursor};
use crate::{
    id::ActionId,
    messages::audit::{Action, ListActions},
    problem::Problem,
    sort::sort_by_key,
};

const DEFAULT_LIMIT: usize = 50;
const LARGEST_LIMIT: usize = 200;

/// Parses a query.
///
/// # Errors
///
/// A value is invalid.
pub fn read(query: &str) -> Result<ListActions, Problem> {
    let mut list = ListActions {
        before: None,
        limit: DEFAULT_LIMIT,
    };
    for (name, value) in pairs(query)? {
        match name.as_str() {
            "cursor" => list.before = Some(value.parse().map_err(|_| wrong_cursor())?),
            _ => list.limit = limit(&value, LARGEST_LIMIT)?,
        }
    }
    Ok(list)
}

/// A page of actions.
#[derive(Debug, Serialize)]
pub struct AuditPage {
    /// The newest first.
    pub actions: Vec<Action>,
    /// Where the list continues; `None` if this is all.
    pub cursor: Option<ActionId>,
}

impl AuditPage {
    /// From the answers of several inboxes: an action that concerned several was recorded in each.
    #[must_use]
    pub fn merge(inboxes: Vec<Vec<Action>>, limit: usize) -> Self {
        let has_more = inboxes.iter().any(|inbox| inbox.len() >= limit);
        let mut actions: Vec<_> = inboxes.into_iter().flatten().collect();
        sort_by_key(&mut actions, |action| Reverse(action.id));
        actions.dedup_by_key(|action| action.id);
        let has_more = has_more || actions.len() > limit;
        actions.truncate(limit);
        let last = actions.last().filter(|_| has_more);
        Self {
            cursor: last.map(|last| last.id),
            actions,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::{messages::audit::ActionKind, time::UnixMillis};

    fn entry(ms: i64) -> Action {
        Action {
            id: ActionId::new(ms, &[0; 10]),
            at: UnixMillis(ms),
            token: None,
            person: None,
            action: ActionKind::PauseDestination,
            source: None,
            details: Map::new(),
        }
    }

    #[test]
    fn an_action_in_several_inboxes_is_shown_once_newest_first() {
        let page = AuditPage::merge(vec![vec![entry(3), entry(1)], vec![entry(3), entry(2)]], 9);
        let times: Vec<_> = page.actions.iter().map(|action| action.at.0).collect();
        assert_eq!((times, page.cursor), (vec![3, 2, 1], None));
        let page = AuditPage::merge(vec![vec![entry(3), entry(1)], vec![entry(3), entry(2)]], 2);
        assert_eq!(page.cursor, Some(entry(2).id));
        let page = AuditPage::merge(vec![vec![entry(3)], vec![entry(3)]], 1);
        assert_eq!(page.cursor, Some(entry(3).id), "there may be more");
    }

    #[test]
    fn a_cursor_and_a_limit_are_read() {
        let id = ActionId::new(7, &[1; 10]);
        let list = read(&format!("cursor={id}&limit=7")).unwrap();
        assert_eq!((list.before, list.limit), (Some(id), 7));
        assert!(read("cursor=7").is_err() && read("limit=201").is_err());
    }
}
