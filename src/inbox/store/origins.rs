//! Where events came from: the CloudEvents' `source`, and this Worker's own origin, as they were when each was accepted.
//! A later configuration changes neither, so that an event stays the same through retries and replays.

use std::{collections::BTreeMap, rc::Rc};

use worker::Result;

use super::Store;
use crate::sql::values;

/// A row of `origins`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::inbox) struct Origin {
    /// The CloudEvents' `source`.
    pub(in crate::inbox) source: String,
    /// This Worker's own origin. Empty if there has been no call yet.
    pub(in crate::inbox) base: String,
}

/// The rows that were read so far: there are few.
pub(super) type Origins = BTreeMap<i64, Rc<Origin>>;

impl Store {
    /// The origin of this number.
    pub(in crate::inbox) fn origin(&self, id: i64) -> Result<Rc<Origin>> {
        if let Some(known) = self.origins.borrow().get(&id) {
            return Ok(Rc::clone(known));
        }
        let row = self
            .sql
            .row("SELECT source, base FROM origins WHERE id = ?", values![id])?;
        let mut row = row.ok_or("an event's origin is not in its table")?;
        let origin = Rc::new(Origin {
            source: row.text()?,
            base: row.text()?,
        });
        self.origins.borrow_mut().insert(id, Rc::clone(&origin));
        Ok(origin)
    }

    /// The number of an origin, which is stored if it is new.
    pub(in crate::inbox) fn origin_id(&self, source: &str, base: &str) -> Result<i64> {
        let is_it = |origin: &Origin| origin.source == source && origin.base == base;
        let known = self.origins.borrow();
        if let Some((id, _)) = known.iter().find(|(_, origin)| is_it(origin)) {
            return Ok(*id);
        }
        drop(known);
        let query = "SELECT id FROM origins WHERE source = ? AND base = ?";
        let found = self.sql.row(query, values![source, base])?;
        let insert = "INSERT INTO origins (source, base) VALUES (?, ?) RETURNING id";
        let row = match found {
            None => self.sql.row(insert, values![source, base])?,
            found => found,
        };
        let id = row.ok_or("INSERT returned no row")?.integer()?;
        self.origin(id)?;
        Ok(id)
    }

    /// This Worker's own origin, as the newest event has it; empty if there is none. An event without one of its own
    /// takes this.
    pub(in crate::inbox) fn newest_base(&self) -> Result<String> {
        let query = "SELECT origin FROM events ORDER BY seq DESC LIMIT 1";
        match self.sql.row(query, values![])? {
            Some(mut row) => Ok(self.origin(row.integer()?)?.base.clone()),
            None => Ok(String::new()),
        }
    }
}
