//! Reports a step to the operator: in the log, and by an alert if it failed or found entries of another receiver.

use edge_core::messages::{care::RaiseAlert, recovery::StepReport};

use super::context::RecoveryContext;
use crate::{inbox::client::Inbox, log};

/// Called at the end of every step, and nowhere else.
pub(super) async fn report(context: &RecoveryContext, report: &StepReport) {
    if report.is_news() {
        log::recovery(report);
    }
    if context.config.alerts.is_empty() {
        return;
    }
    for alert in report.alerts(context.config.alert_pause_ms) {
        if let Err(error) = raise(context, alert).await {
            log::error("raising an alert about a recovery", &error);
        }
    }
}

async fn raise(context: &RecoveryContext, alert: RaiseAlert) -> worker::Result<()> {
    let inbox = Inbox::first(&context.env, &context.source)?;
    inbox.ask(alert).await
}
