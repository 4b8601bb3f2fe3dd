//! The answers of the API, as they are written to JSON.

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

/// How each source's destinations are doing.
#[derive(Debug, Serialize)]
pub struct Sources {
    /// The sources.
    pub sources: Vec<SourceDestinations>,
}

/// How a source's destinations are doing.
#[derive(Debug, Serialize)]
pub struct SourceDestinations {
    /// The source.
    pub source: SourceName,
    /// Its destinations.
    pub destinations: Vec<DestinationOverview>,
}

/// How replays are getting on.
#[derive(Debug, Serialize)]
pub struct Replays {
    /// The newest first.
    pub replays: Vec<ReplayProgress>,
}

/// A replay that has begun, or would concern so much.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Replay {
    /// It has begun.
    Begun {
        /// Its id.
        id: ReplayId,
        /// How many events it concerns.
        events: u64,
    },
    /// It would concern so much.
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
    /// The answer to a replay with this id, or without one to a dry run.
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

/// How recovery stands, or what a step of it has done.
#[derive(Debug, Serialize)]
pub struct Recoveries {
    /// One for each source that has recovery.
    pub recoveries: Vec<StepReport>,
}
