//! `/api/v1/recoveries`: how recovery stands, and a step of it now.

use worker::{Env, Method, Request};

use super::body;
use crate::{
    config::{Config, Source},
    door::Problem,
    log,
    recovery::client::Recovery,
};

pub(super) async fn answer(
    request: &mut Request,
    env: &Env,
    config: &Config,
) -> Result<String, Problem> {
    let runs = match request.method() {
        Method::Get => false,
        Method::Post => true,
        _ => return Err(Problem::MethodNotAllowed { allow: "GET, POST" }),
    };
    let chosen = if runs {
        chosen(request, config).await?
    } else {
        None
    };
    let mut answers = Vec::new();
    for source in &config.sources {
        if source.admin().is_some() && chosen.is_none_or(|name| name == source.name.as_str()) {
            answers.push(ask(env, source, runs).await.map_err(|error| {
                log::trouble("asking for recovery", &error);
                Problem::Unavailable
            })?);
        }
    }
    Ok(format!(r#"{{"recoveries":[{}]}}"#, answers.join(",")))
}

/// The source that the body names: `{"source":"acme"}`. Without a body, all.
async fn chosen<'c>(request: &mut Request, config: &'c Config) -> Result<Option<&'c str>, Problem> {
    let members = body::members(request, &["source"]).await?;
    let Some(name) = body::text(&members, "source")? else {
        return Ok(None);
    };
    let source = config
        .source(name)
        .ok_or_else(|| Problem::InvalidRequest(format!("There is no source {name:?}.")))?;
    source.admin().ok_or_else(|| {
        Problem::InvalidRequest(format!(
            "{name} has no recovery: it takes admin_url and SOURCE_{}_ACCESS_TOKEN.",
            source.name.in_capitals()
        ))
    })?;
    Ok(Some(source.name.as_str()))
}

async fn ask(env: &Env, source: &Source, runs: bool) -> worker::Result<String> {
    let recovery = Recovery::of(env, source)?;
    if runs {
        recovery.run().await
    } else {
        recovery.last().await
    }
}
