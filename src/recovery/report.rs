//! Reports a step to the operator: in the log, and by an alert if it failed.

use edge_core::{
    alert::Kind,
    messages::{
        care::RaiseAlert,
        recovery::{State, StepReport},
    },
};

use super::context::RecoveryContext;
use crate::{inbox::client::Inbox, log};

/// Called at the end of every step, and nowhere else.
pub(super) async fn report(context: &RecoveryContext, report: &StepReport) {
    if report.is_news() {
        log::recovery(report);
    }
    if let State::Failed(code) = report.state
        && !context.config.alerts.is_empty()
    {
        let detail = report.detail.as_deref().unwrap_or_default();
        let alert = RaiseAlert {
            kind: Kind::RecoveryFailed,
            detail: format!("{}: {detail}", code.as_str()),
            pause_ms: context.config.alert_pause_ms,
        };
        if let Err(error) = raise(context, alert).await {
            log::error("raising an alert about a failed recovery", &error);
        }
    }
}

async fn raise(context: &RecoveryContext, alert: RaiseAlert) -> worker::Result<()> {
    let inbox = Inbox::first(&context.env, &context.source)?;
    inbox.ask(alert).await
}
