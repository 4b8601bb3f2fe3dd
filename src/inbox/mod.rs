//! The inbox: the durable record of one source. A Durable Object, so that telling a repeat from a
//! new event, keeping it, and planning its deliveries are one commit in one place.

#![expect(
    missing_docs,
    reason = "the durable_object macro generates public functions without them"
)]

pub mod client;
mod dedup;
mod dispatcher;
mod store;
pub mod wire;

use std::rc::Rc;

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use self::{
    dispatcher::{Dispatcher, Run},
    store::{NewEvent, Store},
    wire::{Intake, Receipt, Status, Suspect},
};
use crate::{
    config::{Config, Setup, Source},
    log,
    name::DestinationName,
    platform::{new_id, now_ms, setup},
};

/// When to look again while the configuration has mistakes.
const MISCONFIGURED_PAUSE_MS: i64 = 60_000;

/// One source's inbox. Its name is the source's.
#[durable_object(alarm)]
pub struct Inbox {
    state: State,
    env: Env,
    setup: Rc<Setup>,
    opened: Result<Opened>,
}

struct Opened {
    store: Store,
    dispatcher: Dispatcher,
}

impl DurableObject for Inbox {
    fn new(state: State, env: Env) -> Self {
        let setup = setup(&env);
        let opened = Store::open(&state).and_then(|store| {
            let dispatcher = Dispatcher::new(setup.config.as_ref(), &store.health()?);
            Ok(Opened { store, dispatcher })
        });
        Self {
            state,
            env,
            setup,
            opened,
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let message = request.bytes().await?;
        let answer = match request.path().as_str() {
            wire::EVENTS => match read(&message) {
                Ok((intake, xml)) => self
                    .take_in(&intake, xml)
                    .await
                    .and_then(|receipt| json(&receipt)),
                Err(error) => Err(error),
            },
            wire::QUARANTINE => {
                read(&message).and_then(|(suspect, body)| self.quarantine(&suspect, body))
            }
            wire::WAKE => self.wake().await,
            other => Err(format!("the inbox has no {other}").into()),
        };
        if let Err(error) = &answer {
            log::trouble("the inbox", error);
        }
        answer
    }

    async fn alarm(&self) -> Result<Response> {
        let done = self.dispatch().await;
        if let Err(error) = &done {
            log::trouble("the alarm", error);
        }
        // An error makes the runtime call again, some times.
        done.and_then(|()| Response::empty())
    }
}

impl Inbox {
    /// Keeps a notification with its deliveries, or finds the event that it repeats.
    async fn take_in(&self, intake: &Intake, xml: &[u8]) -> Result<Receipt> {
        let (opened, config) = (self.opened()?, self.config()?);
        let now = now_ms();
        let receipt = if let Some(id) = repeated(&opened.store, config, intake, now)? {
            Receipt {
                id,
                status: Status::Duplicate,
            }
        } else {
            let id = new_id(now).map_err(|error| error.to_string())?;
            let event = NewEvent {
                id: &id,
                intake,
                xml,
                received_ms: now,
            };
            opened
                .store
                .keep(&event, &self.destinations(config, intake)?)?;
            Receipt {
                id,
                status: Status::Accepted,
            }
        };
        // For a repeat as well: the first try may have died between its commit and this.
        opened.dispatcher.expect(&self.state.storage(), now).await?;
        Ok(receipt)
    }

    fn quarantine(&self, suspect: &Suspect, body: &[u8]) -> Result<Response> {
        let digest = Sha256::digest(body);
        let digest = digest
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        self.opened()?
            .store
            .quarantine(&digest, suspect, body, now_ms())?;
        Response::empty()
    }

    /// Sets the alarm if something is due: it may have been lost.
    async fn wake(&self) -> Result<Response> {
        let (opened, config) = (self.opened()?, self.config()?);
        if let Some(at) = opened.dispatcher.next_due(&self.run(opened, config)?)? {
            opened.dispatcher.expect(&self.state.storage(), at).await?;
        }
        Response::empty()
    }

    async fn dispatch(&self) -> Result<()> {
        let opened = self.opened()?;
        let storage = self.state.storage();
        opened.dispatcher.alarm_came();
        match self.config() {
            Ok(config) => {
                opened
                    .dispatcher
                    .run(&self.run(opened, config)?, &storage)
                    .await
            }
            // Deliveries wait until the mistakes are mended.
            Err(_) => {
                opened
                    .dispatcher
                    .expect(&storage, now_ms() + MISCONFIGURED_PAUSE_MS)
                    .await
            }
        }
    }

    fn run<'r>(&'r self, opened: &'r Opened, config: &'r Config) -> Result<Run<'r>> {
        let source = self.source(config)?;
        Ok(Run {
            env: &self.env,
            config,
            store: &opened.store,
            source,
        })
    }

    /// The destinations that want this event.
    fn destinations<'c>(
        &self,
        config: &'c Config,
        intake: &Intake,
    ) -> Result<Vec<&'c DestinationName>> {
        let source = self.source(config)?;
        Ok(config
            .routed(source.name.as_str(), &intake.kind, &intake.action)
            .collect())
    }

    fn source<'c>(&self, config: &'c Config) -> Result<&'c Source> {
        let name = self
            .state
            .id()
            .name()
            .ok_or("the inbox was called without a name")?;
        config
            .source(&name)
            .ok_or_else(|| "the source is not configured".into())
    }

    fn opened(&self) -> Result<&Opened> {
        self.opened
            .as_ref()
            .map_err(|error| format!("the inbox cannot be opened: {error}").into())
    }

    fn config(&self) -> Result<&Config> {
        self.setup
            .config
            .as_ref()
            .ok_or_else(|| "the configuration has mistakes: see /healthz".into())
    }
}

/// The id of the event that this notification repeats, if it does.
fn repeated(store: &Store, config: &Config, intake: &Intake, now: i64) -> Result<Option<String>> {
    if config.dedup_window_ms == 0 {
        return Ok(None);
    }
    let Some(earlier) = store.newest_equal(&intake.digest, now - config.dedup_window_ms)? else {
        return Ok(None);
    };
    if !dedup::repeats(
        intake.updated_at,
        &store.changes_since(earlier.seq, intake)?,
    ) {
        return Ok(None);
    }
    store.count_repeat(earlier.seq)?;
    Ok(Some(earlier.id))
}

fn read<T: DeserializeOwned>(message: &[u8]) -> Result<(T, &[u8])> {
    wire::unpack(message).ok_or_else(|| "the inbox was sent something that it cannot read".into())
}

fn json(value: &impl Serialize) -> Result<Response> {
    Response::from_bytes(serde_json::to_vec(value)?)
}
