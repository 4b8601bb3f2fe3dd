//! Recovery: what 3scale could not deliver, it keeps in a list that nobody reads. This reads it.
//!
//! A Durable Object of its own for each source, since reading a list of 50 MB must not hold up the
//! inbox, where pushes are committed. It works in steps that fit the runtime's limits: read the list,
//! hand what is new to the inbox, and only when that is committed let 3scale drop it. A crash between
//! any two of these repeats work and loses nothing: [`plan`] has the rules.

#![expect(
    missing_docs,
    reason = "the durable_object macro generates public functions without them"
)]

pub mod client;
mod context;
mod report;
mod step;
mod store;

use worker::{DurableObject, Env, Request, Response, Result, ScheduledTime, State, durable_object};

use self::context::Core;
use crate::{
    log,
    platform::{now_ms, setup},
};

/// After a failure of our own, such as a full disk.
const PAUSE_AFTER_TROUBLE_MS: i64 = 60_000;

/// One source's recovery.
#[durable_object(alarm)]
pub struct Recovery {
    state: State,
    opened: Result<Core>,
}

impl DurableObject for Recovery {
    fn new(state: State, env: Env) -> Self {
        let setup = setup(&env);
        let opened = Core::open(&state, env, &setup);
        Self { state, opened }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let answer = self.answer(request.path().as_str()).await;
        if let Err(error) = &answer {
            log::trouble("the recovery", error);
        }
        answer
    }

    async fn alarm(&self) -> Result<Response> {
        let core = match self.opened() {
            Ok(core) => core,
            // The source may be gone from the configuration. If it comes back, so does the cron.
            Err(error) => {
                log::trouble("the recovery's alarm", &error);
                return Response::empty();
            }
        };
        match step::make(core).await {
            Ok(run) if run.more => self.wake_in(0).await?,
            Ok(_) => {}
            Err(error) => {
                log::trouble("the recovery's alarm", &error);
                // Not by an error, after which the runtime tries six times and then forgets the alarm.
                self.wake_in(PAUSE_AFTER_TROUBLE_MS).await?;
            }
        }
        Response::empty()
    }
}

impl Recovery {
    async fn answer(&self, path: &str) -> Result<Response> {
        let core = self.opened()?;
        match path {
            client::RUN => {
                let run = step::make(core).await?;
                if run.more {
                    self.wake_in(0).await?;
                }
                text(run.to_json())
            }
            client::RUN_IF_DUE => {
                if now_ms() >= core.store.ledger()?.next_at {
                    self.wake_in(0).await?;
                }
                Response::empty()
            }
            client::LAST => text(core.store.last(core.source.name.as_str())?),
            other => Err(format!("the recovery has no {other}").into()),
        }
    }

    async fn wake_in(&self, ms: i64) -> Result<()> {
        self.state
            .storage()
            .set_alarm(ScheduledTime::from(ms))
            .await
    }

    fn opened(&self) -> Result<&Core> {
        self.opened
            .as_ref()
            .map_err(|error| format!("the recovery cannot be opened: {error}").into())
    }
}

fn text(answer: String) -> Result<Response> {
    Response::from_bytes(answer.into_bytes())
}
