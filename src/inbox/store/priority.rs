//! The order in which deliveries are sent when more are due than can be sent.

/// The priority of a delivery.
#[derive(Debug, Clone, Copy)]
pub(super) enum Priority {
    /// A new event, or a single one that an operator replays.
    Live,
    /// An event of a replay of many: nothing new waits behind it.
    Replay,
}

impl Priority {
    /// Both, the higher one first.
    pub(super) const ALL: [Self; 2] = [Self::Live, Self::Replay];

    /// The value of the column `replayed`.
    pub(super) fn column(self) -> i64 {
        match self {
            Self::Live => 0,
            Self::Replay => 1,
        }
    }
}
