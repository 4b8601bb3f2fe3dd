//! The page of the audit list: the actions of operators.

use console::{frame::Tab, pages::audit::AuditPage};
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
    let Call::Audit(list) = visit.read(&["audit"], &query.without(&["done"]))? else {
        return Err(unexpected());
    };
    let page = calls::audit(env, config, list).await?;
    let frame = visit.frame("Audit", Tab::Audit);
    respond::page(&AuditPage::of(frame, &page, query))
}
