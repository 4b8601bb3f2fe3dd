//! What operators see. SQLite writes the JSON.

use worker::Result;

use super::{Store, deliveries::Turn, events::Kept, time, values};
use crate::name::DestinationName;

impl Store {
    /// How a destination is doing.
    pub(in crate::inbox) fn destination_overview(&self, name: &DestinationName) -> Result<String> {
        self.json(
            concat!(
                "SELECT json_object(
                    'name', ?1,
                    'state', CASE WHEN health.paused THEN 'paused' WHEN health.probe_at THEN 'open'
                        WHEN health.failures THEN 'failing' ELSE 'ok' END,
                    'failures_in_a_row', coalesce(health.failures, 0),
                    'next_probe_at', ",
                time!("health.probe_at"),
                ",
                    'waiting', total.waiting, 'delivered', total.delivered, 'dead', total.dead,
                    'oldest_waiting_at', ",
                time!("total.oldest"),
                ")
                 FROM (SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
                        count(*) FILTER (WHERE state = 'delivered') AS delivered,
                        count(*) FILTER (WHERE state = 'dead') AS dead,
                        min(received_at) FILTER (WHERE state = 'waiting') AS oldest
                    FROM deliveries JOIN events USING (seq) WHERE destination = ?1) AS total
                 LEFT JOIN destinations AS health ON health.name = ?1"
            ),
            values![name.as_str()],
        )
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
                .try_for_each(|name| self.begin_anew(seq, name, now_ms, Turn::First))
        })
    }

    fn json(&self, query: &str, values: Vec<worker::SqlStorageValue>) -> Result<String> {
        self.row(query, values)?
            .ok_or("the query gave no row")?
            .text()
    }
}
