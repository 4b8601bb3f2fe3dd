//! All SQL of the inbox, beside the types of its rows. It stores and finds; the rules are elsewhere.

mod alerts;
mod deliveries;
mod events;
mod failures;
mod filter;
mod list;
mod notes;
mod overview;
mod priority;
mod quarantine;
mod replays;
mod retention;
mod schema;

use edge_core::name::DestinationName;
use worker::{Result, SqlStorage, SqlStorageValue, State, Storage};

pub(super) use self::{
    deliveries::{Attempt, Due},
    events::{NewEvent, StoredEvent},
    replays::{Match, Step},
};

use crate::sql::{
    row::{self, Row},
    transaction,
};

/// The inbox's tables.
pub(super) struct Store {
    storage: Storage,
    sql: SqlStorage,
    /// The destinations that get the events of one object in sequence.
    ordered: Vec<DestinationName>,
}

impl Store {
    /// Opens the tables and migrates them.
    pub(super) fn open(state: &State, ordered: Vec<DestinationName>) -> Result<Self> {
        let storage = state.storage();
        let store = Self {
            sql: storage.sql(),
            storage,
            ordered,
        };
        store.transaction(|| {
            schema::migrate(&store.sql)?;
            store
                .ordered
                .iter()
                .try_for_each(|name| store.line_up(name))
        })?;
        Ok(store)
    }

    /// Runs `work` atomically. Transactions can be nested.
    pub(in crate::inbox) fn transaction<T>(&self, work: impl FnMut() -> Result<T>) -> Result<T> {
        transaction::transaction(&self.storage, work)
    }

    fn run(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<()> {
        self.sql.exec(statement, values).map(|_| ())
    }

    /// Every row that a query finds. Not `one()`, which throws past Rust's error handling unless there is exactly one
    /// row.
    fn rows(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<Row>> {
        row::read(&self.sql, query, values)
    }

    /// The first row that a query finds.
    fn row(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Option<Row>> {
        Ok(self.rows(query, values)?.into_iter().next())
    }
}
