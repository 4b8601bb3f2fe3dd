//! One event.

use console::{frame::Tab, link::Query, pages::event::EventPage, text::credentials::Credentials};
use edge_core::{
    api::Call,
    messages::{audit::ActionKind, events::GetEvent},
};
use serde_json::{Map, Value};

use super::{
    Shown, respond,
    visit::{Visit, unexpected},
};
use crate::api::{audit, calls};

pub(super) async fn show(visit: &Visit<'_>, id: &str) -> Shown {
    page(visit, id, Credentials::Masked).await
}

/// The same with the credentials. It is recorded, and has no address of its own, so that no link shows them.
pub(super) async fn reveal(visit: &Visit<'_>, id: &str) -> Shown {
    page(visit, id, Credentials::Shown).await
}

async fn page(visit: &Visit<'_>, id: &str, credentials: Credentials) -> Shown {
    let Visit { env, config, .. } = visit;
    let Call::Event(get) = visit.read(&["events", id], &Query::default())? else {
        return Err(unexpected());
    };
    let event = calls::event(env, config, get).await?;
    if credentials == Credentials::Shown {
        let mut details = Map::new();
        details.insert("event".to_owned(), Value::from(id));
        let kind = ActionKind::RevealCredentials;
        audit::note(env, &visit.caller(), kind, Some(&event.source), details).await?;
    }
    let previous = match event.previous {
        // It may have been deleted meanwhile.
        Some(id) => calls::event(env, config, GetEvent { id }).await.ok(),
        None => None,
    };
    let frame = visit.frame("Event", Tab::Events);
    respond::page(&EventPage::of(
        frame,
        &event,
        previous.as_ref(),
        credentials,
    ))
}
