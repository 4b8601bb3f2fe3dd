//! 3scale's webhooks, received at the edge: a Cloudflare Worker that checks the secret, reads the
//! XML, answers 200 once the event is committed, and delivers it as a signed `CloudEvent` until the
//! destination has it.
//!
//! ```text
//! 3scale ─▶ hooks ─▶ inbox (SQLite) ─▶ dispatcher ─▶ destination: an origin over HTTP, or KV
//! ```
//!
//! [`hooks`] answers 3scale, [`api`] answers operators, [`inbox`] stores and dispatches, [`destination`] sends, and
//! [`recovery`] fetches through [`admin_client`] the notifications that 3scale gave up. They carry values between the
//! platform and the rules, which are in the crate [`edge_core`]; the crate [`threescale`] parses what 3scale sends.
//! This file holds the entry points only. `ARCHITECTURE.md` has the map, `docs/design.md` the reasons.

pub mod access;
pub mod admin_client;
pub mod api;
pub mod console;
pub mod cron;
pub mod destination;
pub mod environment;
pub mod guesses;
pub mod health;
pub mod hooks;
pub mod http;
pub mod inbox;
pub mod log;
pub mod operators;
pub mod platform;
pub mod recovery;
pub mod rpc;
pub mod schemas;
pub mod sql;

use edge_core::problem::Problem;
use worker::{Context, Env, Request, Response, Result, ScheduleContext, ScheduledEvent, event};

/// Every HTTP request but the hooks' ([`hooks`]).
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    // Without a host there is no URL, and nothing that could be decided by it.
    let Some(url) = platform::parse_url(&request.inner().url()) else {
        let problem = Problem::InvalidHost;
        log::refused(&problem);
        return http::problem(&problem);
    };
    let setup = environment::setup(&env);
    let path: Vec<_> = url.path.split('/').skip(1).collect();
    match path.as_slice() {
        ["api", "v1", path @ ..] => api::answer(request, &env, &setup, path).await,
        [""] if http::request::is_read(&request) => console::root(&setup),
        ["console", path @ ..] => console::answer(request, &env, &setup, path).await,
        ["healthz"] if http::request::is_read(&request) => {
            health::answer(&request, &env, &setup).await
        }
        ["schemas", file] if http::request::is_read(&request) => schemas::answer(&env, file).await,
        ["metrics"] if http::request::is_read(&request) => {
            api::metrics::answer(&request, &env, &setup).await
        }
        ["" | "healthz" | "metrics"] | ["schemas", _] => {
            http::problem(&Problem::MethodNotAllowed { allow: "GET, HEAD" })
        }
        _ => http::problem(&Problem::NotFound),
    }
}

/// The cron: checks on each inbox, in case its alarm got lost.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    cron::run(&env, &environment::setup(&env)).await;
}
