//! What came of an attempt.

use std::fmt;

use super::unreached::Unreached;

/// What came of one attempt, with what decides how it goes on.
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
    /// The destination says that it wants nothing any more (410).
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
    /// It cannot be sent at all as it is configured.
    Unsendable(&'static str),
}

impl Outcome {
    /// What an HTTP status means. A redirect is a failure: following it would send the event to
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
            Self::Gone => "gone",
            Self::Failed { failure, .. } => match failure {
                Failure::Status(_) => "status",
                Failure::Unreached(unreached) => unreached.kind.code(),
                Failure::Binding(_) => "binding",
                Failure::Unsendable(_) => "unsendable",
            },
        }
    }

    /// The HTTP status, where there is one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Delivered { status } => *status,
            Self::Gone => Some(410),
            Self::Failed { failure, .. } => match failure {
                Failure::Status(status) => Some(*status),
                Failure::Unreached(unreached) => unreached.status,
                Failure::Binding(_) | Failure::Unsendable(_) => None,
            },
        }
    }

    /// What was wrong, for people.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Failed { failure, .. } => Some(failure.to_string()),
            Self::Delivered { .. } | Self::Gone => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "answered {status}"),
            Self::Unreached(Unreached { words, .. }) | Self::Binding(words) => f.write_str(words),
            Self::Unsendable(why) => f.write_str(why),
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
}
