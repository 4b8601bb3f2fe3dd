//! The states of one object, as its events have them.

use edge_core::{
    destination::kv::ObjectState,
    id::EventId,
    inbox_log::{Seq, Tally},
};
use worker::Result;

use super::{Store, events::tally};
use crate::sql::values;

/// A state of an object.
pub(in crate::inbox) struct StoredState {
    pub(in crate::inbox) seq: Seq,
    pub(in crate::inbox) state: ObjectState,
    pub(in crate::inbox) tally: Tally,
}

/// How many states of an object are looked at.
const MOST_STATES: u32 = 200;

impl Store {
    /// The newest states of the object that an event is about, this event's own among them.
    pub(in crate::inbox) fn states_of_object(&self, seq: Seq) -> Result<Vec<StoredState>> {
        let columns = "other.seq, other.id, other.action, other.updated_at, other.received_at, other.given_up_at,
            other.tally";
        let query = format!(
            "SELECT {columns} FROM events AS this JOIN events AS other
                ON other.kind = this.kind AND other.object = this.object AND other.digest IS NOT NULL
             WHERE this.seq = ?1 AND (other.seq = ?1 OR other.seq IN (
                SELECT newest.seq FROM events AS newest INDEXED BY events_by_object
                WHERE newest.kind = this.kind AND newest.object = this.object ORDER BY newest.seq DESC LIMIT ?2))"
        );
        let rows = self.sql.rows(&query, values![seq, MOST_STATES])?;
        rows.into_iter()
            .map(|mut row| {
                let seq = row.integer()?;
                let id = EventId::from_bytes(row.array()?);
                let action = row.text()?;
                let (updated_at, received_ms) = (row.optional_integer()?, row.integer()?);
                let given_up_ms = row.optional_integer()?;
                Ok(StoredState {
                    seq,
                    state: ObjectState::of_row(id, &action, updated_at, received_ms, given_up_ms),
                    tally: tally(&mut row)?,
                })
            })
            .collect()
    }
}
