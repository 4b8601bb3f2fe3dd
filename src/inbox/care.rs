//! The inbox's maintenance, which the cron requests, its answer to `/healthz`, and 3scale's Ping!.

use edge_core::{
    alert::Occurrence,
    messages::care::{LookAround, OldSecretUse, Pinged, RaiseAlert},
    time::UnixMillis,
};
use worker::Result;

use super::{Handle, alerts, context::InboxContext, dispatcher, intake::OLD_SECRET, retention};
use crate::{log, platform::now_ms};

/// The note of the last Ping!.
pub(super) const PING: &str = "ping";

impl Handle for LookAround {
    /// Sets the alarm if something is due, since it may have been lost; raises an alert about deliveries that have
    /// waited for too long; and forgets old events.
    async fn handle(self, inbox: &InboxContext) -> Result<Option<UnixMillis>> {
        dispatcher::wake(inbox, now_ms())?;
        if let Err(error) = alert_of_overdue(inbox) {
            log::error("looking for overdue deliveries", &error);
        }
        retention::forget(inbox).await?;
        Ok(inbox.store.last_received()?.map(UnixMillis))
    }
}

fn alert_of_overdue(inbox: &InboxContext) -> Result<()> {
    if inbox.config.alerts.is_empty() {
        return Ok(());
    }
    alerts::look_for_overdue(inbox)?;
    dispatcher::send_alerts(inbox, now_ms())
}

impl Handle for RaiseAlert {
    async fn handle(self, inbox: &InboxContext) -> Result<()> {
        let occurrence = Occurrence {
            kind: self.kind,
            destination: None,
            event: None,
            detail: Some(&self.detail),
            times: 1,
        };
        alerts::note_lasting(inbox, &occurrence, self.pause_ms)?;
        dispatcher::send_alerts(inbox, now_ms())
    }
}

impl Handle for Pinged {
    async fn handle(self, inbox: &InboxContext) -> Result<()> {
        inbox.store.note(PING, now_ms())
    }
}

impl Handle for OldSecretUse {
    async fn handle(self, inbox: &InboxContext) -> Result<Option<UnixMillis>> {
        Ok(inbox.store.noted(OLD_SECRET)?.map(UnixMillis))
    }
}
