//! The state of destinations, and the operators' actions on them.

use edge_core::messages::destinations::{
    DestinationOverview, DropDestination, ListDestinations, PauseDestination,
};
use worker::Result;

use super::{Handle, context::InboxContext, dispatcher, retention};
use crate::platform::{now_ms, yield_now};

impl Handle for ListDestinations {
    async fn handle(self, inbox: &InboxContext) -> Result<Vec<DestinationOverview>> {
        overview(inbox)
    }
}

impl Handle for PauseDestination {
    async fn handle(self, inbox: &InboxContext) -> Result<Vec<DestinationOverview>> {
        let mut known = inbox.config.destinations.iter();
        if let Some(index) = known.position(|known| known.name == self.destination) {
            dispatcher::pause(inbox, index, self.paused)?;
            inbox.memory.expect(&inbox.storage, now_ms()).await?;
        }
        overview(inbox)
    }
}

impl Handle for DropDestination {
    async fn handle(self, inbox: &InboxContext) -> Result<Vec<DestinationOverview>> {
        let name = &self.destination;
        if inbox.config.destination(name.as_str()).is_none() {
            while inbox.store.drop_undelivered(name)? {
                yield_now().await;
            }
            retention::look_again(inbox)?;
        }
        overview(inbox)
    }
}

/// The configured destinations, and removed ones that still have undelivered events.
fn overview(inbox: &InboxContext) -> Result<Vec<DestinationOverview>> {
    let mut all = Vec::new();
    for destination in &inbox.config.destinations {
        all.push(inbox.store.destination_overview(&destination.name, false)?);
    }
    for name in inbox.store.undelivered_destinations()? {
        if inbox.config.destination(name.as_str()).is_none() {
            all.push(inbox.store.destination_overview(&name, true)?);
        }
    }
    Ok(all)
}
