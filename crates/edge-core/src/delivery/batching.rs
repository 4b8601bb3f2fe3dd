//! Several events in one attempt: the settings `batch` and `batch_seconds`.

/// The most events that go together. An inbox may have 64 events of a destination under way (`inbox_log`), so that a
/// batch and those that are held back fit.
pub const MOST_TOGETHER: usize = 50;
/// The longest that an event may wait for others, in seconds.
pub const LONGEST_WAIT_SECONDS: u64 = 300;
/// The same, where only `batch` is set.
pub const DEFAULT_WAIT_SECONDS: u64 = 5;

/// How a destination's events are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batching {
    /// How many go together, from 2 to [`MOST_TOGETHER`].
    pub most: usize,
    /// How long the oldest new event waits for others, in milliseconds.
    pub wait_ms: i64,
}
