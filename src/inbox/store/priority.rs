//! Which deliveries go first where more are due than can be sent.

/// The priority of a delivery.
#[derive(Debug, Clone, Copy)]
pub(super) enum Priority {
    /// A new event, or one that an operator wants again alone.
    Live,
    /// An event of a replay of many: nothing new waits behind it.
    Replay,
}

impl Priority {
    /// Both, the first one first.
    pub(super) const ALL: [Self; 2] = [Self::Live, Self::Replay];

    /// The value of the column `replayed`.
    pub(super) fn column(self) -> i64 {
        match self {
            Self::Live => 0,
            Self::Replay => 1,
        }
    }
}
