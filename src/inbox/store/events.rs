//! Events: what was accepted.

use threescale::{Limits, Notification};
use worker::Result;

use super::{Row, Store, values};
use crate::{config::Source, event::Event, inbox::wire::Intake, name::DestinationName};

/// An event that is to be kept.
pub(in crate::inbox) struct NewEvent<'a> {
    pub(in crate::inbox) id: &'a str,
    pub(in crate::inbox) intake: &'a Intake,
    pub(in crate::inbox) xml: &'a [u8],
    pub(in crate::inbox) received_ms: i64,
}

/// An event as it is kept.
#[derive(Debug)]
pub(in crate::inbox) struct Kept {
    pub(in crate::inbox) seq: i64,
    pub(in crate::inbox) id: String,
    pub(in crate::inbox) received_ms: i64,
    pub(in crate::inbox) base: String,
    pub(in crate::inbox) xml: Vec<u8>,
}

impl Kept {
    /// From the columns `seq, id, received_at, base, xml`.
    pub(super) fn read(row: &mut Row) -> Result<Self> {
        Ok(Self {
            seq: row.integer()?,
            id: row.text()?,
            received_ms: row.integer()?,
            base: row.text()?,
            xml: row.bytes()?,
        })
    }

    /// It as an event of this source. It was accepted once, so it is read under no other limit than its
    /// size then.
    pub(in crate::inbox) fn event<'e>(
        &'e self,
        source: &'e Source,
    ) -> std::result::Result<Event<'e>, threescale::Error> {
        let limits = Limits {
            bytes: self.xml.len(),
            ..Limits::default()
        };
        Ok(Event {
            id: &self.id,
            source: source.name.as_str(),
            source_uri: source.uri(),
            sequence: self.seq,
            received_ms: self.received_ms,
            base: &self.base,
            notification: Notification::parse_with(&self.xml, &limits)?,
            xml: &self.xml,
        })
    }
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
