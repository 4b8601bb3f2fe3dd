//! An event as it is read from its document, for all who send it.

use edge_core::{event::Event, name::SourceName};
use self_cell::self_cell;

use super::store::StoredEvent;

/// An event as it is read from its document: that refers to the document, so they stay together.
pub(super) struct ReadEvent(Reading);

type Reads<'e> = std::result::Result<Event<'e>, threescale::Error>;

self_cell! {
    struct Reading {
        owner: (StoredEvent, SourceName),
        #[covariant]
        dependent: Reads,
    }
}

impl ReadEvent {
    /// Reads an event of this source.
    pub(super) fn of(stored: StoredEvent, source: SourceName) -> Self {
        Self(Reading::new((stored, source), |(stored, source)| {
            stored.event(source)
        }))
    }

    /// As it is stored.
    pub(super) fn stored(&self) -> &StoredEvent {
        &self.0.borrow_owner().0
    }

    /// As it was read; the error is that of its document.
    pub(super) fn event(&self) -> std::result::Result<&Event<'_>, &threescale::Error> {
        self.0.borrow_dependent().as_ref()
    }
}
