//! Objects for operators: the list, and one with its latest state, its history and what belongs to it.

use edge_core::{
    filter::Filter,
    messages::objects::{GetObject, ListObjects, ObjectDetails, ObjectKey, ObjectSummary},
    time::UnixMillis,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use worker::Result;

use super::{
    Handle,
    context::InboxContext,
    events::{cloud_event, summary, time_of},
    search::Matching,
    store::ObjectEvent,
};
use crate::platform::yield_now;

/// How many objects are looked up between two yields.
const LOOKED_UP: usize = 20;
/// How many events of an object's history are told, and how many objects of an account.
const MOST_EVENTS: usize = 50;
const MOST_RELATED: usize = 200;
/// Objects of this type have others.
const ACCOUNT: &str = "account";

impl Handle for ListObjects {
    async fn handle(self, inbox: &InboxContext) -> Result<Vec<ObjectSummary>> {
        let mut all = Vec::new();
        for keys in inbox.store.object_keys(&self)?.chunks(LOOKED_UP) {
            for key in keys {
                let latest = latest(inbox, key)?;
                all.extend(latest.map(|event| summary_of(inbox, key, &event)));
            }
            yield_now().await;
        }
        Ok(all)
    }
}

impl Handle for GetObject {
    async fn handle(self, inbox: &InboxContext) -> Result<Option<ObjectDetails>> {
        let key = self.key;
        let Some(latest) = latest(inbox, &key)? else {
            return Ok(None);
        };
        let stored = inbox.store.load(latest.seq)?;
        let stored = stored.ok_or("an object's event is not in the log")?;
        let object = object(&cloud_event(inbox, &stored)?)?;
        let filter = Filter {
            kind: Some(key.kind.clone()),
            object: Some(key.id.clone()),
            ..Filter::default()
        };
        let mut history = Vec::new();
        let mut matching = Matching::newest_first(inbox, filter, None)?;
        while !matching.is_at_end() && history.len() < MOST_EVENTS {
            let left = MOST_EVENTS.saturating_sub(history.len());
            for found in matching.next(inbox, left)? {
                history.push(summary(inbox, found.candidate, found.deliveries));
            }
        }
        let mut related = Vec::new();
        if key.kind == ACCOUNT {
            let of_account = ListObjects {
                kind: None,
                account: Some(key.id.clone()),
                from: None,
                limit: MOST_RELATED,
            };
            related = of_account.handle(inbox).await?;
            related.retain(|one| one.key() != key);
        }
        Ok(Some(ObjectDetails {
            summary: summary_of(inbox, &key, &latest),
            object,
            history,
            related,
        }))
    }
}

/// The event with the latest state: the rule is that of the destinations that keep the latest state.
fn latest(inbox: &InboxContext, key: &ObjectKey) -> Result<Option<ObjectEvent>> {
    let events = inbox.store.events_of_object(key)?;
    let oldest_first = events.into_iter().rev();
    Ok(oldest_first.reduce(|latest, event| {
        if event.state.replaces(&latest.state) {
            event
        } else {
            latest
        }
    }))
}

fn summary_of(inbox: &InboxContext, key: &ObjectKey, event: &ObjectEvent) -> ObjectSummary {
    ObjectSummary {
        source: inbox.source.clone(),
        r#type: key.kind.clone(),
        id: key.id.clone(),
        account: event.account.clone(),
        deleted: event.state.is_deleted(),
        event: event.id,
        action: event.action.clone(),
        time: time_of(event.updated_at, event.received_at),
        received_at: UnixMillis(event.received_at),
    }
}

/// The object in a CloudEvent, as it is written there.
fn object(event: &RawValue) -> Result<Box<RawValue>> {
    #[derive(Deserialize)]
    struct Event {
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        object: Box<RawValue>,
    }
    let event: Event = serde_json::from_str(event.get())?;
    Ok(event.data.object)
}
