//! Messages to a recovery, and its report.

use serde::{Deserialize, Serialize};

use super::care::RaiseAlert;
use crate::{admin_api::error::Code, alert::Kind, name::SourceName, time::UnixMillis};

/// Makes a step now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStep {}

/// Begins a run, unless the last one failed a short time ago.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunIfDue {}

/// Asks for the report of the last step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastStep {}

/// The report of one step of recovery, for the operator and the log. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// The source.
    pub source: SourceName,
    /// The result.
    pub state: State,
    /// An explanation and a remedy, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Entries of the list that were read.
    pub read: u32,
    /// Those that became new events.
    pub taken_in: u32,
    /// Those whose notification had arrived: only our answer was lost.
    pub repeats: u32,
    /// Those that had been ingested before, and were still in the list.
    pub known: u32,
    /// Those that went to the quarantine.
    pub quarantined: u32,
    /// Those that cannot be decided yet, and stay in the list.
    pub held: u32,
    /// Those that cannot be parsed, and for which the quarantine has no place. They stay in the list.
    #[serde(default)]
    pub no_place: u32,
    /// Those that were sent to another address than ours. They stay in the list.
    pub foreign: u32,
    /// The origin of the latest of those: the rest of such a URL may be a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_origin: Option<String>,
    /// The time up to which 3scale has dropped entries.
    pub deleted_up_to: Option<String>,
    /// `true` if the next step follows at once.
    pub more: bool,
    /// When it began. `None` if there was no step yet.
    pub at: Option<UnixMillis>,
    /// Failed steps in a row.
    pub failures_in_a_row: u32,
    /// The cron begins no run before this time; without it, the next cron does.
    pub next_at: Option<UnixMillis>,
}

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It succeeded.
    Ok,
    /// Another step is under way.
    Running,
    /// No step was made yet.
    NotYet,
    /// It failed.
    #[serde(untagged)]
    Failed(Code),
}

impl StepReport {
    /// A step of this source in this state, with nothing done.
    #[must_use]
    pub fn new(source: SourceName, state: State) -> Self {
        Self {
            source,
            state,
            detail: None,
            read: 0,
            taken_in: 0,
            repeats: 0,
            known: 0,
            quarantined: 0,
            held: 0,
            no_place: 0,
            foreign: 0,
            foreign_origin: None,
            deleted_up_to: None,
            more: false,
            at: None,
            failures_in_a_row: 0,
            next_at: None,
        }
    }

    /// The alerts that it calls for. `pause_ms` lies between two of a kind; entries that stay in the list are told once
    /// in 144 of these, which is a day.
    #[must_use]
    pub fn alerts(&self, pause_ms: i64) -> Vec<RaiseAlert> {
        let mut alerts = Vec::new();
        if let State::Failed(code) = self.state {
            let detail = self.detail.as_deref().unwrap_or_default();
            alerts.push(RaiseAlert {
                kind: Kind::RecoveryFailed,
                detail: format!("{}: {detail}", code.as_str()),
                pause_ms,
            });
        }
        if self.foreign > 0 {
            let origin = self.foreign_origin.as_deref();
            alerts.push(RaiseAlert {
                kind: Kind::RecoveryForeign,
                detail: format!(
                    "{} were sent to an address such as {}: if it is this Worker's, set PUBLIC_URL or recover_from",
                    self.foreign,
                    origin.unwrap_or("one that cannot be read")
                ),
                pause_ms: pause_ms.saturating_mul(144),
            });
        }
        if self.no_place > 0 {
            alerts.push(RaiseAlert {
                kind: Kind::RecoveryFailed,
                detail: format!(
                    "the quarantine is full: {} entries that cannot be parsed stay in 3scale's list",
                    self.no_place
                ),
                pause_ms: pause_ms.saturating_mul(144),
            });
        }
        alerts
    }

    /// `true` if the log should have a line for it: a list that is empty every five minutes is no news.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.read > 0 || self.failed()
    }

    /// `true` if it failed.
    #[must_use]
    pub fn failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_and_entries_of_another_receiver_are_told() {
        let mut report = StepReport::new("acme".parse().unwrap(), State::Ok);
        assert_eq!(report.alerts(600_000), []);
        report.state = State::Failed(Code::Timeout);
        report.foreign = 2;
        report.foreign_origin = Some("https://production.example".to_owned());
        let alerts = report.alerts(600_000);
        let kinds: Vec<_> = alerts.iter().map(|alert| alert.kind).collect();
        assert_eq!(kinds, [Kind::RecoveryFailed, Kind::RecoveryForeign]);
        let foreign = alerts.last().unwrap();
        assert!(
            foreign
                .detail
                .contains("2 were sent to an address such as https://production.example")
        );
        assert_eq!(foreign.pause_ms, 24 * 3_600_000);
    }

    #[test]
    fn entries_without_a_place_in_the_quarantine_are_told_once_a_day() {
        let mut report = StepReport::new("acme".parse().unwrap(), State::Ok);
        report.no_place = 3;
        let alerts = report.alerts(600_000);
        let [alert] = alerts.as_slice() else {
            panic!("{alerts:?}")
        };
        assert_eq!(alert.kind, Kind::RecoveryFailed);
        assert!(alert.detail.contains("the quarantine is full: 3"));
        assert_eq!(alert.pause_ms, 24 * 3_600_000);
    }

    #[test]
    fn a_state_is_one_word() {
        for (state, word) in [
            (State::Ok, "ok"),
            (State::NotYet, "not_yet"),
            (State::Failed(Code::AccessDenied), "access_denied"),
        ] {
            let json = serde_json::to_string(&state).unwrap();
            assert_eq!(json, format!("\"{word}\""));
            assert_eq!(serde_json::from_str::<State>(&json).unwrap(), state);
        }
    }
}
