//! Replays of many events, and the events that they mean.

use std::{collections::BTreeMap, rc::Rc};

use edge_core::{
    id::ReplayId,
    inbox_log::{DestinationId, Meant, ReplayId as ReplayNumber, Seq},
    messages::replays::{LISTED_REPLAYS, ReplayCount, ReplayProgress, StartReplay},
    time::UnixMillis,
};
use worker::Result;

use super::{Store, bad_blob};
use crate::sql::{row::Row, values};

/// The last row that was read, for each replay and destination.
pub(super) type MeantRows = BTreeMap<(ReplayNumber, DestinationId), Rc<Meant>>;

const COLUMNS: &str = "n, id, asked_at, ended_at, cancelled_at, events, deliveries, filter";

fn progress(row: &mut Row) -> Result<(ReplayNumber, ReplayProgress)> {
    let number = ReplayNumber::try_from(row.integer()?).unwrap_or_default();
    let mut progress = ReplayProgress {
        id: row.parsed()?,
        asked_at: UnixMillis(row.integer()?),
        ended_at: row.optional_integer()?.map(UnixMillis),
        cancelled_at: row.optional_integer()?.map(UnixMillis),
        events: row.integer()?.unsigned_abs(),
        deliveries: row.integer()?.unsigned_abs(),
        all_deliveries: 0,
        filter: serde_json::from_str(&row.text()?)?,
    };
    progress.all_deliveries = progress.deliveries;
    Ok((number, progress))
}

impl Store {
    /// Stores a replay that was requested, and returns its number.
    pub(in crate::inbox) fn keep_replay(
        &self,
        id: ReplayId,
        replay: &StartReplay,
        count: ReplayCount,
        now_ms: i64,
    ) -> Result<ReplayNumber> {
        let count_of = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let names = replay.destinations.as_ref();
        let ended_at = (count.deliveries == 0).then_some(now_ms);
        let row = self.sql.row(
            "INSERT INTO replays (id, filter, destinations, events, deliveries, asked_at, ended_at)
             VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING n",
            values![
                id.to_string(),
                serde_json::to_string(&replay.filter)?,
                names.map(serde_json::to_string).transpose()?,
                count_of(count.events),
                count_of(count.deliveries),
                now_ms,
                ended_at,
            ],
        )?;
        let number = row.ok_or("INSERT returned no row")?.integer()?;
        Ok(ReplayNumber::try_from(number).unwrap_or_default())
    }

    /// Stores some of the events that a replay means for a destination.
    pub(in crate::inbox) fn keep_meant(
        &self,
        replay: ReplayNumber,
        id: DestinationId,
        meant: &Meant,
    ) -> Result<()> {
        let blob = meant.encode().map_err(bad_blob)?;
        self.sql.run(
            "INSERT INTO replay_events VALUES (?, ?, ?, ?)",
            values![replay, id, meant.last(), blob.as_slice()],
        )
    }

    /// The first event after a place that a replay means for a destination.
    pub(super) fn next_meant(
        &self,
        replay: ReplayNumber,
        id: DestinationId,
        after: Seq,
    ) -> Result<Option<Seq>> {
        let known = self.meant.borrow().get(&(replay, id)).cloned();
        if let Some(next) = known.and_then(|meant| meant.next_after(after)) {
            return Ok(Some(next));
        }
        let query = "SELECT seqs FROM replay_events
            WHERE replay = ? AND destination = ? AND upto > ? ORDER BY upto LIMIT 1";
        let Some(mut row) = self.sql.row(query, values![replay, id, after])? else {
            return Ok(None);
        };
        let meant = Rc::new(Meant::decode(&row.bytes()?).map_err(bad_blob)?);
        let next = meant.next_after(after);
        self.meant.borrow_mut().insert((replay, id), meant);
        Ok(next)
    }

    /// A replay has ended for a destination; if it was the last one, it has ended.
    pub(super) fn end_cursor(
        &self,
        replay: ReplayNumber,
        id: DestinationId,
        now_ms: i64,
    ) -> Result<()> {
        self.meant.borrow_mut().remove(&(replay, id));
        for table in ["replay_cursors", "replay_events"] {
            let statement = format!("DELETE FROM {table} WHERE replay = ? AND destination = ?");
            self.sql.run(&statement, values![replay, id])?;
        }
        self.sql.run(
            "UPDATE replays SET ended_at = ?1 WHERE n = ?2 AND ended_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM replay_cursors WHERE replay = ?2)",
            values![now_ms, replay],
        )
    }

    /// The newest replays, each with its number and its whole extent.
    pub(in crate::inbox) fn replays(&self) -> Result<Vec<(ReplayNumber, ReplayProgress)>> {
        let listed = u32::try_from(LISTED_REPLAYS).unwrap_or(u32::MAX);
        let rows = self.sql.rows(
            &format!("SELECT {COLUMNS} FROM replays ORDER BY n DESC LIMIT ?"),
            values![listed],
        )?;
        rows.into_iter().map(|mut row| progress(&mut row)).collect()
    }

    /// The replay with this id, with its number and its whole extent.
    pub(in crate::inbox) fn replay(
        &self,
        id: ReplayId,
    ) -> Result<Option<(ReplayNumber, ReplayProgress)>> {
        let query = format!("SELECT {COLUMNS} FROM replays WHERE id = ? ORDER BY n DESC LIMIT 1");
        let row = self.sql.row(&query, values![id.to_string()])?;
        row.map(|mut row| progress(&mut row)).transpose()
    }

    /// Ends a replay as it is: these were sent.
    pub(in crate::inbox) fn cancel_replay(
        &self,
        replay: ReplayNumber,
        sent: ReplayCount,
        now_ms: i64,
    ) -> Result<()> {
        let count_of = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.sql.run(
            "UPDATE replays SET events = ?, deliveries = ?, ended_at = coalesce(ended_at, ?), cancelled_at = ? WHERE n = ?",
            values![
                count_of(sent.events),
                count_of(sent.deliveries),
                now_ms,
                now_ms,
                replay,
            ],
        )
    }

    /// Removes replays that ended before this time.
    pub(in crate::inbox) fn forget_replays(&self, ended_before: i64) -> Result<()> {
        self.sql.run(
            "DELETE FROM replays WHERE ended_at < ?",
            values![ended_before],
        )
    }
}
