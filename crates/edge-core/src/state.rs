//! The states that operators see, of a delivery and of a destination.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::delivery::plan::Health;

/// The state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It waits for its next attempt.
    Waiting,
    /// The destination has it.
    Delivered,
    /// Its attempts ran out.
    Dead,
}

impl DeliveryState {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Dead];

    /// The word for it, in the API and in rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the word for a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidState;

impl fmt::Display for InvalidState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a delivery is waiting, delivered or dead")
    }
}

impl FromStr for DeliveryState {
    type Err = InvalidState;

    fn from_str(text: &str) -> Result<Self, InvalidState> {
        let known = Self::ALL.into_iter().find(|state| state.as_str() == text);
        known.ok_or(InvalidState)
    }
}

/// The health of a destination, from the best to the worst: of several inboxes the worst is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DestinationHealth {
    /// Its last attempt succeeded, or there was none.
    Ok,
    /// Its last attempts failed, too few to open the breaker.
    Failing,
    /// Its breaker is open: deliveries wait, and one at a time probes it.
    Open,
    /// It gets nothing until an operator resumes it.
    Paused,
    /// It is no longer configured, and deliveries are left over.
    Removed,
}

impl DestinationHealth {
    /// Of a destination that is configured.
    #[must_use]
    pub fn of(health: &Health) -> Self {
        if health.paused {
            Self::Paused
        } else if health.breaker.probe_at.is_some() {
            Self::Open
        } else if health.breaker.failures > 0 {
            Self::Failing
        } else {
            Self::Ok
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_one_word_everywhere() {
        for state in DeliveryState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            assert_eq!(
                serde_json::to_string(&state).unwrap(),
                format!("\"{state}\"")
            );
        }
        assert_eq!("Dead".parse::<DeliveryState>(), Err(InvalidState));
    }

    #[test]
    fn the_worst_health_is_the_greatest() {
        use DestinationHealth::{Failing, Ok, Open, Paused, Removed};
        let worst = [Open, Ok, Paused, Failing].into_iter().max();
        assert_eq!(worst, Some(Paused));
        assert!(Removed > Paused);
    }
}
