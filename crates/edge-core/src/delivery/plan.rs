//! What follows an attempt, for its delivery and for its destination.

use super::{
    breaker::Breaker,
    outcome::Outcome,
    timing::{Jitter, Timing},
};

/// What a destination has been doing, as the inbox remembers it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Its breaker.
    pub breaker: Breaker,
    /// Whether it gets nothing until somebody resumes it. Its deliveries wait.
    pub paused: bool,
}

impl Health {
    /// How many deliveries may be under way to it at once.
    #[must_use]
    pub fn allows(&self, concurrency: usize, now_ms: i64) -> usize {
        if self.paused {
            0
        } else {
            self.breaker.allows(concurrency, now_ms)
        }
    }

    /// When a delivery that is due at `due_at` can be tried, or `None` while nothing can.
    #[must_use]
    pub fn earliest(&self, due_at: i64) -> Option<i64> {
        (!self.paused).then(|| due_at.max(self.breaker.opens_at()))
    }
}

/// Where a delivery goes on from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nowhere: it is delivered.
    Delivered,
    /// It is tried again at this time, in milliseconds since 1970.
    Wait {
        /// When.
        until: i64,
    },
    /// Its attempts ran out: a dead letter.
    Dead,
}

/// What follows the `attempt`th attempt (from 1), which ended at `now_ms`.
#[must_use]
pub fn after(
    timing: &Timing,
    outcome: &Outcome,
    attempt: u32,
    health: Health,
    now_ms: i64,
    jitter: Jitter,
) -> (Next, Health) {
    match outcome {
        Outcome::Delivered { .. } => (
            Next::Delivered,
            Health {
                breaker: health.breaker.succeeded(),
                ..health
            },
        ),
        // The delivery waits for the destination to be resumed: it has done nothing wrong.
        Outcome::Gone => (
            Next::Wait { until: now_ms },
            Health {
                paused: true,
                ..health
            },
        ),
        Outcome::Failed { retry_after_ms, .. } => {
            let next =
                timing
                    .delay_after(attempt, *retry_after_ms, jitter)
                    .map_or(Next::Dead, |delay| Next::Wait {
                        until: now_ms + delay,
                    });
            (
                next,
                Health {
                    breaker: health.breaker.failed(timing, now_ms),
                    ..health
                },
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_JITTER: Jitter = Jitter::NONE;

    fn after_status(status: u16, attempt: u32) -> (Next, Health) {
        after(
            &Timing::default(),
            &Outcome::of_status(status, None),
            attempt,
            Health::default(),
            1000,
            NO_JITTER,
        )
    }

    #[test]
    fn a_failure_is_tried_again_by_the_schedule_until_attempts_run_out() {
        assert_eq!(after_status(500, 1).0, Next::Wait { until: 6000 });
        assert_eq!(after_status(500, 2).0, Next::Wait { until: 301_000 });
        assert_eq!(after_status(500, 10).0, Next::Dead);
    }

    #[test]
    fn gone_pauses_the_destination_and_keeps_the_delivery() {
        let (next, health) = after_status(410, 10);
        assert_eq!(next, Next::Wait { until: 1000 });
        assert!(health.paused);
        assert_eq!(health.allows(6, i64::MAX), 0);
        assert_eq!(health.earliest(0), None);
    }

    #[test]
    fn success_ends_it_and_closes_the_breaker() {
        let health = Health {
            breaker: Breaker {
                failures: 7,
                probe_at: Some(500),
            },
            paused: false,
        };
        let outcome = Outcome::of_status(204, None);
        assert_eq!(
            after(&Timing::default(), &outcome, 3, health, 1000, NO_JITTER),
            (Next::Delivered, Health::default())
        );
    }
}
