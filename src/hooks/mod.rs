//! The endpoints that 3scale calls: stateless, and run wherever the call arrives.

mod ingest;

use edge_core::{config::Setup, hooks::admission::admit, problem::Problem};
use worker::{Env, Method, Request, Response, Result};

use crate::{
    http::{self, json},
    log::{self, Ingest},
    platform::{now_ms, parse_url},
};

/// Answers a call to a source's hook. The only error that it returns is a failure to build the response.
///
/// # Errors
///
/// The runtime could not build the response.
pub async fn answer(request: Request, env: &Env, setup: &Setup, source: &str) -> Result<Response> {
    let began = now_ms();
    let known = setup.config.source(source);
    let mut line = Ingest {
        source: known.map(|source| source.name.as_str()),
        ..Ingest::default()
    };
    let url = parse_url(&request.inner().url()).ok_or("a request without a URL")?;
    let method = request.method();
    let answer = match admit(&url, method.as_ref(), &setup.config, source) {
        Ok(caller) if method == Method::Get => {
            line.secret = caller.old_secret.then_some("old");
            line.outcome = "ping";
            json(br#"{"status":"ok"}"#.to_vec())
        }
        Ok(caller) => {
            line.secret = caller.old_secret.then_some("old");
            let base = setup.config.public_url.clone().unwrap_or(url.origin);
            match ingest::ingest(request, base, env, &caller, &mut line).await {
                Ok(receipt) => json(serde_json::to_vec(&receipt)?),
                Err(problem) => reported(&problem, &mut line),
            }
        }
        Err(problem) => reported(&problem, &mut line),
    }?;
    line.status = answer.status_code();
    line.ms = now_ms() - began;
    log::ingest(&line);
    Ok(answer)
}

/// Builds the response, and puts the reason into the log's line.
fn reported(problem: &Problem, line: &mut Ingest<'_>) -> Result<Response> {
    line.outcome = problem.code();
    line.detail = Some(problem.for_log());
    http::problem(problem)
}
