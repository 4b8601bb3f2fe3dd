//! `GET /metrics`, in the text format of Prometheus. Each inbox is asked once; nothing is written.

use edge_core::{
    api::exposition::{self, MEDIA_TYPE, SourceMetrics},
    config::{Setup, Source},
    messages::{
        metrics::{GetMetrics, InboxMetrics},
        recovery::{LastStep, StepReport},
    },
};
use futures_util::{StreamExt as _, stream};
use worker::{Env, Headers, Request, Response, Result};

use crate::{
    http, inbox::client::Inbox, log, operators, platform::now_ms, recovery::client::Recovery,
};

/// How many objects are asked at once: as many as an invocation may have connections.
const SIDE_BY_SIDE: usize = 6;

/// Answers `GET /metrics`.
///
/// # Errors
///
/// The runtime could not build the response.
pub async fn answer(request: &Request, env: &Env, setup: &Setup) -> Result<Response> {
    if let Err(problem) = operators::admit_to_figures(request, env, setup).await {
        return http::problem(&problem);
    }
    let mut sources = Vec::new();
    for source in &setup.config.sources {
        let inboxes = of_inboxes(env, source).await;
        sources.push(SourceMetrics {
            source: source.name.clone(),
            inboxes: logged("asking an inbox for its figures", inboxes),
            recovery: recovery(env, source).await,
        });
    }
    let text = exposition::text(env!("CARGO_PKG_VERSION"), &sources, now_ms());
    let headers = Headers::new();
    headers.set("content-type", MEDIA_TYPE)?;
    headers.set("cache-control", "no-store")?;
    headers.set("x-content-type-options", "nosniff")?;
    Ok(Response::from_bytes(text.into_bytes())?.with_headers(headers))
}

/// The figures of a source's inboxes together: of a part of them they would be wrong.
async fn of_inboxes(env: &Env, source: &Source) -> Result<InboxMetrics> {
    let inboxes = Inbox::all(env, source)?;
    let asked = inboxes.iter().map(|inbox| inbox.ask(GetMetrics {}));
    let answers: Vec<_> = stream::iter(asked).buffered(SIDE_BY_SIDE).collect().await;
    let answers: Result<Vec<_>> = answers.into_iter().collect();
    Ok(InboxMetrics::merge(answers?))
}

pub(super) async fn recovery(env: &Env, source: &Source) -> Option<StepReport> {
    source.admin()?;
    let asked = async { Recovery::of(env, source)?.ask(LastStep {}).await };
    logged("asking a recovery for its last step", asked.await)
}

fn logged<T>(what: &str, answer: Result<T>) -> Option<T> {
    answer.inspect_err(|error| log::error(what, error)).ok()
}
