//! Recovery's memory: the entries that were ingested, and the result of the last step.

use std::collections::BTreeSet;

use edge_core::{
    messages::recovery::{State as StepState, StepReport},
    name::SourceName,
    recovery::step::Ledger,
};
use js_sys::Array;
use worker::{Result, State};

use crate::sql::{Sql, row::Row, values};

/// How long an entry is remembered after it was last seen in the list.
const REMEMBERED_MS: i64 = 30 * DAY_MS;
/// The precision of the time when an entry was last seen: a write for each entry and step would be expensive.
const DAY_MS: i64 = 86_400_000;

/// A change is a new statement at the end, safe to run again.
const TABLES: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
    // One row. Times are milliseconds since 1970.
    "CREATE TABLE IF NOT EXISTS ledger (
        only         INTEGER PRIMARY KEY CHECK (only = 1),
        last         TEXT NOT NULL DEFAULT '',
        failures     INTEGER NOT NULL DEFAULT 0,
        next_at      INTEGER NOT NULL DEFAULT 0,
        swept_at     INTEGER NOT NULL DEFAULT 0,
        forgotten_at INTEGER NOT NULL DEFAULT 0
    )",
    "INSERT INTO ledger (only) VALUES (1) ON CONFLICT DO NOTHING",
    // Addresses of entries that had our secret: this Worker's.
    "CREATE TABLE IF NOT EXISTS origins (origin TEXT PRIMARY KEY) WITHOUT ROWID",
];

pub(super) struct Store(Sql);

impl Store {
    pub(super) fn open(state: &State) -> Result<Self> {
        let store = Self(Sql::of(&state.storage()));
        TABLES
            .iter()
            .try_for_each(|table| store.run(table, values![]))?;
        Ok(store)
    }

    pub(super) fn ledger(&self) -> Result<Ledger> {
        let mut row = self.row("SELECT failures, next_at, swept_at FROM ledger", values![])?;
        let row = row.as_mut().ok_or("the ledger is empty")?;
        Ok(Ledger {
            failures: row.integer()?,
            next_at: row.integer()?,
            swept_at: row.integer()?,
        })
    }

    /// The report of the last step.
    pub(super) fn last(&self, source: &SourceName) -> Result<StepReport> {
        let row = self.row("SELECT last FROM ledger WHERE last <> ''", values![])?;
        match row {
            Some(mut row) => Ok(serde_json::from_str(&row.text()?)?),
            None => Ok(StepReport::new(source.clone(), StepState::NotYet)),
        }
    }

    pub(super) fn write(&self, ledger: Ledger, last: &StepReport) -> Result<()> {
        self.run(
            "UPDATE ledger SET failures = ?, next_at = ?, swept_at = ?, last = ?",
            values![
                ledger.failures,
                ledger.next_at,
                ledger.swept_at,
                serde_json::to_string(last)?
            ],
        )
    }

    /// `true` if the entry was ingested; if so, it is recorded as seen in the list again.
    pub(super) fn has_seen(&self, id: &str, now_ms: i64) -> Result<bool> {
        let Some(mut row) = self.row("SELECT at FROM seen WHERE id = ?", values![id])? else {
            return Ok(false);
        };
        if row.integer()? < now_ms - DAY_MS {
            self.run("UPDATE seen SET at = ? WHERE id = ?", values![now_ms, id])?;
        }
        Ok(true)
    }

    /// Remembers entries that the inbox has committed.
    pub(super) fn remember(&self, ids: &[String], now_ms: i64) -> Result<()> {
        let ids = serde_json::to_string(ids)?;
        self.run(
            "INSERT INTO seen (id, at) SELECT value, ? FROM json_each(?) WHERE true
             ON CONFLICT (id) DO UPDATE SET at = excluded.at",
            values![now_ms, ids],
        )
    }

    /// The addresses at which entries with our secret were sent.
    pub(super) fn seen_origins(&self) -> Result<BTreeSet<String>> {
        self.0
            .rows("SELECT origin FROM origins", values![])?
            .iter_mut()
            .map(Row::text)
            .collect()
    }

    pub(super) fn remember_origins(&self, origins: &BTreeSet<String>) -> Result<()> {
        origins.iter().try_for_each(|origin| {
            self.run(
                "INSERT INTO origins (origin) VALUES (?) ON CONFLICT DO NOTHING",
                values![origin.as_str()],
            )
        })
    }

    /// Forgets entries that have long left the list. It reads all of them, so it does so once a day.
    pub(super) fn forget(&self, now_ms: i64) -> Result<()> {
        let due = "SELECT 1 FROM ledger WHERE forgotten_at < ?";
        if self.row(due, values![now_ms - DAY_MS])?.is_some() {
            self.run(
                "DELETE FROM seen WHERE at < ?",
                values![now_ms - REMEMBERED_MS],
            )?;
            self.run("UPDATE ledger SET forgotten_at = ?", values![now_ms])?;
        }
        Ok(())
    }

    fn run(&self, statement: &str, values: Array) -> Result<()> {
        self.0.run(statement, values)
    }

    fn row(&self, query: &str, values: Array) -> Result<Option<Row>> {
        self.0.row(query, values)
    }
}
