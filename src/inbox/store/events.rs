//! The log's rows: the notifications that were accepted, and our own alerts.

use std::{cell::OnceCell, collections::VecDeque, rc::Rc};

use edge_core::{
    event::{Content, Event},
    id::EventId,
    inbox_log::{Head, Line, Seq, Tally},
    messages::intake::Intake,
    name::SourceName,
};
use js_sys::ArrayBuffer;
use sha2::{Digest as _, Sha256};
use threescale::{Limits, Notification};
use worker::Result;

use super::{Store, bad_blob, origins::Origin};
use crate::sql::{row::Row, values};

/// How many of the newest events are remembered, without their documents: those that are being delivered.
const REMEMBERED: usize = 256;

/// A document on its way into the log: JavaScript's bytes are stored without being copied here.
#[derive(Debug, Clone, Copy)]
pub(in crate::inbox) enum Document<'d> {
    Bytes(&'d [u8]),
    Js(&'d ArrayBuffer),
}

/// An event to be appended.
pub(in crate::inbox) struct NewEvent<'a> {
    pub(in crate::inbox) id: EventId,
    /// The head with this event.
    pub(in crate::inbox) head: Head,
    pub(in crate::inbox) intake: &'a Intake,
    pub(in crate::inbox) document: Document<'a>,
    pub(in crate::inbox) origin: i64,
    /// When 3scale gave it up, if it was not pushed.
    pub(in crate::inbox) given_up_ms: Option<i64>,
}

/// A stored event.
#[derive(Debug)]
pub(in crate::inbox) struct StoredEvent {
    pub(in crate::inbox) seq: Seq,
    pub(in crate::inbox) id: EventId,
    pub(in crate::inbox) received_ms: i64,
    pub(in crate::inbox) given_up_ms: Option<i64>,
    pub(in crate::inbox) origin: Rc<Origin>,
    /// `true` if it is an alert of our own.
    pub(in crate::inbox) is_ours: bool,
    pub(in crate::inbox) action: String,
    pub(in crate::inbox) document: Vec<u8>,
}

impl StoredEvent {
    /// The event, of this source. The document was accepted once, so the only limit is its own size.
    pub(in crate::inbox) fn event<'e>(
        &'e self,
        source: &'e SourceName,
    ) -> std::result::Result<Event<'e>, threescale::Error> {
        let content = if self.is_ours {
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
            source,
            source_uri: &self.origin.source,
            sequence: self.seq,
            received_ms: self.received_ms,
            given_up_ms: self.given_up_ms,
            base: &self.origin.base,
            content,
            document: &self.document,
        })
    }
}

/// The facts about an event that delivering needs, besides its document.
#[derive(Debug)]
pub(super) struct Meta {
    pub(super) seq: Seq,
    pub(super) received_at: i64,
    pub(super) tally: Tally,
    object: (String, Option<String>),
    line: OnceCell<Option<Line>>,
}

impl Meta {
    /// The line in which it stands. Only ordered destinations need it.
    pub(super) fn line(&self) -> Option<Line> {
        let (kind, object) = &self.object;
        *self.line.get_or_init(|| line_of(kind, object.as_deref()))
    }
}

/// The newest events that were appended or read, in the log's order and without a gap.
#[derive(Default)]
pub(super) struct Recent(VecDeque<Rc<Meta>>);

impl Recent {
    fn push(&mut self, meta: Meta) {
        let follows = self
            .0
            .back()
            .is_none_or(|last| last.seq.saturating_add(1) == meta.seq);
        if !follows {
            self.0.clear();
        }
        self.0.push_back(Rc::new(meta));
        if self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
    }

    fn get(&self, seq: Seq) -> Option<Rc<Meta>> {
        let first = self.0.front()?.seq;
        let index = usize::try_from(seq.checked_sub(first)?).ok()?;
        self.0.get(index).cloned()
    }

    /// The events up to this one may be gone.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

/// The line in which an event stands: its object.
pub(super) fn line_of(kind: &str, object: Option<&str>) -> Option<Line> {
    let object = object?;
    let mut hash = Sha256::new();
    hash.update(kind);
    hash.update([0]);
    hash.update(object);
    // 52 bits: JavaScript's numbers are exact up to 53.
    let hash = hash
        .finalize()
        .iter()
        .take(7)
        .fold(0_i64, |line, byte| line << 8 | i64::from(*byte));
    Some(hash >> 4)
}

impl Store {
    /// Appends an event, in one statement. The caller moves its head afterwards.
    pub(in crate::inbox) fn append(&self, event: &NewEvent<'_>) -> Result<()> {
        let tally = event.head.tally.encode().map_err(bad_blob)?;
        self.way_in.insert(self.sql.raw(), event, &tally)?;
        self.remember(event);
        Ok(())
    }

    /// Appends what was pushed, unless it may be a repeat. `true` if it is stored.
    pub(in crate::inbox) fn append_undoubted(&self, event: &NewEvent<'_>) -> Result<bool> {
        let tally = event.head.tally.encode().map_err(bad_blob)?;
        let is_stored = self
            .way_in
            .insert_undoubted(self.sql.raw(), event, &tally)?;
        if is_stored {
            self.remember(event);
        }
        Ok(is_stored)
    }

    fn remember(&self, event: &NewEvent<'_>) {
        let intake = event.intake;
        self.recent.borrow_mut().push(Meta {
            seq: event.head.seq,
            received_at: event.head.received_at,
            tally: event.head.tally.clone(),
            line: OnceCell::new(),
            object: (intake.kind.clone(), intake.object.clone()),
        });
    }

    /// The head that an opening inbox finds.
    pub(in crate::inbox) fn head(&self) -> Result<Head> {
        let floor = "SELECT seq, id_ms, received_at, tally FROM floor";
        let floor = self.sql.row(floor, values![])?;
        let floor = floor
            .map(|mut row| {
                Ok::<_, worker::Error>(Head {
                    seq: row.integer()?,
                    id_ms: row.integer()?,
                    received_at: row.integer()?,
                    tally: tally(&mut row)?,
                })
            })
            .transpose()?;
        let newest = "SELECT seq, received_at, tally FROM events ORDER BY seq DESC LIMIT 1";
        let newest = self.sql.row(newest, values![])?;
        let newest = newest
            .map(|mut row| {
                let (seq, received_at) = (row.integer()?, row.integer()?);
                Ok::<_, worker::Error>(Head {
                    seq,
                    id_ms: received_at,
                    received_at,
                    tally: tally(&mut row)?,
                })
            })
            .transpose()?;
        let all = floor.into_iter().chain(newest);
        Ok(all.max_by_key(|head| head.seq).unwrap_or_default())
    }

    /// Writes what the head is, before the newest event is forgotten.
    pub(in crate::inbox) fn write_floor(&self, head: &Head) -> Result<()> {
        let tally = head.tally.encode().map_err(bad_blob)?;
        self.sql.run(
            "INSERT OR REPLACE INTO floor VALUES (1, ?, ?, ?, ?)",
            values![head.seq, head.id_ms, head.received_at, tally.as_slice()],
        )
    }

    /// The facts about the first event kept from a place on.
    pub(super) fn at_or_after(&self, seq: Seq) -> Result<Option<Rc<Meta>>> {
        if let Some(meta) = self.recent.borrow().get(seq) {
            return Ok(Some(meta));
        }
        let query = "SELECT seq, received_at, tally, kind, object FROM events WHERE seq >= ? ORDER BY seq LIMIT 1";
        let row = self.sql.row(query, values![seq])?;
        row.map(|mut row| {
            let (seq, received_at) = (row.integer()?, row.integer()?);
            let tally = tally(&mut row)?;
            Ok(Rc::new(Meta {
                seq,
                received_at,
                tally,
                object: (row.text()?, row.optional_text()?),
                line: OnceCell::new(),
            }))
        })
        .transpose()
    }

    /// The event at a place, with its document.
    pub(in crate::inbox) fn load(&self, seq: Seq) -> Result<Option<StoredEvent>> {
        let query = "SELECT id, received_at, given_up_at, origin, digest IS NULL, action, document
            FROM events WHERE seq = ?";
        let Some(mut row) = self.sql.row(query, values![seq])? else {
            return Ok(None);
        };
        Ok(Some(StoredEvent {
            seq,
            id: EventId::from_bytes(row.array()?),
            received_ms: row.integer()?,
            given_up_ms: row.optional_integer()?,
            origin: self.origin(row.integer()?)?,
            is_ours: row.integer()? != 0,
            action: row.text()?,
            document: row.bytes()?,
        }))
    }

    /// The event with this id.
    pub(in crate::inbox) fn event(&self, id: EventId) -> Result<Option<StoredEvent>> {
        Ok(self.load(id.seq())?.filter(|event| event.id == id))
    }

    /// How often an event was repeated.
    pub(in crate::inbox) fn repeats_of(&self, seq: Seq) -> Result<u64> {
        let query = "SELECT repeats FROM marks WHERE seq = ?";
        let row = self.sql.row(query, values![seq])?;
        row.map_or(Ok(0), |mut row| Ok(row.integer()?.unsigned_abs()))
    }

    /// An event's id, and whether it is an alert of our own.
    pub(in crate::inbox) fn id_of(&self, seq: Seq) -> Result<Option<(EventId, bool)>> {
        let query = "SELECT id, digest IS NULL FROM events WHERE seq = ?";
        let row = self.sql.row(query, values![seq])?;
        row.map(|mut row| Ok((EventId::from_bytes(row.array()?), row.integer()? != 0)))
            .transpose()
    }

    /// The type and the action of the event with this id, and whether it is an alert of our own.
    pub(in crate::inbox) fn kind_of(
        &self,
        id: EventId,
    ) -> Result<Option<((String, String), bool)>> {
        let query = "SELECT kind, action, digest IS NULL FROM events WHERE seq = ? AND id = ?";
        let bytes = id.to_bytes();
        let row = self.sql.row(query, values![id.seq(), bytes.as_slice()])?;
        row.map(|mut row| Ok(((row.text()?, row.text()?), row.integer()? != 0)))
            .transpose()
    }

    /// The first place from which on ids are not lower than this one. Ids sort as places do.
    pub(in crate::inbox) fn first_at_or_after(&self, id: EventId, head: Seq) -> Result<Seq> {
        let (mut low, mut high) = (1, head.saturating_add(1));
        while low < high {
            let middle = low.saturating_add((high - low) / 2);
            let query = "SELECT seq, id FROM events WHERE seq >= ? ORDER BY seq LIMIT 1";
            match self.sql.row(query, values![middle])? {
                Some(mut row) => {
                    let seq = row.integer()?;
                    if EventId::from_bytes(row.array()?) < id {
                        low = seq.saturating_add(1);
                    } else {
                        high = middle;
                    }
                }
                None => high = middle,
            }
        }
        Ok(low)
    }
}

pub(super) fn tally(row: &mut Row) -> Result<Tally> {
    Tally::decode(&row.bytes()?).map_err(bad_blob)
}
