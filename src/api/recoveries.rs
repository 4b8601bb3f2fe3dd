//! `/api/v1/recoveries`: how recovery stands, and a step of it now.

use edge_core::{
    api::json_body::{self, one_of, wrong},
    config::{Config, Source},
    problem::Problem,
};
use worker::{Env, Method};

use crate::{log, recovery::client::Recovery};

pub(super) async fn answer(
    method: &Method,
    body: &[u8],
    env: &Env,
    config: &Config,
) -> Result<String, Problem> {
    let runs = match method {
        Method::Get => false,
        Method::Post => true,
        _ => return Err(Problem::MethodNotAllowed { allow: "GET, POST" }),
    };
    let chosen = if runs { chosen(body, config)? } else { None };
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
fn chosen<'c>(body: &[u8], config: &'c Config) -> Result<Option<&'c str>, Problem> {
    let members = json_body::of(body, &["source"])?;
    let Some(name) = json_body::text(&members, "source")? else {
        return Ok(None);
    };
    let known = config.sources.iter().map(|source| source.name.as_str());
    let source = config
        .source(name)
        .ok_or_else(|| wrong("source", &one_of(known)))?;
    source.admin().ok_or_else(|| {
        let takes = source.name.env_name();
        wrong(
            "source",
            &format!("has no recovery: it takes admin_url and SOURCE_{takes}_ACCESS_TOKEN"),
        )
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
