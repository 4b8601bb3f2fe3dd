//! Destinations and deliveries as operators see them.

use edge_core::{
    id::EventId,
    messages::{
        destinations::DestinationOverview,
        events::{AttemptDetails, DeliveryDetails},
    },
    name::DestinationName,
    state::{DeliveryState, DestinationHealth},
    time::UnixMillis,
};
use worker::Result;

use super::{Store, events::StoredEvent, priority::Priority};
use crate::sql::{row::Row, values};

/// How many deliveries of a destination one step drops.
const DROPPED: i64 = 1000;

impl Store {
    /// The state of a destination; `removed` if it is no longer configured.
    pub(in crate::inbox) fn destination_overview(
        &self,
        name: &DestinationName,
        removed: bool,
    ) -> Result<DestinationOverview> {
        let row = self.row(
            "SELECT coalesce(health.failures, 0), health.probe_at, coalesce(health.paused, 0), waiting.deliveries,
                coalesce((SELECT deliveries FROM arrived WHERE destination = ?1), 0),
                (SELECT count(*) FROM deliveries WHERE destination = ?1 AND state = 'dead'), oldest.received_at
             FROM (SELECT count(*) AS deliveries, min(seq) AS first FROM deliveries
                WHERE destination = ?1 AND state = 'waiting') AS waiting
             LEFT JOIN events AS oldest ON oldest.seq = waiting.first
             LEFT JOIN destinations AS health ON health.name = ?1",
            values![name.as_str()],
        )?;
        let mut row = row.ok_or("the query returned no row")?;
        let failures = row.integer()?;
        let probe_at = row.optional_integer()?;
        let paused = row.integer()? != 0;
        Ok(DestinationOverview {
            name: name.clone(),
            state: match (removed, paused, probe_at, failures) {
                (true, ..) => DestinationHealth::Removed,
                (_, true, ..) => DestinationHealth::Paused,
                (_, _, Some(_), _) => DestinationHealth::Open,
                (.., 0) => DestinationHealth::Ok,
                _ => DestinationHealth::Failing,
            },
            failures_in_a_row: u32::try_from(failures).unwrap_or(u32::MAX),
            next_probe_at: probe_at.map(UnixMillis),
            waiting: row.integer()?.unsigned_abs(),
            delivered: row.integer()?.unsigned_abs(),
            dead: row.integer()?.unsigned_abs(),
            oldest_waiting_at: row.optional_integer()?.map(UnixMillis),
        })
    }

    /// Every destination with a waiting or dead delivery. It goes from one name to the next in an index, however many
    /// deliveries each has.
    pub(in crate::inbox) fn undelivered_destinations(&self) -> Result<Vec<DestinationName>> {
        let mut all = Vec::new();
        for state in ["waiting", "dead"] {
            let query = format!(
                "WITH RECURSIVE each (name) AS (
                    SELECT min(destination) FROM deliveries WHERE state = '{state}'
                    UNION ALL
                    SELECT (SELECT min(destination) FROM deliveries
                            WHERE state = '{state}' AND destination > name)
                        FROM each WHERE name IS NOT NULL)
                 SELECT name FROM each WHERE name IS NOT NULL"
            );
            for mut row in self.rows(&query, values![])? {
                let name = row.parsed()?;
                if !all.contains(&name) {
                    all.push(name);
                }
            }
        }
        Ok(all)
    }

    /// Removes some undelivered events of a destination, and its health record. `false` if those were the last.
    pub(in crate::inbox) fn drop_undelivered(&self, name: &DestinationName) -> Result<bool> {
        let name = name.as_str();
        let mut more = false;
        self.transaction(|| {
            for state in ["waiting", "dead"] {
                let statement = format!(
                    "DELETE FROM deliveries WHERE destination = ?1 AND seq IN (
                        SELECT seq FROM deliveries WHERE destination = ?1 AND state = '{state}' LIMIT ?2)
                     RETURNING 1"
                );
                let gone = self.rows(&statement, values![name, DROPPED])?.len();
                more |= i64::try_from(gone) == Ok(DROPPED);
            }
            self.run("DELETE FROM destinations WHERE name = ?", values![name])
        })?;
        Ok(more)
    }

    /// The state of an event's deliveries, with their attempts.
    pub(in crate::inbox) fn deliveries(&self, seq: i64) -> Result<Vec<DeliveryDetails>> {
        let rows = self.rows(
            "SELECT destination, state, next_at FROM deliveries WHERE seq = ?",
            values![seq],
        )?;
        rows.into_iter()
            .map(|mut row| {
                let destination: DestinationName = row.parsed()?;
                let state = row.parsed()?;
                let next_at = row.integer()?;
                Ok(DeliveryDetails {
                    state,
                    next_attempt_at: (state == DeliveryState::Waiting)
                        .then_some(UnixMillis(next_at)),
                    attempts: self.attempts(seq, &destination)?,
                    destination,
                })
            })
            .collect()
    }

    fn attempts(&self, seq: i64, destination: &DestinationName) -> Result<Vec<AttemptDetails>> {
        let rows = self.rows(
            "SELECT at, ms, outcome, status, detail, answer FROM attempts
             WHERE seq = ? AND destination = ? ORDER BY at, number",
            values![seq, destination.as_str()],
        )?;
        rows.into_iter().map(|mut row| attempt(&mut row)).collect()
    }

    /// The event with this id.
    pub(in crate::inbox) fn event(&self, id: EventId) -> Result<Option<StoredEvent>> {
        let query = format!("SELECT {} FROM events WHERE id = ?", StoredEvent::COLUMNS);
        let mut row = self.row(&query, values![id.to_string()])?;
        row.as_mut().map(StoredEvent::read).transpose()
    }

    /// Makes an event's deliveries due, from the first attempt on, including those that have ended.
    pub(in crate::inbox) fn deliver_again(
        &self,
        seq: i64,
        destinations: &[&DestinationName],
        now_ms: i64,
    ) -> Result<()> {
        self.transaction(|| {
            destinations
                .iter()
                .try_for_each(|name| self.restart(seq, name, now_ms, Priority::Live))
        })
    }
}

fn attempt(row: &mut Row) -> Result<AttemptDetails> {
    Ok(AttemptDetails {
        at: UnixMillis(row.integer()?),
        ms: row.integer()?,
        outcome: row.text()?,
        status: row
            .optional_integer()?
            .and_then(|status| u16::try_from(status).ok()),
        detail: row.optional_text()?,
        answer: row.optional_text()?,
    })
}
