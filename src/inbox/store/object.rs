//! The object that an event is about, and what else goes to a destination about it.

use edge_core::inbox_log::{DestinationId, Line, Seq};
use worker::Result;

use super::{
    Store,
    events::{self, tally},
};
use crate::sql::values;

/// An event's object.
pub(in crate::inbox) struct StoredObject {
    pub(in crate::inbox) kind: String,
    pub(in crate::inbox) id: String,
    pub(in crate::inbox) account: Option<String>,
    pub(in crate::inbox) line: Line,
    /// When the event was received.
    pub(in crate::inbox) received_at: i64,
}

impl Store {
    /// The object of the event at a place, if it has one.
    pub(in crate::inbox) fn object_of(&self, seq: Seq) -> Result<Option<StoredObject>> {
        let query = "SELECT kind, object, account, received_at FROM events WHERE seq = ?";
        let Some(mut row) = self.sql.row(query, values![seq])? else {
            return Ok(None);
        };
        let (kind, object) = (row.text()?, row.optional_text()?);
        let (account, received_at) = (row.optional_text()?, row.integer()?);
        let line = events::line_of(&kind, object.as_deref());
        Ok(object.zip(line).map(|(id, line)| StoredObject {
            kind,
            id,
            account,
            line,
            received_at,
        }))
    }

    /// The line in which an object's events stand.
    pub(in crate::inbox) fn line_of(kind: &str, object: &str) -> Option<Line> {
        events::line_of(kind, Some(object))
    }

    /// `true` if an event of this object after this place goes to a destination.
    pub(in crate::inbox) fn is_routed_after(
        &self,
        id: DestinationId,
        kind: &str,
        object: &str,
        after: Seq,
    ) -> Result<bool> {
        let query = "SELECT tally FROM events INDEXED BY events_by_object
            WHERE kind = ? AND object = ? AND seq > ? ORDER BY seq";
        for mut row in self.sql.rows(query, values![kind, object, after])? {
            if tally(&mut row)?.routes_to(id) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
