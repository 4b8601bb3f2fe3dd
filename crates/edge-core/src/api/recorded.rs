//! What is recorded of a call. One that changes something is recorded before it is performed, so that nothing is done
//! that nobody can look up; one that only looks, or only counts, is not.

use serde_json::{Map, Value, json};

use super::Call;
use crate::{messages::audit::ActionKind, name::SourceName};

/// What a call does: the kind, the only source that it concerns, and what it is done to. `None` if it changes nothing.
#[must_use]
pub fn action(call: &Call) -> Option<(ActionKind, Option<&SourceName>, Map<String, Value>)> {
    let (kind, source, details) = match call {
        Call::OpenApi
        | Call::Destinations(_)
        | Call::Events(..)
        | Call::Export(..)
        | Call::Event(_)
        | Call::Replays(_)
        | Call::GetReplay(_)
        | Call::Objects(_)
        | Call::Object(..)
        | Call::Sources
        | Call::Feed(_)
        | Call::Tail(_)
        | Call::Recoveries
        | Call::Stats(..)
        | Call::Usage(_)
        | Call::Audit(_)
        | Call::Quarantine(..)
        | Call::Quarantined(_) => return None,
        Call::Pause(pause) => {
            let kind = if pause.paused {
                ActionKind::PauseDestination
            } else {
                ActionKind::ResumeDestination
            };
            (kind, None, json!({ "destination": pause.destination }))
        }
        Call::Drop(drop) => (
            ActionKind::DropDestination,
            None,
            json!({ "destination": drop.destination }),
        ),
        Call::Test(test) => (
            ActionKind::TestDestination,
            Some(&test.source),
            json!({ "destination": test.destination, "kind": test.kind }),
        ),
        Call::CancelReplay(cancel) => (
            ActionKind::CancelReplay,
            None,
            json!({ "replay": cancel.id }),
        ),
        Call::ReparseOne(body) => (
            ActionKind::ReparseQuarantine,
            None,
            json!({ "body": body.id }),
        ),
        Call::Reparse(source, list) => (
            ActionKind::ReparseQuarantine,
            source.as_ref(),
            json!({ "code": list.code }),
        ),
        Call::DropQuarantined(body) => (
            ActionKind::DropQuarantined,
            None,
            json!({ "body": body.id }),
        ),
        Call::ReplayEvent(replay) => (
            ActionKind::ReplayEvent,
            None,
            json!({ "event": replay.id, "destinations": replay.destinations }),
        ),
        Call::Replay(replay) if replay.dry_run => return None,
        Call::Replay(replay) => (
            ActionKind::StartReplay,
            replay.events.source.as_ref(),
            json!({ "filter": replay.events.filter, "destinations": replay.destinations }),
        ),
        Call::Recover(source) => (ActionKind::RunRecovery, source.as_ref(), json!({})),
        Call::Register(_, registration) if registration.dry_run => return None,
        Call::Register(source, _) => (ActionKind::RegisterSource, Some(source), json!({})),
    };
    let Value::Object(mut details) = details else {
        return None;
    };
    details.retain(|_, value| !value.is_null());
    Some((kind, source, details))
}
