//! 3scale: makes events at a steady rate, and sends each as Sidekiq does, until it gets a 200 or gives up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::Plan;
use super::ledger::Ledger;
use stand_in::failures::Failures;
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;
use stand_in::sidekiq::{Attempt, Job, Pace, Sidekiq};
use stand_in::target::Target;
use stand_in::wire::{Answer, BodyFormat};

/// 3scale waits a minute and more between two attempts; here it is three seconds and more, so that its six attempts
/// span some restarts of the Worker.
const TIME_FACTOR: f64 = 20.0;
/// One in fifty attempts is sent again at once, whatever its result: Sidekiq was restarted.
const RESTARTS: f64 = 0.02;
/// One event in eight is sent as the legacy form.
const FORM_EVERY: u64 = 8;

/// The sender's counts.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sent {
    /// Events that it made.
    pub events: u64,
    /// Requests that it sent.
    pub attempts: u64,
    /// Those answered 200.
    pub answered_200: u64,
    /// Those answered with another status.
    pub answered_otherwise: u64,
    /// Those that got no answer.
    pub no_answer: u64,
    /// Six attempts without a 200: 3scale lists them as failed, and only recovery can fetch them.
    pub gave_up: usize,
}

/// Sends all events of the plan, and ends when each has its 200 or was given up.
pub(crate) async fn send(plan: &Plan, hook: Target, ledger: &Arc<Ledger>) -> Sent {
    let pace = Pace {
        time_factor: TIME_FACTOR,
        restarts: RESTARTS,
        ..Pace::default()
    };
    let sent = Arc::new(Mutex::new(Sent::default()));
    let failures = Arc::new(Mutex::new(Failures::default()));
    let watch = {
        let (sent, ledger) = (Arc::clone(&sent), Arc::clone(ledger));
        move |attempt: Attempt<'_>| {
            lock(&sent).count(attempt.result);
            note(&attempt, &ledger);
        }
    };
    let sidekiq = Arc::new(Sidekiq::new(pace, Arc::clone(&failures), watch));

    let events = u32::try_from(plan.events).unwrap_or(u32::MAX).max(1);
    let mut ticks = interval(plan.sending / events);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut jobs = JoinSet::new();
    for (number, kind) in (1..=plan.events).zip(Kind::ALL.into_iter().cycle()) {
        ticks.tick().await;
        while jobs.try_join_next().is_some() {}
        let (sidekiq, job) = (Arc::clone(&sidekiq), job(number, kind, hook.clone()));
        jobs.spawn(async move { sidekiq.run(job).await });
    }
    while jobs.join_next().await.is_some() {}
    Sent {
        events: plan.events,
        gave_up: lock(&failures).len(),
        ..lock(&sent).clone()
    }
}

/// The job's id is its number: 3scale does not send it.
fn job(number: u64, kind: Kind, target: Target) -> Job {
    let format = if number.is_multiple_of(FORM_EVERY) {
        BodyFormat::Form
    } else {
        BodyFormat::Xml
    };
    Job {
        id: Uuid::from_u128(number.into()),
        kind,
        target,
        xml: Notification::of(kind).id(number).xml(),
        format,
    }
}

/// Only a 200 counts.
fn note(attempt: &Attempt<'_>, ledger: &Ledger) {
    let Ok(answer) = attempt.result else { return };
    if !answer.is_success() {
        return;
    }
    let (number, kind) = (attempt.job.id.as_u128(), attempt.job.kind);
    let subject = format!(
        "net.3scale.{}.{} {}/{number}",
        kind.object, kind.action, kind.object
    );
    match id(answer) {
        Some(id) => ledger.accept(number, &id, &subject),
        None => ledger.damaged(),
    }
}

/// The event's id in a 200.
fn id(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_str(&answer.body).ok()?;
    Some(body.get("id")?.as_str()?.to_owned())
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sent {
    fn count(&mut self, result: &anyhow::Result<Answer>) {
        self.attempts += 1;
        *match result {
            Ok(answer) if answer.is_success() => &mut self.answered_200,
            Ok(_) => &mut self.answered_otherwise,
            Err(_) => &mut self.no_answer,
        } += 1;
    }
}
