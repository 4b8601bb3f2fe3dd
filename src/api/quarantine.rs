//! `/api/v1/quarantine`: bodies that could not be parsed are in the first inbox of their source.

use edge_core::{
    api::quarantine::{self, QuarantinePage, Reparsed, ReparsedPage, no_body},
    config::{Config, Source},
    id::QuarantineId,
    messages::quarantine::{DropQuarantined, GetQuarantined, ListQuarantine, QuarantinedDetails},
    name::SourceName,
    problem::Problem,
    shard,
};
use serde::Serialize;
use worker::{Env, Result};

use super::unavailable;
use crate::{inbox::client::Inbox, platform::parse_url};

type Reply<T> = std::result::Result<T, Problem>;

pub(crate) async fn list(
    env: &Env,
    config: &Config,
    source: Option<&SourceName>,
    list: ListQuarantine,
) -> Reply<QuarantinePage> {
    let listed = async {
        let mut inboxes = Vec::new();
        for source in config.chosen(source.map(SourceName::as_str)) {
            inboxes.push(Inbox::first(env, source)?.ask(list.clone()).await?);
        }
        Ok(QuarantinePage::merge(inboxes, &list))
    };
    let listed: Result<_> = listed.await;
    listed.map_err(|error| unavailable(&error))
}

pub(crate) async fn one(
    env: &Env,
    config: &Config,
    get: GetQuarantined,
) -> Reply<QuarantinedDetails> {
    let (_, body) = find(env, config, get.id).await?;
    Ok(body)
}

pub(crate) async fn reparse_one(
    url: &str,
    env: &Env,
    config: &Config,
    get: GetQuarantined,
) -> Reply<Reparsed> {
    let (source, body) = find(env, config, get.id).await?;
    let reparsed = reparse(url, env, source, &body).await;
    reparsed.map_err(|error| unavailable(&error))
}

/// Parses those again that a page would show, the oldest first.
pub(crate) async fn reparse_many(
    url: &str,
    env: &Env,
    config: &Config,
    source: Option<&SourceName>,
    selected: ListQuarantine,
) -> Reply<ReparsedPage> {
    let page = list(env, config, source, selected).await?;
    let mut results = Vec::new();
    for body in &page.bodies {
        let Some(source) = config.source(body.source.as_str()) else {
            continue;
        };
        let reparsed = async {
            let get = GetQuarantined { id: body.id };
            match Inbox::first(env, source)?.ask(get).await? {
                Some(body) => Ok(Some(reparse(url, env, source, &body).await?)),
                None => Ok(None),
            }
        };
        let reparsed: Result<_> = reparsed.await;
        results.extend(reparsed.map_err(|error| unavailable(&error))?);
    }
    Ok(ReparsedPage {
        results,
        cursor: page.cursor,
    })
}

/// A body that was dropped.
#[derive(Serialize)]
pub(crate) struct Dropped {
    id: QuarantineId,
}

pub(crate) async fn drop(env: &Env, config: &Config, drop: DropQuarantined) -> Reply<Dropped> {
    let id = drop.id;
    let (source, _) = find(env, config, id).await?;
    let dropped = async { Inbox::first(env, source)?.ask(drop).await };
    dropped.await.map_err(|error| unavailable(&error))?;
    Ok(Dropped { id })
}

/// A body, and the source that has it.
async fn find<'c>(
    env: &Env,
    config: &'c Config,
    id: QuarantineId,
) -> Reply<(&'c Source, QuarantinedDetails)> {
    let found = async {
        for source in &config.sources {
            let body = Inbox::first(env, source)?
                .ask(GetQuarantined { id })
                .await?;
            if let Some(body) = body {
                return Ok(Some((source, body)));
            }
        }
        Ok(None)
    };
    let found: Result<_> = found.await;
    found
        .map_err(|error| unavailable(&error))?
        .ok_or_else(no_body)
}

/// Parses a body again. It leaves the quarantine only once it is taken in.
async fn reparse(
    url: &str,
    env: &Env,
    source: &Source,
    body: &QuarantinedDetails,
) -> Result<Reparsed> {
    let id = body.summary.id;
    let base = parse_url(url).map_or_else(String::new, |url| url.origin);
    let take = match quarantine::parse(body, base) {
        Ok(take) => take,
        Err(error) => return Ok(Reparsed::unparsable(id, &error)),
    };
    let shard = shard::of_account(take.intake.account.as_deref(), source.shards);
    let receipt = Inbox::of_shard(env, source, shard)?.ask(take).await?;
    Inbox::first(env, source)?
        .ask(DropQuarantined { id })
        .await?;
    Ok(Reparsed::taken(id, &receipt))
}
