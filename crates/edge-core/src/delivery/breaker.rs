//! The breaker of one destination: after failures in a row its deliveries wait instead of failing,
//! and one of them at a time finds out whether it works again.

use serde::{Deserialize, Serialize};

use super::timing::Timing;

const FAILURES_TO_OPEN: u32 = 5;

/// How a destination has been doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// Failures since the last success.
    pub failures: u32,
    /// When open: the time of the next probe, in milliseconds since 1970.
    pub probe_at: Option<i64>,
}

impl Breaker {
    /// How many deliveries may be under way at once, of `concurrency` at the most.
    #[must_use]
    pub fn allows(&self, concurrency: usize, now_ms: i64) -> usize {
        match self.probe_at {
            None => concurrency,
            Some(at) if at <= now_ms => concurrency.min(1),
            Some(_) => 0,
        }
    }

    /// From when on `allows` says more than zero.
    #[must_use]
    pub fn opens_at(&self) -> i64 {
        self.probe_at.unwrap_or(i64::MIN)
    }

    /// The breaker after a success.
    #[must_use]
    pub fn succeeded(self) -> Self {
        Self::default()
    }

    /// The breaker after a failure at `now_ms`.
    #[must_use]
    pub fn failed(self, timing: &Timing, now_ms: i64) -> Self {
        let failures = self.failures.saturating_add(1);
        let probe_at = match self.probe_at {
            // A failure of an attempt that was under way when it opened is no probe.
            Some(at) if at > now_ms => Some(at),
            Some(_) => Some(now_ms + timing.next_probe),
            None if failures >= FAILURES_TO_OPEN => Some(now_ms + timing.first_probe),
            None => None,
        };
        Self { failures, probe_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(times: u32) -> Breaker {
        (0..times).fold(Breaker::default(), |breaker, _| {
            breaker.failed(&Timing::default(), 0)
        })
    }

    #[test]
    fn it_opens_after_five_failures_in_a_row() {
        assert_eq!(failing(4).allows(6, 0), 6);
        assert_eq!(failing(5).allows(6, 0), 0);
        assert_eq!(
            failing(4)
                .succeeded()
                .failed(&Timing::default(), 0)
                .allows(6, 0),
            6
        );
    }

    #[test]
    fn one_probe_after_a_minute_then_every_five() {
        let open = failing(5);
        assert_eq!(open.allows(6, 59_999), 0);
        assert_eq!(open.allows(6, 60_000), 1);
        let probed = open.failed(&Timing::default(), 60_500);
        assert_eq!(probed.allows(6, 60_500 + 299_999), 0);
        assert_eq!(probed.allows(6, 60_500 + 300_000), 1);
        assert_eq!(probed.succeeded(), Breaker::default());
    }

    #[test]
    fn failures_that_were_under_way_when_it_opened_do_not_move_the_probe() {
        let open = failing(5);
        assert_eq!(
            open.failed(&Timing::default(), 10_000).probe_at,
            open.probe_at
        );
    }
}
