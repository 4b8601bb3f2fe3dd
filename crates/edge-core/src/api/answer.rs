//! The responses of the API, as they are serialized to JSON.

use serde::{Deserialize, Serialize};

use crate::{
    alert,
    config::Source,
    id::ReplayId,
    messages::{
        destinations::DestinationOverview,
        metrics::InboxMetrics,
        objects::ObjectDetails,
        recovery::StepReport,
        replays::{ReplayCount, ReplayProgress},
    },
    name::SourceName,
    time::UnixMillis,
};

/// The state of each source's destinations.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sources {
    /// The sources.
    pub sources: Vec<SourceDestinations>,
}

/// The state of one source's destinations.
#[derive(Debug, Serialize, Deserialize)]
pub struct SourceDestinations {
    /// The source.
    pub source: SourceName,
    /// Its destinations.
    pub destinations: Vec<DestinationOverview>,
}

/// The progress of replays.
#[derive(Debug, Serialize, Deserialize)]
pub struct Replays {
    /// The newest first.
    pub replays: Vec<ReplayProgress>,
}

/// A replay that has begun, or the count of a dry run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Replay {
    /// It has begun.
    Begun {
        /// Its id.
        id: ReplayId,
        /// The number of events that it covers.
        events: u64,
    },
    /// It was a dry run.
    Counted {
        /// Always true.
        dry_run: bool,
        /// Events.
        events: u64,
        /// Deliveries of these events.
        deliveries: u64,
    },
}

impl Replay {
    /// The response to a replay with this id, or to a dry run if there is none.
    #[must_use]
    pub fn of(id: Option<ReplayId>, count: ReplayCount) -> Self {
        let ReplayCount { events, deliveries } = count;
        match id {
            Some(id) => Self::Begun { id, events },
            None => Self::Counted {
                dry_run: true,
                events,
                deliveries,
            },
        }
    }
}

/// The state of each recovery, or the result of a step.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recoveries {
    /// One for each source that has recovery.
    pub recoveries: Vec<StepReport>,
}

/// An object, in each source that has it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Objects {
    /// One for each source.
    pub objects: Vec<ObjectDetails>,
}

/// The state of each source.
#[derive(Debug, Serialize, Deserialize)]
pub struct SourceList {
    /// The sources.
    pub sources: Vec<SourceOverview>,
}

/// The state of a source.
#[derive(Debug, Serialize, Deserialize)]
pub struct SourceOverview {
    /// Its name.
    pub name: SourceName,
    /// The number of its inboxes.
    pub inboxes: u32,
    /// `true` if a mistake in its configuration keeps it from taking anything in.
    pub closed: bool,
    /// Events that it has sent so far, and our own alerts.
    pub events: u64,
    /// Repeats so far.
    pub repeats: u64,
    /// Bodies in the quarantine.
    pub quarantined: u64,
    /// When it last sent something.
    pub last_received_at: Option<UnixMillis>,
    /// When 3scale's Ping! button last reached us.
    pub last_ping_at: Option<UnixMillis>,
    /// `true` if it has sent nothing for `silent_after_hours`; `None` if that is not set.
    pub silent: Option<bool>,
    /// `true` while its secret has several values.
    pub rotating: bool,
    /// When an old value of its secret was last used.
    pub old_secret_last_used_at: Option<UnixMillis>,
    /// `true` if it can be registered with 3scale, and recovered.
    pub registrable: bool,
    /// The last step of its recovery, if it has one.
    pub recovery: Option<StepReport>,
}

impl SourceOverview {
    /// The state of a source, from the figures of its inboxes.
    #[must_use]
    pub fn of(
        source: &Source,
        inboxes: Vec<InboxMetrics>,
        recovery: Option<StepReport>,
        now_ms: i64,
    ) -> Self {
        let all = InboxMetrics::merge(inboxes);
        let bodies = all.quarantine.values().map(|one| one.bodies);
        let silent = source.silent_after_ms.map(|after_ms| {
            let last_ms = all.last_received_at.map(|UnixMillis(last)| last);
            alert::is_silent(last_ms, Some(after_ms), now_ms)
        });
        Self {
            name: source.name.clone(),
            inboxes: source.shards,
            closed: source.is_closed,
            events: all.events,
            repeats: all.repeats,
            quarantined: bodies.sum(),
            last_received_at: all.last_received_at,
            last_ping_at: all.last_ping_at,
            silent,
            rotating: source.secrets.iter().nth(1).is_some(),
            old_secret_last_used_at: all.old_secret_last_used_at,
            registrable: source.admin().is_some(),
            recovery,
        }
    }
}
