//! The destinations.

use console::{frame::Tab, link::Query, pages::destinations::DestinationsPage};
use edge_core::{api::Call, messages::destinations::ListDestinations};

use super::{
    Shown, respond,
    visit::{Visit, unexpected},
};
use crate::api::calls;

pub(super) async fn show(visit: &Visit<'_>) -> Shown {
    let Visit { env, config, .. } = visit;
    let Call::Stats(_, hours) = visit.read(&["stats"], &Query::default())? else {
        return Err(unexpected());
    };
    let stats = calls::stats(env, config, None, hours).await?;
    let sources = calls::destinations(env, config, ListDestinations {}).await?;
    let frame = visit.frame("Destinations", Tab::Destinations);
    respond::page(&DestinationsPage::of(frame, sources, &stats, config))
}
