//! When a delivery is tried again, and a failing destination probed.
//!
//! The schedule is that of the Standard Webhooks specification: ten attempts in 75.6 hours.

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The waits of one destination, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// The waits after the first, second, … failed attempt. After the last one, attempts have run out.
    pub schedule: Vec<i64>,
    /// The longest that the destination's `Retry-After` is followed.
    pub longest_retry_after: i64,
    /// From a breaker's opening to its first probe.
    pub first_probe: i64,
    /// From a failed probe to the next.
    pub next_probe: i64,
    /// Statuses after which an event is dead at once: the setting `final`.
    pub final_statuses: Vec<u16>,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            schedule: vec![
                5 * SECOND,
                5 * MINUTE,
                30 * MINUTE,
                2 * HOUR,
                5 * HOUR,
                10 * HOUR,
                14 * HOUR,
                20 * HOUR,
                24 * HOUR,
            ],
            longest_retry_after: 24 * HOUR,
            first_probe: MINUTE,
            next_probe: 5 * MINUTE,
            final_statuses: Vec::new(),
        }
    }
}

/// A number from 0 up to 1 that makes deliveries which failed together come back apart.
#[derive(Debug, Clone, Copy)]
pub struct Jitter(f64);

impl Jitter {
    /// Exactly the schedule.
    pub const NONE: Self = Self(0.0);

    /// Numbers outside 0 to 1 are brought inside.
    #[must_use]
    pub fn new(chance: f64) -> Self {
        Self(if chance.is_finite() {
            chance.clamp(0.0, 1.0)
        } else {
            0.0
        })
    }

    /// Adds up to a fifth: never before the scheduled time.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "at most a fifth of some days in milliseconds"
    )]
    fn on(self, delay: i64) -> i64 {
        delay + (delay as f64 * 0.2 * self.0) as i64
    }
}

impl Timing {
    /// The same, `factor` times as fast: for trying out in minutes what takes days.
    #[must_use]
    pub fn scaled(&self, factor: u32) -> Self {
        let scale = |ms: i64| ms / i64::from(factor.max(1));
        Self {
            schedule: self.schedule.iter().copied().map(scale).collect(),
            longest_retry_after: scale(self.longest_retry_after),
            first_probe: scale(self.first_probe),
            next_probe: scale(self.next_probe),
            final_statuses: self.final_statuses.clone(),
        }
    }

    /// How long to wait before the attempt that follows `failed` failed ones, or `None` when they
    /// have run out.
    #[must_use]
    pub fn delay_after(
        &self,
        failed: u32,
        retry_after: Option<i64>,
        jitter: Jitter,
    ) -> Option<i64> {
        let index = usize::try_from(failed.checked_sub(1)?).ok()?;
        let scheduled = jitter.on(*self.schedule.get(index)?);
        Some(scheduled.max(retry_after.unwrap_or(0).min(self.longest_retry_after)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_are_spread_over_75_6_hours() {
        let timing = Timing::default();
        let delays: Vec<i64> = (1..)
            .map_while(|failed| timing.delay_after(failed, None, Jitter::NONE))
            .collect();
        assert_eq!(delays.len(), 9);
        assert_eq!(
            delays.iter().sum::<i64>(),
            5 * SECOND + 35 * MINUTE + 75 * HOUR
        );
        assert_eq!(timing.delay_after(10, None, Jitter::NONE), None);
        assert_eq!(timing.delay_after(0, None, Jitter::NONE), None);
    }

    #[test]
    fn jitter_adds_a_fifth_at_the_most() {
        let timing = Timing::default();
        for failed in 1..=9 {
            let base = timing.delay_after(failed, None, Jitter::NONE).unwrap();
            for chance in [0.0, 0.3, 1.0, 7.0, f64::NAN, -1.0] {
                let delay = timing
                    .delay_after(failed, None, Jitter::new(chance))
                    .unwrap();
                assert!(
                    (base..=base + base / 5).contains(&delay),
                    "{failed} {chance}"
                );
            }
        }
    }

    #[test]
    fn retry_after_is_a_least_and_is_followed_for_a_day_at_most() {
        let delay = |retry_after| {
            Timing::default()
                .delay_after(1, Some(retry_after), Jitter::NONE)
                .unwrap()
        };
        assert_eq!(delay(MINUTE), MINUTE);
        assert_eq!(delay(SECOND), 5 * SECOND);
        assert_eq!(delay(7 * 24 * HOUR), 24 * HOUR);
    }

    #[test]
    fn a_factor_scales_all_of_it() {
        let timing = Timing::default().scaled(100);
        assert_eq!(timing.schedule[0], 50);
        assert_eq!((timing.first_probe, timing.next_probe), (600, 3000));
    }
}
