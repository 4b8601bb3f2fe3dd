//! Asks the inboxes of the sources that a call concerns.

use edge_core::{
    config::Config,
    messages::{InboxRequest, Operation, encode},
    name::SourceName,
    problem::Problem,
};
use futures_util::{StreamExt as _, stream};
use worker::{Env, Result};

use super::unavailable;
use crate::{inbox::client::Inbox, rpc};

/// How many inboxes are asked at once: as many as an invocation may have connections.
const SIDE_BY_SIDE: usize = 6;

/// Asks every inbox of one source, or of all sources.
pub(crate) async fn ask<O>(
    env: &Env,
    config: &Config,
    source: Option<&SourceName>,
    operation: O,
) -> std::result::Result<Vec<O::Reply>, Problem>
where
    O: Operation<Request = InboxRequest>,
{
    let replies = async {
        let request: InboxRequest = operation.into();
        let replies = ask_all(env, config, source, encode(&request)?).await?;
        replies.iter().map(|reply| rpc::read(reply)).collect()
    };
    let replies: Result<_> = replies.await;
    replies.map_err(|error| unavailable(&error))
}

async fn ask_all(
    env: &Env,
    config: &Config,
    source: Option<&SourceName>,
    request: Vec<u8>,
) -> Result<Vec<Vec<u8>>> {
    let mut inboxes = Vec::new();
    for source in config.chosen(source.map(SourceName::as_str)) {
        inboxes.extend(Inbox::all(env, source)?);
    }
    let asked = inboxes.iter().map(|inbox| inbox.ask_encoded(&request));
    let replies: Vec<_> = stream::iter(asked).buffered(SIDE_BY_SIDE).collect().await;
    replies.into_iter().collect()
}
