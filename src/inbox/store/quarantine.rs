//! The quarantine: authenticated bodies that could not be parsed, stored as they came. One row for each, however often
//! and in whichever way it comes. [`edge_core::quarantine`] decides what has a place.

use edge_core::{
    id::{Digest, QuarantineId},
    messages::intake::Unparsable,
    quarantine::room::{self, Room, Way},
};
use worker::Result;

use super::Store;
use crate::sql::{row::Row, values};

/// How many bodies one step removes.
const REMOVED: u32 = 100;

impl Store {
    /// How an equal body came that is in the quarantine.
    pub(in crate::inbox) fn quarantined(&self, likeness: Digest) -> Result<Option<Way>> {
        let query = "SELECT recovered FROM quarantine WHERE likeness = ?";
        let row = self
            .sql
            .row(query, values![likeness.to_bytes().as_slice()])?;
        row.map(|mut row| way(&mut row)).transpose()
    }

    /// How much it holds.
    pub(in crate::inbox) fn quarantine_room(&self) -> Result<Room> {
        if let Some(room) = self.room.get() {
            return Ok(room);
        }
        let query = "SELECT recovered, sum(size) FROM quarantine GROUP BY recovered";
        let rows = self.sql.rows(query, values![])?;
        let room = rows
            .into_iter()
            .try_fold(Room::default(), |room, mut row| {
                let way = way(&mut row)?;
                Ok::<_, worker::Error>(room.with(way, size(&mut row)?))
            })?;
        self.room.set(Some(room));
        Ok(room)
    }

    /// Counts a body that is there already, and came in this way.
    pub(in crate::inbox) fn count_quarantined(
        &self,
        likeness: Digest,
        way: Way,
        now_ms: i64,
    ) -> Result<()> {
        self.room.set(None);
        self.sql.run(
            "UPDATE quarantine SET last_at = ?, times = times + 1, recovered = max(recovered, ?) WHERE likeness = ?",
            values![now_ms, way == Way::Recovered, likeness.to_bytes().as_slice()],
        )
    }

    /// Stores a body that is not there yet.
    pub(in crate::inbox) fn quarantine(
        &self,
        id: QuarantineId,
        unparsable: &Unparsable,
        body: &[u8],
        way: Way,
        now_ms: i64,
    ) -> Result<()> {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let size = room::size(body, &unparsable.detail);
        let room = self.quarantine_room()?.with(way, size);
        self.sql.run(
            "INSERT INTO quarantine
                (id, likeness, received_at, last_at, times, recovered, size, code, detail, line, col, media_type, body)
             VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)",
            values![
                id.to_bytes().as_slice(),
                unparsable.likeness.to_bytes().as_slice(),
                now_ms,
                now_ms,
                way == Way::Recovered,
                i64::try_from(size).unwrap_or(i64::MAX),
                unparsable.code.as_str(),
                unparsable.detail.as_str(),
                number(unparsable.line),
                number(unparsable.column),
                unparsable.media_type.as_str(),
                body,
            ],
        )?;
        self.room.set(Some(room));
        Ok(())
    }

    /// Removes bodies that were only pushed, the oldest first, until so many bytes are free.
    pub(in crate::inbox) fn evict_pushed(&self, bytes: u64) -> Result<()> {
        self.room.set(None);
        let mut freed = 0;
        while freed < bytes {
            let oldest =
                "SELECT n, size FROM quarantine WHERE recovered = 0 ORDER BY last_at, n LIMIT ?";
            let rows = self.sql.rows(oldest, values![REMOVED])?;
            if rows.is_empty() {
                return Ok(());
            }
            for mut row in rows {
                if freed >= bytes {
                    break;
                }
                let n = row.integer()?;
                freed += size(&mut row)?;
                self.sql
                    .run("DELETE FROM quarantine WHERE n = ?", values![n])?;
            }
        }
        Ok(())
    }

    /// Removes some of the bodies that last came before this time; `false` if those were the last.
    pub(in crate::inbox) fn forget_quarantined(&self, before: i64) -> Result<bool> {
        let mut may_have_more = false;
        for way in [Way::Pushed, Way::Recovered] {
            let old = "SELECT n FROM quarantine WHERE recovered = ? AND last_at < ? LIMIT ?";
            let rows = self
                .sql
                .rows(old, values![way == Way::Recovered, before, REMOVED])?;
            may_have_more |= rows.len() >= REMOVED as usize;
            for mut row in rows {
                self.room.set(None);
                let n = row.integer()?;
                self.sql
                    .run("DELETE FROM quarantine WHERE n = ?", values![n])?;
            }
        }
        Ok(may_have_more)
    }

    /// When the body last came that has not come for longest.
    pub(in crate::inbox) fn oldest_quarantined(&self) -> Result<Option<i64>> {
        let mut oldest: Option<i64> = None;
        for way in [Way::Pushed, Way::Recovered] {
            let query = "SELECT min(last_at) FROM quarantine WHERE recovered = ?";
            let row = self.sql.row(query, values![way == Way::Recovered])?;
            let at = row.map(|mut row| row.optional_integer()).transpose()?;
            oldest = oldest.into_iter().chain(at.flatten()).min();
        }
        Ok(oldest)
    }
}

fn way(row: &mut Row) -> Result<Way> {
    Ok(if row.integer()? == 0 {
        Way::Pushed
    } else {
        Way::Recovered
    })
}

fn size(row: &mut Row) -> Result<u64> {
    Ok(u64::try_from(row.integer()?).unwrap_or_default())
}
