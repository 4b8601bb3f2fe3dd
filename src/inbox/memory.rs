//! The state that an open inbox holds in memory besides its log: the dispatcher's progress, the time of its alarm, and
//! the attempts that have ended and are not recorded. All of it may be lost: SQLite has the rest.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
};

use edge_core::{
    id::EventId,
    inbox_log::{DestinationId, Line, Seq},
    messages::metrics::Attempts,
};
use js_sys::Promise;
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use worker::{Result, Storage};

use super::{
    notify::Notify,
    read_event::ReadEvent,
    store::{AttemptRecord, StoredEvent},
};
use crate::{platform::now_ms, sql::Column as _};

/// The longest that the dispatcher's loop sleeps: a little more than the slowest attempt.
pub(super) const LONGEST_SLEEP_MS: i64 = 65_000;
/// A loop without an iteration for this long is dead.
const DEAD_AFTER_MS: i64 = 2 * LONGEST_SLEEP_MS;
/// An alarm that is overdue by this much is taken for lost: alarms have been seen to get stuck.
const ALARM_LOST_AFTER_MS: i64 = 30_000;
/// How many events stay loaded for the destinations that come to them a little later.
const MOST_LOADED: usize = 32;
/// How large their documents may be together. Parsed, they take a few times as much.
const MOST_LOADED_BYTES: usize = 1 << 20;
/// How many events that were just stored are kept for the dispatcher.
const MOST_KEPT: usize = 64;
/// The largest document of such an event. Most have a few kilobytes; compared with what else a larger one costs, loading
/// it is little.
pub(super) const MOST_KEPT_BYTES: u32 = 8 << 10;

#[wasm_bindgen]
extern "C" {
    type Alarms;

    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    fn set_alarm(this: &Alarms, at: JsValue) -> std::result::Result<Promise, JsValue>;
}

/// The memory of an open inbox.
#[derive(Default)]
pub(super) struct Memory {
    /// When the dispatcher's loop last began an iteration, while it runs.
    pub(super) beat: Cell<Option<i64>>,
    /// The time for which the alarm is set, to our knowledge.
    pub(super) alarm_at: Cell<Option<i64>>,
    /// When there may be something to forget, once that is known.
    pub(super) forget_at: Cell<Option<i64>>,
    /// `true` if something of the inbox's own failed in this run.
    pub(super) failed: Cell<bool>,
    /// `true` if the runtime says that the last run ended badly: an event may be the cause.
    pub(super) careful: Cell<bool>,
    /// The attempts that have ended and are not recorded, for each destination.
    pub(super) ended: RefCell<BTreeMap<DestinationId, Vec<EndedAttempt>>>,
    /// The attempts since the inbox was loaded, for each destination.
    pub(super) attempts: RefCell<BTreeMap<DestinationId, Attempts>>,
    /// The events that were loaded last.
    loaded: RefCell<VecDeque<Rc<ReadEvent>>>,
    /// Events that were pushed while the dispatcher ran, until it comes to them.
    just_stored: RefCell<BTreeMap<Seq, StoredEvent>>,
    pub(super) earlier: Earlier,
    pub(super) notify: Notify,
}

/// Earlier inboxes' answers. They may be lost: then the inboxes are asked again.
#[derive(Default)]
pub(super) struct Earlier {
    /// The inboxes in which nothing waits for a destination that could be before an event here.
    pub(super) handed_over: RefCell<BTreeSet<(DestinationId, u32)>>,
    /// The objects of which nothing waits for a destination in any earlier inbox.
    pub(super) passed: RefCell<BTreeSet<(DestinationId, Line)>>,
}

/// An attempt that has ended.
#[derive(Debug, Clone)]
pub(super) struct EndedAttempt {
    pub(super) seq: Seq,
    /// When it ended: with `seq`, what the rules know it by.
    pub(super) ended_ms: i64,
    /// From 1.
    pub(super) number: u32,
    pub(super) id: EventId,
    /// `true` if its event is an alert of our own.
    pub(super) is_ours: bool,
    /// How many events it had.
    pub(super) together: usize,
    pub(super) record: AttemptRecord,
}

impl Memory {
    /// Makes sure that deliveries due at `at` are looked at then. Setting an alarm costs a row,
    /// so it is done only if none is early enough.
    ///
    /// Like every write it is part of the same commit as the writes before it, and no answer leaves before that.
    pub(super) fn expect(&self, storage: &Storage, at: i64) -> Result<()> {
        let now = now_ms();
        if self.is_dispatching(now) {
            self.notify.notify();
            return Ok(());
        }
        match self.alarm_at.get() {
            Some(set) if set <= at && now - set < ALARM_LOST_AFTER_MS => Ok(()),
            _ => self.set_alarm(storage, at),
        }
    }

    /// Sets the alarm, whatever it was before.
    pub(super) fn set_alarm(&self, storage: &Storage, at: i64) -> Result<()> {
        let alarms = storage.as_raw().unchecked_ref::<Alarms>();
        let set = alarms.set_alarm(at.max(0).column());
        self.alarm_at.set(set.is_ok().then_some(at));
        set.map(|_| ()).map_err(Into::into)
    }

    fn is_dispatching(&self, now: i64) -> bool {
        let beat = self.beat.get();
        beat.is_some_and(|beat| now - beat < DEAD_AFTER_MS)
    }

    /// `true` if the dispatcher runs, and there is a place for an event that is just being stored.
    pub(super) fn has_place(&self, now: i64) -> bool {
        self.is_dispatching(now) && self.just_stored.borrow().len() < MOST_KEPT
    }

    /// Keeps an event that was just stored.
    pub(super) fn keep(&self, event: StoredEvent) {
        self.just_stored.borrow_mut().insert(event.seq, event);
    }

    /// The event at a place, loaded and parsed once for all destinations that are sent it at about the same time.
    pub(super) fn load(
        &self,
        seq: Seq,
        load: impl FnOnce() -> Result<Option<StoredEvent>>,
        read: impl FnOnce(StoredEvent) -> ReadEvent,
    ) -> Result<Option<Rc<ReadEvent>>> {
        let mut loaded = self.loaded.borrow_mut();
        if let Some(event) = loaded.iter().find(|event| event.stored().seq == seq) {
            return Ok(Some(Rc::clone(event)));
        }
        let kept = self.just_stored.borrow_mut().remove(&seq);
        let stored = match kept {
            Some(kept) => Some(kept),
            None => load()?,
        };
        let Some(event) = stored.map(|stored| Rc::new(read(stored))) else {
            return Ok(None);
        };
        loaded.push_back(Rc::clone(&event));
        let size = |event: &Rc<ReadEvent>| event.stored().document.len();
        let is_too_much = |loaded: &VecDeque<_>| {
            loaded.len() > MOST_LOADED || loaded.iter().map(size).sum::<usize>() > MOST_LOADED_BYTES
        };
        while loaded.len() > 1 && is_too_much(&loaded) {
            loaded.pop_front();
        }
        Ok(Some(event))
    }

    /// Lets go of every event, once nothing is sent any more.
    pub(super) fn unload(&self) {
        self.just_stored.borrow_mut().clear();
        self.loaded.borrow_mut().clear();
    }
}
