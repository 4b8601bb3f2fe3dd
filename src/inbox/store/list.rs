//! The list of events, newest first: by id, which begins with the time and means the same in every
//! inbox.

use edge_core::{
    event,
    filter::Filter,
    id::{EventId, first_id},
    messages::events::{EventPage, EventSummary},
    name::SourceName,
    time::UnixMillis,
};
use threescale::Timestamp;
use worker::Result;

use super::{Store, filter};
use crate::sql::{row::Row, values};

/// How many events are looked at in one go.
const LOOKED_AT: i64 = 1000;
/// Sorts after every id.
const AFTER_ALL: &str = "~";

impl Store {
    /// The newest events that match the filter, among one batch of candidates before `before`.
    pub(in crate::inbox) fn page(
        &self,
        filter: &Filter,
        before: Option<EventId>,
        source: &SourceName,
        limit: usize,
    ) -> Result<EventPage> {
        let end = before.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string());
        let floor = self.floor(filter, &end)?;
        let (condition, its_values) = filter::of_events(filter);
        let query = format!(
            "SELECT id, kind, action, object, account, updated_at, received_at, seq, repeats,
                (SELECT json_group_object(destination, state)
                    FROM deliveries WHERE deliveries.seq = events.seq)
             FROM events WHERE id < ? AND id >= ? AND {condition} ORDER BY id DESC LIMIT ?"
        );
        let first = floor.map(|id| id.to_string()).unwrap_or_default();
        let mut values = values![end, first];
        values.extend(filter::bound(its_values));
        values.extend(values![i64::try_from(limit).unwrap_or(i64::MAX)]);
        let rows = self.rows(&query, values)?;
        let events: Result<Vec<_>> = rows
            .into_iter()
            .map(|mut row| summary(&mut row, source))
            .collect();
        let events = events?;
        let cursor = if events.len() < limit {
            floor
        } else {
            events.last().map(|event| event.id)
        };
        Ok(EventPage { events, cursor })
    }

    /// The lowest id of one batch of candidates, if there are more.
    fn floor(&self, filter: &Filter, end: &str) -> Result<Option<EventId>> {
        if !filter.searches() {
            return Ok(None);
        }
        let until = filter.until_ms.map(first_id);
        let end = until.as_deref().map_or(end, |until| until.min(end));
        let row = self.row(
            "SELECT id FROM events WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1 OFFSET ?",
            values![
                filter.since_ms.map(first_id).unwrap_or_default(),
                end,
                LOOKED_AT,
            ],
        )?;
        row.map(|mut row| row.parsed()).transpose()
    }
}

fn summary(row: &mut Row, source: &SourceName) -> Result<EventSummary> {
    let id = row.parsed()?;
    let (kind, action) = (row.text()?, row.text()?);
    let (object, account) = (row.optional_text()?, row.optional_text()?);
    let updated_at = row.optional_integer()?;
    let updated_at = updated_at.and_then(|at| Timestamp::from_unix_millis(at.saturating_mul(1000)));
    let (received_ms, seq) = (row.integer()?, row.integer()?);
    Ok(EventSummary {
        id,
        source: source.clone(),
        r#type: event::type_of(&kind, &action),
        action,
        object,
        account,
        time: event::time(updated_at, received_ms),
        received_at: UnixMillis(received_ms),
        sequence: event::sequence(seq),
        repeats: row.integer()?.unsigned_abs(),
        deliveries: serde_json::from_str(&row.text()?)?,
    })
}
