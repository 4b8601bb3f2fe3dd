//! Records what operators do, before it is done. A row is written for an action only, in the first inbox of each source
//! that it concerns.

use edge_core::{
    api::{Call, recorded},
    config::Config,
    messages::audit::{Action, ActionKind, ListActions, RecordAction},
    name::SourceName,
    operators::Name,
    problem::Problem,
    time::UnixMillis,
};
use serde_json::{Map, Value};
use worker::{Env, Result};

use super::{Caller, unavailable};
use crate::{
    inbox::client::Inbox,
    platform::{new_action_id, now_ms},
};

pub(crate) async fn record(
    env: &Env,
    caller: &Caller<'_>,
    call: &Call,
) -> std::result::Result<(), Problem> {
    match recorded::action(call) {
        Some((action, source, details)) => note(env, caller, action, source, details).await,
        None => Ok(()),
    }
}

/// Records an action.
pub(crate) async fn note(
    env: &Env,
    caller: &Caller<'_>,
    action: ActionKind,
    source: Option<&SourceName>,
    details: Map<String, Value>,
) -> std::result::Result<(), Problem> {
    let recorded = async {
        let now = now_ms();
        let (token, person) = match &caller.operator.name {
            Name::Token(name) => (name.clone(), None),
            Name::Person(name) => (None, Some(name.clone())),
        };
        let action = Action {
            id: new_action_id(now)?,
            at: UnixMillis(now),
            token,
            person,
            action,
            source: source.cloned(),
            details,
        };
        let name = source.map(SourceName::as_str);
        for source in caller.config.chosen(name) {
            let action = action.clone();
            Inbox::first(env, source)?
                .ask(RecordAction { action })
                .await?;
        }
        Ok(())
    };
    recorded.await.map_err(|error| unavailable(&error))
}

/// The actions that each source's first inbox has recorded.
pub(super) async fn read(
    env: &Env,
    config: &Config,
    list: ListActions,
) -> std::result::Result<Vec<Vec<Action>>, Problem> {
    let read = async {
        let mut all = Vec::new();
        for source in &config.sources {
            all.push(Inbox::first(env, source)?.ask(list.clone()).await?);
        }
        Ok(all)
    };
    let read: Result<_> = read.await;
    read.map_err(|error| unavailable(&error))
}
