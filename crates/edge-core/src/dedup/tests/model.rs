//! 3scale's list, the rows of the inbox and of recovery, and the events that change them in order of time.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::ControlFlow,
};

use sha2::{Digest as _, Sha256};

use super::sender::{BEGIN, Notification, Run};
use crate::{
    dedup::{IntakeStore, PriorEvent, Pushed, repeated, rule, take_batch, take_push},
    id::{Digest, EventId},
    messages::{
        document::Document,
        intake::{Intake, Push, Status, Unparsable},
        recovered::{Content, Entry, RecoveredBatch},
    },
    recovery::plan::{List, Pace, Reading},
};

const WINDOW_MS: i64 = 1_800_000;

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

/// The unfinished work of a run.
#[derive(Debug, Clone)]
struct Step {
    run: Run,
    done: usize,
    has_got: bool,
    date: i64,
    judge_before: i64,
    /// Entries that were read and not handed over yet.
    rest: Vec<usize>,
    /// Entries that the inbox has committed and recovery has not recorded yet.
    committed: Vec<usize>,
    reading: Reading,
    is_complete: bool,
}

enum Happens {
    Arrives(usize),
    GivenUp(usize, i64),
    Moves(Box<Step>),
}

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) sent: Vec<Notification>,
    pub(super) events: Vec<Event>,
    /// 3scale's list: each entry and its time, in seconds.
    pub(super) list: VecDeque<(usize, i64)>,
    /// The entries that the inbox knows, and what they stand for.
    failures: BTreeMap<String, Option<i64>>,
    /// The events that stand for an entry, though they were pushed.
    marked: BTreeSet<i64>,
    /// The entries that recovery knows.
    seen: BTreeSet<usize>,
    swept_at: i64,
    /// Pushes that were taken for repeats, and the number of events at the time.
    swallowed: Vec<(usize, i64)>,
    /// How far our clock is ahead of 3scale's.
    skew: i64,
    clock: i64,
}

impl World {
    pub(super) fn new(sent: Vec<Notification>, skew: i64) -> Self {
        Self {
            sent,
            skew,
            clock: BEGIN,
            ..Self::default()
        }
    }

    /// `true` if this had become an event when there were so many.
    pub(super) fn had(&self, notification: &Notification, events: i64) -> bool {
        let mut own = self.events.iter();
        own.any(|event| event.origin == notification.id && event.seq <= events)
    }

    /// `true` if 3scale was told that we have this before the other had become an event.
    pub(super) fn answered_before(&self, this: &Notification, other: &Notification) -> bool {
        let mut swallowed = self.swallowed.iter();
        this.fate().given_up.is_none()
            && swallowed.any(|(id, events)| *id == this.id && !self.had(other, *events))
    }

    /// Lets everything happen that 3scale does, and these runs.
    pub(super) fn live(&mut self, runs: Vec<Run>) {
        // By time; then in the order in which it was planned.
        let mut queue = BTreeMap::new();
        let mut number = 0_u64;
        let mut plan = |queue: &mut BTreeMap<_, _>, at: i64, what| {
            number += 1;
            queue.insert((at, number), what);
        };
        for notification in &self.sent {
            let fate = notification.fate();
            for at in fate.arrivals {
                plan(&mut queue, at, Happens::Arrives(notification.id));
            }
            if let Some((at, time)) = fate.given_up {
                plan(&mut queue, at, Happens::GivenUp(notification.id, time));
            }
        }
        for run in runs {
            let fate = run
                .follows
                .and_then(|id| self.sent.get(id))
                .map(Notification::fate);
            let begins = fate
                .and_then(|fate| fate.given_up)
                .map_or(BEGIN, |(at, _)| at);
            plan(
                &mut queue,
                begins + run.after,
                Happens::Moves(Box::new(Step::new(run))),
            );
        }
        while let Some(((at, _), what)) = queue.pop_first() {
            self.clock = at;
            match what {
                Happens::Arrives(id) => self.push(id),
                Happens::GivenUp(id, time) => self.list.push_back((id, time)),
                Happens::Moves(step) => {
                    let pause = step.run.pause;
                    if let Some(step) = self.step(*step) {
                        plan(&mut queue, at + pause, Happens::Moves(Box::new(step)));
                    }
                }
            }
        }
    }

    /// The cron runs after 3scale has ended.
    pub(super) fn recover_until_quiet(&mut self) {
        for _ in 0..4 {
            self.clock += 310_000;
            let mut step = Some(Step::new(Run {
                follows: None,
                after: 0,
                most: usize::MAX,
                breaks: false,
                batch: 200,
                pause: 0,
                dies_before: None,
            }));
            while let Some(next) = step {
                step = self.step(next);
            }
        }
    }

    fn push(&mut self, id: usize) {
        let push = Push {
            intake: intake(&self.sent[id]),
            old_secret: false,
        };
        let now = self.clock + self.skew;
        let mut store = TestStore::new(self, now);
        store.pushed = id;
        let prior = repeated(&store, &push.intake, WINDOW_MS, now).unwrap();
        let receipt = take_push(&store, &push, WINDOW_MS, now).unwrap();
        // What has no doubt is decided by itself: as the rule decides.
        assert_eq!(receipt.status == Status::Duplicate, prior.is_some());
        let before = self.events.len();
        store.commit(self);
        if self.events.len() == before {
            self.swallowed.push((id, count(&self.events)));
        }
    }

    /// The next thing of a step, as `recovery::step` does them. `None` once it has ended.
    fn step(&mut self, mut step: Step) -> Option<Step> {
        if step.run.dies_before == Some(step.done) {
            return None;
        }
        step.done += 1;
        if !step.has_got {
            self.get(&mut step);
        } else if !step.committed.is_empty() {
            self.seen.extend(step.committed.drain(..));
        } else if !step.rest.is_empty() {
            self.hand_over(&mut step);
        } else {
            self.end(&step);
            return None;
        }
        Some(step)
    }

    fn get(&self, step: &mut Step) {
        step.has_got = true;
        step.date = self.clock / 1000;
        step.judge_before = Pace::new(1).judge_before(self.swept_at);
        for (id, time) in self.list.iter().take(step.run.most) {
            let known = self.seen.contains(id);
            step.reading.saw(Some(*time), known);
            if !known {
                step.rest.push(*id);
            }
        }
        step.is_complete = step.run.most >= self.list.len() && !step.run.breaks;
    }

    fn hand_over(&mut self, step: &mut Step) {
        let rest = step.rest.split_off(step.run.batch.min(step.rest.len()));
        let batch = std::mem::replace(&mut step.rest, rest);
        let time = |id: usize| self.sent[id].fate().given_up.unwrap().1;
        let entry = |id: &usize| Entry {
            id: id.to_string(),
            given_up_at: time(*id) * 1000 + 999,
            content: Content::Notification(intake(&self.sent[*id])),
            document: Document(id.to_string().into_bytes()),
        };
        let message = RecoveredBatch {
            judge_before: step.judge_before,
            entries: batch.iter().map(entry).collect(),
        };
        let store = TestStore::new(self, self.clock + self.skew);
        let taken = take_batch(&store, &message, WINDOW_MS).unwrap();
        for id in batch {
            if taken.held.contains(&id.to_string()) {
                step.reading.held(Some(time(id)));
            } else {
                step.committed.push(id);
            }
        }
        store.commit(self);
    }

    fn end(&mut self, step: &Step) {
        if step.run.breaks {
            return;
        }
        let list = List {
            is_complete: step.is_complete,
            date: Some(step.date),
        };
        if let Some(up_to) = step.reading.delete_up_to(list, Pace::new(1)) {
            while let Some((id, _)) = self.list.pop_front_if(|(_, time)| *time <= up_to) {
                let is_committed = self.failures.contains_key(&id.to_string());
                assert!(is_committed, "{id} was dropped uncommitted");
            }
        }
        match step.reading.known_up_to(list) {
            Some(date) if step.is_complete => self.swept_at = date * 1000,
            Some(time) => self.swept_at = self.swept_at.max(time * 1000),
            None => {}
        }
    }
}

impl Step {
    fn new(run: Run) -> Self {
        Self {
            run,
            done: 0,
            has_got: false,
            date: 0,
            judge_before: 0,
            rest: Vec::new(),
            committed: Vec::new(),
            reading: Reading::default(),
            is_complete: false,
        }
    }
}

fn id(seq: i64) -> EventId {
    EventId::new(seq, &[0; 10])
}

fn count(events: &[Event]) -> i64 {
    i64::try_from(events.len()).unwrap()
}

fn intake(notification: &Notification) -> Intake {
    Intake {
        base: String::new(),
        kind: "application".to_owned(),
        action: "updated".to_owned(),
        object: Some(notification.object.to_string()),
        account: None,
        updated_at: notification.updated_at,
        digest: Some(digest(notification)),
    }
}

fn digest(notification: &Notification) -> Digest {
    let hash: [u8; 32] = Sha256::digest(notification.digest()).into();
    hash.into()
}

/// The inbox's rows in one commit. The conditions are those of the SQL in `store/history.rs` and `store/way_in.rs`.
struct TestStore {
    now: i64,
    /// The notification that is being pushed.
    pushed: usize,
    rows: RefCell<Rows>,
}

struct Rows {
    events: Vec<Event>,
    failures: BTreeMap<String, Option<i64>>,
    marked: BTreeSet<i64>,
}

impl TestStore {
    fn new(world: &World, now: i64) -> Self {
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

    fn commit(self, world: &mut World) {
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
