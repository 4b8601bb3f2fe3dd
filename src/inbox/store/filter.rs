//! A filter as SQL. Values that an operator wrote are bound, never put into the text.

use edge_core::{
    filter::Filter,
    id::EventId,
    inbox_log::{DestinationId, Position, Seq, State, Tally},
    state::DeliveryState,
};
use js_sys::Array;
use wasm_bindgen::JsValue;
use worker::Result;

use super::{Store, events::tally};
use crate::sql::{Column as _, row::Row, values};

/// An event that meets the conditions on its own columns. Whether it has the deliveries that the filter names, its
/// place and its rows say.
#[derive(Debug)]
pub(in crate::inbox) struct Candidate {
    pub(in crate::inbox) seq: Seq,
    pub(in crate::inbox) id: EventId,
    pub(in crate::inbox) kind: String,
    pub(in crate::inbox) action: String,
    pub(in crate::inbox) object: Option<String>,
    pub(in crate::inbox) account: Option<String>,
    pub(in crate::inbox) updated_at: Option<i64>,
    pub(in crate::inbox) received_at: i64,
    pub(in crate::inbox) tally: Tally,
    pub(in crate::inbox) repeats: u64,
    pub(in crate::inbox) is_ours: bool,
}

const COLUMNS: &str = "seq, id, kind, action, object, account, updated_at, received_at, tally,
    (SELECT repeats FROM marks WHERE marks.seq = events.seq), digest IS NULL";

impl Candidate {
    fn read(row: &mut Row) -> Result<Self> {
        Ok(Self {
            seq: row.integer()?,
            id: EventId::from_bytes(row.array()?),
            kind: row.text()?,
            action: row.text()?,
            object: row.optional_text()?,
            account: row.optional_text()?,
            updated_at: row.optional_integer()?,
            received_at: row.integer()?,
            tally: tally(row)?,
            repeats: row.optional_integer()?.unwrap_or_default().unsigned_abs(),
            is_ours: row.integer()? != 0,
        })
    }
}

/// How the events of a filter are found.
pub(in crate::inbox) struct Search {
    index: &'static str,
    conditions: Vec<String>,
    values: Vec<JsValue>,
    /// `true` if events are read that do not match, so that it has to be done in steps.
    pub(in crate::inbox) examines: bool,
}

impl Store {
    /// How to find the events of a filter. `destinations` are those that it may name, with their states.
    ///
    /// Every property of a filter is named here, so that a new one does not compile until it has a condition.
    pub(in crate::inbox) fn search(
        &self,
        filter: &Filter,
        destinations: &[(DestinationId, &State)],
    ) -> Result<Search> {
        let Filter {
            kind,
            action,
            object,
            account,
            // They are places in the log: see the caller.
            since_ms: _,
            until_ms: _,
            text,
            state,
            destination: _,
        } = filter;
        let mut search = Search {
            // Else SQLite would sort every event of a type.
            index: "NOT INDEXED",
            conditions: Vec::new(),
            values: Vec::new(),
            examines: kind.is_some() || action.is_some() || text.is_some(),
        };
        if let Some(kind) = kind {
            search.add("kind = ?", kind);
        } else if object.is_some() {
            // The index begins with the type.
            let kinds = self.kinds()?;
            let marks = vec!["?"; kinds.len()].join(",");
            search.conditions.push(format!("kind IN ({marks})"));
            let kinds = kinds.iter().map(|kind| JsValue::from_str(kind));
            search.values.extend(kinds);
        }
        if let Some(object) = object {
            search.add("object = ?", object);
            search.index = "INDEXED BY events_by_object";
            search.examines = false;
        } else if account.is_some() {
            search.index = "INDEXED BY events_by_account";
            search.examines = false;
        }
        if let Some(account) = account {
            search.add("account = ?", account);
        }
        if let Some(action) = action {
            search.add("action = ?", action);
        }
        if let Some(text) = text {
            search.add(
                "(instr(lower(hex(id)), replace(?, '-', '')) OR instr(lower(CAST(document AS TEXT)), ?))",
                text,
            );
            search.values.push(JsValue::from_str(text));
        }
        match state {
            Some(DeliveryState::Dead) => search.dead(destinations),
            Some(DeliveryState::Waiting) => search.waiting(destinations),
            // Most are.
            Some(DeliveryState::Delivered) | None => {}
        }
        Ok(search)
    }

    /// The types of the events that are kept: from one to the next in an index.
    fn kinds(&self) -> Result<Vec<String>> {
        let mut all = Vec::new();
        let mut after = String::new();
        let query = "SELECT min(kind) FROM events INDEXED BY events_by_object WHERE kind > ?";
        while let Some(kind) = self
            .sql
            .row(query, values![after.as_str()])?
            .map_or(Ok(None), |mut row| row.optional_text())?
        {
            after.clone_from(&kind);
            all.push(kind);
        }
        Ok(all)
    }

    /// Events from `first` on and before `end` that may match, the newest first or the oldest first.
    pub(in crate::inbox) fn candidates(
        &self,
        search: &Search,
        (first, end): (Seq, Seq),
        order: &str,
        limit: u32,
    ) -> Result<Vec<Candidate>> {
        let Search {
            index, conditions, ..
        } = search;
        let conditions = if conditions.is_empty() {
            "true".to_owned()
        } else {
            conditions.join(" AND ")
        };
        let query = format!(
            "SELECT {COLUMNS} FROM events {index} WHERE seq >= ? AND seq < ? AND {conditions}
             ORDER BY seq {order} LIMIT ?"
        );
        let values: Array = values![first, end];
        search.values.iter().for_each(|value| {
            values.push(value);
        });
        values.push(&limit.column());
        let rows = self.sql.rows(&query, values)?;
        rows.into_iter()
            .map(|mut row| Candidate::read(&mut row))
            .collect()
    }
}

impl Search {
    fn add(&mut self, condition: &str, value: &str) {
        self.conditions.push(condition.to_owned());
        self.values.push(JsValue::from_str(value));
    }

    fn dead(&mut self, destinations: &[(DestinationId, &State)]) {
        let ids = list(destinations.iter().map(|(id, _)| i64::from(*id)));
        self.conditions.push(format!(
            "seq IN (SELECT seq FROM dead WHERE destination IN ({ids}))"
        ));
        self.examines = false;
    }

    /// A waiting event has a row, is pending, or is beyond a position.
    fn waiting(&mut self, destinations: &[(DestinationId, &State)]) {
        let ids = list(destinations.iter().map(|(id, _)| i64::from(*id)));
        let positions = destinations.iter().map(|(_, state)| &state.position);
        let beyond = positions.clone().map(Position::upto).min();
        let beyond = beyond.unwrap_or(Seq::MAX);
        let pending = list(positions.flat_map(|position| position.pending().iter().copied()));
        self.conditions.push(format!(
            "(seq > {beyond} OR seq IN ({pending})
                OR seq IN (SELECT seq FROM waiting WHERE destination IN ({ids})))"
        ));
    }
}

/// Numbers of our own, for SQL's text.
fn list(numbers: impl Iterator<Item = i64>) -> String {
    numbers
        .map(|number| number.to_string())
        .collect::<Vec<_>>()
        .join(",")
}
