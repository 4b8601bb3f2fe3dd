//! The inbox: the durable record of one source. A Durable Object, so that telling a repeat from a
//! new event, keeping it, and planning its deliveries are one commit in one place.

#![expect(
    missing_docs,
    reason = "the durable_object macro generates public functions without them"
)]

mod alerts;
pub mod client;
mod context;
mod dispatcher;
mod intake;
mod operations;
mod recovered;
mod replays;
mod retention;
mod store;

use std::rc::Rc;

use edge_core::{
    messages::{self as wire},
    shard,
};
use serde::Serialize;
use worker::{DurableObject, Env, Request, Response, Result, ScheduledTime, State, durable_object};

use self::{context::Core, dispatcher::Dispatcher};
use crate::{
    log,
    platform::{now_ms, setup},
};

/// When to look again while the inbox cannot be opened: the configuration may have mistakes.
const CLOSED_PAUSE_MS: i64 = 60_000;
/// The same while its source is not configured any more: what waits here waits for its return.
const REMOVED_PAUSE_MS: i64 = 86_400_000;

/// One source's inbox, or one of several: [`shard`] has their names.
#[durable_object(alarm)]
pub struct Inbox {
    state: State,
    /// When to look again while it is closed.
    closed_pause_ms: i64,
    opened: Result<Rc<Core>>,
}

impl DurableObject for Inbox {
    fn new(state: State, env: Env) -> Self {
        let setup = setup(&env);
        let opened = Core::open(&state, env, &setup).map(Rc::new);
        let name = state.id().name().unwrap_or_default();
        let is_removed = setup
            .config
            .as_ref()
            .is_some_and(|config| config.source(shard::source_of(&name)).is_none());
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
        let message = request.bytes().await?;
        let answer = self.answer(request.path().as_str(), &message).await;
        if let Err(error) = &answer {
            log::trouble("the inbox", error);
        }
        answer
    }

    async fn alarm(&self) -> Result<Response> {
        let (done, pause_ms) = match self.opened() {
            Ok(core) => (Dispatcher::run(core).await, CLOSED_PAUSE_MS),
            Err(error) => (Err(error), self.closed_pause_ms),
        };
        if let Err(error) = done {
            log::trouble("the alarm", &error);
            // Not by an error, after which the runtime tries six times and then forgets the alarm.
            self.state
                .storage()
                .set_alarm(ScheduledTime::from(pause_ms))
                .await?;
        }
        Response::empty()
    }
}

impl Inbox {
    async fn answer(&self, path: &str, message: &[u8]) -> Result<Response> {
        let core = self.opened()?;
        match path {
            wire::EVENTS => {
                let (intake, xml) = read(message)?;
                json(&intake::take_in(core, &intake, xml).await?)
            }
            wire::QUARANTINE => {
                let (suspect, body) = read(message)?;
                let now = now_ms();
                intake::quarantine(core, &suspect, body, now)?;
                core.dispatcher.tell(core, now).await?;
                Response::empty()
            }
            wire::RECOVERED => {
                let (batch, documents) = read(message)?;
                json(&recovered::take_in(core, &batch, documents).await?)
            }
            wire::OLD_SECRET => text(operations::old_secret(core)?),
            wire::DESTINATIONS => text(operations::destinations(core)?),
            wire::PAUSE => text(operations::pause(core, utf8(message)?, true).await?),
            wire::RESUME => text(operations::pause(core, utf8(message)?, false).await?),
            wire::DROP => text(operations::abandon(core, utf8(message)?).await?),
            wire::EVENT => text(operations::event(core, utf8(message)?)?.unwrap_or_default()),
            wire::REPLAY => text(
                operations::replay(core, utf8(message)?)
                    .await?
                    .unwrap_or_default(),
            ),
            wire::ALERT => {
                let (report, _) = read(message)?;
                operations::alert(core, &report).await?;
                Response::empty()
            }
            wire::WAKE => {
                let last = operations::wake(core).await?;
                text(last.map_or_else(String::new, |last| last.to_string()))
            }
            wire::LIST => text(operations::list(core, read(message)?.0).await?),
            wire::AGAIN => text(replays::ask(core, &read(message)?.0).await?),
            wire::REPLAYS => text(core.store.replays_overview()?),
            other => Err(format!("the inbox has no {other}").into()),
        }
    }

    fn opened(&self) -> Result<&Rc<Core>> {
        self.opened
            .as_ref()
            .map_err(|error| format!("the inbox cannot be opened: {error}").into())
    }
}

fn read<T: wire::Head>(message: &[u8]) -> Result<(T, &[u8])> {
    wire::unpack(message).ok_or_else(|| "the inbox was sent something that it cannot read".into())
}

fn json(value: &impl Serialize) -> Result<Response> {
    Response::from_bytes(serde_json::to_vec(value)?)
}

fn utf8(message: &[u8]) -> Result<&str> {
    std::str::from_utf8(message).map_err(|error| error.to_string().into())
}

fn text(answer: String) -> Result<Response> {
    Response::from_bytes(answer.into_bytes())
}
