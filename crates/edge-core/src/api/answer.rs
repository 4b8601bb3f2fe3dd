//! The responses of the API, as they are serialized to JSON.

use serde::Serialize;

use crate::{
    id::ReplayId,
    messages::{
        destinations::DestinationOverview,
        recovery::StepReport,
        replays::{ReplayCount, ReplayProgress},
    },
    name::SourceName,
};

/// The state of each source's destinations.
#[derive(Debug, Serialize)]
pub struct Sources {
    /// The sources.
    pub sources: Vec<SourceDestinations>,
}

/// The state of one source's destinations.
#[derive(Debug, Serialize)]
pub struct SourceDestinations {
    /// The source.
    pub source: SourceName,
    /// Its destinations.
    pub destinations: Vec<DestinationOverview>,
}

/// The progress of replays.
#[derive(Debug, Serialize)]
pub struct Replays {
    /// The newest first.
    pub replays: Vec<ReplayProgress>,
}

/// A replay that has begun, or the count of a dry run.
#[derive(Debug, Serialize)]
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
#[derive(Debug, Serialize)]
pub struct Recoveries {
    /// One for each source that has recovery.
    pub recoveries: Vec<StepReport>,
}
