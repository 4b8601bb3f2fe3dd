//! Events: what was accepted.

use worker::Result;

use super::{Store, values};
use crate::{inbox::wire::Intake, name::DestinationName};

/// An event that is to be kept.
pub(in crate::inbox) struct NewEvent<'a> {
    pub(in crate::inbox) id: &'a str,
    pub(in crate::inbox) intake: &'a Intake,
    pub(in crate::inbox) xml: &'a [u8],
    pub(in crate::inbox) received_ms: i64,
}

/// An earlier event with an equal document.
#[derive(Debug)]
pub(in crate::inbox) struct Earlier {
    pub(in crate::inbox) seq: i64,
    pub(in crate::inbox) id: String,
}

impl Store {
    /// The newest event with this digest that was received at `since_ms` or later.
    pub(in crate::inbox) fn newest_equal(
        &self,
        digest: &str,
        since_ms: i64,
    ) -> Result<Option<Earlier>> {
        let row = self.row(
            "SELECT seq, id FROM events WHERE digest = ? AND received_at >= ? ORDER BY seq DESC LIMIT 1",
            values![digest, since_ms],
        )?;
        row.map(|mut row| {
            Ok(Earlier {
                seq: row.integer()?,
                id: row.text()?,
            })
        })
        .transpose()
    }

    /// The `updated_at` of each different event about the same object that came after `seq`.
    pub(in crate::inbox) fn changes_since(
        &self,
        seq: i64,
        intake: &Intake,
    ) -> Result<Vec<Option<i64>>> {
        let rows = self.rows(
            "SELECT DISTINCT updated_at FROM events WHERE kind = ? AND object IS ? AND seq > ? AND digest <> ?",
            values![intake.kind.as_str(), intake.object.clone(), seq, intake.digest.as_str()],
        )?;
        rows.into_iter()
            .map(|mut row| row.optional_integer())
            .collect()
    }

    /// Counts a repeat.
    pub(in crate::inbox) fn count_repeat(&self, seq: i64) -> Result<()> {
        self.run(
            "UPDATE events SET repeats = repeats + 1 WHERE seq = ?",
            values![seq],
        )
    }

    /// Keeps an event with one delivery for each destination, due at once: all of it or nothing.
    pub(in crate::inbox) fn keep(
        &self,
        event: &NewEvent<'_>,
        destinations: &[&DestinationName],
    ) -> Result<()> {
        self.transaction(|| {
            let intake = event.intake;
            let row = self.row(
                "INSERT INTO events (id, digest, kind, action, object, account, updated_at, received_at, base, xml)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
                values![
                    event.id,
                    intake.digest.as_str(),
                    intake.kind.as_str(),
                    intake.action.as_str(),
                    intake.object.clone(),
                    intake.account.clone(),
                    intake.updated_at,
                    event.received_ms,
                    intake.base.as_str(),
                    event.xml.to_vec(),
                ],
            )?;
            let seq = row.ok_or("INSERT gave no row back")?.integer()?;
            for destination in destinations {
                self.run(
                    "INSERT INTO deliveries (destination, seq, next_at) VALUES (?, ?, ?)",
                    values![destination.as_str(), seq, event.received_ms],
                )?;
            }
            Ok(())
        })
    }
}
