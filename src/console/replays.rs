//! Replays of many events.

use console::{
    form::ApiCall,
    frame::Tab,
    link::Query,
    pages::replays::{Answered, NewReplayPage, Question, ReplayPage, ReplaysPage},
};
use edge_core::{
    api::{Call, answer::Replay},
    messages::replays::ListReplays,
    problem::Problem,
};

use super::{
    Shown, respond,
    visit::{Visit, unexpected},
};
use crate::api::calls;

pub(super) async fn list(visit: &Visit<'_>) -> Shown {
    let replays = calls::replays(visit.env, visit.config, ListReplays {}).await?;
    let frame = visit.frame("Replays", Tab::Replays);
    respond::page(&ReplaysPage::of(frame, &replays))
}

pub(super) async fn one(visit: &Visit<'_>, id: &str) -> Shown {
    let Call::GetReplay(get) = visit.read(&["replays", id], &Query::default())? else {
        return Err(unexpected());
    };
    let replay = calls::one_replay(visit.env, visit.config, get).await?;
    let frame = visit.frame("Replay", Tab::Replays);
    respond::page(&ReplayPage::of(frame, &replay))
}

/// Asking for one: as soon as events are chosen, they are counted.
pub(super) async fn new(visit: &Visit<'_>) -> Shown {
    let Visit { config, query, .. } = visit;
    let counted = match Question::of(query, config) {
        None => None,
        Some(question) => {
            let whole = count(visit, &question.all).await?;
            let mut alone = Vec::new();
            for (name, query) in question.alone {
                let one = count(visit, &query).await?;
                alone.push((name, one));
            }
            Some(Answered {
                all: question.all,
                whole,
                alone,
            })
        }
    };
    let frame = visit.frame("Replay many events", Tab::Replays);
    respond::page(&NewReplayPage::of(frame, query, config, counted.as_ref()))
}

async fn count(visit: &Visit<'_>, query: &Query) -> Result<Replay, Problem> {
    let call = ApiCall::counting(query);
    let path: Vec<_> = call.path.iter().map(String::as_str).collect();
    let Call::Replay(body) = Call::read(call.method, &path, "", &call.body, visit.reading())?
    else {
        return Err(unexpected());
    };
    calls::replay(visit.env, visit.config, body).await
}
