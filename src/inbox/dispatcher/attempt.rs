//! One attempt, from sending to its record.

use std::rc::Rc;

use edge_core::{
    alert::{Kind, Occurrence},
    config::Destination,
    delivery::{
        outcome::{Failure, Outcome},
        plan::{self, Health, Next},
    },
    time::rfc3339,
};
use worker::Result;

use crate::{
    destination::{self, Sent},
    inbox::{
        alerts,
        context::Core,
        store::{Attempt, Due},
    },
    log,
    platform::{jitter, now_ms},
};

/// Makes an attempt of a delivery to the destination of this index, and rings the dispatcher's bell.
///
/// A failure to record is no failure to deliver, and the other way round: what cannot be recorded
/// stays due as it was.
pub(super) async fn make(core: Rc<Core>, index: usize, due: Due) {
    let dispatcher = &core.dispatcher;
    let Some((destination, state)) = core
        .config
        .destinations
        .get(index)
        .zip(dispatcher.destinations.get(index))
    else {
        return;
    };
    let began = now_ms();
    let number = due.attempts + 1;
    let Sent { outcome, answer } = send(&core, destination, &due, number, began).await;
    let ended = now_ms();
    let before = state.health();
    let (next, health) = plan::after(
        &destination.timing,
        &outcome,
        number,
        before,
        ended,
        jitter(),
    );
    let attempt = Attempt {
        seq: due.event.seq,
        destination: &destination.name,
        number,
        due_at: due.next_at,
        at_ms: began,
        took_ms: ended - began,
        outcome: &outcome,
        detail: outcome.detail().map(|detail| core.mask.text(&detail)),
        answer,
    };
    match record(&core, &due, &attempt, next, (before, health)) {
        Ok(is_worth_telling) => {
            state.set_health(health);
            if is_worth_telling && let Err(error) = alerts::tell(&core, ended) {
                log::trouble("telling an alert", &error);
            }
        }
        Err(error) => {
            log::trouble("recording an attempt", &error);
            dispatcher.troubled.set(true);
        }
    }
    state.end(due.event.seq);
    log_attempt(core.source.name.as_str(), &due.event.id, &attempt, next);
    dispatcher.has_ended(&core).await;
}

/// Keeps what came of it, and gathers what of that is worth telling, if anything is.
fn record(
    core: &Core,
    due: &Due,
    attempt: &Attempt<'_>,
    next: Next,
    (before, health): (Health, Health),
) -> Result<bool> {
    // An alert that does not arrive would tell of itself for ever.
    let dead = (next == Next::Dead && !due.event.is_alert()).then_some(Kind::DeadLetter);
    let change = Kind::of_change(before, health);
    let ended = attempt.at_ms + attempt.took_ms;
    core.store.transaction(|| {
        let changed = (health != before).then_some(health);
        let goes_on = core.store.record(attempt, next, changed)?;
        let happened = dead.filter(|_| goes_on).into_iter().chain(change);
        let mut is_worth_telling = false;
        for kind in happened {
            let occurrence = Occurrence {
                kind,
                destination: Some(attempt.destination.as_str()),
                event: Some(&due.event.id),
                detail: attempt.detail.as_deref(),
                times: 1,
            };
            alerts::note(core, &occurrence, ended)?;
            is_worth_telling = true;
        }
        Ok(is_worth_telling)
    })
}

async fn send(core: &Core, destination: &Destination, due: &Due, attempt: u32, now: i64) -> Sent {
    if destination.keeps_objects() {
        match core.store.is_superseded(&due.event, &destination.name) {
            Ok(false) => {}
            // There is something newer, or that which is for ever.
            Ok(true) => return Outcome::Delivered { status: None }.into(),
            Err(error) => {
                log::trouble("looking for a newer state", &error);
                return Outcome::failed(Failure::Unsendable("the inbox could not be read")).into();
            }
        }
    }
    match due.event.event(&core.source) {
        Ok(event) => {
            destination::send(&core.env, destination, &event, attempt, now, &core.mask).await
        }
        Err(_) => Outcome::failed(Failure::Unsendable(
            "the stored document can no longer be read",
        ))
        .into(),
    }
}

fn log_attempt(source: &str, id: &str, attempt: &Attempt<'_>, next: Next) {
    log::attempt(&log::Attempt {
        source,
        destination: attempt.destination.as_str(),
        id,
        attempt: attempt.number,
        outcome: attempt.outcome.code(),
        status: attempt.outcome.status(),
        detail: attempt.detail.clone(),
        next: match next {
            Next::Wait { until } => Some(rfc3339(until)),
            Next::Dead => Some("never".to_owned()),
            Next::Delivered => None,
        },
        ms: attempt.took_ms,
    });
}
