//! The console's forms: each becomes a call of the API, is recorded as one, and leads to the page that shows what came of it.

use console::{
    form::ApiCall,
    link::{Query, encoded},
};
use edge_core::{
    api::{Call, answer::Replay},
    problem::Problem,
};
use serde_json::Value;

use super::{
    Shown, event, respond,
    visit::{Visit, unexpected},
};
use crate::api::{audit, calls};

/// How many selected events are sent again at once: each asks every inbox, and the free plan allows 50 calls.
const MOST_SELECTED: usize = 50;

pub(super) async fn perform(visit: &mut Visit<'_>, path: &[&str], form: &Query) -> Shown {
    if !visit.operator.may_write {
        return Err(Problem::ReadOnlyToken);
    }
    match path {
        ["events", id, "reveal"] => event::reveal(visit, id).await,
        ["events", "replay"] => selected(visit, form).await,
        path => one(visit, path, form).await,
    }
}

/// The selected events are sent again, each to the destinations that want it.
async fn selected(visit: &Visit<'_>, form: &Query) -> Shown {
    for id in form.all("id").take(MOST_SELECTED) {
        let call = read(visit, &["events", id, "replay"], &Query::default())?;
        let Call::ReplayEvent(replay) = call else {
            return Err(unexpected());
        };
        audit::record(
            visit.env,
            &visit.caller(),
            &Call::ReplayEvent(replay.clone()),
        )
        .await?;
        calls::replay_event(visit.env, visit.config, replay).await?;
    }
    let back = Query::read(form.get("back")).with("done", "replayed-some");
    respond::go_to(&format!("/console/events?{}", back.text()))
}

async fn one(visit: &Visit<'_>, path: &[&str], form: &Query) -> Shown {
    let call = read(visit, path, form)?;
    audit::record(visit.env, &visit.caller(), &call).await?;
    let Visit {
        env, config, url, ..
    } = visit;
    let to = match call {
        Call::Pause(pause) => {
            let done = if pause.paused { "paused" } else { "resumed" };
            calls::destinations(env, config, pause).await?;
            format!("/console/destinations?done={done}")
        }
        Call::Drop(drop) => {
            calls::destinations(env, config, drop).await?;
            "/console/destinations?done=dropped".to_owned()
        }
        Call::Test(test) => {
            let sent = calls::send_test(url, env, config, &test).await?;
            format!("/console/events/{}?done=tested", sent.id)
        }
        Call::ReplayEvent(replay) => {
            let replayed = calls::replay_event(env, config, replay).await?;
            format!("/console/events/{}?done=replayed#deliveries", replayed.id)
        }
        Call::Replay(body) => match calls::replay(env, config, body).await? {
            Replay::Begun { id, .. } => format!("/console/replays/{id}"),
            Replay::Counted { .. } => "/console/replays".to_owned(),
        },
        Call::CancelReplay(cancel) => {
            let replay = calls::one_replay(env, config, cancel).await?;
            format!("/console/replays/{}?done=cancelled", replay.id)
        }
        Call::Recover(source) => {
            calls::recover(env, config, source.as_ref()).await?;
            "/console/sources?done=recovery".to_owned()
        }
        Call::Register(source, registration) => {
            let answer = calls::register(url, env, config, &source, &registration).await?;
            let done = match answer.get("confirmed") {
                Some(Value::Bool(true)) => "registered",
                _ => "registered-otherwise",
            };
            format!("/console/sources?done={done}")
        }
        Call::ReparseOne(get) => {
            let reparsed = calls::reparse_one(url, env, config, get).await?;
            match reparsed.event {
                Some(event) => format!("/console/events/{event}?done=reparsed"),
                None => format!("/console/quarantine/{}?done=unparsable", reparsed.id),
            }
        }
        Call::Reparse(source, list) => {
            let code = encoded(list.code.as_deref().unwrap_or_default());
            let page = calls::reparse_many(url, env, config, source.as_ref(), list).await?;
            let source = encoded(source.as_ref().map_or("", |name| name.as_str()));
            let rest = page
                .cursor
                .map_or_else(String::new, |rest| rest.to_string());
            format!("/console/quarantine?code={code}&source={source}&rest={rest}&done=reparsed")
        }
        Call::DropQuarantined(drop) => {
            calls::drop_quarantined(env, config, drop).await?;
            "/console/quarantine?done=dropped".to_owned()
        }
        _ => return Err(unexpected()),
    };
    respond::go_to(&to)
}

fn read(visit: &Visit<'_>, path: &[&str], form: &Query) -> Result<Call, Problem> {
    let call = ApiCall::of(path, form).ok_or_else(unexpected)?;
    let path: Vec<_> = call.path.iter().map(String::as_str).collect();
    Call::read(call.method, &path, "", &call.body, visit.reading())
}
