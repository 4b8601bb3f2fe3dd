//! The API for operators: how destinations are doing, what became of an event, pause, resume, replay, recovery,
//! registration with 3scale.
//! All of it needs `CONSOLE_TOKEN`; with none set, it is not there.

mod body;
mod merge;
mod recoveries;
mod register;

use worker::{Env, Method, Request, Response, Result};

use crate::{
    config::{Config, Setup, Source},
    door::{Problem, json},
    inbox::client::{Inbox, Operation},
    log,
    secret::Presented,
};

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
        Ok(body) => json(body.as_bytes()),
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
) -> std::result::Result<String, Problem> {
    match path {
        ["recoveries"] => return recoveries::answer(request, env, config).await,
        ["sources", name, "register"] => return register::answer(request, config, name).await,
        _ => {}
    }
    let method = request.method();
    let (operation, wanted) = match path {
        ["destinations"] => (Operation::Destinations, Method::Get),
        ["destinations", name, action @ ("pause" | "resume")] => {
            let destination = config.destination(name).ok_or(Problem::NotFound)?;
            let paused = *action == "pause";
            (
                Operation::Pause {
                    destination: destination.name.to_string(),
                    paused,
                },
                Method::Post,
            )
        }
        ["events", id] => (
            Operation::Event {
                id: (*id).to_owned(),
            },
            Method::Get,
        ),
        ["events", id, "replay"] => (
            Operation::Replay {
                id: (*id).to_owned(),
            },
            Method::Post,
        ),
        _ => return Err(Problem::NotFound),
    };
    if method != wanted {
        let allow = if wanted == Method::Get { "GET" } else { "POST" };
        return Err(Problem::MethodNotAllowed { allow });
    }
    let mut sources = Vec::new();
    for source in &config.sources {
        let mut answers = ask(env, source, &operation).await?;
        sources.extend(match operation {
            Operation::Destinations | Operation::Pause { .. } => merge::inboxes(answers),
            // It is in one of them.
            Operation::Event { .. } | Operation::Replay { .. } => answers.pop(),
        });
    }
    match operation {
        Operation::Destinations | Operation::Pause { .. } => {
            Ok(format!("{{\"sources\":[{}]}}", sources.join(",")))
        }
        Operation::Event { .. } | Operation::Replay { .. } => {
            sources.pop().ok_or(Problem::NotFound)
        }
    }
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
