//! The order of an object's events after `shards` has grown. Its earlier events are in the inbox that kept its account
//! before; an ordered destination gets them first, so its later ones wait for that inbox. [`edge_core::shard`] has the
//! rules.

use edge_core::{
    config::Destination,
    inbox_log::Seq,
    messages::order::{AskEarlier, EarlierEvents},
    shard::{ask_again_after, earlier_owners, is_handed_over},
};
use worker::Result;

use super::{client::Inbox, context::InboxContext};
use crate::{log, platform::now_ms};

/// How many objects are remembered. With more, all are asked about once more.
const MOST_REMEMBERED: usize = 10_000;

/// How long an event has to wait, in milliseconds, since earlier ones of its object wait in another inbox. `None`: it may
/// be sent.
///
/// # Errors
///
/// The inbox's own.
pub(super) async fn wait_of(
    inbox: &InboxContext,
    index: usize,
    destination: &Destination,
    seq: Seq,
) -> Result<Option<i64>> {
    // The first inbox has kept its accounts from the beginning.
    if !destination.ordered || inbox.shard == 0 {
        return Ok(None);
    }
    let Some((known, object)) = inbox.known.get(index).zip(inbox.store.object_of(seq)?) else {
        return Ok(None);
    };
    let earlier = &inbox.memory.earlier;
    if earlier.passed.borrow().contains(&(known.id, object.line)) {
        return Ok(None);
    }
    for owner in earlier_owners(object.account.as_deref(), inbox.shard) {
        if earlier.handed_over.borrow().contains(&(known.id, owner)) {
            continue;
        }
        let question = AskEarlier {
            destination: destination.name.clone(),
            kind: object.kind.clone(),
            object: object.id.clone(),
        };
        let now = now_ms();
        let answer = match ask(inbox, owner, question).await {
            Ok(answer) => answer,
            Err(error) => {
                log::error("asking an earlier inbox", &error);
                return Ok(Some(ask_again_after(object.received_at, now)));
            }
        };
        if answer.object_waits {
            return Ok(Some(ask_again_after(object.received_at, now)));
        }
        let oldest = answer.oldest_waiting_at.map(|at| at.0);
        let (_, born_at) = inbox.store.oldest()?.unwrap_or((0, now));
        if is_handed_over(oldest, born_at, now) {
            earlier.handed_over.borrow_mut().insert((known.id, owner));
        }
    }
    let mut passed = earlier.passed.borrow_mut();
    if passed.len() >= MOST_REMEMBERED {
        passed.clear();
    }
    passed.insert((known.id, object.line));
    Ok(None)
}

async fn ask(inbox: &InboxContext, owner: u32, question: AskEarlier) -> Result<EarlierEvents> {
    let source = inbox.config.source(inbox.source.as_str());
    let source = source.ok_or("its source is not configured")?;
    Inbox::of_shard(&inbox.env, source, owner)?
        .ask(question)
        .await
}
