//! The endpoints that 3scale calls: stateless, and run wherever the call arrives.

mod ingest;

use edge_core::{config::Setup, hooks::admission::admit, location::Location, problem::Problem};
use worker::{
    Env, Result,
    web_sys::{Request, Response},
};

use crate::{
    http,
    log::{self, Ingest},
    platform::now_ms,
};

/// Answers a call to a source's hook. The only error that it returns is a failure to build the response.
///
/// # Errors
///
/// The runtime could not build the response.
pub async fn answer(
    request: Request,
    url: &Location,
    env: &Env,
    setup: &Setup,
    source: &str,
) -> Result<Response> {
    let began = now_ms();
    let known = setup.config.source(source);
    let mut line = Ingest {
        source: known.map(|source| source.name.as_str()),
        ..Ingest::default()
    };
    let method = request.method();
    let answer = match admit(url, &method, &setup.config, source) {
        Ok(caller) if method == "GET" => {
            line.secret = caller.old_secret.then_some("old");
            line.outcome = "ping";
            http::ok(r#"{"status":"ok"}"#)
        }
        Ok(caller) => {
            line.secret = caller.old_secret.then_some("old");
            let base = setup.config.public_url.as_ref().unwrap_or(&url.origin);
            match ingest::ingest(&request, base.clone(), env, &caller, &mut line).await {
                Ok(receipt) => http::ok(&serde_json::to_string(&receipt)?),
                Err(problem) => reported(&problem, &mut line),
            }
        }
        Err(problem) => reported(&problem, &mut line),
    }?;
    line.status = answer.status();
    line.ms = now_ms() - began;
    log::ingest(&line);
    Ok(answer)
}

/// Builds the response, and puts the reason into the log's line.
fn reported(problem: &Problem, line: &mut Ingest<'_>) -> Result<Response> {
    line.outcome = problem.code();
    line.detail = Some(problem.for_log());
    Ok(http::problem(problem)?.into())
}
