//! The inbox: the durable record of one source. It is a Durable Object, so that recognizing a repeat, storing a new
//! event and planning its deliveries are one commit in one place.
//!
//! Each operation of [`InboxRequest`] has a handler in one of the files here; SQL is in `store`.

#![expect(
    missing_docs,
    reason = "the durable_object macro generates public functions without them"
)]

mod alerts;
mod care;
pub mod client;
mod context;
mod destinations;
mod dispatcher;
mod events;
mod intake;
mod memory;
mod notify;
mod replays;
mod retention;
mod store;

use std::rc::Rc;

use edge_core::{
    messages::{InboxRequest, Operation},
    shard,
};
use worker::{DurableObject, Env, Request, Response, Result, ScheduledTime, State, durable_object};

use self::context::InboxContext;
use crate::{environment::setup, log, rpc};

/// How soon to try again while the inbox cannot be opened: the configuration may have mistakes.
const CLOSED_PAUSE_MS: i64 = 60_000;
/// The same while its source is no longer configured: its deliveries wait until the source returns.
const REMOVED_PAUSE_MS: i64 = 86_400_000;

/// One source's inbox, or one of several: [`shard`] has their names.
#[durable_object(alarm)]
pub struct Inbox {
    state: State,
    /// How soon to try again while it is closed.
    closed_pause_ms: i64,
    opened: Result<Rc<InboxContext>>,
}

/// Carries out one operation.
trait Handle: Operation {
    async fn handle(self, inbox: &InboxContext) -> Result<Self::Reply>;
}

impl DurableObject for Inbox {
    fn new(state: State, env: Env) -> Self {
        let setup = setup(&env);
        let opened = InboxContext::open(&state, env, &setup).map(Rc::new);
        let name = state.id().name().unwrap_or_default();
        let is_removed = setup.config.is_removed(shard::source_of(&name));
        Self {
            state,
            closed_pause_ms: if is_removed {
                REMOVED_PAUSE_MS
            } else {
                CLOSED_PAUSE_MS
            },
            opened,
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let answer = self.answer(&mut request).await;
        if let Err(error) = &answer {
            log::error("the inbox", error);
        }
        answer
    }

    async fn alarm(&self) -> Result<Response> {
        let (done, pause_ms) = match self.opened() {
            Ok(inbox) => (dispatcher::run(inbox).await, CLOSED_PAUSE_MS),
            Err(error) => (Err(error), self.closed_pause_ms),
        };
        if let Err(error) = done {
            log::error("the alarm", &error);
            // Don't return the error: the runtime retries six times, then drops the alarm.
            self.state
                .storage()
                .set_alarm(ScheduledTime::from(pause_ms))
                .await?;
        }
        Response::empty()
    }
}

impl Inbox {
    async fn answer(&self, request: &mut Request) -> Result<Response> {
        let request = rpc::receive(request).await?;
        let inbox = self.opened()?;
        match request {
            InboxRequest::Push(push) => rpc::reply(&push.handle(inbox).await?),
            InboxRequest::Quarantine(body) => rpc::reply(&body.handle(inbox).await?),
            InboxRequest::RecoveredBatch(batch) => rpc::reply(&batch.handle(inbox).await?),
            InboxRequest::LookAround(look) => rpc::reply(&look.handle(inbox).await?),
            InboxRequest::RaiseAlert(alert) => rpc::reply(&alert.handle(inbox).await?),
            InboxRequest::OldSecretUse(ask) => rpc::reply(&ask.handle(inbox).await?),
            InboxRequest::ListDestinations(list) => rpc::reply(&list.handle(inbox).await?),
            InboxRequest::PauseDestination(pause) => rpc::reply(&pause.handle(inbox).await?),
            InboxRequest::DropDestination(drop) => rpc::reply(&drop.handle(inbox).await?),
            InboxRequest::ListEvents(list) => rpc::reply(&list.handle(inbox).await?),
            InboxRequest::GetEvent(get) => rpc::reply(&get.handle(inbox).await?),
            InboxRequest::ReplayEvent(replay) => rpc::reply(&replay.handle(inbox).await?),
            InboxRequest::ListReplays(list) => rpc::reply(&list.handle(inbox).await?),
            InboxRequest::StartReplay(replay) => rpc::reply(&replay.handle(inbox).await?),
        }
    }

    fn opened(&self) -> Result<&Rc<InboxContext>> {
        self.opened
            .as_ref()
            .map_err(|error| format!("the inbox cannot be opened: {error}").into())
    }
}
