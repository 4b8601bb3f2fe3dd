//! Events: what was accepted.

use edge_core::{
    alert,
    config::Source,
    dedup::{Earlier, rule},
    event::{Content, Event},
    messages::Intake,
    name::DestinationName,
};
use threescale::{Limits, Notification};
use worker::Result;

use super::{Store, deliveries::Priority};
use crate::sql::{row::Row, values};

/// An event that is to be kept.
pub(in crate::inbox) struct NewEvent<'a> {
    pub(in crate::inbox) id: &'a str,
    pub(in crate::inbox) intake: &'a Intake,
    pub(in crate::inbox) document: &'a [u8],
    pub(in crate::inbox) received_ms: i64,
    /// When 3scale gave it up, if it did not come by push.
    pub(in crate::inbox) given_up_ms: Option<i64>,
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

impl Store {
    /// The newest event with this digest that was pushed between these times, and that stands for no
    /// entry of 3scale's list: what 3scale gave up, it does not send again.
    pub(in crate::inbox) fn newest_pushed(
        &self,
        digest: &str,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Option<Earlier>> {
        let row = self.row(
            "SELECT seq, id, received_at FROM events
             WHERE digest = ? AND received_at BETWEEN ? AND ?
                AND NOT EXISTS (SELECT 1 FROM failures WHERE failures.seq = events.seq)
             ORDER BY received_at DESC, seq DESC LIMIT 1",
            values![digest, from_ms, to_ms],
        )?;
        row.map(|mut row| {
            Ok(Earlier {
                seq: row.integer()?,
                id: row.text()?,
                received_ms: row.integer()?,
            })
        })
        .transpose()
    }

    /// The `updated_at` of each different event about the same object that 3scale may have begun to send
    /// after this one, and before `until_ms`. Whichever it began first, either may have taken longer to
    /// arrive, or to be given up.
    pub(in crate::inbox) fn changes_since(
        &self,
        earlier: &Earlier,
        intake: &Intake,
        until_ms: i64,
    ) -> Result<Vec<Option<i64>>> {
        let rows = self.rows(
            "SELECT DISTINCT updated_at FROM events WHERE kind = ? AND object IS ? AND digest <> ?
                AND (coalesce(given_up_at + ?, received_at), seq) > (?, ?)
                AND coalesce(given_up_at, received_at) <= ?",
            values![
                intake.kind.as_str(),
                intake.object.clone(),
                intake.digest.as_str(),
                rule::SPREAD_MS,
                earlier.received_ms,
                earlier.seq,
                until_ms + rule::SPREAD_MS,
            ],
        )?;
        rows.into_iter()
            .map(|mut row| row.optional_integer())
            .collect()
    }

    /// Whether a destination has, or will get, a later state of the same object: as `kv::State` has it, but
    /// from what was accepted, since KV may give a reader what it held a minute ago. It looks back over
    /// the last thousand events: what is older, KV has.
    pub(in crate::inbox) fn is_superseded(
        &self,
        event: &Kept,
        destination: &DestinationName,
    ) -> Result<bool> {
        let row = self.row(
            "SELECT 1 FROM events AS this JOIN events AS other
                ON other.kind = this.kind AND other.object = this.object AND other.seq <> this.seq
                AND other.seq > this.seq - 1000
             WHERE this.seq = ? AND this.action <> 'deleted'
                AND (other.action = 'deleted'
                    OR (coalesce(other.updated_at, other.received_at / 1000), other.seq)
                        > (coalesce(this.updated_at, this.received_at / 1000), this.seq))
                AND EXISTS (SELECT 1 FROM deliveries WHERE deliveries.seq = other.seq AND destination = ?)
             LIMIT 1",
            values![event.seq, destination.as_str()],
        )?;
        Ok(row.is_some())
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
                    given_up_at)
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
                    event.document.to_vec(),
                    event.given_up_ms,
                ],
            )?;
            let seq = row.ok_or("INSERT gave no row back")?.integer()?;
            for destination in destinations {
                self.begin_anew(seq, destination, event.received_ms, Priority::Live)?;
            }
            Ok(seq)
        })
    }
}
