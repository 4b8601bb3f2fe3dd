//! The outcome of an attempt.

use std::fmt;

use super::{binding::Refusal, unreached::Unreached};

/// The outcome of one attempt, with all that decides how its delivery goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The destination has it.
    Delivered {
        /// The HTTP status, where there is one.
        status: Option<u16>,
    },
    /// It does not, or we cannot know.
    Failed {
        /// Why.
        failure: Failure,
        /// How long the destination asked us to wait, in milliseconds.
        retry_after_ms: Option<i64>,
    },
    /// Nothing was sent: it is not this event's turn, since an earlier one of its object waits in another inbox.
    Postponed {
        /// When it is looked at again, in milliseconds from now.
        wait_ms: i64,
    },
    /// The destination says that it wants nothing any more (410): believed when the next event is
    /// answered so too.
    Gone,
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It answered with another status than 2xx.
    Status(u16),
    /// No answer of its own came: name lookup, connection, TLS, reset, time-out, or it is not called.
    Unreached(Unreached),
    /// The KV namespace or the queue refused.
    Binding(String),
    /// This event cannot be sent, now or ever.
    Unsendable(&'static str),
    /// Nothing can be sent there as it is configured.
    Misconfigured(&'static str),
}

/// The part that a failure concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// The destination is in trouble: any event would have failed. Only this counts for the breaker.
    Destination,
    /// This event is refused. Another one may be taken, and this one may be taken later.
    Event,
    /// This event can never be delivered there.
    EventForever,
}

impl Failure {
    /// Tells a destination in trouble from the refusal of one event.
    #[must_use]
    pub fn concern(&self) -> Concern {
        match self {
            Self::Status(status) => match status {
                401 | 403 | 404 | 408 | 429 => Concern::Destination,
                400..=499 => Concern::Event,
                _ => Concern::Destination,
            },
            Self::Unreached(_) | Self::Misconfigured(_) => Concern::Destination,
            Self::Binding(words) => match Refusal::of(words) {
                Refusal::KeyBusy => Concern::Event,
                Refusal::TooLarge => Concern::EventForever,
                Refusal::DailyLimit | Refusal::Other => Concern::Destination,
            },
            Self::Unsendable(_) => Concern::EventForever,
        }
    }

    /// `true` if KV's writes of the day are used up.
    #[must_use]
    pub fn is_daily_limit(&self) -> bool {
        matches!(self, Self::Binding(words) if Refusal::of(words) == Refusal::DailyLimit)
    }
}

impl Outcome {
    /// The outcome that an HTTP status stands for. A redirect is a failure: following it would send the event to
    /// where the operator did not say.
    #[must_use]
    pub fn of_status(status: u16, retry_after_ms: Option<i64>) -> Self {
        match status {
            200..=299 => Self::Delivered {
                status: Some(status),
            },
            410 => Self::Gone,
            _ => Self::Failed {
                failure: Failure::Status(status),
                retry_after_ms,
            },
        }
    }

    /// A failure after which nobody asked us to wait.
    #[must_use]
    pub fn failed(failure: Failure) -> Self {
        Self::Failed {
            failure,
            retry_after_ms: None,
        }
    }

    /// One word, stable: for the log and the record.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Delivered { .. } => "delivered",
            Self::Postponed { .. } => "postponed",
            Self::Gone => "gone",
            Self::Failed { failure, .. } => match failure {
                Failure::Status(_) => "status",
                Failure::Unreached(unreached) => unreached.kind.code(),
                Failure::Binding(_) => "binding",
                Failure::Unsendable(_) => "unsendable",
                Failure::Misconfigured(_) => "misconfigured",
            },
        }
    }

    /// The HTTP status, where there is one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Delivered { status } => *status,
            Self::Postponed { .. } => None,
            Self::Gone => Some(410),
            Self::Failed { failure, .. } => match failure {
                Failure::Status(status) => Some(*status),
                Failure::Unreached(unreached) => unreached.status,
                Failure::Binding(_) | Failure::Unsendable(_) | Failure::Misconfigured(_) => None,
            },
        }
    }

    /// The reason for the failure, for people.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Failed { failure, .. } => Some(failure.to_string()),
            Self::Delivered { .. } | Self::Postponed { .. } | Self::Gone => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "answered {status}"),
            Self::Unreached(Unreached { words, .. }) | Self::Binding(words) => f.write_str(words),
            Self::Unsendable(why) | Self::Misconfigured(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_2xx_is_success_and_410_means_stop() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(
                Outcome::of_status(status, None),
                Outcome::Delivered {
                    status: Some(status)
                }
            );
        }
        for status in [
            100, 301, 302, 303, 304, 307, 308, 400, 404, 409, 429, 500, 503,
        ] {
            assert_eq!(
                Outcome::of_status(status, None).code(),
                "status",
                "{status}"
            );
        }
        assert_eq!(Outcome::of_status(410, None), Outcome::Gone);
    }

    #[test]
    fn only_some_statuses_speak_of_the_destination() {
        for status in [301, 401, 403, 404, 408, 429, 500, 502, 503, 599] {
            let concern = Failure::Status(status).concern();
            assert_eq!(concern, Concern::Destination, "{status}");
        }
        for status in [400, 402, 405, 406, 409, 411, 413, 415, 422, 428, 451, 499] {
            assert_eq!(
                Failure::Status(status).concern(),
                Concern::Event,
                "{status}"
            );
        }
    }
}
