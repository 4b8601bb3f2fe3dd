//! One attempt, from sending to its record.

use std::rc::Rc;

use crate::{
    config::Destination,
    delivery::{
        outcome::{Failure, Outcome},
        plan::{self, Next},
    },
    destination::{self, Sent},
    event::rfc3339,
    inbox::{
        core::Core,
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
    let Some((destination, lane)) = core
        .config
        .destinations
        .get(index)
        .zip(dispatcher.lanes.get(index))
    else {
        return;
    };
    let began = now_ms();
    let number = due.attempts + 1;
    let Sent { outcome, answer } = send(&core, destination, &due, number, began).await;
    let ended = now_ms();
    let before = lane.health();
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
        at_ms: began,
        took_ms: ended - began,
        outcome: &outcome,
        detail: outcome.detail().map(|detail| core.mask.text(&detail)),
        answer,
    };
    match core
        .store
        .record(&attempt, next, (health != before).then_some(health))
    {
        Ok(()) => lane.set_health(health),
        Err(error) => {
            log::trouble("recording an attempt", &error);
            dispatcher.troubled.set(true);
        }
    }
    lane.end(due.event.seq);
    log_attempt(core.source.name.as_str(), &due.event.id, &attempt, next);
    dispatcher.bell.ring();
}

async fn send(core: &Core, destination: &Destination, due: &Due, attempt: u32, now: i64) -> Sent {
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
