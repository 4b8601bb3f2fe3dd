//! The occurrences of each kind of alert since the last one was sent.

use edge_core::{
    alert::{Kind, Occurrence, PendingAlert},
    id::EventId,
    name::DestinationName,
    time::UnixMillis,
};
use worker::Result;

use super::Store;
use crate::sql::values;

impl Store {
    /// Adds an occurrence to those of its kind.
    pub(in crate::inbox) fn note_occurrence(
        &self,
        occurrence: &Occurrence<'_>,
        now_ms: i64,
    ) -> Result<()> {
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
                occurrence.destination.map(DestinationName::as_str).unwrap_or_default(),
                occurrence.event.map(|id| id.to_string()),
                occurrence.detail.map(str::to_owned),
            ],
        )
    }

    /// `true` if an alert of this kind was sent at this time or later, or is about to be.
    pub(in crate::inbox) fn alerted_since(&self, kind: Kind, since_ms: i64) -> Result<bool> {
        let found = self.row(
            "SELECT 1 FROM alerts WHERE kind = ? AND (last_at >= ? OR count > 0)",
            values![kind.code(), since_ms],
        )?;
        Ok(found.is_some())
    }

    /// The pending alerts of each kind whose last alert was sent at this time or earlier.
    pub(in crate::inbox) fn pending_alerts(&self, last_until_ms: i64) -> Result<Vec<PendingAlert>> {
        let rows = self.rows(
            "SELECT kind, count, since, destinations, event, detail FROM alerts WHERE count > 0 AND last_at <= ?",
            values![last_until_ms],
        )?;
        let mut all = Vec::new();
        for mut row in rows {
            let kind = row.text()?;
            let (count, since) = (row.integer()?, UnixMillis(row.integer()?));
            let destinations = row.text()?;
            let (event, detail) = (row.optional_text()?, row.optional_text()?);
            let Some(kind) = Kind::of_code(&kind) else {
                // From another version: this kind of alert no longer exists.
                self.run("DELETE FROM alerts WHERE kind = ?", values![kind])?;
                continue;
            };
            all.push(PendingAlert {
                kind,
                count,
                since,
                destinations: destinations
                    .split(',')
                    .filter_map(|name| name.parse().ok())
                    .collect(),
                event: event.and_then(|id| id.parse().ok()),
                detail,
            });
        }
        Ok(all)
    }

    /// Records that an alert of this kind is sent, so that none is pending.
    pub(in crate::inbox) fn alert_sent(&self, kind: Kind, now_ms: i64) -> Result<()> {
        self.run(
            "UPDATE alerts SET last_at = ?, count = 0, destinations = '' WHERE kind = ?",
            values![now_ms, kind.code()],
        )
    }

    /// When the last alert was sent of the kind whose pending alert has waited longest.
    pub(in crate::inbox) fn oldest_pending_alert(&self) -> Result<Option<i64>> {
        self.time("SELECT min(last_at) FROM alerts WHERE count > 0", values![])
    }

    /// The number of events received before this time that still wait for a destination, and the first of them.
    pub(in crate::inbox) fn overdue(
        &self,
        destination: &DestinationName,
        received_before_ms: i64,
    ) -> Result<Option<(i64, EventId)>> {
        // Joined in this order, so that only waiting deliveries are read, however many events there are.
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
        let first = row.optional_text()?.and_then(|id| id.parse().ok());
        Ok(first.map(|id| (count, id)))
    }
}
