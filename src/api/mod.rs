//! The API for operators: the state of destinations, events and their deliveries, pause, resume, replay, recovery, and
//! registration with 3scale. All of it requires `CONSOLE_TOKEN`; if none is set, the API does not exist.
//!
//! [`Call::read`] parses a request. Each call becomes one operation of the inboxes, and their replies become one
//! answer.

mod audit;
mod export;
pub mod metrics;
mod objects;
mod proof;
mod quarantine;
mod recoveries;
mod register;
mod sources;
mod test_event;

use edge_core::{
    api::{
        Call,
        answer::{Replay, Replays, SourceDestinations, Sources},
        audit_log::AuditPage,
        event_list,
        event_query::Reading,
        replay_body::ReplayBody,
        route::{no_event, no_replay},
        stats::Stats,
        usage::Usage,
    },
    config::{Config, Setup},
    messages::{
        InboxRequest, Operation,
        destinations::DestinationOverview,
        replays::{ReplayCount, ReplayProgress, StartReplay},
    },
    name::SourceName,
    operators::Operator,
    problem::Problem,
};
use serde::Serialize;
use worker::{Env, Request, Response, Result};

use crate::{
    http::{self, body, json},
    inbox::client::Inbox,
    log, operators,
    platform::{new_replay_id, now_ms, parse_url},
    schemas,
};

/// The longest body that is read.
const LARGEST_BODY: usize = 64 << 10;

/// An answer to an operator.
enum Answer {
    Json { status: u16, body: Vec<u8> },
    Stream(Response),
}

type Answered = std::result::Result<Answer, Problem>;

/// An operator, and the configuration.
struct Caller<'s> {
    config: &'s Config,
    operator: Operator,
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
            "GET" => schemas::openapi(),
            _ => http::problem(&Problem::MethodNotAllowed { allow: "GET" }),
        };
    }
    let answer = match operators::admit(&request, env, setup).await {
        Ok(operator) => {
            let config = &setup.config;
            let caller = Caller { config, operator };
            read_and_perform(&mut request, env, &caller, path).await
        }
        Err(problem) => Err(problem),
    };
    match answer {
        Ok(Answer::Json { status, body }) => Ok(json(body)?.with_status(status)),
        Ok(Answer::Stream(response)) => Ok(response),
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
        Call::OpenApi => schemas::openapi()
            .map(Answer::Stream)
            .map_err(|error| unavailable(&error)),
        Call::Destinations(list) => destinations(env, config, list).await,
        Call::Pause(pause) => destinations(env, config, pause).await,
        Call::Drop(drop) => destinations(env, config, drop).await,
        Call::Test(test) => test_event::send(url, env, config, &test).await,
        Call::Events(source, list) => {
            let limit = list.limit;
            let pages = ask(env, config, source.as_ref(), list).await?;
            ok(&event_list::merge(pages, limit))
        }
        Call::Export(source, events) => export::stream(env, config, source.as_ref(), events),
        Call::Event(event) => one_of(ask(env, config, None, event).await?, no_event),
        Call::ReplayEvent(replay) => one_of(ask(env, config, None, replay).await?, no_event),
        Call::Replays(list) => ok(&Replays {
            replays: ReplayProgress::merge(ask(env, config, None, list).await?),
        }),
        Call::GetReplay(get) => one_replay(ask(env, config, None, get).await?),
        Call::CancelReplay(cancel) => one_replay(ask(env, config, None, cancel).await?),
        Call::Replay(body) => replay(env, config, body).await,
        Call::Objects(query) => {
            let list = query.operation();
            let inboxes = ask(env, config, query.source.as_ref(), list).await?;
            ok(&query.merge(inboxes))
        }
        Call::Object(source, get) => objects::one(env, config, source.as_ref(), get).await,
        Call::Sources => ok(&sources::all(env, config).await?),
        Call::Recoveries => ok(&recoveries::last(env, config).await?),
        Call::Recover(source) => ok(&recoveries::run(env, config, source.as_ref()).await?),
        Call::Register(source, registration) => {
            ok(&register::register(url, config, &source, &registration).await?)
        }
        Call::Stats(source, hours) => {
            let inboxes = ask(env, config, source.as_ref(), hours.clone()).await?;
            ok(&Stats::of(&hours, inboxes))
        }
        Call::Usage(today) => {
            let inboxes = ask(env, config, None, today.clone()).await?;
            ok(&Usage::of(config, &today, inboxes))
        }
        Call::Audit(list) => {
            let limit = list.limit;
            ok(&AuditPage::merge(
                audit::read(env, config, list).await?,
                limit,
            ))
        }
        Call::Quarantine(source, list) => {
            ok(&quarantine::list(env, config, source.as_ref(), list).await?)
        }
        Call::Quarantined(get) => quarantine::one(env, config, get).await,
        Call::ReparseOne(get) => quarantine::reparse_one(url, env, config, get).await,
        Call::Reparse(source, list) => {
            quarantine::reparse_many(url, env, config, source.as_ref(), list).await
        }
        Call::DropQuarantined(drop) => quarantine::drop(env, config, drop).await,
    }
}

async fn destinations<O>(env: &Env, config: &Config, operation: O) -> Answered
where
    O: Operation<Request = InboxRequest, Reply = Vec<DestinationOverview>> + Clone,
{
    let mut sources = Vec::new();
    for source in &config.sources {
        let name = &source.name;
        let inboxes = ask(env, config, Some(name), operation.clone()).await?;
        sources.push(SourceDestinations {
            source: name.clone(),
            destinations: DestinationOverview::merge(inboxes),
        });
    }
    ok(&Sources { sources })
}

async fn replay(env: &Env, config: &Config, body: ReplayBody) -> Answered {
    let id = if body.dry_run {
        None
    } else {
        Some(new_replay_id(now_ms()).map_err(|error| unavailable(&error))?)
    };
    let operation = StartReplay {
        id,
        filter: body.events.filter,
        destinations: body.destinations,
    };
    let counts = ask(env, config, body.events.source.as_ref(), operation).await?;
    let answer = Replay::of(id, ReplayCount::merge(&counts));
    // A replay that has begun is accepted, but not yet done.
    with_status(if id.is_some() { 202 } else { 200 }, &answer)
}

/// Asks every inbox of one source, or of all sources.
async fn ask<O>(
    env: &Env,
    config: &Config,
    source: Option<&SourceName>,
    operation: O,
) -> std::result::Result<Vec<O::Reply>, Problem>
where
    O: Operation<Request = InboxRequest> + Clone,
{
    let replies = async {
        let mut replies = Vec::new();
        for source in config.chosen(source.map(SourceName::as_str)) {
            for inbox in Inbox::all(env, source)? {
                replies.push(inbox.ask(operation.clone()).await?);
            }
        }
        Ok(replies)
    };
    replies.await.map_err(|error| unavailable(&error))
}

/// The reply of the only inbox that has one.
fn one_of<T: Serialize>(replies: Vec<Option<T>>, none: impl FnOnce() -> Problem) -> Answered {
    let found = replies.into_iter().flatten().next();
    ok(&found.ok_or_else(none)?)
}

/// A replay, from the inboxes that it covers.
fn one_replay(inboxes: Vec<Option<ReplayProgress>>) -> Answered {
    let inboxes = inboxes.into_iter().flatten().map(|one| vec![one]);
    let replay = ReplayProgress::merge(inboxes.collect()).into_iter().next();
    ok(&replay.ok_or_else(no_replay)?)
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
