//! Events: what was accepted.

use threescale::{Limits, Notification};
use worker::Result;

use super::{Row, Store, values};
use crate::{
    alert,
    config::Source,
    event::{Content, Event},
    inbox::wire::Intake,
    name::DestinationName,
};

/// An event that is to be kept.
pub(in crate::inbox) struct NewEvent<'a> {
    pub(in crate::inbox) id: &'a str,
    pub(in crate::inbox) intake: &'a Intake,
    pub(in crate::inbox) document: &'a [u8],
    pub(in crate::inbox) received_ms: i64,
}

/// An event as it is kept.
#[derive(Debug)]
pub(in crate::inbox) struct Kept {
    pub(in crate::inbox) seq: i64,
    pub(in crate::inbox) id: String,
    pub(in crate::inbox) received_ms: i64,
    pub(in crate::inbox) base: String,
    pub(in crate::inbox) kind: String,
    pub(in crate::inbox) action: String,
    pub(in crate::inbox) document: Vec<u8>,
}

impl Kept {
    /// What `read` reads.
    pub(super) const COLUMNS: &str = "seq, id, received_at, base, kind, action, xml";

    pub(super) fn read(row: &mut Row) -> Result<Self> {
        Ok(Self {
            seq: row.integer()?,
            id: row.text()?,
            received_ms: row.integer()?,
            base: row.text()?,
            kind: row.text()?,
            action: row.text()?,
            document: row.bytes()?,
        })
    }

    /// It as an event of this source. It was accepted once, so it is read under no other limit than its
    /// size then.
    pub(in crate::inbox) fn event<'e>(
        &'e self,
        source: &'e Source,
    ) -> std::result::Result<Event<'e>, threescale::Error> {
        let content = if self.is_alert() {
            Content::Alert { kind: &self.action }
        } else {
            let limits = Limits {
                bytes: self.document.len(),
                ..Limits::default()
            };
            Content::Notification(Notification::parse_with(&self.document, &limits)?)
        };
        Ok(Event {
            id: &self.id,
            source: source.name.as_str(),
            source_uri: source.uri(),
            sequence: self.seq,
            received_ms: self.received_ms,
            base: &self.base,
            content,
            document: &self.document,
        })
    }

    /// Whether it is ours and not 3scale's.
    pub(in crate::inbox) fn is_alert(&self) -> bool {
        self.kind == alert::TYPE
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

    /// Where 3scale reached this Worker last.
    pub(in crate::inbox) fn last_base(&self) -> Result<Option<String>> {
        let row = self.row(
            "SELECT base FROM events ORDER BY seq DESC LIMIT 1",
            values![],
        )?;
        row.map(|mut row| row.text()).transpose()
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
                    event.document.to_vec(),
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
