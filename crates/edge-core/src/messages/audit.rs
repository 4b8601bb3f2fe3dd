//! The record of what operators did.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{id::ActionId, name::SourceName, time::UnixMillis};

/// Records an action, before it is performed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordAction {
    /// The action.
    pub action: Action,
}

/// Asks for recorded actions, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListActions {
    /// Only actions whose id sorts before this one.
    pub before: Option<ActionId>,
    /// The most actions.
    pub limit: usize,
}

/// How many actions an inbox keeps, the newest.
pub const KEPT_ACTIONS: usize = 1000;

/// An action of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Its id, which begins with its time.
    pub id: ActionId,
    /// When it was asked for.
    pub at: UnixMillis,
    /// The name of the token that was presented, if it has one.
    pub token: Option<String>,
    /// The person whom Cloudflare Access let in, if that is who it was.
    #[serde(default)]
    pub person: Option<String>,
    /// What was done.
    pub action: ActionKind,
    /// The only source that it concerned; `None` if it concerned all.
    pub source: Option<SourceName>,
    /// What it was done to, and how. Nothing in it is secret.
    pub details: Map<String, Value>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// A destination was paused.
    PauseDestination,
    /// A destination was resumed.
    ResumeDestination,
    /// What was left for a removed destination was dropped.
    DropDestination,
    /// A test event was sent.
    TestDestination,
    /// One event was delivered again.
    ReplayEvent,
    /// Many events were delivered again.
    StartReplay,
    /// A replay was cancelled.
    CancelReplay,
    /// A step of recovery was made.
    RunRecovery,
    /// A source was registered with 3scale.
    RegisterSource,
    /// Bodies in the quarantine were parsed again.
    ReparseQuarantine,
    /// A body in the quarantine was dropped.
    DropQuarantined,
    /// The credentials in an event were shown, in the console.
    RevealCredentials,
}
