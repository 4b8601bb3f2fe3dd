//! What operators see. SQLite writes the JSON.

use edge_core::name::DestinationName;
use worker::Result;

use super::{Store, deliveries::Priority, events::Kept, time};
use crate::sql::values;

/// How many deliveries go in one step when a destination's are dropped.
const DROPPED: i64 = 1000;

impl Store {
    /// How a destination is doing, one that was `removed` from the configuration too.
    pub(in crate::inbox) fn destination_overview(
        &self,
        name: &str,
        removed: bool,
    ) -> Result<String> {
        self.json(
            concat!(
                "SELECT json_object(
                    'name', ?1,
                    'state', CASE WHEN ?2 THEN 'removed' WHEN health.paused THEN 'paused' WHEN health.probe_at THEN 'open'
                        WHEN health.failures THEN 'failing' ELSE 'ok' END,
                    'failures_in_a_row', coalesce(health.failures, 0),
                    'next_probe_at', ",
                time!("health.probe_at"),
                ",
                    'waiting', waiting.deliveries,
                    'delivered', coalesce((SELECT deliveries FROM arrived WHERE destination = ?1), 0),
                    'dead', (SELECT count(*) FROM deliveries WHERE destination = ?1 AND state = 'dead'),
                    'oldest_waiting_at', ",
                time!("oldest.received_at"),
                ")
                 FROM (SELECT count(*) AS deliveries, min(seq) AS first FROM deliveries
                    WHERE destination = ?1 AND state = 'waiting') AS waiting
                 LEFT JOIN events AS oldest ON oldest.seq = waiting.first
                 LEFT JOIN destinations AS health ON health.name = ?1"
            ),
            values![name, i64::from(removed)],
        )
    }

    /// Every destination for which something waits, or has run out of attempts. From one name to the next
    /// in an index, however much there is of each.
    pub(in crate::inbox) fn undelivered_destinations(&self) -> Result<Vec<String>> {
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
                let name = row.text()?;
                if !all.contains(&name) {
                    all.push(name);
                }
            }
        }
        Ok(all)
    }

    /// Takes away some of what has not arrived at a destination, and what is known of its health. `false`
    /// if that was the last.
    pub(in crate::inbox) fn drop_undelivered(&self, name: &str) -> Result<bool> {
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

    /// Where an event's deliveries stand, and what was tried.
    pub(in crate::inbox) fn deliveries_overview(&self, seq: i64) -> Result<String> {
        self.json(
            concat!(
                "SELECT json_group_array(json_object(
                    'destination', destination, 'state', state,
                    'next_attempt_at', CASE WHEN state = 'waiting' THEN ", time!("next_at"), " END,
                    'attempts', (SELECT json_group_array(json_object(
                            'at', ", time!("at"), ", 'ms', ms, 'outcome', outcome,
                            'status', status, 'detail', detail, 'answer', answer))
                        FROM (SELECT * FROM attempts
                            WHERE attempts.seq = deliveries.seq AND attempts.destination = deliveries.destination
                            ORDER BY at, number))))
                 FROM deliveries WHERE seq = ?"
            ),
            values![seq],
        )
    }

    /// The event with this id.
    pub(in crate::inbox) fn kept(&self, id: &str) -> Result<Option<Kept>> {
        let query = format!("SELECT {} FROM events WHERE id = ?", Kept::COLUMNS);
        let mut row = self.row(&query, values![id])?;
        row.as_mut().map(Kept::read).transpose()
    }

    /// Makes an event's deliveries due, from the first attempt on, those that ended among them.
    pub(in crate::inbox) fn deliver_again(
        &self,
        seq: i64,
        destinations: &[&DestinationName],
        now_ms: i64,
    ) -> Result<()> {
        self.transaction(|| {
            destinations
                .iter()
                .try_for_each(|name| self.begin_anew(seq, name, now_ms, Priority::Live))
        })
    }

    fn json(&self, query: &str, values: Vec<worker::SqlStorageValue>) -> Result<String> {
        self.row(query, values)?
            .ok_or("the query gave no row")?
            .text()
    }
}
