//! Recovery: reads the list in which 3scale keeps what it could not deliver, and which nobody else reads.
//!
//! Each source has a Durable Object for this alone, since reading a list of 50 MB must not hold up the inbox, where
//! pushes are committed. It works in steps that fit the runtime's limits: read the list, hand new entries to the inbox,
//! and only once they are committed let 3scale drop them. A crash between any two of these repeats work and loses
//! nothing: [`edge_core::recovery`] has the rules.

#![expect(
    missing_docs,
    reason = "the durable_object macro generates public functions without them"
)]

pub mod client;
mod context;
mod report;
mod step;
mod store;

use edge_core::messages::{RecoveryRequest, decode};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::{DurableObject, Env, Request, Response, Result, ScheduledTime, State, durable_object};

use self::context::RecoveryContext;
use crate::{environment::setup, log, platform::now_ms, rpc};

/// The pause after a failure of our own, such as a full disk.
const PAUSE_AFTER_ERROR_MS: i64 = 60_000;

/// One source's recovery.
#[durable_object(fetch)]
pub struct Recovery {
    state: State,
    opened: Result<RecoveryContext>,
}

impl DurableObject for Recovery {
    fn new(state: State, env: Env) -> Self {
        let setup = setup(&env);
        let opened = RecoveryContext::open(&state, env, &setup);
        Self { state, opened }
    }

    /// Nobody calls it: requests come by the methods below.
    async fn fetch(&self, _: Request) -> Result<Response> {
        Response::error("a recovery has no pages", 404)
    }
}

/// `js/objects.js` hands these methods on to the Worker and to the runtime.
#[wasm_bindgen(wasm_bindgen_futures = worker::wasm_bindgen_futures)]
impl Recovery {
    /// Carries out an operation: the message is a [`RecoveryRequest`].
    pub async fn ask(&self, message: Vec<u8>) -> std::result::Result<Vec<u8>, JsValue> {
        self.answer(&message).await.map_err(|error| {
            log::error("the recovery", &error);
            JsValue::from_str(&error.to_string())
        })
    }

    /// The alarm.
    pub async fn wake(&self) -> std::result::Result<(), JsValue> {
        let context = match self.opened() {
            Ok(context) => context,
            // The source may be gone from the configuration. If it comes back, so does the cron.
            Err(error) => {
                log::error("the recovery's alarm", &error);
                return Ok(());
            }
        };
        match step::make(context).await {
            Ok(report) if report.more => self.wake_in(0).await?,
            Ok(_) => {}
            Err(error) => {
                log::error("the recovery's alarm", &error);
                // Don't return the error: the runtime retries six times, then drops the alarm.
                self.wake_in(PAUSE_AFTER_ERROR_MS).await?;
            }
        }
        Ok(())
    }
}

impl Recovery {
    async fn answer(&self, message: &[u8]) -> Result<Vec<u8>> {
        let context = self.opened()?;
        match decode(message)? {
            RecoveryRequest::RunStep(_) => {
                let report = step::make(context).await?;
                if report.more {
                    self.wake_in(0).await?;
                }
                rpc::reply(&report)
            }
            RecoveryRequest::RunIfDue(_) => {
                if now_ms() >= context.store.ledger()?.next_at {
                    self.wake_in(0).await?;
                }
                rpc::reply(&())
            }
            RecoveryRequest::LastStep(_) => rpc::reply(&context.store.last(&context.source.name)?),
        }
    }

    async fn wake_in(&self, ms: i64) -> Result<()> {
        self.state
            .storage()
            .set_alarm(ScheduledTime::from(ms))
            .await
    }

    fn opened(&self) -> Result<&RecoveryContext> {
        self.opened
            .as_ref()
            .map_err(|error| format!("the recovery cannot be opened: {error}").into())
    }
}
