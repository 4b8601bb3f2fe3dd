//! The rule that decides whether an equal document is a repeat.
//!
//! 3scale sends no id, so only content can identify a notification. But a key that is added, removed and added again
//! gives the same document twice, with the same `updated_at`, since a key does not touch its application: dropping the
//! second would lose the key for ever. When in doubt, a duplicate event is better than a lost one.

/// Decides whether a notification repeats an earlier, equal one, given the `updated_at` of every different event about
/// the same object that came between the two. Times are seconds since 1970.
///
/// A change in between that is not later than this notification means that the object left this state and came back to
/// it: a new event. If all changes in between are later, the notification is an old try that arrived late: a repeat.
/// Without a time on either side we cannot know: a new event.
#[must_use]
pub fn repeats(updated_at: Option<i64>, changes_between: &[Option<i64>]) -> bool {
    changes_between
        .iter()
        .all(|change| matches!((change, updated_at), (Some(change), Some(ours)) if *change > ours))
}

/// How long after 3scale gave a notification up its last try may still arrive here, with the clocks' difference.
pub const LATE_MS: i64 = 120_000;

/// From 3scale's first try to giving up, when every try fails at once: five waits of a minute (3scale's
/// `app/workers/web_hook_worker.rb`).
pub const TRIES_MS: i64 = 300_000;

/// How much longer one notification's retries may take than another's, allowing for jitter, slow responses and clock
/// skew. `recovery::plan` waits for about as long.
pub const SPREAD_MS: i64 = TRIES_MS + LATE_MS;

/// The time in which tries of a notification that 3scale gave up then may have arrived.
#[must_use]
pub fn tries_of(given_up_ms: i64, window_ms: i64) -> (i64, i64) {
    (given_up_ms - window_ms, given_up_ms + LATE_MS)
}

/// The verdict on an entry of 3scale's list that equals an event which was pushed while 3scale was trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It never arrived; the other only looks like it.
    New,
    /// It arrived, and only our answer was lost.
    Repeat,
    /// Something that 3scale is still trying to send may lie between the two.
    TooEarly,
}

/// Decides on such an entry, given the `updated_at` of every different event about the same object that 3scale may have
/// begun to send between the push and giving up this one.
#[must_use]
pub fn judge(
    updated_at: Option<i64>,
    changes_since: &[Option<i64>],
    given_up_ms: i64,
    judge_before: i64,
) -> Verdict {
    if !repeats(updated_at, changes_since) {
        Verdict::New
    } else if given_up_ms < judge_before {
        Verdict::Repeat
    } else {
        Verdict::TooEarly
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_equal_document_with_nothing_between_is_a_repeat() {
        assert!(repeats(Some(100), &[]));
        assert!(repeats(None, &[]));
    }

    #[test]
    fn a_key_that_was_removed_and_added_again_is_new() {
        assert!(!repeats(Some(100), &[Some(100)]));
        assert!(!repeats(Some(100), &[Some(90)]));
        assert!(!repeats(Some(100), &[Some(200), Some(100)]));
    }

    #[test]
    fn an_old_try_after_a_newer_update_is_a_repeat() {
        assert!(repeats(Some(100), &[Some(101)]));
    }

    #[test]
    fn without_a_time_it_is_new() {
        assert!(!repeats(None, &[Some(100)]));
        assert!(!repeats(Some(100), &[None]));
    }

    #[test]
    fn a_failure_that_equals_a_push_is_judged_once_nothing_can_come_between() {
        assert_eq!(judge(Some(100), &[], 50, 51), Verdict::Repeat);
        assert_eq!(judge(Some(100), &[], 50, 50), Verdict::TooEarly);
        assert_eq!(judge(Some(100), &[Some(101)], 50, 51), Verdict::Repeat);
    }

    #[test]
    fn a_failure_after_a_change_is_new_at_once() {
        assert_eq!(judge(Some(100), &[Some(100)], 50, 51), Verdict::New);
        assert_eq!(judge(Some(100), &[Some(100)], 50, 0), Verdict::New);
        assert_eq!(judge(None, &[None], 50, 0), Verdict::New);
    }

    #[test]
    fn tries_arrive_from_the_window_before_to_a_little_after() {
        assert_eq!(tries_of(2_000_000, 1_800_000), (200_000, 2_120_000));
    }
}
