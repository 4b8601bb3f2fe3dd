//! The live tail's side of an inbox: it rings a bell for those who listen. Their sockets are the runtime's, which keeps
//! them while the inbox is out of memory, so that an idle listener keeps nothing awake. No row is written for it, and
//! while nobody listens, nothing is asked.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use edge_core::{
    id::EventId,
    name::SourceName,
    tail::{Bell, News, Ring, When},
};
use js_sys::futures::spawn_local;
use wasm_bindgen::{JsCast as _, JsValue};
use worker::{Delay, Result, State, worker_sys::DurableObjectState};

use crate::{log, platform::now_ms};

/// The bell and the sockets of those who listen.
pub(super) struct Tail {
    sockets: DurableObjectState,
    source: SourceName,
    bell: RefCell<Bell>,
    /// `true` if somebody may listen. A socket that has closed is noticed at the next ring.
    has_listeners: Cell<bool>,
    /// The newest event.
    newest: Cell<Option<EventId>>,
}

impl Tail {
    /// The sockets that the runtime has kept are still there.
    pub(super) fn open(state: &State, source: SourceName) -> Result<Rc<Self>> {
        let sockets: &JsValue = state.as_raw().as_ref();
        let sockets: DurableObjectState = sockets.clone().unchecked_into();
        let has_listeners = !sockets.get_websockets()?.is_empty();
        Ok(Rc::new(Self {
            sockets,
            source,
            bell: RefCell::default(),
            has_listeners: Cell::new(has_listeners),
            newest: Cell::default(),
        }))
    }

    /// Somebody begins to listen. The number of those who do already.
    pub(super) fn joined(&self) -> Result<u32> {
        let listeners = self.sockets.get_websockets()?.len();
        self.has_listeners.set(true);
        Ok(u32::try_from(listeners).unwrap_or(u32::MAX))
    }

    /// Rings, and ends with what could not be told: whoever it was asks again.
    fn ring(&self) {
        let news = self.bell.borrow_mut().ring(now_ms());
        if news.is_empty() {
            return;
        }
        let sockets = self.sockets.get_websockets().unwrap_or_default();
        self.has_listeners.set(!sockets.is_empty());
        let ring = Ring {
            after: self.newest.get(),
            source: self.source.clone(),
            news,
        };
        match serde_json::to_string(&ring) {
            Ok(text) => sockets.iter().for_each(|socket| {
                // One that closes at this moment; its client connects again, and asks.
                let _ = socket.send_with_str(&text);
            }),
            Err(error) => log::error("ringing the bell", &error),
        }
    }

    /// An event was taken in.
    pub(super) fn took_in(self: &Rc<Self>, id: EventId) {
        self.newest.set(Some(id));
        self.happened(News::Event, || None);
    }

    /// Tells those who listen that something has happened, at most once a second. `newest` looks for the newest event,
    /// if none was taken in since the inbox was loaded.
    pub(super) fn happened(self: &Rc<Self>, news: News, newest: impl FnOnce() -> Option<EventId>) {
        if !self.has_listeners.get() {
            return;
        }
        if self.newest.get().is_none() {
            self.newest.set(newest());
        }
        let when = self.bell.borrow_mut().note(news, now_ms());
        match when {
            When::Now => self.ring(),
            When::After(ms) => {
                let tail = Rc::clone(self);
                spawn_local(async move {
                    Delay::from(Duration::from_millis(ms.unsigned_abs())).await;
                    tail.ring();
                });
            }
            When::Planned => {}
        }
    }
}
