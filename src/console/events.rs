//! The list of events, and its export.

use console::{
    frame::Tab,
    pages::events::{EventList, EventsPage, FilterForm, OWN_PARAMETERS, Strip},
};
use edge_core::{
    api::Call,
    messages::destinations::{DestinationOverview, ListDestinations},
};

use super::{
    Shown, respond,
    visit::{Visit, unexpected},
};
use crate::api::calls;

/// How many thousand documents are searched for one page.
const THOUSANDS_SEARCHED: usize = 5;

pub(super) async fn list(visit: &Visit<'_>) -> Shown {
    let Visit {
        env, config, query, ..
    } = visit;
    let Call::Events(source, mut list) =
        visit.read(&["events"], &query.without(&OWN_PARAMETERS))?
    else {
        return Err(unexpected());
    };
    if list.filter.text.is_some() {
        // Documents are read for it, a thousand in a hundredth of a second. The page says how far it has got, and goes on.
        list.thousands = Some(THOUSANDS_SEARCHED);
    }
    let page = calls::events(env, config, source.as_ref(), list).await?;
    let frame = visit.frame("Events", Tab::Events);
    respond::page(&EventsPage {
        strip: strip(visit).await?,
        list: EventList::of(&page, query, &frame, config),
        filter: FilterForm::of(query, config),
        frame,
    })
}

async fn strip(visit: &Visit<'_>) -> Result<Strip, edge_core::problem::Problem> {
    let Visit { env, config, .. } = visit;
    let Call::Stats(_, hours) = visit.read(&["stats"], &console::link::Query::default())? else {
        return Err(unexpected());
    };
    let stats = calls::stats(env, config, None, hours).await?;
    let sources = calls::sources(env, config).await?;
    let destinations = calls::destinations(env, config, ListDestinations {}).await?;
    let destinations = destinations
        .sources
        .into_iter()
        .map(|source| source.destinations);
    let destinations = DestinationOverview::merge(destinations.collect());
    Ok(Strip::of(&sources, &destinations, &stats, visit.now_ms))
}

/// The same lines as the API's.
pub(super) fn export(visit: &Visit<'_>) -> Shown {
    let query = visit.query.without(&["cursor", "limit", "done"]);
    let Call::Export(source, events) = visit.read(&["events.ndjson"], &query)? else {
        return Err(unexpected());
    };
    calls::export(visit.env, visit.config, source.as_ref(), events)
}
