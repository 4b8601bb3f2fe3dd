//! Which rows there are for an event and a destination: with its route and the destination's position they tell where
//! it is on its way.

use std::collections::BTreeMap;

use edge_core::inbox_log::{DestinationId, Found, Seq, Waiting};
use worker::Result;

use super::Store;
use crate::sql::{row::Row, values};

/// The rows of each event and destination that have any.
pub(in crate::inbox) type FoundRows = BTreeMap<(DestinationId, Seq), Found>;

/// Of these events and destinations: one look-up by key for each pair in each table.
const QUERY: &str = "
    WITH pair (seq, destination) AS (
        SELECT event.value, destinations.id FROM json_each(?1) AS event, destinations
        WHERE ?2 IS NULL OR destinations.id = ?2)
    SELECT 'waiting', pair.destination, pair.seq, attempts, next_at, not_before, failed_at, replayed, gone, line, alone
        FROM pair CROSS JOIN waiting ON waiting.destination = pair.destination AND waiting.seq = pair.seq
    UNION ALL SELECT 'dead', pair.destination, pair.seq, 0, 0, 0, 0, 0, 0, 0, 0
        FROM pair CROSS JOIN dead ON dead.destination = pair.destination AND dead.seq = pair.seq
    UNION ALL SELECT 'extra', pair.destination, pair.seq, 0, 0, 0, 0, 0, 0, 0, 0
        FROM pair CROSS JOIN extra ON extra.destination = pair.destination AND extra.seq = pair.seq
    UNION ALL SELECT 'dropped', pair.destination, pair.seq, 0, 0, 0, 0, 0, 0, 0, 0
        FROM pair WHERE pair.seq <= (
            SELECT last FROM drops WHERE drops.destination = pair.destination AND drops.first <= pair.seq
            ORDER BY first DESC LIMIT 1)";

impl Store {
    /// The rows of these events for every destination. `routed` is left `false`: the event says it.
    pub(in crate::inbox) fn found(&self, events: &[Seq]) -> Result<FoundRows> {
        self.find(events, None)
    }

    /// The same for one destination.
    pub(in crate::inbox) fn found_of(
        &self,
        events: &[Seq],
        destination: DestinationId,
    ) -> Result<FoundRows> {
        self.find(events, Some(destination))
    }

    fn find(&self, events: &[Seq], destination: Option<DestinationId>) -> Result<FoundRows> {
        let mut all = FoundRows::new();
        let events = serde_json::to_string(events)?;
        for mut row in self.sql.rows(QUERY, values![events, destination])? {
            let table = row.text()?;
            let id = DestinationId::try_from(row.integer()?).unwrap_or_default();
            let seq = row.integer()?;
            let found = all.entry((id, seq)).or_default();
            match table.as_str() {
                "waiting" => found.waiting = Some(waiting(seq, &mut row)?),
                "dead" => found.dead = true,
                "extra" => found.extra = true,
                _ => found.dropped = true,
            }
        }
        Ok(all)
    }
}

/// The columns of `waiting` but its key.
pub(super) fn waiting(seq: Seq, row: &mut Row) -> Result<Waiting> {
    Ok(Waiting {
        seq,
        attempts: u32::try_from(row.integer()?).unwrap_or(u32::MAX),
        next_at: row.integer()?,
        not_before: row.optional_integer()?,
        failed_at: row.optional_integer()?,
        replayed: row.integer()? != 0,
        gone: row.integer()? != 0,
        line: row.optional_integer()?,
        alone: row.integer()? != 0,
    })
}
