//! 3scale's webhooks, received at the edge: a Cloudflare Worker that checks the secret, reads the
//! XML, answers 200 once the event is committed, and delivers it as a signed `CloudEvent` until the
//! destination has it.
//!
//! ```text
//! 3scale ─▶ door ─▶ inbox (SQLite) ─▶ dispatcher ─▶ destination: an origin over HTTP, or KV
//! ```
//!
//! [`door`] answers 3scale, [`console`] operators, [`inbox`] keeps and dispatches, [`delivery`] has the rules,
//! [`destination`] does the sending, [`recovery`] fetches through [`admin`] what 3scale gave up, and the crate [`threescale`] knows what 3scale says.
//! This file holds the entry points only. `docs/design.md` says why it is built like this.

pub mod admin;
pub mod config;
pub mod console;
pub mod delivery;
pub mod destination;
pub mod door;
pub mod event;
pub mod http_date;
pub mod inbox;
pub mod location;
pub mod log;
pub mod name;
pub mod outgoing;
pub mod platform;
pub mod recovery;
pub mod secret;

use config::Source;
use inbox::client::Inbox;
use recovery::client::Recovery;
use worker::{Context, Env, Request, Response, ScheduleContext, ScheduledEvent, event};

/// Every HTTP request: operators' at `/api/v1`, all others at the front door.
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    let setup = platform::setup(&env);
    let path = request.path();
    match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
        ["api", "v1", path @ ..] => console::answer(request, &env, &setup, path).await,
        path => door::answer(request, &env, &setup, path).await,
    }
}

/// The cron: wakes each inbox, in case its alarm got lost, and lets recovery look into 3scale's list.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let setup = platform::setup(&env);
    let Some(config) = &setup.config else { return };
    for source in &config.sources {
        if let Err(error) = wake(&env, source).await {
            log::trouble("waking an inbox", &error);
        }
        if let Err(error) = recover(&env, source).await {
            log::trouble("beginning recovery", &error);
        }
    }
}

async fn wake(env: &Env, source: &Source) -> worker::Result<()> {
    let mut woken = Ok(());
    for inbox in Inbox::all(env, source)? {
        // One that cannot be woken is no reason to let the others sleep.
        woken = inbox.wake().await.and(woken);
    }
    woken
}

async fn recover(env: &Env, source: &Source) -> worker::Result<()> {
    match source.admin() {
        Some(_) => Recovery::of(env, source)?.run_if_due().await,
        None => Ok(()),
    }
}
