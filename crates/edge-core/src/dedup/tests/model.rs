//! 3scale's list, what the inbox and recovery have stored, and what changes them in order of time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sha2::{Digest as _, Sha256};

use super::{
    sender::{BEGIN, Notification, Run},
    store::{Event, TestStore, count},
};
use crate::{
    dedup::{repeated, take_batch, take_push},
    id::Digest,
    messages::{
        document::Document,
        intake::{Intake, Push, Status},
        recovered::{Content, Entry, RecoveredBatch},
    },
    recovery::plan::{List, Pace, Reading},
};

pub(super) const WINDOW_MS: i64 = 1_800_000;

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
    pub(super) failures: BTreeMap<String, Option<i64>>,
    /// The events that stand for an entry, though they were pushed.
    pub(super) marked: BTreeSet<i64>,
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
        // The step without doubt decides as the rule does.
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

pub(super) fn intake(notification: &Notification) -> Intake {
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
