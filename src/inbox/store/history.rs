//! The inbox's memory of the events of an object and of 3scale's list, as [`edge_core::dedup`] asks for it.

use std::ops::ControlFlow;

use edge_core::{
    dedup::{PriorEvent, Pushed, rule},
    id::{Digest, EventId},
    messages::intake::Intake,
};
use worker::Result;

use super::Store;
use crate::sql::{each, values};

impl Store {
    /// Visits the pushed events about the same object, the newest first. Rows are read only until `visit` breaks.
    pub(in crate::inbox) fn visit_pushed(
        &self,
        intake: &Intake,
        mut visit: impl FnMut(Pushed) -> ControlFlow<()>,
    ) -> Result<()> {
        let cursor = self.way_in.pushed(self.sql.raw(), intake)?;
        each(&cursor, |mut row| {
            Ok(visit(Pushed {
                event: PriorEvent {
                    seq: row.integer()?,
                    id: EventId::from_bytes(row.array()?),
                    received_ms: row.integer()?,
                },
                digest: Digest::from(row.array::<32>()?),
                updated_at: row.optional_integer()?,
                is_entry: row.optional_integer()?.is_some_and(|entry| entry != 0),
            }))
        })
    }

    /// The `updated_at` of each different event about the same object that was recovered, and that 3scale may have
    /// begun to send between the earlier event and `until_ms`.
    pub(in crate::inbox) fn recovered_since(
        &self,
        earlier: &PriorEvent,
        intake: &Intake,
        until_ms: i64,
    ) -> Result<Vec<Option<i64>>> {
        let digest = intake.digest.map(Digest::to_bytes);
        let rows = self.sql.rows(
            "SELECT updated_at FROM events INDEXED BY events_recovered
             WHERE kind = ? AND object IS ? AND given_up_at IS NOT NULL AND digest IS NOT ?
                AND (given_up_at + ?, seq) > (?, ?) AND given_up_at <= ?",
            values![
                intake.kind.as_str(),
                intake.object.as_deref(),
                digest.as_ref().map(<[u8; 32]>::as_slice),
                rule::SPREAD_MS,
                earlier.received_ms,
                earlier.seq,
                until_ms.saturating_add(rule::SPREAD_MS),
            ],
        )?;
        rows.into_iter()
            .map(|mut row| row.optional_integer())
            .collect()
    }

    /// Counts a repeat of an event, which from now on stands for an entry of 3scale's list if `is_entry`. It is a row of
    /// its own, since the event's row holds the document.
    pub(in crate::inbox) fn count_repeat(&self, seq: i64, is_entry: bool) -> Result<()> {
        self.count_one_repeat();
        self.sql.run(
            "INSERT INTO marks VALUES (?, 1, ?)
             ON CONFLICT (seq) DO UPDATE SET repeats = repeats + 1, entry = max(entry, excluded.entry)",
            values![seq, is_entry],
        )
    }

    /// `true` if the entry with this id was ingested.
    pub(in crate::inbox) fn has_failure(&self, id: &str) -> Result<bool> {
        let query = "SELECT 1 FROM failures WHERE id = ?";
        Ok(self.sql.row(query, values![id])?.is_some())
    }

    /// Records that an entry was ingested, as this event if it became one.
    pub(in crate::inbox) fn remember_failure(
        &self,
        id: &str,
        seq: Option<i64>,
        now_ms: i64,
    ) -> Result<()> {
        self.sql.run(
            "INSERT INTO failures (id, seq, taken_at) VALUES (?, ?, ?)",
            values![id, seq, now_ms],
        )
    }
}
