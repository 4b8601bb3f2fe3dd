//! Messages of the cron, of `/healthz` and of 3scale's Ping! to an inbox.

use serde::{Deserialize, Serialize};

use crate::alert::Kind;

/// Checks whether anything is due, overdue or old. The reply is when the source last sent something, if ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookAround {}

/// Records that 3scale's Ping! button was pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinged {}

/// Asks when an old value of the source's secret was last used, if ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldSecretUse {}

/// Sends an alert to the destinations in `ALERTS`, unless one of its kind was sent recently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaiseAlert {
    /// The kind of alert.
    pub kind: Kind,
    /// Details, for people.
    pub detail: String,
    /// How long the same kind is not sent again, in milliseconds.
    pub pause_ms: i64,
}
