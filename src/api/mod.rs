//! The API for operators: the state of destinations, events and their deliveries, pause, resume, replay, recovery, and
//! registration with 3scale. All of it requires `CONSOLE_TOKEN`; if none is set, the API does not exist.
//!
//! [`Call::read`] parses a request, and [`calls`] has a function for each call: the console's pages ask the same ones.

pub(crate) mod audit;
pub mod calls;
mod export;
mod feed;
mod inboxes;
pub mod metrics;
mod objects;
mod proof;
mod quarantine;
mod recoveries;
mod register;
mod sources;
pub mod tail;
mod test_event;

use edge_core::{
    api::{Call, event_query::Reading},
    config::{Config, Setup},
    operators::Operator,
    problem::Problem,
};
use serde::Serialize;
use worker::{Env, Request, Response, Result};

use crate::{
    http::{self, body, json},
    log, operators,
    platform::{now_ms, parse_url},
    schemas,
};

/// The longest body that is read.
const LARGEST_BODY: usize = 64 << 10;

/// An answer to an operator.
enum Answer {
    Json {
        status: u16,
        body: Vec<u8>,
    },
    Stream(Response),
    /// A socket, joined to these inboxes.
    Tail(Vec<String>),
}

type Answered = std::result::Result<Answer, Problem>;

/// An operator, and the configuration.
pub(crate) struct Caller<'s> {
    pub(crate) config: &'s Config,
    pub(crate) operator: &'s Operator,
}

/// Answers a request at `/api/v1/…`; `path` is what follows.
///
/// # Errors
///
/// The runtime could not build the response.
pub async fn answer(
    mut request: Request,
    env: &Env,
    setup: &Setup,
    path: &[&str],
) -> Result<Response> {
    // Open to all: it says nothing about this instance.
    if path == ["openapi.json"] {
        return match request.inner().method().as_str() {
            "GET" => schemas::openapi(env).await,
            _ => http::problem(&Problem::MethodNotAllowed { allow: "GET" }),
        };
    }
    answer_of(answered(&mut request, env, setup, path).await)
}

async fn answered(request: &mut Request, env: &Env, setup: &Setup, path: &[&str]) -> Answered {
    let operator = operators::admit(request, env, setup).await?;
    let caller = Caller {
        config: &setup.config,
        operator: &operator,
    };
    read_and_perform(request, env, &caller, path).await
}

/// The response of a request that stays one.
fn answer_of(answer: Answered) -> Result<Response> {
    match answer {
        Ok(Answer::Json { status, body }) => Ok(json(body)?.with_status(status)),
        Ok(Answer::Stream(response)) => Ok(response),
        Ok(Answer::Tail(_)) => http::problem(&Problem::UpgradeRequired),
        Err(problem) => http::problem(&problem),
    }
}

async fn read_and_perform(
    request: &mut Request,
    env: &Env,
    caller: &Caller<'_>,
    path: &[&str],
) -> Answered {
    // `worker` takes every method that it does not know for GET.
    let method = request.inner().method();
    let body = match method.as_str() {
        "POST" => body::read(request, LARGEST_BODY).await?,
        _ => Vec::new(),
    };
    let url = request.inner().url();
    let query = parse_url(&url).ok_or(Problem::InvalidHost)?.query;
    let reading = Reading {
        config: caller.config,
        now_ms: now_ms(),
    };
    let call = Call::read(&method, path, &query, &body, reading)?;
    audit::record(env, caller, &call).await?;
    perform(call, &url, env, caller.config).await
}

async fn perform(call: Call, url: &str, env: &Env, config: &Config) -> Answered {
    match call {
        Call::OpenApi => schemas::openapi(env)
            .await
            .map(Answer::Stream)
            .map_err(|error| unavailable(&error)),
        Call::Destinations(list) => ok(&calls::destinations(env, config, list).await?),
        Call::Pause(pause) => ok(&calls::destinations(env, config, pause).await?),
        Call::Drop(drop) => ok(&calls::destinations(env, config, drop).await?),
        Call::Test(test) => with_status(202, &calls::send_test(url, env, config, &test).await?),
        Call::Events(source, list) => ok(&calls::events(env, config, source.as_ref(), list).await?),
        Call::Export(source, events) => {
            calls::export(env, config, source.as_ref(), events).map(Answer::Stream)
        }
        Call::Feed(query) => ok(&calls::feed(env, config, query).await?),
        Call::Event(get) => ok(&calls::event(env, config, get).await?),
        Call::ReplayEvent(replay) => ok(&calls::replay_event(env, config, replay).await?),
        Call::Replays(list) => ok(&calls::replays(env, config, list).await?),
        Call::GetReplay(get) => ok(&calls::one_replay(env, config, get).await?),
        Call::CancelReplay(cancel) => ok(&calls::one_replay(env, config, cancel).await?),
        Call::Replay(body) => {
            // A replay that has begun is accepted, but not yet done.
            let status = if body.dry_run { 200 } else { 202 };
            with_status(status, &calls::replay(env, config, body).await?)
        }
        Call::Objects(query) => ok(&calls::objects(env, config, &query).await?),
        Call::Object(source, get) => ok(&calls::object(env, config, source.as_ref(), get).await?),
        Call::Tail(source) => Ok(Answer::Tail(tail::inboxes(config, source.as_ref()))),
        Call::Sources => ok(&calls::sources(env, config).await?),
        Call::Recoveries => ok(&recoveries::last(env, config).await?),
        Call::Recover(source) => ok(&calls::recover(env, config, source.as_ref()).await?),
        Call::Register(source, registration) => {
            ok(&calls::register(url, env, config, &source, &registration).await?)
        }
        Call::Stats(source, hours) => ok(&calls::stats(env, config, source.as_ref(), hours).await?),
        Call::Usage(today) => ok(&calls::usage(env, config, today).await?),
        Call::Audit(list) => ok(&calls::audit(env, config, list).await?),
        Call::Quarantine(source, list) => {
            ok(&calls::quarantine(env, config, source.as_ref(), list).await?)
        }
        Call::Quarantined(get) => ok(&calls::quarantined(env, config, get).await?),
        Call::ReparseOne(get) => ok(&calls::reparse_one(url, env, config, get).await?),
        Call::Reparse(source, list) => {
            ok(&calls::reparse_many(url, env, config, source.as_ref(), list).await?)
        }
        Call::DropQuarantined(drop) => ok(&calls::drop_quarantined(env, config, drop).await?),
    }
}

fn ok(answer: &impl Serialize) -> Answered {
    with_status(200, answer)
}

fn with_status(status: u16, answer: &impl Serialize) -> Answered {
    let body = serde_json::to_vec(answer).map_err(|error| unavailable(&error.into()))?;
    Ok(Answer::Json { status, body })
}

/// The reason goes to the log only.
fn unavailable(error: &worker::Error) -> Problem {
    log::error("answering an operator", error);
    Problem::Unavailable
}
