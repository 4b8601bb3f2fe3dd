//! What the cron and `/healthz` ask of an inbox.

use serde::{Deserialize, Serialize};

use crate::alert::Kind;

/// Looks whether anything is due, overdue or old. The reply is when something came from the source last, if ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookAround {}

/// Asks when an old value of the source's secret was last used, if ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldSecretUse {}

/// Sends an alert to the destinations in `ALERTS`, unless one of its kind was sent recently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaiseAlert {
    /// The kind of alert.
    pub kind: Kind,
    /// More, for people.
    pub detail: String,
    /// For how long the same kind is not sent again, in milliseconds.
    pub pause_ms: i64,
}
