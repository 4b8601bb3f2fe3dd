//! All SQL of the inbox, beside the types of its rows. It stores and finds; the rules are elsewhere.

mod alerts;
mod attempts;
mod audit;
mod counts;
mod events;
mod filter;
mod found;
mod history;
mod log;
mod notes;
mod object;
mod objects;
mod origins;
mod overview;
mod quarantine;
mod replayed;
mod replays;
mod retention;
mod schema;
mod way_in;
mod writes;

use std::cell::{Cell, RefCell};

use edge_core::quarantine::room::Room;
use worker::{Result, State, Storage};

pub(super) use self::{
    attempts::AttemptRecord,
    counts::counted,
    events::{Document, NewEvent, StoredEvent},
    filter::{Candidate, Search},
    log::View,
    objects::ObjectEvent,
    overview::Opened,
    retention::Old,
};

use self::{events::Recent, log::Revived, origins::Origins, replays::MeantRows, way_in::WayIn};
use crate::sql::{Sql, transaction};

/// The inbox's tables, and a memory of what was read from them. Nothing in it is ahead of the tables.
pub(super) struct Store {
    storage: Storage,
    sql: Sql,
    recent: RefCell<Recent>,
    origins: RefCell<Origins>,
    meant: RefCell<MeantRows>,
    revived: RefCell<Revived>,
    repeats: Cell<Option<u64>>,
    way_in: WayIn,
    /// How much the quarantine holds, once that was needed.
    room: Cell<Option<Room>>,
}

impl Store {
    /// Opens the tables and migrates them.
    pub(super) fn open(state: &State) -> Result<Self> {
        let storage = state.storage();
        let store = Self {
            sql: Sql::of(&storage),
            storage,
            recent: RefCell::default(),
            origins: RefCell::default(),
            meant: RefCell::default(),
            revived: RefCell::default(),
            repeats: Cell::default(),
            way_in: WayIn::default(),
            room: Cell::default(),
        };
        store.transaction(|| schema::migrate(&store.sql))?;
        Ok(store)
    }

    /// Runs `work` atomically. Transactions can be nested.
    pub(in crate::inbox) fn transaction<T>(&self, work: impl FnMut() -> Result<T>) -> Result<T> {
        let done = transaction::transaction(&self.storage, work);
        if done.is_err() {
            // What was remembered may have been rolled back.
            self.recent.take();
            self.origins.take();
            self.meant.take();
            self.revived.take();
            self.room.take();
            self.repeats.take();
        }
        done
    }
}

/// A blob that cannot be read or written, as an error of the store.
fn bad_blob(error: edge_core::inbox_log::BadBlob) -> worker::Error {
    error.to_string().into()
}
