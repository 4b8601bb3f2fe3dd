//! The list of events, and its export.

use console::{
    frame::Tab,
    link::Query,
    pages::events::{EventList, EventsPage, FilterForm, OWN_PARAMETERS, Strip},
};
use edge_core::{api::Call, messages::front_page::ShowFrontPage};

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
    let Call::Stats(_, hours) = visit.read(&["stats"], &Query::default())? else {
        return Err(unexpected());
    };
    let show = ShowFrontPage {
        source,
        list,
        hours,
    };
    let (page, metrics, stats) = calls::front_page(env, config, show).await?;
    let frame = visit.frame("Events", Tab::Events);
    respond::page(&EventsPage {
        strip: Strip::of(&metrics, &stats, visit.now_ms),
        list: EventList::of(&page, query, &frame, config),
        filter: FilterForm::of(query, config),
        frame,
    })
}

/// The same lines as the API's.
pub(super) fn export(visit: &Visit<'_>) -> Shown {
    let query = visit.query.without(&["cursor", "limit", "done"]);
    let Call::Export(source, events) = visit.read(&["events.ndjson"], &query)? else {
        return Err(unexpected());
    };
    calls::export(visit.env, visit.config, source.as_ref(), events)
}
