//! `/api/v1/recoveries`: the state of each recovery, and running a step on demand.

use edge_core::{
    api::answer::Recoveries,
    config::{Config, Source},
    messages::{
        Operation, RecoveryRequest,
        recovery::{LastStep, RunStep, StepReport},
    },
    name::SourceName,
    problem::Problem,
};
use worker::{Env, Result};

use super::unavailable;
use crate::recovery::client::Recovery;

pub(super) async fn last(env: &Env, config: &Config) -> Result<Recoveries, Problem> {
    ask(env, config, None, LastStep {}).await
}

pub(crate) async fn run(
    env: &Env,
    config: &Config,
    source: Option<&SourceName>,
) -> Result<Recoveries, Problem> {
    ask(env, config, source, RunStep {}).await
}

/// Asks the recovery of one source, or of every source that has one.
async fn ask<O>(
    env: &Env,
    config: &Config,
    source: Option<&SourceName>,
    operation: O,
) -> Result<Recoveries, Problem>
where
    O: Operation<Request = RecoveryRequest, Reply = StepReport> + Clone,
{
    let mut recoveries = Vec::new();
    let chosen = config.chosen(source.map(SourceName::as_str));
    for source in chosen.filter(|source| source.admin().is_some()) {
        let report = one(env, source, operation.clone()).await;
        recoveries.push(report.map_err(|error| unavailable(&error))?);
    }
    Ok(Recoveries { recoveries })
}

async fn one<O>(env: &Env, source: &Source, operation: O) -> Result<O::Reply>
where
    O: Operation<Request = RecoveryRequest>,
{
    Recovery::of(env, source)?.ask(operation).await
}
