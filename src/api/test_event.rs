//! `POST /api/v1/destinations/{name}/test`: hands a test event to the inbox that would have taken it in.

use edge_core::{
    api::{
        route::no_source,
        test_event::{SentTest, TestEvent},
    },
    config::Config,
    id::EventId,
    messages::{document::Document, events::SendTest, intake::Intake},
    problem::Problem,
    shard,
};
use threescale::Notification;
use worker::{Env, Result};

use super::unavailable;
use crate::{inbox::client::Inbox, platform::parse_url};

pub(crate) async fn send(
    url: &str,
    env: &Env,
    config: &Config,
    test: &TestEvent,
) -> std::result::Result<SentTest, Problem> {
    let source = config
        .source(test.source.as_str())
        .ok_or_else(|| no_source(test.source.as_str(), config))?;
    let sent: Result<Option<EventId>> = async {
        let notification = Notification::parse(test.document.as_bytes());
        let notification = notification.map_err(|error| error.to_string())?;
        let base = parse_url(url).map_or_else(String::new, |url| url.origin);
        let intake = Intake::of(&notification, &source.name, base);
        let shard = shard::of_account(intake.account.as_deref(), source.shards);
        let inbox = Inbox::of_shard(env, source, shard)?;
        let test = SendTest {
            intake,
            document: Document(test.document.clone().into_bytes()),
            destination: test.destination.clone(),
        };
        inbox.ask(test).await
    }
    .await;
    let id = sent
        .map_err(|error| unavailable(&error))?
        // An inbox that was opened before the destination was configured.
        .ok_or(Problem::Unavailable)?;
    Ok(SentTest {
        id,
        source: test.source.clone(),
        destination: test.destination.clone(),
        kind: test.kind.clone(),
    })
}
