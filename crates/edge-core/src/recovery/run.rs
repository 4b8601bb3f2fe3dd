//! What came of one step: for the operator and the log.

use serde::Serialize;

/// What came of one step. Nothing in it is secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The source.
    pub source: String,
    /// `ok`, `running` (another step is under way), `not_yet`, or what went wrong: docs/recovery.md.
    pub state: &'static str,
    /// What is wrong and what to do, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Entries of the list that were read.
    pub read: u32,
    /// Those that became new events.
    pub taken_in: u32,
    /// Those whose notification had arrived: only our answer was lost.
    pub repeats: u32,
    /// Those that had been taken in before, and were still in the list.
    pub known: u32,
    /// Those that went to the quarantine.
    pub quarantined: u32,
    /// Those that cannot be judged yet, and stay in the list.
    pub held: u32,
    /// New ones that were sent to another URL than ours.
    pub foreign: u32,
    /// The latest of those URLs, without what is secret in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign_url: Option<String>,
    /// Up to when 3scale has dropped entries.
    pub deleted_up_to: Option<String>,
    /// Whether the next step follows at once.
    pub more: bool,
    /// When it began.
    pub at: String,
    /// Failed steps in a row.
    pub failures_in_a_row: u32,
    /// Before when the cron begins no run; without it, the next cron does.
    pub next_at: Option<String>,
}

impl Run {
    /// A step of this source in this state, with nothing done.
    #[must_use]
    pub fn new(source: &str, state: &'static str) -> Self {
        Self {
            source: source.to_owned(),
            state,
            ..Self::default()
        }
    }

    /// As operators see it.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether the log should have a line of it: a list that is empty every five minutes is no news.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.read > 0 || self.failed()
    }

    /// Whether something went wrong.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.detail.is_some()
    }
}
