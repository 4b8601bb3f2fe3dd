//! Where an event is on its way to a destination: read off the rows, never stored as such.

use super::{Seq, position::Position, rows::Waiting};
use crate::state::DeliveryState;

/// Exactly one of these for each event and destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It does not go there.
    NotRouted,
    /// After the position: it was not begun.
    Beyond,
    /// It was begun or held back, and nothing came of it yet.
    Pending,
    /// It has a row in `waiting`.
    Waiting,
    /// It has a row in `dead`.
    Dead,
    /// It has arrived, or something newer has in its place.
    Delivered,
    /// An operator gave it up.
    Dropped,
}

/// Which rows there are for an event and a destination.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each table")]
pub struct Found {
    /// The event was routed there when it was appended.
    pub routed: bool,
    /// Its row in `waiting`.
    pub waiting: Option<Waiting>,
    /// A row in `dead`.
    pub dead: bool,
    /// A row in `extra`.
    pub extra: bool,
    /// Within a row of `drops`.
    pub dropped: bool,
}

impl Stage {
    /// By the position and the rows.
    #[must_use]
    pub fn of(seq: Seq, position: &Position, found: Found) -> Self {
        if found.waiting.is_some() {
            Self::Waiting
        } else if found.dead {
            Self::Dead
        } else if found.routed && seq > position.upto() {
            Self::Beyond
        } else if found.routed && position.is_pending(seq) {
            Self::Pending
        } else if found.extra {
            Self::Delivered
        } else if found.routed && found.dropped {
            Self::Dropped
        } else if found.routed {
            Self::Delivered
        } else {
            Self::NotRouted
        }
    }

    /// The state that operators see. `None`: there is no delivery.
    #[must_use]
    pub fn delivery(self) -> Option<DeliveryState> {
        match self {
            Self::NotRouted | Self::Dropped => None,
            Self::Beyond | Self::Pending | Self::Waiting => Some(DeliveryState::Waiting),
            Self::Dead => Some(DeliveryState::Dead),
            Self::Delivered => Some(DeliveryState::Delivered),
        }
    }

    /// `true` if nothing remains to be done.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::NotRouted | Self::Delivered | Self::Dropped)
    }
}

/// `true` if an event may be forgotten. It is decided event by event, so that one paused destination does not keep
/// everybody's personal data.
///
/// `age_ms` since it was received; `keep_ms` the retention, `window_ms` in which it may have repeats; `is_meant`
/// whether a replay that has not ended may still send it.
#[must_use]
pub fn may_forget(
    age_ms: i64,
    keep_ms: i64,
    window_ms: i64,
    is_meant: bool,
    mut stages: impl Iterator<Item = Stage>,
) -> bool {
    age_ms > keep_ms.max(window_ms) && !is_meant && stages.all(Stage::has_ended)
}
