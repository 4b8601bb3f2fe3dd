//! Events: the notifications that were accepted, and our own alerts.

use edge_core::{
    alert,
    config::Source,
    dedup::{PriorEvent, rule},
    destination::kv::ObjectState,
    event::{Content, Event},
    id::{Digest, EventId},
    messages::intake::Intake,
    name::DestinationName,
};
use threescale::{Limits, Notification};
use worker::Result;

use super::{Store, priority::Priority};
use crate::sql::{row::Row, values};

/// An event to be stored.
pub(in crate::inbox) struct NewEvent<'a> {
    pub(in crate::inbox) id: EventId,
    pub(in crate::inbox) intake: &'a Intake,
    pub(in crate::inbox) document: &'a [u8],
    pub(in crate::inbox) received_ms: i64,
    /// When 3scale gave it up, if it was not pushed.
    pub(in crate::inbox) given_up_ms: Option<i64>,
}

/// A stored event.
#[derive(Debug)]
pub(in crate::inbox) struct StoredEvent {
    pub(in crate::inbox) seq: i64,
    pub(in crate::inbox) id: EventId,
    pub(in crate::inbox) received_ms: i64,
    pub(in crate::inbox) base: String,
    pub(in crate::inbox) kind: String,
    pub(in crate::inbox) action: String,
    pub(in crate::inbox) document: Vec<u8>,
}

impl StoredEvent {
    /// The columns that `read` reads.
    pub(super) const COLUMNS: &str = "seq, id, received_at, base, kind, action, xml";

    pub(super) fn read(row: &mut Row) -> Result<Self> {
        Ok(Self {
            seq: row.integer()?,
            id: row.parsed()?,
            received_ms: row.integer()?,
            base: row.text()?,
            kind: row.text()?,
            action: row.text()?,
            document: row.bytes()?,
        })
    }

    /// The event, of this source. The document was accepted once, so the only limit is its own size.
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
            id: self.id,
            source: &source.name,
            source_uri: source.uri(),
            sequence: self.seq,
            received_ms: self.received_ms,
            base: &self.base,
            content,
            document: &self.document,
        })
    }

    /// `true` if it is an alert of our own.
    pub(in crate::inbox) fn is_alert(&self) -> bool {
        self.kind == alert::TYPE
    }
}

impl Store {
    /// The newest event with this digest that was pushed between these times, and that does not stand for an entry of
    /// 3scale's list: 3scale does not send again what it gave up.
    pub(in crate::inbox) fn newest_pushed(
        &self,
        digest: Digest,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Option<PriorEvent>> {
        let row = self.row(
            "SELECT seq, id, received_at FROM events
             WHERE digest = ? AND received_at BETWEEN ? AND ?
                AND NOT EXISTS (SELECT 1 FROM failures WHERE failures.seq = events.seq)
             ORDER BY received_at DESC, seq DESC LIMIT 1",
            values![digest.to_string(), from_ms, to_ms],
        )?;
        row.map(|mut row| {
            Ok(PriorEvent {
                seq: row.integer()?,
                id: row.parsed()?,
                received_ms: row.integer()?,
            })
        })
        .transpose()
    }

    /// The `updated_at` of each different event about the same object that 3scale may have begun to send after this
    /// one, and before `until_ms`. Whichever it began first, either may have taken longer to arrive, or to be given up.
    pub(in crate::inbox) fn changes_since(
        &self,
        prior: &PriorEvent,
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
                column(intake.digest),
                rule::SPREAD_MS,
                prior.received_ms,
                prior.seq,
                until_ms + rule::SPREAD_MS,
            ],
        )?;
        rows.into_iter()
            .map(|mut row| row.optional_integer())
            .collect()
    }

    /// `true` if a destination has, or will get, a later state of the same object. This looks at the accepted events,
    /// since KV may return a value that is a minute old; and only at the last thousand: KV has the rest.
    pub(in crate::inbox) fn is_superseded(
        &self,
        event: &StoredEvent,
        destination: &DestinationName,
    ) -> Result<bool> {
        let state = |row: &mut Row| {
            let action = row.text()?;
            let (updated_at, received_ms) = (row.optional_integer()?, row.integer()?);
            let seq = row.integer()?;
            Ok(ObjectState::of_row(&action, updated_at, received_ms, seq))
        };
        let this = self.row(
            "SELECT action, updated_at, received_at, seq FROM events WHERE seq = ?",
            values![event.seq],
        )?;
        let others = self.rows(
            "SELECT other.action, other.updated_at, other.received_at, other.seq
             FROM events AS this JOIN events AS other
                ON other.kind = this.kind AND other.object = this.object AND other.seq <> this.seq
                AND other.seq > this.seq - 1000
             WHERE this.seq = ?
                AND EXISTS (SELECT 1 FROM deliveries WHERE deliveries.seq = other.seq AND destination = ?)",
            values![event.seq, destination.as_str()],
        )?;
        let Some(mut this) = this else {
            return Ok(false);
        };
        let others: Result<Vec<_>> = others.into_iter().map(|mut row| state(&mut row)).collect();
        Ok(state(&mut this)?.is_superseded(&others?))
    }

    /// Counts a repeat.
    pub(in crate::inbox) fn count_repeat(&self, seq: i64) -> Result<()> {
        self.run(
            "UPDATE events SET repeats = repeats + 1 WHERE seq = ?",
            values![seq],
        )
    }

    /// Stores an event with one delivery for each destination, due at once, atomically. Returns its `seq`.
    pub(in crate::inbox) fn keep<'d>(
        &self,
        event: &NewEvent<'_>,
        destinations: impl IntoIterator<Item = &'d DestinationName>,
    ) -> Result<i64> {
        let destinations: Vec<_> = destinations.into_iter().collect();
        self.transaction(|| {
            let intake = event.intake;
            let row = self.row(
                "INSERT INTO events (id, digest, kind, action, object, account, updated_at, received_at, base, xml,
                    given_up_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
                values![
                    event.id.to_string(),
                    column(intake.digest),
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
            let seq = row.ok_or("INSERT returned no row")?.integer()?;
            for destination in &destinations {
                self.restart(seq, destination, event.received_ms, Priority::Live)?;
            }
            Ok(seq)
        })
    }
}

/// The digest as it is stored in a row. An alert's never equals a notification's.
fn column(digest: Option<Digest>) -> String {
    digest.map(|digest| digest.to_string()).unwrap_or_default()
}
