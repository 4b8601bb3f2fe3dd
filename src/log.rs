//! The log: one line of JSON for each notification, each attempt and each step of recovery. No line holds a secret:
//! only the fields of these types can be printed, and none of them comes from a URL, a header or a body's values,
//! except the notification's type, action and id.

use edge_core::{
    config::Finding, id::EventId, messages::recovery::StepReport, problem::Problem,
    time::UnixMillis,
};
use serde::Serialize;
use worker::{console_error, console_log};

/// A request to a hook.
#[derive(Debug, Default, Serialize)]
#[serde(tag = "event", rename = "ingest")]
pub struct Ingest {
    /// The source, if it is a known one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `accepted`, `duplicate`, `ping`, or the code of the problem.
    pub outcome: &'static str,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The event's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EventId>,
    /// The notification's type and action: `application.key_created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The object's id, or its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// `old` if the sender presented a value of the secret that is not the current one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<&'static str>,
    /// The size of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// The problem, explained for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How long the answer took, in milliseconds.
    pub ms: i64,
}

/// An attempt of a delivery.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "attempt")]
pub struct Attempt<'a> {
    /// The source.
    pub source: &'a str,
    /// The destination.
    pub destination: &'a str,
    /// The event's id.
    pub id: EventId,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// How many events it had, if several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// `delivered`, `gone`, or the kind of failure.
    pub outcome: &'a str,
    /// The HTTP status, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The failure, explained for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When the next attempt is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<NextAttempt>,
    /// How long it took, in milliseconds.
    pub ms: i64,
}

/// The next attempt, after one that failed.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum NextAttempt {
    /// It is tried again at this time.
    At(UnixMillis),
    /// Its attempts ran out: `never`.
    Never(&'static str),
}

/// A request that is refused before it is known what it is for.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "refused")]
struct Refused {
    /// The code of the problem.
    outcome: &'static str,
    /// The HTTP status of the answer.
    status: u16,
    /// The problem, explained for people.
    detail: String,
}

/// An internal failure, for the operator.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "error")]
struct Failure<'a> {
    /// The task that failed, in a few words.
    what: &'a str,
    /// The error.
    error: String,
}

/// A line whose fields are a type of another module.
#[derive(Serialize)]
struct Line<'a, T> {
    event: &'a str,
    #[serde(flatten)]
    fields: &'a T,
}

/// Logs a request to a hook.
pub fn ingest(line: &Ingest) {
    console_log!("{}", json(line));
}

/// Logs an attempt.
pub fn attempt(line: &Attempt<'_>) {
    console_log!("{}", json(line));
}

/// Logs a step of recovery.
pub fn recovery(report: &StepReport) {
    console_log!(
        "{}",
        json(&Line {
            event: "recovery",
            fields: report
        })
    );
}

/// Logs a request that is refused before it is known what it is for.
pub fn refused(problem: &Problem) {
    let line = Refused {
        outcome: problem.code(),
        status: problem.status(),
        detail: problem.for_log(),
    };
    console_log!("{}", json(&line));
}

/// Logs a mistake in the configuration.
pub fn misconfigured(mistake: &Finding) {
    console_error!(
        "{}",
        json(&Line {
            event: "misconfigured",
            fields: mistake
        })
    );
}

/// Logs an internal failure.
pub fn error(what: &str, error: &impl ToString) {
    let error = error.to_string();
    console_error!("{}", json(&Failure { what, error }));
}

fn json(line: &impl Serialize) -> String {
    serde_json::to_string(line).unwrap_or_default()
}
