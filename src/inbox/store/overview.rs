//! The rows of destinations: opened once, and told to operators.

use edge_core::{
    inbox_log::{Cursor, Destination, DestinationId, Head, Line, Position, Seq, State},
    name::DestinationName,
};
use worker::Result;

use super::{Store, bad_blob};
use crate::sql::values;

/// A destination as it is in its rows.
pub(in crate::inbox) struct Opened {
    pub(in crate::inbox) name: DestinationName,
    pub(in crate::inbox) deliveries: Destination,
}

impl Store {
    /// Every destination that the inbox knows: those that are configured, with a new row for one that is new, and those
    /// that were. `configured` says of each whether it is ordered.
    pub(in crate::inbox) fn open_destinations(
        &self,
        configured: &[(&DestinationName, bool)],
        head: &Head,
    ) -> Result<Vec<Opened>> {
        let mut all = self.stored_destinations(configured)?;
        let mut newest = all.iter().map(|one| one.deliveries.id()).max().unwrap_or(0);
        for (name, is_ordered) in configured {
            if all.iter().any(|known| known.name == **name) {
                continue;
            }
            newest = newest.saturating_add(1);
            // What is in the log was not meant for it.
            let state = State {
                position: Position::at(head.seq, 0),
                ..State::default()
            };
            let blob = state.encode().map_err(bad_blob)?;
            self.sql.run(
                "INSERT INTO destinations VALUES (?, ?, ?, ?)",
                values![newest, name.as_str(), *is_ordered, blob.as_slice()],
            )?;
            all.push(Opened {
                name: (*name).clone(),
                deliveries: Destination::opened(newest, *is_ordered, state, Vec::new()),
            });
        }
        Ok(all)
    }

    fn stored_destinations(&self, configured: &[(&DestinationName, bool)]) -> Result<Vec<Opened>> {
        let query = "SELECT id, name, ordered, state FROM destinations ORDER BY id";
        let mut all = Vec::new();
        for mut row in self.sql.rows(query, values![])? {
            let id = DestinationId::try_from(row.integer()?).unwrap_or_default();
            let name: DestinationName = row.parsed()?;
            let was_ordered = row.integer()? != 0;
            let state = State::decode(&row.bytes()?).map_err(bad_blob)?;
            let known = configured.iter().find(|(known, _)| **known == name);
            let is_ordered = known.map_or(was_ordered, |(_, is_ordered)| *is_ordered);
            if is_ordered != was_ordered {
                self.switch_order(id, is_ordered)?;
            }
            let deliveries = Destination::opened(id, is_ordered, state, self.cursors(id)?);
            all.push(Opened { name, deliveries });
        }
        Ok(all)
    }

    /// Brings what waits into lines, or out of them, when the configuration has changed.
    fn switch_order(&self, id: DestinationId, is_ordered: bool) -> Result<()> {
        self.transaction(|| {
            self.sql.run(
                "UPDATE destinations SET ordered = ? WHERE id = ?",
                values![is_ordered, id],
            )?;
            self.sql.run(
                "UPDATE waiting SET line = NULL WHERE destination = ?",
                values![id],
            )?;
            if !is_ordered {
                return Ok(());
            }
            let query = "SELECT seq FROM waiting WHERE destination = ? AND replayed = 0";
            for mut row in self.sql.rows(query, values![id])? {
                let seq: Seq = row.integer()?;
                let line: Option<Line> = self.at_or_after(seq)?.and_then(|meta| meta.line());
                self.sql.run(
                    "UPDATE waiting SET line = ? WHERE destination = ? AND seq = ?",
                    values![line, id, seq],
                )?;
            }
            Ok(())
        })
    }

    fn cursors(&self, id: DestinationId) -> Result<Vec<Cursor>> {
        let query = "SELECT cursor FROM replay_cursors WHERE destination = ? ORDER BY replay";
        let rows = self.sql.rows(query, values![id])?;
        rows.into_iter()
            .map(|mut row| Cursor::decode(&row.bytes()?).map_err(bad_blob))
            .collect()
    }

    /// Some rows of what waits for a destination, or is dead there, from the first on.
    pub(in crate::inbox) fn some_undelivered(
        &self,
        id: DestinationId,
        limit: u32,
    ) -> Result<(Vec<Seq>, Vec<Seq>)> {
        let some = |table: &str| -> Result<Vec<Seq>> {
            let query =
                format!("SELECT seq FROM {table} WHERE destination = ? ORDER BY seq LIMIT ?");
            let rows = self.sql.rows(&query, values![id, limit])?;
            rows.into_iter().map(|mut row| row.integer()).collect()
        };
        Ok((some("waiting")?, some("dead")?))
    }

    /// The first row of what waits for a destination.
    pub(in crate::inbox) fn first_waiting(&self, id: DestinationId) -> Result<Option<Seq>> {
        let query = "SELECT seq FROM waiting WHERE destination = ? ORDER BY seq LIMIT 1";
        let row = self.sql.row(query, values![id])?;
        row.map(|mut row| row.integer()).transpose()
    }

    /// How many rows of what waits for a destination are before a place, `most` at the most.
    pub(in crate::inbox) fn count_waiting_before(
        &self,
        id: DestinationId,
        before: Seq,
        most: u32,
    ) -> Result<i64> {
        let row = self.sql.row(
            "SELECT count(*) FROM (SELECT 1 FROM waiting WHERE destination = ? AND seq < ? LIMIT ?)",
            values![id, before, most],
        )?;
        row.map_or(Ok(0), |mut row| row.integer())
    }

    /// When an event was received.
    pub(in crate::inbox) fn received_at(&self, seq: Seq) -> Result<Option<i64>> {
        let query = "SELECT received_at FROM events WHERE seq = ?";
        let row = self.sql.row(query, values![seq])?;
        row.map(|mut row| row.integer()).transpose()
    }

    /// The oldest event that is kept: its place, and when it was received.
    pub(in crate::inbox) fn oldest(&self) -> Result<Option<(Seq, i64)>> {
        let query = "SELECT seq, received_at FROM events ORDER BY seq LIMIT 1";
        let row = self.sql.row(query, values![])?;
        row.map(|mut row| Ok((row.integer()?, row.integer()?)))
            .transpose()
    }

    /// How many events went to a destination up to the first event kept from a place on, without that one.
    pub(in crate::inbox) fn routed_before(
        &self,
        id: DestinationId,
        seq: Seq,
    ) -> Result<Option<u64>> {
        let found = self.at_or_after(seq)?;
        Ok(found.map(|meta| {
            let here = u64::from(meta.tally.routes_to(id));
            meta.tally.of(id).saturating_sub(here)
        }))
    }
}

impl Store {
    /// The places of events that went to a destination, from `first` on and before `end`, among so many.
    pub(in crate::inbox) fn routed_from(
        &self,
        id: DestinationId,
        first: Seq,
        end: Seq,
        looked_at: u32,
    ) -> Result<Vec<Seq>> {
        let all = self.old_events(first, end, looked_at)?;
        let routed = all.into_iter().filter(|event| event.tally.routes_to(id));
        Ok(routed.map(|event| event.seq).collect())
    }
}
