//! The API for operators: how destinations are doing, the events and what became of them, pause, resume,
//! replay, recovery, registration with 3scale. All of it needs `CONSOLE_TOKEN`; with none set, it is not there.
//!
//! Each request becomes one question to the inboxes, and their answers one answer. This file admits and routes;
//! what has more to read or to put together has a file of its own.

mod recoveries;
mod register;

use edge_core::{
    api::{events, json_body, merge, replays},
    config::{Config, Setup},
    filter::{Again, List},
    name::DestinationName,
    problem::Problem,
    secret::Presented,
};
use worker::{Env, Method, Request, Response, Result};

use crate::{
    http::{self, body, json},
    inbox::client::{Inbox, Operation},
    log,
    platform::{new_id, now_ms, parse_url},
};

/// The longest body that is read.
const LARGEST_BODY: usize = 64 << 10;

/// What an operator is answered: JSON.
struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    fn ok(body: String) -> Self {
        Self { status: 200, body }
    }

    /// What was asked for will be done.
    fn accepted(body: String) -> Self {
        Self { status: 202, body }
    }
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
    let answer = match admit(&request, setup) {
        Ok(config) => route(&mut request, env, config, path).await,
        Err(problem) => Err(problem),
    };
    match answer {
        Ok(answer) => Ok(json(answer.body.as_bytes())?.with_status(answer.status)),
        Err(problem) => http::problem(&problem),
    }
}

/// The configuration, if the caller may come in.
fn admit<'s>(request: &Request, setup: &'s Setup) -> std::result::Result<&'s Config, Problem> {
    let config = setup.config.as_deref().ok_or(Problem::Misconfigured)?;
    if config.console_token.is_empty() {
        return Err(Problem::NotFound);
    }
    let header = request
        .headers()
        .get("authorization")
        .ok()
        .flatten()
        .unwrap_or_default();
    let presented = header.strip_prefix("Bearer ").unwrap_or_default();
    let admitted = config.console_token.admit(&Presented::value(presented));
    if bool::from(admitted) {
        Ok(config)
    } else {
        Err(Problem::NoToken)
    }
}

async fn route(
    request: &mut Request,
    env: &Env,
    config: &Config,
    path: &[&str],
) -> std::result::Result<Answer, Problem> {
    let method = request.method();
    let body = match method {
        Method::Post => body::read(request, LARGEST_BODY).await?,
        _ => Vec::new(),
    };
    match path {
        ["recoveries"] => {
            let answer = recoveries::answer(&method, &body, env, config).await;
            return answer.map(Answer::ok);
        }
        ["sources", name, "register"] => {
            only(&method, &Method::Post)?;
            let answer = register::answer(request, &body, config, name).await;
            return answer.map(Answer::ok);
        }
        _ => {}
    }
    let url = parse_url(&request.inner().url()).ok_or(Problem::NotFound)?;
    let (operation, source) = operation(&method, path, &url.query, &body, config)?;
    let sources = ask(env, config, source.as_deref(), &operation).await?;
    present(&operation, sources)
}

/// What is asked of the inboxes: of one source's only, or of all.
fn operation(
    method: &Method,
    path: &[&str],
    query: &str,
    body: &[u8],
    config: &Config,
) -> std::result::Result<(Operation, Option<String>), Problem> {
    let operation = match path {
        ["destinations"] => {
            only(method, &Method::Get)?;
            Operation::Destinations
        }
        ["destinations", name, action @ ("pause" | "resume")] => {
            let destination = config.destination(name).ok_or(Problem::NotFound)?;
            only(method, &Method::Post)?;
            Operation::Pause {
                destination: destination.name.to_string(),
                paused: *action == "pause",
            }
        }
        ["destinations", name, "drop"] => {
            if name.parse::<DestinationName>().is_err() {
                return Err(Problem::NotFound);
            }
            only(method, &Method::Post)?;
            if config.destination(name).is_some() {
                let right = "is configured: take it out of DESTINATIONS before what waits for it is dropped";
                return Err(json_body::wrong(name, right));
            }
            Operation::Drop {
                destination: (*name).to_owned(),
            }
        }
        ["events"] => {
            only(method, &Method::Get)?;
            let (asked, limit) = events::read(query, config)?;
            let filter = asked.filter;
            return Ok((Operation::List(List { filter, limit }), asked.source));
        }
        ["events", id] => {
            only(method, &Method::Get)?;
            let id = (*id).to_owned();
            Operation::Event { id }
        }
        ["events", id, "replay"] => {
            only(method, &Method::Post)?;
            Operation::Replay {
                id: (*id).to_owned(),
                destinations: replays::destinations_only(body, config)?,
            }
        }
        ["replays"] => match method {
            Method::Get => Operation::Replays,
            Method::Post => {
                let wanted = replays::read(body, config)?;
                let again = Again {
                    id: if wanted.dry_run {
                        None
                    } else {
                        Some(fresh_id()?)
                    },
                    filter: wanted.asked.filter,
                    destinations: wanted.destinations,
                };
                return Ok((Operation::Again(again), wanted.asked.source));
            }
            _ => return Err(Problem::MethodNotAllowed { allow: "GET, POST" }),
        },
        _ => return Err(Problem::NotFound),
    };
    Ok((operation, None))
}

fn only(method: &Method, wanted: &Method) -> std::result::Result<(), Problem> {
    if method == wanted {
        return Ok(());
    }
    let allow = if *wanted == Method::Get {
        "GET"
    } else {
        "POST"
    };
    Err(Problem::MethodNotAllowed { allow })
}

fn fresh_id() -> std::result::Result<String, Problem> {
    new_id(now_ms()).map_err(|error| {
        log::trouble("making an id", &error);
        Problem::Unavailable
    })
}

/// What each source's inboxes answer: those that have something to say of it.
async fn ask(
    env: &Env,
    config: &Config,
    source: Option<&str>,
    operation: &Operation,
) -> std::result::Result<Vec<Vec<String>>, Problem> {
    let answers = async {
        let mut sources = Vec::new();
        for source in config.chosen(source) {
            let mut answers = Vec::new();
            for inbox in Inbox::all(env, source)? {
                answers.extend(inbox.operate(operation).await?);
            }
            sources.push(answers);
        }
        Ok::<_, worker::Error>(sources)
    };
    answers.await.map_err(|error| {
        log::trouble("asking an inbox", &error);
        Problem::Unavailable
    })
}

/// One answer from those of all inboxes.
fn present(
    operation: &Operation,
    sources: Vec<Vec<String>>,
) -> std::result::Result<Answer, Problem> {
    if let Operation::Destinations | Operation::Pause { .. } | Operation::Drop { .. } = operation {
        let sources: Vec<_> = sources.into_iter().filter_map(merge::inboxes).collect();
        return Ok(Answer::ok(format!(
            "{{\"sources\":[{}]}}",
            sources.join(",")
        )));
    }
    let mut answers = sources.concat();
    Ok(match operation {
        Operation::List(list) => Answer::ok(events::page(&answers, list.limit)),
        Operation::Replays => Answer::ok(replays::list(&answers)),
        Operation::Again(again) => {
            let begun = replays::begun(&answers, again.id.as_deref());
            match again.id {
                Some(_) => Answer::accepted(begun),
                None => Answer::ok(begun),
            }
        }
        // It is in one of them.
        _ => Answer::ok(answers.pop().ok_or(Problem::NotFound)?),
    })
}
