//! The inbox: the durable record of one source. It is a Durable Object, so that recognizing a repeat, storing a new
//! event and planning its deliveries are one commit in one place.
//!
//! Each operation of [`InboxRequest`] has a handler in one of the files here; SQL is in `store`.

#![expect(
    missing_docs,
    reason = "the durable_object macro generates public functions without them"
)]

mod alerts;
mod audit;
mod care;
pub mod client;
mod context;
mod destinations;
mod dispatcher;
mod earlier;
mod events;
mod export;
mod feed;
mod figures;
mod intake;
mod memory;
mod notify;
mod object_list;
mod objects;
mod quarantine;
mod read_event;
mod replays;
mod retention;
mod search;
mod store;
mod tail;
mod test_event;

use std::rc::Rc;

use edge_core::{
    messages::{InboxRequest, Operation, decode, intake::Push},
    problem::Problem,
    tail::MOST_LISTENERS,
};
use js_sys::ArrayBuffer;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::{
    DurableObject, Env, Request, Response, Result, ScheduledTime, State, durable_object, web_sys,
};

use self::context::InboxContext;
use crate::{environment::setup, http, log, rpc};

/// How soon to try again after a failure of the inbox's own.
const PAUSE_AFTER_ERROR_MS: i64 = 60_000;

/// One source's inbox, or one of several: [`edge_core::shard`] has their names.
#[durable_object(fetch)]
pub struct Inbox {
    state: State,
    opened: Result<Rc<InboxContext>>,
}

/// Carries out one operation.
trait Handle: Operation {
    async fn handle(self, inbox: &InboxContext) -> Result<Self::Reply>;
}

impl DurableObject for Inbox {
    fn new(state: State, env: Env) -> Self {
        let opened = InboxContext::open(&state, env.clone(), &setup(&env)).map(Rc::new);
        Self { state, opened }
    }

    /// Nobody calls it: requests come by the methods below.
    async fn fetch(&self, _: Request) -> Result<Response> {
        Response::error("an inbox has no pages", 404)
    }
}

/// `js/objects.js` hands these methods on to the Worker and to the runtime.
#[wasm_bindgen(wasm_bindgen_futures = worker::wasm_bindgen_futures)]
impl Inbox {
    /// Takes in a notification: the facts are a [`Push`], the answer a receipt. It is no future: nothing in it waits.
    pub fn push(
        &self,
        facts: &str,
        document: &ArrayBuffer,
    ) -> std::result::Result<String, JsValue> {
        let pushed = self.pushed(facts, document);
        pushed.map_err(|error| reported("taking in a notification", &error))
    }

    /// Carries out any other operation: the message is an [`InboxRequest`].
    pub async fn ask(&self, message: Vec<u8>) -> std::result::Result<Vec<u8>, JsValue> {
        let answer = self.answer(&message).await;
        answer.map_err(|error| reported("the inbox", &error))
    }

    /// Somebody wants to listen. The answer if that may not be.
    #[wasm_bindgen(js_name = refuseListener)]
    pub fn refuse_listener(&self) -> std::result::Result<Option<web_sys::Response>, JsValue> {
        let refused = self.refused_listener();
        refused.map_err(|error| reported("a listener", &error))
    }

    /// The alarm. `is_retry` says that the run before ended badly.
    pub async fn wake(&self, is_retry: bool) -> std::result::Result<(), JsValue> {
        let done = match self.opened() {
            Ok(inbox) => dispatcher::run(inbox, is_retry).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            log::error("the alarm", &error);
            // Don't return the error: the runtime retries six times, then drops the alarm.
            let again = ScheduledTime::from(PAUSE_AFTER_ERROR_MS);
            self.state.storage().set_alarm(again).await?;
        }
        Ok(())
    }
}

impl Inbox {
    fn pushed(&self, facts: &str, document: &ArrayBuffer) -> Result<String> {
        let facts: Push = decode(facts.as_bytes())?;
        let receipt = intake::push(self.opened()?, &facts, document)?;
        Ok(serde_json::to_string(&receipt)?)
    }

    fn refused_listener(&self) -> Result<Option<web_sys::Response>> {
        if self.opened()?.tail.joined()? < MOST_LISTENERS {
            return Ok(None);
        }
        let refusal = http::problem(&Problem::TooManyListeners)?;
        Ok(Some(refusal.into()))
    }

    async fn answer(&self, message: &[u8]) -> Result<Vec<u8>> {
        let inbox = self.opened()?;
        match decode(message)? {
            InboxRequest::Quarantine(body) => rpc::reply(&body.handle(inbox).await?),
            InboxRequest::RecoveredBatch(batch) => rpc::reply(&batch.handle(inbox).await?),
            InboxRequest::LookAround(look) => rpc::reply(&look.handle(inbox).await?),
            InboxRequest::RaiseAlert(alert) => rpc::reply(&alert.handle(inbox).await?),
            InboxRequest::Pinged(ping) => rpc::reply(&ping.handle(inbox).await?),
            InboxRequest::OldSecretUse(ask) => rpc::reply(&ask.handle(inbox).await?),
            InboxRequest::ListDestinations(list) => rpc::reply(&list.handle(inbox).await?),
            InboxRequest::PauseDestination(pause) => rpc::reply(&pause.handle(inbox).await?),
            InboxRequest::DropDestination(drop) => rpc::reply(&drop.handle(inbox).await?),
            InboxRequest::ListEvents(list) => rpc::reply(&list.handle(inbox).await?),
            InboxRequest::GetEvent(get) => rpc::reply(&get.handle(inbox).await?),
            InboxRequest::ReplayEvent(replay) => rpc::reply(&replay.handle(inbox).await?),
            InboxRequest::ListReplays(list) => rpc::reply(&list.handle(inbox).await?),
            InboxRequest::StartReplay(replay) => rpc::reply(&replay.handle(inbox).await?),
            InboxRequest::AskEarlier(ask) => rpc::reply(&ask.handle(inbox).await?),
            InboxRequest::GetReplay(get) => rpc::reply(&get.handle(inbox).await?),
            InboxRequest::CancelReplay(cancel) => rpc::reply(&cancel.handle(inbox).await?),
            InboxRequest::ExportEvents(export) => rpc::reply(&export.handle(inbox).await?),
            InboxRequest::SendTest(test) => rpc::reply(&test.handle(inbox).await?),
            InboxRequest::ListObjects(list) => rpc::reply(&list.handle(inbox).await?),
            InboxRequest::GetObject(get) => rpc::reply(&get.handle(inbox).await?),
            InboxRequest::GetMetrics(get) => rpc::reply(&get.handle(inbox).await?),
            InboxRequest::CountHours(count) => rpc::reply(&count.handle(inbox).await?),
            InboxRequest::RecordAction(record) => rpc::reply(&record.handle(inbox).await?),
            InboxRequest::ListActions(list) => rpc::reply(&list.handle(inbox).await?),
            InboxRequest::ListQuarantine(list) => rpc::reply(&list.handle(inbox).await?),
            InboxRequest::GetQuarantined(get) => rpc::reply(&get.handle(inbox).await?),
            InboxRequest::DropQuarantined(drop) => rpc::reply(&drop.handle(inbox).await?),
            InboxRequest::TakeReparsed(take) => rpc::reply(&take.handle(inbox).await?),
            InboxRequest::ReadFeed(read) => rpc::reply(&read.handle(inbox).await?),
            InboxRequest::ShowFrontPage(show) => rpc::reply(&show.handle(inbox).await?),
        }
    }

    fn opened(&self) -> Result<&Rc<InboxContext>> {
        self.opened
            .as_ref()
            .map_err(|error| format!("the inbox cannot be opened: {error}").into())
    }
}

/// Logs an error, which then goes to the caller.
fn reported(what: &str, error: &worker::Error) -> JsValue {
    log::error(what, error);
    JsValue::from_str(&error.to_string())
}
