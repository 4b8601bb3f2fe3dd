//! How often a token may be guessed: whoever presents too many wrong ones is not listened to for a while.
//!
//! The count is that of one instance of the Worker, of which Cloudflare runs several. So it is a brake on somebody who
//! tries thousands a second, not a lock; the strength that the configuration asks of a token is the lock.

use std::collections::BTreeMap;

use crate::problem::Problem;

/// Wrong tokens from one address before it is not listened to.
const MOST: u32 = 5;
/// How long it is not listened to, and how long a wrong token counts, in milliseconds.
const PERIOD_MS: i64 = 60_000;
/// The most addresses that are remembered.
const MOST_CALLERS: usize = 1000;

/// The wrong tokens of each caller.
#[derive(Debug, Default)]
pub struct Guesses(BTreeMap<String, Count>);

#[derive(Debug, Clone, Copy)]
struct Count {
    wrong: u32,
    /// When the last one came, in milliseconds since 1970.
    last: i64,
}

impl Guesses {
    /// Refuses a caller who has presented too many wrong tokens, whatever this one is: otherwise the right one could be
    /// found all the same.
    ///
    /// # Errors
    ///
    /// The caller has to wait.
    pub fn check(&self, caller: &str, now_ms: i64) -> Result<(), Problem> {
        match self.0.get(caller) {
            Some(count) if count.wrong >= MOST && !count.is_over(now_ms) => {
                Err(Problem::TooManyGuesses)
            }
            _ => Ok(()),
        }
    }

    /// Counts a wrong token. `is_over_limit` says that the platform, which counts across instances, has had enough.
    pub fn wrong(&mut self, caller: &str, is_over_limit: bool, now_ms: i64) {
        if self.0.len() >= MOST_CALLERS && !self.0.contains_key(caller) {
            self.make_room(now_ms);
        }
        let count = self.0.entry(caller.to_owned()).or_insert(Count {
            wrong: 0,
            last: now_ms,
        });
        if count.is_over(now_ms) {
            count.wrong = 0;
        }
        count.wrong = if is_over_limit {
            MOST
        } else {
            count.wrong.saturating_add(1)
        };
        count.last = now_ms;
    }

    /// Forgets what is over, or else the one who has guessed least.
    fn make_room(&mut self, now_ms: i64) {
        self.0.retain(|_, count| !count.is_over(now_ms));
        if self.0.len() >= MOST_CALLERS {
            let least = self
                .0
                .iter()
                .min_by_key(|(_, count)| (count.wrong, count.last));
            if let Some(caller) = least.map(|(caller, _)| caller.clone()) {
                self.0.remove(&caller);
            }
        }
    }
}

impl Count {
    fn is_over(&self, now_ms: i64) -> bool {
        now_ms - self.last >= PERIOD_MS
    }
}

/// The caller behind an address: all of a network's IPv6 addresses, of which everybody has as many as they like, are
/// one.
#[must_use]
pub fn caller(address: &str) -> String {
    match address.parse::<std::net::Ipv6Addr>() {
        Ok(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Err(_) => address.chars().take(64).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(guesses: &mut Guesses, caller: &str, times: u32, now_ms: i64) {
        for _ in 0..times {
            guesses.wrong(caller, false, now_ms);
        }
    }

    #[test]
    fn whoever_guesses_too_often_has_to_wait_a_minute() {
        let mut guesses = Guesses::default();
        guess(&mut guesses, "a", MOST - 1, 0);
        assert_eq!(guesses.check("a", 0), Ok(()));
        guess(&mut guesses, "a", 1, 1000);
        assert_eq!(guesses.check("a", 1000), Err(Problem::TooManyGuesses));
        assert_eq!(guesses.check("b", 1000), Ok(()), "another caller");
        assert!(guesses.check("a", 60_999).is_err());
        assert_eq!(guesses.check("a", 61_000), Ok(()));
        // It then begins anew.
        guess(&mut guesses, "a", 1, 61_000);
        assert_eq!(guesses.check("a", 61_000), Ok(()));
    }

    #[test]
    fn mistakes_that_are_rare_never_add_up() {
        let mut guesses = Guesses::default();
        for minute in 0..100 {
            guess(&mut guesses, "a", 1, minute * PERIOD_MS);
            assert_eq!(guesses.check("a", minute * PERIOD_MS), Ok(()));
        }
    }

    #[test]
    fn the_platforms_count_counts_too() {
        let mut guesses = Guesses::default();
        guesses.wrong("a", true, 0);
        assert_eq!(guesses.check("a", 0), Err(Problem::TooManyGuesses));
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_the_worst() {
        let mut guesses = Guesses::default();
        guess(&mut guesses, "worst", MOST, 0);
        for number in 0..5000 {
            guess(&mut guesses, &number.to_string(), 1, 1);
        }
        assert!(guesses.0.len() <= MOST_CALLERS);
        assert!(guesses.check("worst", 2).is_err());
    }

    #[test]
    fn a_network_of_ipv6_addresses_is_one_caller() {
        assert_eq!(caller("2001:db8:1:2::1"), caller("2001:db8:1:2:ffff::9"));
        assert_ne!(caller("2001:db8:1:2::1"), caller("2001:db8:1:3::1"));
        assert_eq!(caller("192.0.2.1"), "192.0.2.1");
    }
}
