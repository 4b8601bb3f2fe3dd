//! The quarantine: authenticated bodies that could not be parsed, stored as they came. One row for each, however often
//! and in whichever way it comes. [`edge_core::quarantine`] decides what has a place.

use edge_core::{
    id::{Digest, EventId, QuarantineId},
    messages::{
        document::Document,
        intake::{Intake, Unparsable},
        quarantine::{ListQuarantine, QuarantinedBody, QuarantinedDetails},
    },
    name::SourceName,
    quarantine::room::{self, Room, Way},
    time::UnixMillis,
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

impl Store {
    /// The bodies that operators ask for, without their contents. Ids sort by their time.
    pub(in crate::inbox) fn list_quarantine(
        &self,
        list: &ListQuarantine,
        source: &SourceName,
    ) -> Result<Vec<QuarantinedBody>> {
        let (comparison, order) = if list.newest_first {
            ("<", "DESC")
        } else {
            (">", "ASC")
        };
        let query = format!(
            "SELECT {COLUMNS} FROM quarantine
             WHERE (?1 IS NULL OR id {comparison} ?1) AND (?2 IS NULL OR code = ?2) ORDER BY id {order} LIMIT ?3"
        );
        let after = list.after.map(QuarantineId::to_bytes);
        let limit = u32::try_from(list.limit).unwrap_or(u32::MAX);
        let values = values![
            after.as_ref().map(<[u8; 16]>::as_slice),
            list.code.as_deref(),
            limit
        ];
        let rows = self.sql.rows(&query, values)?;
        rows.into_iter()
            .map(|mut row| body(&mut row, source))
            .collect()
    }

    /// One body with its content.
    pub(in crate::inbox) fn quarantined_body(
        &self,
        id: QuarantineId,
        source: &SourceName,
    ) -> Result<Option<QuarantinedDetails>> {
        let query = format!("SELECT {COLUMNS}, body FROM quarantine WHERE id = ?");
        let row = self.sql.row(&query, values![id.to_bytes().as_slice()])?;
        row.map(|mut row| {
            Ok(QuarantinedDetails {
                summary: body(&mut row, source)?,
                body: Document(row.bytes()?),
            })
        })
        .transpose()
    }

    /// Removes a body. `false` if there is none of this id.
    pub(in crate::inbox) fn drop_quarantined(&self, id: QuarantineId) -> Result<bool> {
        self.room.set(None);
        let row = self.sql.row(
            "DELETE FROM quarantine WHERE id = ? RETURNING n",
            values![id.to_bytes().as_slice()],
        )?;
        Ok(row.is_some())
    }

    /// An event with an equal document that was taken in at this time or later, in whichever way.
    pub(in crate::inbox) fn equal_since(
        &self,
        intake: &Intake,
        since: UnixMillis,
    ) -> Result<Option<EventId>> {
        let Some(digest) = intake.digest.map(Digest::to_bytes) else {
            return Ok(None);
        };
        let row = self.sql.row(
            "SELECT id FROM events INDEXED BY events_by_object
             WHERE kind = ? AND object IS ? AND digest = ? AND received_at >= ? ORDER BY seq DESC LIMIT 1",
            values![
                intake.kind.as_str(),
                intake.object.as_deref(),
                digest.as_slice(),
                since.0
            ],
        )?;
        row.map(|mut row| Ok(EventId::from_bytes(row.array()?)))
            .transpose()
    }
}

/// SQLite knows the length of a blob without reading it.
const COLUMNS: &str =
    "id, code, detail, line, col, media_type, length(body), times, recovered, received_at, last_at";

fn body(row: &mut Row, source: &SourceName) -> Result<QuarantinedBody> {
    Ok(QuarantinedBody {
        id: QuarantineId::from_bytes(row.array()?),
        source: source.clone(),
        code: row.text()?,
        detail: row.text()?,
        line: row.integer()?.unsigned_abs(),
        column: row.integer()?.unsigned_abs(),
        media_type: row.text()?,
        bytes: row.integer()?.unsigned_abs(),
        times: row.integer()?.unsigned_abs(),
        recovered: row.integer()? != 0,
        received_at: UnixMillis(row.integer()?),
        last_at: UnixMillis(row.integer()?),
    })
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
