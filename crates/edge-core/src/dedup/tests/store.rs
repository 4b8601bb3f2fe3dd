//! The rows of the inbox, as [`IntakeStore`] asks for them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use super::model::World;
use crate::{
    dedup::{IntakeStore, PriorEvent, Pushed, rule},
    id::{Digest, EventId},
    messages::intake::{Intake, Unparsable},
};

/// An event, with only the properties that the rules read.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) seq: i64,
    /// The notification that it was made of.
    pub(super) origin: usize,
    digest: Digest,
    object: Option<String>,
    updated_at: Option<i64>,
    received: i64,
    given_up: Option<i64>,
}

fn id(seq: i64) -> EventId {
    EventId::new(seq, &[0; 10])
}

/// The number of events.
pub(super) fn count(events: &[Event]) -> i64 {
    i64::try_from(events.len()).unwrap()
}

/// The inbox's rows in one commit. The conditions are those of the SQL in `store/history.rs` and `store/way_in.rs`.
pub(super) struct TestStore {
    now: i64,
    /// The notification that is being pushed.
    pub(super) pushed: usize,
    rows: RefCell<Rows>,
}

struct Rows {
    events: Vec<Event>,
    failures: BTreeMap<String, Option<i64>>,
    marked: BTreeSet<i64>,
}

impl TestStore {
    pub(super) fn new(world: &World, now: i64) -> Self {
        let rows = Rows {
            events: world.events.clone(),
            failures: world.failures.clone(),
            marked: world.marked.clone(),
        };
        Self {
            now,
            pushed: 0,
            rows: RefCell::new(rows),
        }
    }

    pub(super) fn commit(self, world: &mut World) {
        let rows = self.rows.into_inner();
        world.events = rows.events;
        world.failures = rows.failures;
        world.marked = rows.marked;
    }
}

impl IntakeStore for TestStore {
    type Error = &'static str;

    fn visit_pushed(
        &self,
        intake: &Intake,
        mut visit: impl FnMut(Pushed) -> ControlFlow<()>,
    ) -> Result<(), Self::Error> {
        let rows = self.rows.borrow();
        let of_object = rows.events.iter().rev();
        for event in
            of_object.filter(|event| event.object == intake.object && event.given_up.is_none())
        {
            let pushed = Pushed {
                event: PriorEvent {
                    seq: event.seq,
                    id: id(event.seq),
                    received_ms: event.received,
                },
                digest: event.digest,
                updated_at: event.updated_at,
                is_entry: rows.marked.contains(&event.seq),
            };
            if visit(pushed).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn recovered_since(
        &self,
        earlier: &PriorEvent,
        intake: &Intake,
        until_ms: i64,
    ) -> Result<Vec<Option<i64>>, Self::Error> {
        let rows = self.rows.borrow();
        let changes = rows.events.iter().filter(|event| {
            event.given_up.is_some_and(|given_up| {
                event.object == intake.object
                    && Some(event.digest) != intake.digest
                    && (given_up + rule::SPREAD_MS, event.seq) > (earlier.received_ms, earlier.seq)
                    && given_up <= until_ms + rule::SPREAD_MS
            })
        });
        Ok(changes.map(|event| event.updated_at).collect())
    }

    fn has_failure(&self, id: &str) -> Result<bool, Self::Error> {
        Ok(self.rows.borrow().failures.contains_key(id))
    }

    fn keep_undoubted(&self, intake: &Intake) -> Result<Option<EventId>, Self::Error> {
        let mut is_doubtful = false;
        self.visit_pushed(intake, |newest| {
            is_doubtful = Some(newest.digest) == intake.digest
                || rule::repeats(intake.updated_at, &[newest.updated_at]);
            ControlFlow::Break(())
        })?;
        if is_doubtful {
            return Ok(None);
        }
        self.keep(intake, None, None).map(|(id, _)| Some(id))
    }

    fn keep(
        &self,
        intake: &Intake,
        document: Option<&[u8]>,
        given_up_ms: Option<i64>,
    ) -> Result<(EventId, i64), Self::Error> {
        let events = &mut self.rows.borrow_mut().events;
        let seq = count(events) + 1;
        events.push(Event {
            seq,
            origin: document.map_or(self.pushed, |document| {
                std::str::from_utf8(document).unwrap().parse().unwrap()
            }),
            digest: intake.digest.unwrap(),
            object: intake.object.clone(),
            updated_at: intake.updated_at,
            // As `Head::append` has it: it never goes back.
            received: events
                .last()
                .map_or(self.now, |last| last.received.max(self.now)),
            given_up: given_up_ms,
        });
        Ok((id(seq), seq))
    }

    fn count_repeat(&self, seq: i64, is_entry: bool) -> Result<(), Self::Error> {
        if is_entry {
            self.rows.borrow_mut().marked.insert(seq);
        }
        Ok(())
    }

    fn remember_failure(&self, id: &str, seq: Option<i64>) -> Result<(), Self::Error> {
        let failures = &mut self.rows.borrow_mut().failures;
        let known = failures.insert(id.to_owned(), seq);
        assert!(known.is_none(), "entry {id} was ingested twice");
        Ok(())
    }

    fn quarantine(&self, _: &Unparsable, _: &[u8]) -> Result<bool, Self::Error> {
        Ok(true)
    }
}
