//! No more than so many attempts a second to one destination.

/// Evenly spaced, with no burst: the earliest time of the next attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    /// In milliseconds since 1970.
    next_at: i64,
}

impl Rate {
    /// From when on the next attempt may begin.
    #[must_use]
    pub fn next_at(self) -> i64 {
        self.next_at
    }

    /// How many may begin now: one at a time where there is a limit, so that they are evenly spaced.
    #[must_use]
    pub fn allows(self, per_second: Option<u32>, now_ms: i64) -> usize {
        match per_second {
            None => usize::MAX,
            Some(_) => usize::from(self.next_at <= now_ms),
        }
    }

    /// After an attempt has begun. What was not used is not saved up, but for the time that the
    /// clock's steps lose.
    #[must_use]
    pub fn began(self, per_second: Option<u32>, now_ms: i64) -> Self {
        let Some(per_second) = per_second else {
            return self;
        };
        let gap = 1000 / i64::from(per_second.max(1));
        let behind = (now_ms - self.next_at).clamp(0, gap);
        Self {
            next_at: now_ms + gap - behind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_spaces_attempts_evenly() {
        let mut rate = Rate::default();
        let mut began = Vec::new();
        for now in 1000..3000 {
            if rate.allows(Some(4), now) > 0 {
                began.push(now);
                rate = rate.began(Some(4), now);
            }
        }
        let in_any_second = began.iter().map(|at| {
            began
                .iter()
                .filter(|b| (*at..at + 1000).contains(*b))
                .count()
        });
        assert!(
            in_any_second.max() <= Some(5) && began.len() >= 8,
            "{began:?}"
        );
    }

    #[test]
    fn without_a_limit_all_may_begin() {
        let rate = Rate::default().began(None, 5);
        assert_eq!(rate.allows(None, 5), usize::MAX);
    }
}
