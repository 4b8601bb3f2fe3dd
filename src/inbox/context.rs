//! The parts of an open inbox, shared by concurrent tasks in one object: it answers requests while it dispatches.

use std::{cell::RefCell, rc::Rc};

use edge_core::{
    config::{Config, Destination, Setup},
    dispatch::destination_state::{DestinationState, Limits},
    id::EventId,
    inbox_log::{DestinationId, Head, Seq},
    mask::Mask,
    messages::intake::Intake,
    name::{DestinationName, SourceName},
    shard,
    tail::News,
};
use js_sys::{ArrayBuffer, Uint8Array};
use worker::{Env, Result, State, Storage};

use super::{
    memory::{MOST_KEPT_BYTES, Memory},
    store::{Document, NewEvent, Opened, Store, StoredEvent, View},
    tail::Tail,
};

/// An inbox that is open: its tables exist.
pub(super) struct InboxContext {
    pub(super) env: Env,
    pub(super) storage: Storage,
    pub(super) config: Rc<Config>,
    /// Hides every configured secret.
    pub(super) mask: Mask,
    pub(super) source: SourceName,
    /// The CloudEvents' `source` of an event that is accepted now.
    source_uri: String,
    /// Its number among the source's inboxes.
    pub(super) shard: u32,
    pub(super) store: Store,
    /// The end of the log. It moves once an event is stored.
    pub(super) head: RefCell<Head>,
    /// Every destination that has a row, in the same order as `destinations`.
    pub(super) known: Vec<Known>,
    pub(super) destinations: RefCell<Vec<DestinationState>>,
    pub(super) memory: Memory,
    pub(super) tail: Rc<Tail>,
}

/// A destination that the inbox knows.
pub(super) struct Known {
    pub(super) id: DestinationId,
    pub(super) name: DestinationName,
    /// Its place in the configuration; `None` if it is no longer configured.
    config: Option<usize>,
}

impl InboxContext {
    pub(super) fn open(state: &State, env: Env, setup: &Setup) -> Result<Self> {
        let name = state
            .id()
            .name()
            .ok_or("the inbox was called without a name")?;
        let config = Rc::clone(&setup.config);
        let source = shard::source_of(&name);
        // An inbox whose source was removed sends nothing, and still forgets.
        let is_removed = config.is_removed(source);
        let source_uri = config.source(source).map(|source| source.uri().to_owned());
        let store = Store::open(state)?;
        let head = store.head()?;
        let configured: Vec<_> = config
            .destinations
            .iter()
            .map(|one| (&one.name, one.ordered))
            .collect();
        let opened = store.open_destinations(&configured, &head)?;
        let (known, destinations) = opened
            .into_iter()
            .map(|opened| know(&config, is_removed, opened))
            .unzip();
        let source: SourceName = source
            .parse()
            .map_err(|_| "the inbox has an invalid name")?;
        Ok(Self {
            env,
            storage: state.storage(),
            mask: Mask::new(config.secrets()),
            tail: Tail::open(state, source.clone())?,
            source,
            source_uri: source_uri.unwrap_or_default(),
            shard: shard::number_of(&name),
            config,
            store,
            head: RefCell::new(head),
            known,
            destinations: RefCell::new(destinations),
            memory: Memory::default(),
        })
    }

    /// The log as the destination of this id sees it.
    pub(super) fn view(&self, id: DestinationId) -> View<'_> {
        let head = self.head.borrow();
        View {
            store: &self.store,
            id,
            head: (head.seq, head.tally.of(id)),
        }
    }

    /// The configuration of the destination at this place, if it is configured.
    pub(super) fn configured(&self, index: usize) -> Option<&Destination> {
        let known = self.known.get(index)?;
        self.config.destinations.get(known.config?)
    }

    /// The place of a destination.
    pub(super) fn index_of(&self, name: &DestinationName) -> Option<usize> {
        self.known.iter().position(|known| known.name == *name)
    }

    /// The destinations that a notification goes to.
    pub(super) fn routed<'c>(
        &'c self,
        intake: &'c Intake,
    ) -> impl Iterator<Item = &'c DestinationName> {
        let source = self.source.as_str();
        self.config.routed(source, &intake.kind, &intake.action)
    }

    /// Appends an event that goes to these destinations. Its id and its place.
    pub(super) fn append<'n>(
        &self,
        intake: &Intake,
        document: Document<'_>,
        given_up_ms: Option<i64>,
        routed: impl Iterator<Item = &'n DestinationName>,
        now_ms: i64,
    ) -> Result<(EventId, Seq)> {
        let event = NewEvent {
            given_up_ms,
            ..self.new_event(intake, document, routed, now_ms)?
        };
        self.store.append(&event)?;
        Ok(self.appended(event))
    }

    /// Appends what was pushed, unless it may be a repeat: [`edge_core::dedup::IntakeStore::keep_undoubted`].
    pub(super) fn append_undoubted(
        &self,
        intake: &Intake,
        document: &ArrayBuffer,
        now_ms: i64,
    ) -> Result<Option<EventId>> {
        let whole = Document::Js(document);
        let event = self.new_event(intake, whole, self.routed(intake), now_ms)?;
        if !self.store.append_undoubted(&event)? {
            return Ok(None);
        }
        self.keep_for_dispatcher(&event, document, now_ms);
        Ok(Some(self.appended(event).0))
    }

    /// Keeps an event that was just stored, so that the dispatcher need not load it, if it runs and may come to it.
    fn keep_for_dispatcher(&self, event: &NewEvent<'_>, document: &ArrayBuffer, now_ms: i64) {
        let is_small = document.byte_length() <= MOST_KEPT_BYTES;
        let is_sent = event.head.tally.routed().next().is_some();
        if !is_small || !is_sent || !self.memory.has_place(now_ms) {
            return;
        }
        if let Ok(origin) = self.store.origin(event.origin) {
            self.memory.keep(StoredEvent {
                seq: event.head.seq,
                id: event.id,
                received_ms: event.head.received_at,
                given_up_ms: event.given_up_ms,
                origin,
                is_ours: event.intake.digest.is_none(),
                action: event.intake.action.clone(),
                document: Uint8Array::new(document).to_vec(),
            });
        }
    }

    /// An event with the next place.
    fn new_event<'a, 'n>(
        &self,
        intake: &'a Intake,
        document: Document<'a>,
        routed: impl Iterator<Item = &'n DestinationName>,
        now_ms: i64,
    ) -> Result<NewEvent<'a>> {
        let ids: Vec<_> = routed
            .filter_map(|name| self.known.get(self.index_of(name)?))
            .map(|known| known.id)
            .collect();
        let head = self.head.borrow().append(now_ms, &ids);
        let chance = getrandom::u32().map_err(|error| error.to_string())?;
        let base = self.base_of(intake)?;
        Ok(NewEvent {
            id: head.id(self.shard, chance),
            head,
            intake,
            document,
            origin: self.store.origin_id(&self.source_uri, &base)?,
            given_up_ms: None,
        })
    }

    /// Moves the head to an event that is stored, and tells those who listen.
    fn appended(&self, event: NewEvent<'_>) -> (EventId, Seq) {
        let NewEvent { id, head, .. } = event;
        let seq = head.seq;
        self.head.replace(head);
        self.tail.took_in(id);
        (id, seq)
    }

    /// Tells those who listen that something has happened.
    pub(super) fn happened(&self, news: News) {
        let newest = || {
            let newest = self.store.id_of(self.head.borrow().seq).ok()?;
            newest.map(|(id, _)| id)
        };
        self.tail.happened(news, newest);
    }

    /// This Worker's own origin: as it is configured, as the sender called it, or as it was last called.
    fn base_of(&self, intake: &Intake) -> Result<String> {
        if let Some(configured) = &self.config.public_url {
            return Ok(configured.clone());
        }
        if intake.base.is_empty() {
            return self.store.newest_base();
        }
        Ok(intake.base.clone())
    }
}

/// Makes the inbox's memory of a destination. One that cannot be sent to has no limits, and gets nothing.
fn know(config: &Config, is_removed: bool, opened: Opened) -> (Known, DestinationState) {
    let mut all = config.destinations.iter();
    let index = all.position(|configured| configured.name == opened.name);
    let deliverable = index.and_then(|index| config.deliverable(index));
    let limits = deliverable.filter(|_| !is_removed).map(|one| Limits {
        concurrency: one.concurrency,
        rate: one.rate,
    });
    let known = Known {
        id: opened.deliveries.id(),
        name: opened.name,
        config: index,
    };
    let configured = index.and_then(|index| config.destinations.get(index));
    let batching = configured.and_then(|configured| configured.batching);
    let is_service = configured.is_some_and(Destination::is_service);
    let state = DestinationState::new(opened.deliveries.batched(batching), limits);
    (known, state.of_service(is_service))
}
