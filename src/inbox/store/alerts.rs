//! What has happened of each kind since its last alert.

use edge_core::{
    alert::{Gathered, Kind, Occurrence},
    name::DestinationName,
};
use worker::Result;

use super::Store;
use crate::sql::values;

impl Store {
    /// Adds an occurrence to what was gathered of its kind.
    pub(in crate::inbox) fn gather(&self, occurrence: &Occurrence<'_>, now_ms: i64) -> Result<()> {
        self.run(
            "INSERT INTO alerts (kind, count, since, destinations, event, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (kind) DO UPDATE SET
                count = count + excluded.count,
                since = CASE WHEN count THEN since ELSE excluded.since END,
                destinations = CASE
                    WHEN instr(',' || destinations || ',', ',' || excluded.destinations || ',') THEN destinations
                    WHEN destinations = '' THEN excluded.destinations
                    ELSE destinations || ',' || excluded.destinations END,
                event = excluded.event,
                detail = excluded.detail",
            values![
                occurrence.kind.code(),
                occurrence.times,
                now_ms,
                occurrence.destination.unwrap_or_default(),
                occurrence.event.map(str::to_owned),
                occurrence.detail.map(str::to_owned),
            ],
        )
    }

    /// Whether an alert of this kind was sent at this time or later, or is about to be.
    pub(in crate::inbox) fn alerted_since(&self, kind: Kind, since_ms: i64) -> Result<bool> {
        let found = self.row(
            "SELECT 1 FROM alerts WHERE kind = ? AND (last_at >= ? OR count > 0)",
            values![kind.code(), since_ms],
        )?;
        Ok(found.is_some())
    }

    /// What was gathered of each kind whose last alert was sent at this time or earlier.
    pub(in crate::inbox) fn gathered(&self, last_until_ms: i64) -> Result<Vec<Gathered>> {
        let rows = self.rows(
            "SELECT kind, count, since, destinations, event, detail FROM alerts WHERE count > 0 AND last_at <= ?",
            values![last_until_ms],
        )?;
        let mut all = Vec::new();
        for mut row in rows {
            let kind = row.text()?;
            let (count, since_ms) = (row.integer()?, row.integer()?);
            let destinations = row.text()?;
            let (event, detail) = (row.optional_text()?, row.optional_text()?);
            let Some(kind) = Kind::of_code(&kind) else {
                // Of another version: there is nothing to say any more.
                self.run("DELETE FROM alerts WHERE kind = ?", values![kind])?;
                continue;
            };
            all.push(Gathered {
                kind,
                count,
                since_ms,
                destinations,
                event,
                detail,
            });
        }
        Ok(all)
    }

    /// Begins anew with a kind whose alert is sent.
    pub(in crate::inbox) fn alerted(&self, kind: Kind, now_ms: i64) -> Result<()> {
        self.run(
            "UPDATE alerts SET last_at = ?, count = 0, destinations = '' WHERE kind = ?",
            values![now_ms, kind.code()],
        )
    }

    /// When the last alert was sent of the kind that has waited longest with something to tell.
    pub(in crate::inbox) fn oldest_untold(&self) -> Result<Option<i64>> {
        self.time("SELECT min(last_at) FROM alerts WHERE count > 0", values![])
    }

    /// How many events that were received before this time still wait for a destination, and the first of
    /// them.
    pub(in crate::inbox) fn overdue(
        &self,
        destination: &DestinationName,
        received_before_ms: i64,
    ) -> Result<Option<(i64, String)>> {
        // In this order: what waits, however many events there are.
        let row = self.row(
            "SELECT count(*), min(id) FROM deliveries CROSS JOIN events USING (seq)
             WHERE destination = ? AND state = 'waiting' AND id < ? AND kind <> ?",
            values![
                destination.as_str(),
                edge_core::id::first_id(received_before_ms),
                edge_core::alert::TYPE
            ],
        )?;
        let Some(mut row) = row else { return Ok(None) };
        let count = row.integer()?;
        Ok(row.optional_text()?.map(|id| (count, id)))
    }
}
