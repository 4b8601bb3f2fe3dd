//! What the console's first page shows of an inbox, in one question: with one each for the list and the figures, sources
//! with many inboxes would take a multiple of the calls that an invocation may make.

use serde::{Deserialize, Serialize};

use super::{
    events::{EventPage, ListEvents},
    metrics::InboxMetrics,
    statistics::{CountHours, HourCounts},
};
use crate::name::SourceName;

/// Asks for a page of events together with the figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowFrontPage {
    /// Whose events are listed; those of all sources if there is none. The figures are always of all.
    pub source: Option<SourceName>,
    /// The events.
    pub list: ListEvents,
    /// The hours.
    pub hours: CountHours,
}

/// What an inbox has for the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrontPage {
    /// Its events.
    pub events: EventPage,
    /// Its figures.
    pub metrics: InboxMetrics,
    /// Its figures by hour.
    pub hours: HourCounts,
}

impl ShowFrontPage {
    /// `true` if the events of this source are listed.
    #[must_use]
    pub fn lists(&self, source: &SourceName) -> bool {
        self.source.as_ref().is_none_or(|listed| listed == source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_chosen_sources_events_are_listed_and_all_are_if_none_is_chosen() {
        let show = |source: Option<&str>| ShowFrontPage {
            source: source.map(|name| name.parse().unwrap()),
            list: ListEvents {
                filter: crate::filter::Filter::default(),
                before: None,
                limit: 50,
                thousands: None,
            },
            hours: CountHours {
                since_ms: 0,
                hours: 1,
            },
        };
        let (acme, emea) = ("acme".parse().unwrap(), "emea".parse().unwrap());
        assert!(show(None).lists(&acme) && show(None).lists(&emea));
        assert!(show(Some("acme")).lists(&acme) && !show(Some("acme")).lists(&emea));
    }
}
