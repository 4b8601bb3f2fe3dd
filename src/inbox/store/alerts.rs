//! The occurrences of each kind of alert since the last one was sent.

use edge_core::{
    alert::{Kind, Occurrence, PendingAlert},
    name::DestinationName,
    sort::sort_by,
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
        let kind = occurrence.kind.code();
        let query = "SELECT destinations FROM alerts WHERE kind = ? AND count > 0";
        let known = self.sql.row(query, values![kind])?;
        let mut destinations = known.map_or(Ok(Vec::new()), |mut row| names(&row.text()?))?;
        destinations.extend(occurrence.destination.cloned());
        sort_by(&mut destinations, Ord::cmp);
        destinations.dedup();
        self.sql.run(
            "INSERT INTO alerts (kind, count, since, destinations, event, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (kind) DO UPDATE SET
                count = count + excluded.count,
                since = CASE WHEN count THEN since ELSE excluded.since END,
                destinations = excluded.destinations,
                event = excluded.event,
                detail = excluded.detail",
            values![
                kind,
                occurrence.times,
                now_ms,
                serde_json::to_string(&destinations)?,
                occurrence.event.map(|id| id.to_string()),
                occurrence.detail,
            ],
        )
    }

    /// `true` if an alert of this kind was sent at this time or later, or is about to be.
    pub(in crate::inbox) fn alerted_since(&self, kind: Kind, since_ms: i64) -> Result<bool> {
        let found = self.sql.row(
            "SELECT 1 FROM alerts WHERE kind = ? AND (last_at >= ? OR count > 0)",
            values![kind.code(), since_ms],
        )?;
        Ok(found.is_some())
    }

    /// The pending alerts of each kind whose last alert was sent at this time or earlier.
    pub(in crate::inbox) fn pending_alerts(&self, last_until_ms: i64) -> Result<Vec<PendingAlert>> {
        let rows = self.sql.rows(
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
                self.sql
                    .run("DELETE FROM alerts WHERE kind = ?", values![kind])?;
                continue;
            };
            all.push(PendingAlert {
                kind,
                count,
                since,
                destinations: names(&destinations)?,
                event: event.and_then(|id| id.parse().ok()),
                detail,
            });
        }
        Ok(all)
    }

    /// Records that an alert of this kind is sent, so that none is pending.
    pub(in crate::inbox) fn alert_sent(&self, kind: Kind, now_ms: i64) -> Result<()> {
        self.sql.run(
            "UPDATE alerts SET last_at = ?, count = 0 WHERE kind = ?",
            values![now_ms, kind.code()],
        )
    }

    /// When the last alert was sent of the kind whose pending alert has waited longest.
    pub(in crate::inbox) fn oldest_pending_alert(&self) -> Result<Option<i64>> {
        let query = "SELECT min(last_at) FROM alerts WHERE count > 0";
        let row = self.sql.row(query, values![])?;
        row.map_or(Ok(None), |mut row| row.optional_integer())
    }
}

/// The names in a column.
fn names(json: &str) -> Result<Vec<DestinationName>> {
    Ok(serde_json::from_str(json)?)
}
