//! `GET /healthz`: whether the configuration is sound. Operators also see each mistake in it, by item and never by
//! value; and when an old secret was last used, so that they know when to remove it. Only that asks the inboxes.

use edge_core::{
    config::{Finding, Setup, Source},
    identity,
    messages::care::OldSecretUse,
    name::SourceName,
    time::UnixMillis,
};
use serde::Serialize;
use worker::{Env, Request, Response, Result, WorkerVersionMetadata};

use crate::{
    http::{self, json},
    inbox::client::Inbox,
    log, operators,
    platform::parse_url,
};

/// The answer without a token is one word: a stranger who learns that a secret can be guessed would guess it.
#[derive(Serialize)]
struct Summary {
    status: &'static str,
}

#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    version: &'static str,
    /// Cloudflare's id of this deployment's version, where `wrangler.toml` binds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<String>,
    mistakes: Vec<&'a Finding>,
    warnings: &'a [Finding],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rotations: Vec<Rotation<'a>>,
}

/// Shows the Worker itself that it is called here: see [`identity`].
#[derive(Serialize)]
struct Proof {
    proof: String,
}

/// A source whose secret is being rotated.
#[derive(Serialize)]
struct Rotation<'a> {
    source: &'a SourceName,
    /// `None` if no old value has been used since it was replaced.
    old_secret_last_used_at: Option<UnixMillis>,
}

/// Answers `GET /healthz`.
///
/// # Errors
///
/// The runtime could not build the response.
pub async fn answer(request: &Request, env: &Env, setup: &Setup) -> Result<Response> {
    let url = parse_url(&request.inner().url()).ok_or("a request without a URL")?;
    if let Some(nonce) = identity::nonce(&url.query)
        && let Some(proof) = identity::proof(&setup.config, &url.origin, nonce)
    {
        return json(serde_json::to_vec(&Proof { proof })?);
    }
    let sees_details = match operators::sees_details(request, env, &setup.config).await {
        Ok(sees_details) => sees_details,
        Err(problem) => return http::problem(&problem),
    };
    let mistakes: Vec<_> = setup.mistakes_at(&url).collect();
    let (status, code) = match mistakes.as_slice() {
        [] => ("ok", 200),
        _ => ("misconfigured", 503),
    };
    let body = if sees_details {
        serde_json::to_vec(&Health {
            status,
            version: env!("CARGO_PKG_VERSION"),
            deployment: env
                .get_binding::<WorkerVersionMetadata>("VERSION")
                .ok()
                .map(|version| version.id()),
            mistakes,
            warnings: &setup.warnings,
            rotations: rotations(env, setup).await,
        })
    } else {
        serde_json::to_vec(&Summary { status })
    };
    Ok(json(body?)?.with_status(code))
}

async fn rotations<'s>(env: &Env, setup: &'s Setup) -> Vec<Rotation<'s>> {
    let mut rotations = Vec::new();
    for source in &setup.config.sources {
        if source.secrets.iter().nth(1).is_some() {
            match old_secret_last_used_at(env, source).await {
                Ok(at) => rotations.push(Rotation {
                    source: &source.name,
                    old_secret_last_used_at: at,
                }),
                // Better no answer than a wrong one, after which somebody removes the secret.
                Err(error) => log::error("asking when an old secret was used", &error),
            }
        }
    }
    rotations
}

/// The latest time among the source's inboxes.
async fn old_secret_last_used_at(env: &Env, source: &Source) -> Result<Option<UnixMillis>> {
    let mut latest = None;
    for inbox in Inbox::all(env, source)? {
        latest = inbox.ask(OldSecretUse {}).await?.max(latest);
    }
    Ok(latest)
}
