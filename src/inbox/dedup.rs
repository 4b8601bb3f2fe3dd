//! Whether an equal document is a repeat.
//!
//! 3scale sends no id, so content is all there is. But a key that is added, removed and added again
//! gives the same document twice, with the same `updated_at` (`facts.md` §5): dropping the second
//! would leave the key out for ever. When in doubt, an event twice is better than an event lost.

/// Whether a notification repeats an earlier, equal one, given the `updated_at` of every different
/// event about the same object that came between the two. Times are seconds since 1970.
///
/// A change in between whose time is not later than ours means that the object went away from this
/// state and came back to it: a new event. If all changes in between are later, ours is an old try
/// that arrives late: a repeat. Without a time on either side we cannot know: a new event.
#[must_use]
pub(super) fn repeats(updated_at: Option<i64>, changes_between: &[Option<i64>]) -> bool {
    changes_between
        .iter()
        .all(|change| matches!((change, updated_at), (Some(change), Some(ours)) if *change > ours))
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
}
