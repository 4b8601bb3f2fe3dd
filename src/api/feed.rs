//! `GET /api/v1/feed`: asks each inbox for what follows the cursor's place in it.

use edge_core::{
    api::feed::{Feed, FeedQuery},
    config::Config,
    name::SourceName,
    problem::Problem,
    shard,
};
use worker::{Env, Result};

use super::unavailable;
use crate::inbox::client::Inbox;

pub(crate) async fn read(
    env: &Env,
    config: &Config,
    query: FeedQuery,
) -> std::result::Result<Feed, Problem> {
    let pages = async {
        let sources = config.chosen(query.source.as_ref().map(SourceName::as_str));
        let inboxes: Vec<_> = sources
            .flat_map(|source| (0..source.shards).map(move |number| (source, number)))
            .collect();
        let mut pages = Vec::new();
        for (source, number) in &inboxes {
            let name = shard::name(&source.name, *number);
            let operation = query.operation(&name, inboxes.len());
            let inbox = Inbox::of_shard(env, source, *number)?;
            pages.push((name, inbox.ask(operation).await?));
        }
        Ok(pages)
    };
    let pages: Result<_> = pages.await;
    Ok(query.merge(pages.map_err(|error| unavailable(&error))?))
}
