//! The list of events, newest first: by id, which begins with the time and means the same in every
//! inbox.

use edge_core::filter::{Filter, Member};
use worker::Result;

use super::{Store, filter, time};
use crate::sql::values;

/// How many events are looked at in one go.
const LOOKED_AT: i64 = 1000;
/// Sorts after every id.
const AFTER_ALL: &str = "~";

/// Some events.
pub(in crate::inbox) struct Page {
    /// The id of each, a space, and its JSON.
    pub(in crate::inbox) lines: Vec<String>,
    /// Before which id the list goes on, unless it has been looked at all of it.
    pub(in crate::inbox) rest: Option<String>,
}

impl Store {
    /// The newest events that the filter means, among the newest that it may mean.
    pub(in crate::inbox) fn page(
        &self,
        filter: &Filter,
        source: &str,
        limit: usize,
    ) -> Result<Page> {
        const QUERY: &str = concat!(
            "SELECT id, json_object(
                'id', id, 'source', ?, 'type', 'net.3scale.' || kind || '.' || action, 'action', action,
                'object', object, 'account', account,
                'time', coalesce(strftime('%Y-%m-%dT%H:%M:%SZ', updated_at, 'unixepoch'), ",
            time!("received_at"),
            "), 'received_at', ",
            time!("received_at"),
            ", 'sequence', printf('%020d', seq), 'repeats', repeats,
                'deliveries', (SELECT json_group_object(destination, state)
                    FROM deliveries WHERE deliveries.seq = events.seq))
             FROM events WHERE id >= ? AND "
        );
        let floor = self.floor(filter)?;
        let (condition, its_values) = filter::of_events(filter);
        let query = format!("{QUERY}{condition} ORDER BY id DESC LIMIT ?");
        let mut values = values![source, floor.as_deref().unwrap_or_default()];
        values.extend(filter::bound(its_values));
        values.extend(values![i64::try_from(limit).unwrap_or(i64::MAX)]);
        let mut lines = Vec::new();
        let mut last = None;
        for mut row in self.rows(&query, values)? {
            let id = row.text()?;
            lines.push(format!("{id} {}", row.text()?));
            last = Some(id);
        }
        let rest = if lines.len() < limit { floor } else { last };
        Ok(Page { lines, rest })
    }

    /// The least id of those that are looked at in one go, if there are more.
    fn floor(&self, filter: &Filter) -> Result<Option<String>> {
        if !filter.searches() {
            return Ok(None);
        }
        let row = self.row(
            "SELECT id FROM events WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1 OFFSET ?",
            values![
                filter.get(Member::From).unwrap_or_default(),
                filter.get(Member::Before).unwrap_or(AFTER_ALL),
                LOOKED_AT,
            ],
        )?;
        row.map(|mut row| row.text()).transpose()
    }
}
