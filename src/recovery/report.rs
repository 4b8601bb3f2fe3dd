//! Tells the operator how it went.

use edge_core::{alert::Kind, messages::Report, recovery::run::Run};

use super::context::Core;
use crate::{inbox::client::Inbox, log};

/// The one place that every step passes once it is over.
pub(super) async fn report(core: &Core, run: &Run) {
    if run.is_news() {
        log::recovery(run);
    }
    if run.failed()
        && !core.config.alerts.is_empty()
        && let Err(error) = alert(core, run).await
    {
        log::trouble("telling of a recovery that failed", &error);
    }
}

async fn alert(core: &Core, run: &Run) -> worker::Result<()> {
    let detail = run.detail.as_deref().unwrap_or_default();
    let report = Report {
        kind: Kind::RecoveryFailed,
        detail: format!("{}: {detail}", run.state),
        pause_ms: core.config.alert_pause_ms,
    };
    Inbox::first(&core.env, &core.source)?.alert(&report).await
}
