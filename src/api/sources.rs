//! `GET /api/v1/sources`: the state of each source.

use edge_core::{
    api::answer::{SourceList, SourceOverview},
    config::Config,
    messages::metrics::GetMetrics,
    problem::Problem,
};
use worker::Env;

use super::{inboxes::ask, metrics::recovery};
use crate::platform::now_ms;

pub(crate) async fn all(env: &Env, config: &Config) -> Result<SourceList, Problem> {
    let mut sources = Vec::new();
    for source in &config.sources {
        let inboxes = ask(env, config, Some(&source.name), GetMetrics {}).await?;
        let recovery = recovery(env, source).await;
        sources.push(SourceOverview::of(source, inboxes, recovery, now_ms()));
    }
    Ok(SourceList { sources })
}
