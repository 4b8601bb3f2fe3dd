//! The quarantine.

use console::{
    frame::Tab,
    link::Query,
    pages::quarantine::{QuarantinePage, QuarantinedPage},
};
use edge_core::api::Call;

use super::{
    Shown, respond,
    visit::{Visit, unexpected},
};
use crate::api::calls;

pub(super) async fn list(visit: &Visit<'_>) -> Shown {
    let Visit {
        env, config, query, ..
    } = visit;
    let asked = query.without(&["done", "rest"]);
    let Call::Quarantine(source, list) = visit.read(&["quarantine"], &asked)? else {
        return Err(unexpected());
    };
    let page = calls::quarantine(env, config, source.as_ref(), list).await?;
    let frame = visit.frame("Quarantine", Tab::Quarantine);
    respond::page(&QuarantinePage::of(frame, &page, query, config))
}

pub(super) async fn one(visit: &Visit<'_>, id: &str) -> Shown {
    let Call::Quarantined(get) = visit.read(&["quarantine", id], &Query::default())? else {
        return Err(unexpected());
    };
    let body = calls::quarantined(visit.env, visit.config, get).await?;
    let frame = visit.frame("Quarantined body", Tab::Quarantine);
    respond::page(&QuarantinedPage::of(frame, &body))
}
