//! The API for operators: how destinations are doing, the events and what became of them, pause, resume,
//! replay. All of it needs `CONSOLE_TOKEN`; with none set, it is not there.
//!
//! This file admits and routes; what needs more than asking each inbox has a file of its own.

mod events;
mod filter;
mod merge;
mod page;
mod replays;

use worker::{Env, Method, Request, Response, Result};

use crate::{
    config::{Config, Setup, Source},
    door::{Problem, body, json},
    inbox::client::{Inbox, Operation},
    location::Location,
    log,
    secret::Presented,
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
        Err(problem) => problem.answer(),
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
    let answer = match path {
        ["destinations"] => {
            only(&method, &Method::Get)?;
            destinations(env, config, &Operation::Destinations).await?
        }
        ["destinations", name, action @ ("pause" | "resume")] => {
            let destination = config.destination(name).ok_or(Problem::NotFound)?;
            only(&method, &Method::Post)?;
            let pause = Operation::Pause {
                destination: destination.name.to_string(),
                paused: *action == "pause",
            };
            destinations(env, config, &pause).await?
        }
        ["events"] => {
            only(&method, &Method::Get)?;
            let url = Location::parse(&request.inner().url()).ok_or(Problem::NotFound)?;
            events::list(env, config, &url.query).await?
        }
        ["events", id] => {
            only(&method, &Method::Get)?;
            let id = (*id).to_owned();
            event(env, config, &Operation::Event { id }).await?
        }
        ["events", id, "replay"] => {
            only(&method, &Method::Post)?;
            let body = body::read(request, LARGEST_BODY).await?;
            let replay = Operation::Replay {
                id: (*id).to_owned(),
                destinations: replays::destinations_only(&body, config)?,
            };
            event(env, config, &replay).await?
        }
        ["replays"] => match method {
            Method::Get => replays::list(env, config).await?,
            Method::Post => {
                let body = body::read(request, LARGEST_BODY).await?;
                return replays::begin(env, config, &body).await;
            }
            _ => return Err(Problem::MethodNotAllowed { allow: "GET, POST" }),
        },
        _ => return Err(Problem::NotFound),
    };
    Ok(Answer::ok(answer))
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

/// How the destinations of each source are doing, after `operation`.
async fn destinations(
    env: &Env,
    config: &Config,
    operation: &Operation,
) -> std::result::Result<String, Problem> {
    let mut sources = Vec::new();
    for source in &config.sources {
        sources.extend(merge::inboxes(ask(env, source, operation).await?));
    }
    Ok(format!("{{\"sources\":[{}]}}", sources.join(",")))
}

/// What the one inbox answers that has the event.
async fn event(
    env: &Env,
    config: &Config,
    operation: &Operation,
) -> std::result::Result<String, Problem> {
    for source in &config.sources {
        if let Some(answer) = ask(env, source, operation).await?.pop() {
            return Ok(answer);
        }
    }
    Err(Problem::NotFound)
}

/// What the source's inboxes answer: those that have something to say of it.
async fn ask(
    env: &Env,
    source: &Source,
    operation: &Operation,
) -> std::result::Result<Vec<String>, Problem> {
    let answers = async {
        let mut answers = Vec::new();
        for inbox in Inbox::all(env, source)? {
            answers.extend(inbox.operate(operation).await?);
        }
        Ok::<_, worker::Error>(answers)
    };
    answers.await.map_err(|error| {
        log::trouble("asking an inbox", &error);
        Problem::Unavailable
    })
}
