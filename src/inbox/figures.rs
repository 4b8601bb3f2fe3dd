//! Figures: for Prometheus, for the list of sources, by hour, and for the console's first page. Nothing is written for
//! them.

use edge_core::{
    id::EventId,
    messages::{
        events::EventPage,
        front_page::{FrontPage, ShowFrontPage},
        metrics::{GetMetrics, InboxMetrics},
        statistics::{CountHours, DestinationHours, HourCounts},
    },
    time::UnixMillis,
};
use worker::Result;

use super::{
    Handle, care::PING, context::InboxContext, destinations, intake::OLD_SECRET, store::counted,
};
use crate::platform::yield_now;

impl Handle for GetMetrics {
    async fn handle(self, inbox: &InboxContext) -> Result<InboxMetrics> {
        let attempts = inbox.memory.attempts.borrow();
        let names = inbox.known.iter().map(|known| (known.id, &known.name));
        let attempts = names
            .filter_map(|(id, name)| Some((name.clone(), attempts.get(&id)?.clone())))
            .collect();
        Ok(InboxMetrics {
            events: inbox.head.borrow().seq.unsigned_abs(),
            repeats: inbox.store.repeats()?,
            last_received_at: inbox.store.last_received()?.map(UnixMillis),
            last_ping_at: inbox.store.noted(PING)?.map(UnixMillis),
            old_secret_last_used_at: inbox.store.noted(OLD_SECRET)?.map(UnixMillis),
            quarantine: inbox.store.quarantine_by_code()?,
            destinations: destinations::overview(inbox)?,
            attempts,
        })
    }
}

impl Handle for CountHours {
    async fn handle(self, inbox: &InboxContext) -> Result<HourCounts> {
        let head = inbox.head.borrow().seq;
        let oldest = inbox.store.oldest()?.map_or(head, |(oldest, _)| oldest);
        let mut events = Vec::with_capacity(self.hours);
        let mut before = None;
        for bound in self.bounds() {
            let place = inbox
                .store
                .first_at_or_after(EventId::first_of(bound.0), head)?;
            let place = place.max(oldest);
            // Events of an hour stand together, and of those that were removed nothing is known.
            events.extend(before.map(|before| place.saturating_sub(before).max(0).unsigned_abs()));
            before = Some(place);
        }
        let (mut attempts, mut complete) = inbox.store.attempts_since(self.since_ms)?;
        let mut all = Vec::new();
        for (index, known) in inbox.known.iter().enumerate() {
            let (mut of_destination, is_complete) =
                inbox.store.successes_since(known.id, self.since_ms)?;
            complete &= is_complete;
            of_destination.extend(attempts.remove(&known.id).unwrap_or_default());
            if let Some(destination) = inbox.destinations.borrow().get(index) {
                let newest = &destination.deliveries.state().successes;
                of_destination.extend(newest.iter().map(counted));
            }
            if inbox.configured(index).is_some() || !of_destination.is_empty() {
                let name = known.name.clone();
                all.push(DestinationHours::of(name, &self, &of_destination));
            }
            yield_now().await;
        }
        Ok(HourCounts {
            events,
            destinations: all,
            complete,
        })
    }
}

impl Handle for ShowFrontPage {
    async fn handle(self, inbox: &InboxContext) -> Result<FrontPage> {
        let events = if self.lists(&inbox.source) {
            self.list.handle(inbox).await?
        } else {
            EventPage::default()
        };
        Ok(FrontPage {
            events,
            metrics: GetMetrics {}.handle(inbox).await?,
            hours: self.hours.handle(inbox).await?,
        })
    }
}
