//! When a delivery is tried again: the schedule of the Standard Webhooks specification, 75.6 hours in all.

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// What is waited after the first, second, … failed attempt, in milliseconds.
const DELAYS: [i64; 9] = [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

/// The longest that a destination's `Retry-After` is followed.
const LONGEST_RETRY_AFTER: i64 = 24 * HOUR;

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

    /// Adds up to a fifth: never earlier than the schedule says, since the destination asked for peace.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "at most a fifth of a day in milliseconds"
    )]
    fn on(self, delay: i64) -> i64 {
        delay + (delay as f64 * 0.2 * self.0) as i64
    }
}

/// How long to wait in milliseconds before the attempt that follows `failed` failed ones,
/// or `None` when they have run out.
#[must_use]
pub fn delay_after(failed: u32, retry_after_ms: Option<i64>, jitter: Jitter) -> Option<i64> {
    let index = usize::try_from(failed.checked_sub(1)?).ok()?;
    let scheduled = jitter.on(*DELAYS.get(index)?);
    Some(scheduled.max(retry_after_ms.unwrap_or(0).min(LONGEST_RETRY_AFTER)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_are_spread_over_75_6_hours() {
        let delays: Vec<i64> = (1..)
            .map_while(|failed| delay_after(failed, None, Jitter::NONE))
            .collect();
        assert_eq!(delays.len(), 9);
        assert_eq!(
            delays.iter().sum::<i64>(),
            5 * SECOND + 35 * MINUTE + 75 * HOUR
        );
        assert_eq!(delay_after(10, None, Jitter::NONE), None);
    }

    #[test]
    fn jitter_adds_a_fifth_at_the_most() {
        for failed in 1..=9 {
            let base = delay_after(failed, None, Jitter::NONE).unwrap();
            for chance in [0.0, 0.3, 1.0, 7.0, f64::NAN, -1.0] {
                let delay = delay_after(failed, None, Jitter::new(chance)).unwrap();
                assert!(
                    (base..=base + base / 5).contains(&delay),
                    "{failed} {chance}"
                );
            }
        }
    }

    #[test]
    fn retry_after_is_a_least_and_is_followed_for_a_day_at_most() {
        let delay = |retry_after| delay_after(1, Some(retry_after), Jitter::NONE).unwrap();
        assert_eq!(delay(MINUTE), MINUTE);
        assert_eq!(delay(SECOND), 5 * SECOND);
        assert_eq!(delay(7 * 24 * HOUR), 24 * HOUR);
    }
}
