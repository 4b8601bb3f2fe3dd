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
pub mod alert;
pub mod config;
pub mod console;
pub mod cron;
pub mod delivery;
pub mod destination;
pub mod door;
pub mod event;
pub mod http_date;
pub mod inbox;
pub mod location;
pub mod log;
pub mod mask;
pub mod name;
pub mod outgoing;
pub mod platform;
pub mod recovery;
pub mod secret;

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

/// The cron: looks after each inbox, in case its alarm got lost.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    cron::run(&env, &platform::setup(&env)).await;
}
