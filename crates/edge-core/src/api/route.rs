//! The router of `/api/v1`.

use super::{
    audit_log, event_list,
    event_query::Reading,
    export,
    feed::FeedQuery,
    json_body::{self, one_of, wrong},
    object_list::ObjectQuery,
    quarantine, query,
    register_body::Registration,
    replay_body::{self, ReplayBody},
    stats,
    table::{self, Endpoint},
    test_event::TestEvent,
    usage,
};
use crate::{
    config::{Config, Source, did_you_mean},
    id::{EventId, QuarantineId, ReplayId},
    messages::{
        audit::ListActions,
        destinations::{DropDestination, ListDestinations, PauseDestination},
        events::{ExportEvents, GetEvent, ListEvents, ReplayEvent},
        objects::{GetObject, ObjectKey},
        quarantine::{DropQuarantined, GetQuarantined, ListQuarantine},
        replays::{CancelReplay, GetReplay, ListReplays},
        statistics::CountHours,
    },
    name::{DestinationName, SourceName},
    problem::Problem,
};

/// A parsed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// The description of the API.
    OpenApi,
    /// The state of destinations.
    Destinations(ListDestinations),
    /// Pause a destination, or resume it.
    Pause(PauseDestination),
    /// Drop the deliveries that remain for a destination that is no longer configured.
    Drop(DropDestination),
    /// Send a test event to a destination.
    Test(TestEvent),
    /// A page of events: of one source, or of all.
    Events(Option<SourceName>, ListEvents),
    /// Events in full: of one source, or of all.
    Export(Option<SourceName>, ExportEvents),
    /// What has happened since, oldest first.
    Feed(FeedQuery),
    /// One event.
    Event(GetEvent),
    /// Deliver one event again.
    ReplayEvent(ReplayEvent),
    /// The progress of replays.
    Replays(ListReplays),
    /// The progress of one replay.
    GetReplay(GetReplay),
    /// End a replay.
    CancelReplay(CancelReplay),
    /// Deliver many events again, or count them.
    Replay(ReplayBody),
    /// A page of objects.
    Objects(ObjectQuery),
    /// One object: of one source, or of all.
    Object(Option<SourceName>, GetObject),
    /// Be told when something happens: in one source, or in all.
    Tail(Option<SourceName>),
    /// The state of each source.
    Sources,
    /// The state of each recovery.
    Recoveries,
    /// Make a step of recovery now: of one source, or of all.
    Recover(Option<SourceName>),
    /// Write our URL to 3scale.
    Register(SourceName, Registration),
    /// Figures by hour: of one source, or of all.
    Stats(Option<SourceName>, CountHours),
    /// What is left of the free plan today.
    Usage(CountHours),
    /// What operators did.
    Audit(ListActions),
    /// A page of the quarantine: of one source, or of all.
    Quarantine(Option<SourceName>, ListQuarantine),
    /// One body of the quarantine.
    Quarantined(GetQuarantined),
    /// Parse one body again.
    ReparseOne(GetQuarantined),
    /// Parse many again.
    Reparse(Option<SourceName>, ListQuarantine),
    /// Drop one body.
    DropQuarantined(DropQuarantined),
}

impl Call {
    /// Parses a request; `path` is the part after `/api/v1`.
    ///
    /// # Errors
    ///
    /// The path does not exist, not with this method, or a parameter is wrong.
    pub fn read(
        method: &str,
        path: &[&str],
        query: &str,
        body: &[u8],
        reading: Reading<'_>,
    ) -> Result<Self, Problem> {
        let config = reading.config;
        let found = table::find(method, path, query)?;
        let name = || destination(found.segment(0), config);
        let pause = |paused| {
            Ok(Self::Pause(PauseDestination {
                destination: name()?,
                paused,
            }))
        };
        match found.method.endpoint {
            Endpoint::OpenApi => Ok(Self::OpenApi),
            Endpoint::ListDestinations => Ok(Self::Destinations(ListDestinations {})),
            Endpoint::PauseDestination => pause(true),
            Endpoint::ResumeDestination => pause(false),
            Endpoint::DropDestination => drop_call(found.segment(0), config),
            Endpoint::TestDestination => {
                TestEvent::read(body, &name()?, config, reading.now_ms).map(Self::Test)
            }
            Endpoint::ListEvents => {
                let (source, list) = event_list::read(query, reading)?;
                Ok(Self::Events(source, list))
            }
            Endpoint::ExportEvents => {
                let (source, events) = export::read(query, reading)?;
                Ok(Self::Export(source, events))
            }
            Endpoint::ReadFeed => FeedQuery::read(query, reading).map(Self::Feed),
            Endpoint::GetEvent => {
                let id = event_id(found.segment(0))?;
                Ok(Self::Event(GetEvent { id }))
            }
            Endpoint::ReplayEvent => {
                let destinations = replay_body::destinations_only(body, config)?;
                let id = event_id(found.segment(0))?;
                Ok(Self::ReplayEvent(ReplayEvent { id, destinations }))
            }
            Endpoint::ListReplays => Ok(Self::Replays(ListReplays {})),
            Endpoint::StartReplay => ReplayBody::read(body, reading).map(Self::Replay),
            Endpoint::GetReplay => {
                let id = replay_id(found.segment(0))?;
                Ok(Self::GetReplay(GetReplay { id }))
            }
            Endpoint::CancelReplay => {
                let id = replay_id(found.segment(0))?;
                Ok(Self::CancelReplay(CancelReplay { id }))
            }
            Endpoint::ListObjects => ObjectQuery::read(query, config).map(Self::Objects),
            Endpoint::GetObject => {
                let source = query::only_source(query, config)?;
                let key = ObjectKey {
                    kind: found.segment(0).to_owned(),
                    id: found.segment(1).to_owned(),
                };
                Ok(Self::Object(source, GetObject { key }))
            }
            Endpoint::Tail => query::only_source(query, config).map(Self::Tail),
            Endpoint::ListSources => Ok(Self::Sources),
            Endpoint::ListRecoveries => Ok(Self::Recoveries),
            Endpoint::RunRecovery => recoverable_source(body, config).map(Self::Recover),
            Endpoint::RegisterSource => {
                let name = found.segment(0);
                let source = config.source(name).ok_or_else(|| no_source(name, config))?;
                let registration = Registration::read(body)?;
                Ok(Self::Register(source.name.clone(), registration))
            }
            Endpoint::GetStats => {
                let (source, hours) = stats::read(query, config, reading.now_ms)?;
                Ok(Self::Stats(source, hours))
            }
            Endpoint::GetUsage => Ok(Self::Usage(usage::today(reading.now_ms))),
            Endpoint::ListActions => audit_log::read(query).map(Self::Audit),
            Endpoint::ListQuarantine => {
                let (source, list) = quarantine::read(query, config)?;
                Ok(Self::Quarantine(source, list))
            }
            Endpoint::ReparseQuarantine => {
                let (source, list) = quarantine::read_reparse(body, config)?;
                Ok(Self::Reparse(source, list))
            }
            Endpoint::GetQuarantined => {
                let id = body_id(found.segment(0))?;
                Ok(Self::Quarantined(GetQuarantined { id }))
            }
            Endpoint::ReparseOne => {
                let id = body_id(found.segment(0))?;
                Ok(Self::ReparseOne(GetQuarantined { id }))
            }
            Endpoint::DropQuarantined => {
                let id = body_id(found.segment(0))?;
                Ok(Self::DropQuarantined(DropQuarantined { id }))
            }
        }
    }
}

fn event_id(text: &str) -> Result<EventId, Problem> {
    text.parse().map_err(|_| {
        Problem::Unknown(format!(
            "`{}` cannot be an event's id: it is a UUID in lower case, as GET /api/v1/events shows it.",
            shown(text)
        ))
    })
}

/// The problem for an event that no inbox has.
#[must_use]
pub fn no_event() -> Problem {
    Problem::Unknown(
        "No inbox has an event with this id: it never did, or the event was deleted after RETENTION_DAYS. \
         GET /api/v1/events lists those that there are."
            .to_owned(),
    )
}

fn replay_id(text: &str) -> Result<ReplayId, Problem> {
    text.parse().map_err(|_| {
        Problem::Unknown(format!(
            "`{}` cannot be a replay's id: it is a UUID in lower case, as GET /api/v1/replays shows it.",
            shown(text)
        ))
    })
}

fn body_id(text: &str) -> Result<QuarantineId, Problem> {
    text.parse().map_err(|_| {
        Problem::Unknown(format!(
            "`{}` cannot be the id of a body in the quarantine: it is a UUID in lower case, as GET \
             /api/v1/quarantine shows it.",
            shown(text)
        ))
    })
}

/// The problem for a replay that no inbox has.
#[must_use]
pub fn no_replay() -> Problem {
    Problem::Unknown(
        "No inbox has a replay with this id: it never did, or the replay was deleted after RETENTION_DAYS. \
         GET /api/v1/replays lists the newest."
            .to_owned(),
    )
}

/// The problem for an object about which no inbox has an event.
#[must_use]
pub fn no_object() -> Problem {
    Problem::Unknown(
        "No inbox has an event about this object: none came, or all were deleted after RETENTION_DAYS. \
         GET /api/v1/objects lists those that there are."
            .to_owned(),
    )
}

fn destination(name: &str, config: &Config) -> Result<DestinationName, Problem> {
    let destination = config.destination(name);
    destination
        .map(|one| one.name.clone())
        .ok_or_else(|| no_destination(name, config))
}

/// The problem for a destination that is not configured.
fn no_destination(name: &str, config: &Config) -> Problem {
    let known = config.destinations.iter().map(|one| one.name.as_str());
    nothing_named("destination", name, known)
}

/// The problem for a source that is not configured.
#[must_use]
pub fn no_source(name: &str, config: &Config) -> Problem {
    let known = config.sources.iter().map(|one| one.name.as_str());
    nothing_named("source", name, known)
}

fn nothing_named<'c>(what: &str, name: &str, known: impl Iterator<Item = &'c str>) -> Problem {
    let known: Vec<_> = known.collect();
    let near = did_you_mean(name, known.iter().copied());
    let choices = if known.is_empty() {
        "none is configured".to_owned()
    } else {
        format!("there are {}", known.join(", "))
    };
    Problem::Unknown(format!(
        "There is no {what} `{}`: {choices}{near}",
        shown(name)
    ))
}

/// What a caller wrote, in a sentence for that caller.
fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

fn drop_call(name: &str, config: &Config) -> Result<Call, Problem> {
    let destination: DestinationName = name.parse().map_err(|_| {
        let rule = "cannot be the name of a destination: lower-case letters, digits and dashes";
        Problem::Unknown(format!("`{}` {rule}.", shown(name)))
    })?;
    if !config.knows_destinations() {
        return Err(Problem::Misconfigured);
    }
    if config.destination(destination.as_str()).is_some() {
        let right =
            "is still configured: remove it from DESTINATIONS before dropping its deliveries";
        return Err(wrong(destination.as_str(), right));
    }
    Ok(Call::Drop(DropDestination { destination }))
}

/// The source that the body names, `{"source":"acme"}`, which must have recovery. All sources without a body.
fn recoverable_source(body: &[u8], config: &Config) -> Result<Option<SourceName>, Problem> {
    let members = json_body::of(body, &["source"])?;
    let Some(name) = json_body::text(&members, "source")? else {
        return Ok(None);
    };
    let known = config.sources.iter().map(|source| source.name.as_str());
    let source = config
        .source(name)
        .ok_or_else(|| wrong("source", &one_of(known)))?;
    if source.admin().is_none() {
        return Err(no_admin_api(source, "has no recovery"));
    }
    Ok(Some(source.name.clone()))
}

/// The problem for a source whose admin API is not configured.
#[must_use]
pub fn no_admin_api(source: &Source, lacks: &str) -> Problem {
    let name = source.name.env_name();
    wrong(
        "source",
        &format!("{lacks}: it needs admin_url and SOURCE_{name}_ACCESS_TOKEN"),
    )
}

#[cfg(test)]
mod tests;
