//! The meaning of an error that a KV namespace or a queue threw. The runtime gives words only.
//!
//! The words are those of workerd's `kv.c++` and `queue.c++` (`KV PUT failed: 429 Too Many Requests`), and of
//! Cloudflare's limits (developers.cloudflare.com, `kv/platform/limits`).

/// Why a binding took nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// KV's writes of the day are used up: nothing is taken before 00:00 UTC.
    DailyLimit,
    /// This key was written less than a second ago. It says nothing about the namespace.
    KeyBusy,
    /// The message, the value or the key is too large, and always will be.
    TooLarge,
    /// Anything else.
    Other,
}

impl Refusal {
    /// Of an error's words.
    #[must_use]
    pub fn of(words: &str) -> Self {
        if words.contains("limit exceeded for the day") {
            return Self::DailyLimit;
        }
        match status(words) {
            Some(429) if words.contains("KV") => Self::KeyBusy,
            Some(413 | 414) => Self::TooLarge,
            _ if says_too_large(words) => Self::TooLarge,
            _ => Self::Other,
        }
    }
}

/// Of `KV PUT failed: 429 Too Many Requests`.
fn status(words: &str) -> Option<u16> {
    let (_, rest) = words.split_once("failed: ")?;
    rest.get(..3)?.parse().ok()
}

/// Of `message length of 128001 bytes exceeds limit of 128000`.
fn says_too_large(words: &str) -> bool {
    words.contains("exceeds limit of") || words.contains("Payload Too Large")
}

/// The first 00:00 UTC after this time.
#[must_use]
pub fn next_midnight(now_ms: i64) -> i64 {
    const DAY: i64 = 86_400_000;
    now_ms.div_euclid(DAY).saturating_add(1).saturating_mul(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_binding_is_known_by_its_words() {
        for (words, refusal) in [
            ("KV put() limit exceeded for the day.", Refusal::DailyLimit),
            (
                "Error: KV PUT failed: 429 Too Many Requests",
                Refusal::KeyBusy,
            ),
            (
                "KV PUT failed: 413 Value length of 9 exceeds limit of 8.",
                Refusal::TooLarge,
            ),
            (
                "KV PUT failed: 414 UTF-8 encoded length of 600",
                Refusal::TooLarge,
            ),
            (
                "message length of 128001 bytes exceeds limit of 128000",
                Refusal::TooLarge,
            ),
            ("Queue send failed: Payload Too Large", Refusal::TooLarge),
            ("Queue send failed: 429 Too Many Requests", Refusal::Other),
            ("KV PUT failed: 500 Internal Server Error", Refusal::Other),
            ("did not answer within a minute", Refusal::Other),
            ("failed: é", Refusal::Other),
        ] {
            assert_eq!(Refusal::of(words), refusal, "{words}");
        }
    }

    #[test]
    fn the_next_midnight_is_after_now_and_a_day_away_at_the_most() {
        let day = 86_400_000;
        assert_eq!(next_midnight(0), day);
        assert_eq!(next_midnight(day - 1), day);
        assert_eq!(next_midnight(day), 2 * day);
    }
}
