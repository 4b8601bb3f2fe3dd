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
    /// Until when 3scale tried, if it did not come by push.
    pub(in crate::inbox) given_up_ms: Option<i64>,
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
    pub(in crate::inbox) sent_ms: i64,
}

impl Earlier {
    /// From the columns `seq, id`, and when it was sent.
    pub(super) fn read(mut row: Row) -> Result<Self> {
        Ok(Self {
            seq: row.integer()?,
            id: row.text()?,
            sent_ms: row.integer()?,
        })
    }
}

impl Store {
    /// The newest event with this digest that was sent at `since_ms` or later, and that 3scale has not
    /// given up before `given_up_ms`: what it gives up, it does not send again.
    pub(in crate::inbox) fn newest_equal(
        &self,
        digest: &str,
        since_ms: i64,
        given_up_ms: i64,
    ) -> Result<Option<Earlier>> {
        let row = self.row(
            "SELECT seq, id, coalesce(sent_at, received_at) AS sent FROM events
             WHERE digest = ? AND sent >= ?
                AND NOT EXISTS (SELECT 1 FROM failures WHERE failures.seq = events.seq AND failures.at < ?)
             ORDER BY sent DESC, seq DESC LIMIT 1",
            values![digest, since_ms, given_up_ms],
        )?;
        row.map(Earlier::read).transpose()
    }

    /// The `updated_at` of each different event about the same object that was sent after this one.
    pub(in crate::inbox) fn changes_since(
        &self,
        earlier: &Earlier,
        intake: &Intake,
    ) -> Result<Vec<Option<i64>>> {
        let rows = self.rows(
            "SELECT DISTINCT updated_at FROM events WHERE kind = ? AND object IS ? AND digest <> ?
                AND (coalesce(sent_at, received_at), seq) > (?, ?)",
            values![
                intake.kind.as_str(),
                intake.object.clone(),
                intake.digest.as_str(),
                earlier.sent_ms,
                earlier.seq,
            ],
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

    /// Keeps an event with one delivery for each destination, due at once: all of it or nothing. Gives
    /// back its place.
    pub(in crate::inbox) fn keep(
        &self,
        event: &NewEvent<'_>,
        destinations: &[&DestinationName],
    ) -> Result<i64> {
        self.transaction(|| {
            let intake = event.intake;
            let row = self.row(
                "INSERT INTO events (id, digest, kind, action, object, account, updated_at, received_at, base, xml,
                    sent_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
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
                    event.given_up_ms,
                ],
            )?;
            let seq = row.ok_or("INSERT gave no row back")?.integer()?;
            for destination in destinations {
                self.run(
                    "INSERT INTO deliveries (destination, seq, next_at) VALUES (?, ?, ?)",
                    values![destination.as_str(), seq, event.received_ms],
                )?;
            }
            Ok(seq)
        })
    }
}
