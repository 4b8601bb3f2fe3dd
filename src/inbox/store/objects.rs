//! Objects: the states of one, as its events have them, and which there are.

use std::cmp::Ordering;

use edge_core::{
    destination::kv::ObjectState,
    id::EventId,
    inbox_log::{Seq, Tally},
    messages::objects::{ListObjects, ObjectKey},
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

/// An event about an object.
#[derive(Clone)]
pub(in crate::inbox) struct ObjectEvent {
    pub(in crate::inbox) seq: Seq,
    pub(in crate::inbox) id: EventId,
    pub(in crate::inbox) action: String,
    pub(in crate::inbox) account: Option<String>,
    pub(in crate::inbox) updated_at: Option<i64>,
    pub(in crate::inbox) received_at: i64,
    pub(in crate::inbox) state: ObjectState,
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

    /// The newest events about an object, newest first.
    pub(in crate::inbox) fn events_of_object(&self, key: &ObjectKey) -> Result<Vec<ObjectEvent>> {
        let rows = self.sql.rows(
            "SELECT seq, id, action, account, updated_at, received_at, given_up_at
             FROM events INDEXED BY events_by_object
             WHERE kind = ? AND object = ? AND digest IS NOT NULL ORDER BY seq DESC LIMIT ?",
            values![key.kind.as_str(), key.id.as_str(), MOST_STATES],
        )?;
        rows.into_iter()
            .map(|mut row| {
                let seq = row.integer()?;
                let id = EventId::from_bytes(row.array()?);
                let (action, account) = (row.text()?, row.optional_text()?);
                let (updated_at, received_at) = (row.optional_integer()?, row.integer()?);
                let given_up = row.optional_integer()?;
                Ok(ObjectEvent {
                    seq,
                    id,
                    state: ObjectState::of_row(id, &action, updated_at, received_at, given_up),
                    action,
                    account,
                    updated_at,
                    received_at,
                })
            })
            .collect()
    }

    /// The events before and after one about the same object.
    pub(in crate::inbox) fn neighbours(
        &self,
        seq: Seq,
    ) -> Result<(Option<EventId>, Option<EventId>)> {
        let neighbour = |comparison: &str, order: &str| -> Result<Option<EventId>> {
            let query = format!(
                "SELECT other.id FROM events AS this JOIN events AS other INDEXED BY events_by_object
                    ON other.kind = this.kind AND other.object = this.object AND other.seq {comparison} this.seq
                 WHERE this.seq = ? ORDER BY other.seq {order} LIMIT 1"
            );
            let row = self.sql.row(&query, values![seq])?;
            row.map(|mut row| Ok(EventId::from_bytes(row.array()?)))
                .transpose()
        };
        Ok((neighbour("<", "DESC")?, neighbour(">", "ASC")?))
    }

    /// The keys of the objects of an inbox, in their order: from one to the next in an index, or those of one account.
    pub(in crate::inbox) fn object_keys(&self, list: &ListObjects) -> Result<Vec<ObjectKey>> {
        match &list.account {
            Some(account) => self.keys_of_account(account, list),
            None => self.keys_in_order(list),
        }
    }

    fn keys_in_order(&self, list: &ListObjects) -> Result<Vec<ObjectKey>> {
        let mut all = Vec::new();
        let mut next = self.next_key(list, list.from.as_ref(), ">=")?;
        while let Some(key) = next {
            all.push(key);
            if all.len() >= list.limit {
                break;
            }
            next = self.next_key(list, all.last(), ">")?;
        }
        Ok(all)
    }

    /// The first key after one, or from one on.
    fn next_key(
        &self,
        list: &ListObjects,
        from: Option<&ObjectKey>,
        comparison: &str,
    ) -> Result<Option<ObjectKey>> {
        let row = if let Some(kind) = &list.kind {
            let from = match from.map(|from| (from.kind.as_str().cmp(kind), from)) {
                None | Some((Ordering::Less, _)) => "",
                Some((Ordering::Equal, from)) => from.id.as_str(),
                Some((Ordering::Greater, _)) => return Ok(None),
            };
            let query = format!(
                "SELECT kind, object FROM events INDEXED BY events_by_object
                     WHERE kind = ? AND object {comparison} ? ORDER BY object LIMIT 1"
            );
            self.sql.row(&query, values![kind.as_str(), from])?
        } else {
            let (kind, id) = from.map_or(("", ""), |from| (from.kind.as_str(), from.id.as_str()));
            let query = format!(
                "SELECT kind, object FROM events INDEXED BY events_by_object
                     WHERE (kind, object) {comparison} (?, ?) AND object IS NOT NULL
                     ORDER BY kind, object LIMIT 1"
            );
            self.sql.row(&query, values![kind, id])?
        };
        row.map(|mut row| {
            Ok(ObjectKey {
                kind: row.text()?,
                id: row.text()?,
            })
        })
        .transpose()
    }

    fn keys_of_account(&self, account: &str, list: &ListObjects) -> Result<Vec<ObjectKey>> {
        let (kind, id) = list
            .from
            .as_ref()
            .map_or(("", ""), |from| (from.kind.as_str(), from.id.as_str()));
        let limit = u32::try_from(list.limit).unwrap_or(u32::MAX);
        let rows = self.sql.rows(
            "SELECT DISTINCT kind, object FROM events INDEXED BY events_by_account
             WHERE account = ?1 AND object IS NOT NULL AND (kind, object) >= (?2, ?3) AND (?4 IS NULL OR kind = ?4)
             ORDER BY kind, object LIMIT ?5",
            values![account, kind, id, list.kind.as_deref(), limit],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(ObjectKey {
                    kind: row.text()?,
                    id: row.text()?,
                })
            })
            .collect()
    }
}
