//! Gets deliveries to their destinations: runs on the alarm, sends what is due, records each outcome.
//!
//! There is one object for a source and one dispatcher in it, so that a delivery is under way is
//! remembered in memory alone: if the object dies, the delivery is still due, and the alarm that
//! called us comes back, since it is only gone once we return.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    task::Poll,
    time::Duration,
};

use futures_util::{
    StreamExt as _,
    future::{Either, select},
    pin_mut,
    stream::FuturesUnordered,
    task::AtomicWaker,
};
use threescale::{Limits, Notification};
use worker::{Date, DateInit, Delay, Env, ScheduledTime, Storage};

use super::store::{Attempt, Due, Store};
use crate::{
    config::{Config, Destination, Source},
    delivery::{
        outcome::{Failure, Outcome},
        plan::{self, Health, Next},
    },
    destination,
    event::{Event, rfc3339},
    log,
    name::DestinationName,
    platform::{jitter, now_ms},
};

/// The runtime has six connections for one invocation.
const MOST_AT_ONCE: usize = 6;
/// Fewer for one destination, so that one that hangs leaves some to the others.
const MOST_TO_ONE: usize = 2;
/// The free plan allows 50 subrequests for one invocation; then the next alarm goes on.
const MOST_IN_ONE_RUN: usize = 40;
/// An alarm may run for 15 minutes.
const LONGEST_RUN_MS: i64 = 5 * 60_000;
/// A turn of the loop takes as long as the slowest attempt (a minute); longer, and it is dead.
const DEAD_AFTER_MS: i64 = 2 * 60_000;
/// After trouble with the storage.
const PAUSE_AFTER_TROUBLE_MS: i64 = 60_000;
/// An alarm that is overdue by this is taken for lost: they have been seen to get stuck.
const ALARM_LOST_AFTER_MS: i64 = 30_000;

/// What is known in memory. All of it may be lost.
#[derive(Default)]
pub(super) struct Dispatcher {
    /// When the loop last turned, while it runs.
    beat: Cell<Option<i64>>,
    /// For when the alarm is set, as far as we know.
    alarm_at: Cell<Option<i64>>,
    /// One for each configured destination, in the configuration's order.
    lanes: Vec<Lane>,
    rung: Cell<bool>,
    waiting: AtomicWaker,
}

/// How one destination is doing, and what is under way to it.
#[derive(Default)]
struct Lane {
    health: Cell<Health>,
    under_way: RefCell<Vec<i64>>,
}

/// What a run works with.
pub(super) struct Run<'r> {
    pub(super) env: &'r Env,
    pub(super) config: &'r Config,
    pub(super) store: &'r Store,
    pub(super) source: &'r Source,
}

/// A delivery that is about to be tried.
struct Start<'r> {
    destination: &'r Destination,
    lane: &'r Lane,
    due: Due,
}

impl Dispatcher {
    /// `health` is what the store remembers of destinations, those that are no longer configured among them.
    pub(super) fn new(config: Option<&Config>, health: &[(DestinationName, Health)]) -> Self {
        let lane = |destination: &Destination| {
            let known = health.iter().find(|(name, _)| *name == destination.name);
            Lane {
                health: Cell::new(known.map_or_else(Health::default, |(_, health)| *health)),
                ..Lane::default()
            }
        };
        let destinations = config.map_or(&[][..], |config| &config.destinations);
        Self {
            lanes: destinations.iter().map(lane).collect(),
            ..Self::default()
        }
    }

    /// Makes sure that deliveries due at `at` are looked at then. Setting an alarm costs a commit,
    /// so it is done only if none is early enough.
    pub(super) async fn expect(&self, storage: &Storage, at: i64) -> worker::Result<()> {
        let now = now_ms();
        if self
            .beat
            .get()
            .is_some_and(|beat| now - beat < DEAD_AFTER_MS)
        {
            self.rung.set(true);
            self.waiting.wake();
            return Ok(());
        }
        match self.alarm_at.get() {
            Some(set) if set <= at && now - set < ALARM_LOST_AFTER_MS => Ok(()),
            _ => self.set_alarm(storage, at).await,
        }
    }

    /// The alarm that was set has come.
    pub(super) fn alarm_came(&self) {
        self.alarm_at.set(None);
    }

    /// The alarm: sends until nothing is due, then sets the alarm for what is due next.
    pub(super) async fn run(&self, run: &Run<'_>, storage: &Storage) -> worker::Result<()> {
        let troubled = self.send_all_due(run).await;
        self.beat.set(None);
        let not_before = if troubled {
            now_ms() + PAUSE_AFTER_TROUBLE_MS
        } else {
            i64::MIN
        };
        match self.next_due(run)? {
            Some(at) => self.set_alarm(storage, at.max(not_before)).await,
            None => Ok(()),
        }
    }

    /// When something is due next that can be tried.
    pub(super) fn next_due(&self, run: &Run<'_>) -> worker::Result<Option<i64>> {
        let mut next: Option<i64> = None;
        for (destination, lane) in run.config.destinations.iter().zip(&self.lanes) {
            let due = run.store.next_due(&destination.name)?;
            next = next
                .into_iter()
                .chain(due.and_then(|due| lane.health.get().earliest(due)))
                .min();
        }
        Ok(next)
    }

    async fn set_alarm(&self, storage: &Storage, at: i64) -> worker::Result<()> {
        // First, so that what arrives while we wait does not set it later again.
        self.alarm_at.set(Some(at));
        let date = Date::new(DateInit::Millis(at.max(0).cast_unsigned()));
        let set = storage.set_alarm(ScheduledTime::new(date.into())).await;
        if set.is_err() {
            self.alarm_at.set(None);
        }
        set
    }

    /// Whether there was trouble with the storage, so that it is better to wait.
    async fn send_all_due(&self, run: &Run<'_>) -> bool {
        let began = now_ms();
        let mut sent = 0;
        let mut troubled = false;
        let mut sends = FuturesUnordered::new();
        loop {
            let now = now_ms();
            self.beat.set(Some(now));
            self.rung.set(false);
            if !troubled && now - began < LONGEST_RUN_MS {
                let free = MOST_AT_ONCE
                    .saturating_sub(sends.len())
                    .min(MOST_IN_ONE_RUN.saturating_sub(sent));
                match self.startable(run, now, free) {
                    Ok(starting) => {
                        sent += starting.len();
                        sends.extend(starting.into_iter().map(|start| attempt(run, start)));
                    }
                    Err(error) => {
                        log::trouble("looking for due deliveries", &error);
                        troubled = true;
                    }
                }
            }
            if sends.is_empty() {
                return troubled;
            }
            let wake = self.rung_or(run, now);
            pin_mut!(wake);
            if let Either::Left((Some(Err(error)), _)) = select(sends.next(), wake).await {
                log::trouble("recording an attempt", &error);
                troubled = true;
            }
        }
    }

    /// What can be started now, `free` at the most: the destinations take turns.
    fn startable<'r>(
        &'r self,
        run: &Run<'r>,
        now: i64,
        free: usize,
    ) -> worker::Result<Vec<Start<'r>>> {
        let mut queues = Vec::new();
        for (destination, lane) in run.config.destinations.iter().zip(&self.lanes) {
            let under_way = lane.under_way.borrow();
            let allowed = lane
                .health
                .get()
                .allows(MOST_TO_ONE, now)
                .saturating_sub(under_way.len())
                .min(free);
            if allowed > 0 {
                let mut due = run
                    .store
                    .due(&destination.name, now, under_way.len() + allowed)?;
                due.retain(|due| !under_way.contains(&due.seq));
                due.truncate(allowed);
                queues.push(due.into_iter().map(move |due| Start {
                    destination,
                    lane,
                    due,
                }));
            }
        }
        let mut starting = Vec::new();
        for _turn in 0..MOST_TO_ONE {
            for start in queues.iter_mut().filter_map(Iterator::next) {
                // What there is no place for stays due.
                if starting.len() < free {
                    start.lane.under_way.borrow_mut().push(start.due.seq);
                    starting.push(start);
                }
            }
        }
        Ok(starting)
    }

    /// Ends when somebody rings, or when something else becomes due.
    async fn rung_or(&self, run: &Run<'_>, now: i64) {
        let rung = poll_fn(|context| {
            self.waiting.register(context.waker());
            if self.rung.get() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        // What is due already waits for a free place, not for a time.
        let wait = self
            .next_due(run)
            .ok()
            .flatten()
            .map_or(DEAD_AFTER_MS / 2, |at| at - now);
        let wait = if wait <= 0 {
            DEAD_AFTER_MS / 2
        } else {
            wait.min(DEAD_AFTER_MS / 2)
        };
        select(
            rung,
            Delay::from(Duration::from_millis(wait.unsigned_abs())),
        )
        .await;
    }
}

/// One attempt, from sending to its record.
async fn attempt(run: &Run<'_>, start: Start<'_>) -> worker::Result<()> {
    let Start {
        destination,
        lane,
        due,
    } = start;
    let began = now_ms();
    let number = due.attempts + 1;
    let outcome = send(run, destination, &due, number, began).await;
    let ended = now_ms();
    let before = lane.health.get();
    let (next, health) = plan::after(&outcome, number, before, ended, jitter());
    let attempt = Attempt {
        seq: due.seq,
        destination: &destination.name,
        number,
        at_ms: began,
        took_ms: ended - began,
        outcome: &outcome,
    };
    let recorded = run
        .store
        .record(&attempt, next, (health != before).then_some(health));
    if recorded.is_ok() {
        lane.health.set(health);
    }
    lane.under_way.borrow_mut().retain(|seq| *seq != due.seq);
    log_attempt(run.source.name.as_str(), &due.id, &attempt, next);
    recorded
}

async fn send(
    run: &Run<'_>,
    destination: &Destination,
    due: &Due,
    attempt: u32,
    now: i64,
) -> Outcome {
    // What was accepted once is read again under no other limit than its size then.
    let limits = Limits {
        bytes: due.xml.len(),
        ..Limits::default()
    };
    let Ok(notification) = Notification::parse_with(&due.xml, &limits) else {
        return Outcome::failed(Failure::Unsendable(
            "the stored document can no longer be read",
        ));
    };
    let source = run.source.name.as_str();
    let named = format!("/sources/{source}");
    let event = Event {
        id: &due.id,
        source,
        source_uri: run.source.admin_url.as_deref().unwrap_or(&named),
        sequence: due.seq,
        received_ms: due.received_at,
        base: &due.base,
        notification,
        xml: &due.xml,
    };
    destination::send(run.env, destination, &event, attempt, now).await
}

fn log_attempt(source: &str, id: &str, attempt: &Attempt<'_>, next: Next) {
    let detail = match attempt.outcome {
        Outcome::Failed { failure, .. } => Some(failure.to_string()),
        Outcome::Delivered { .. } | Outcome::Gone => None,
    };
    log::attempt(&log::Attempt {
        source,
        destination: attempt.destination.as_str(),
        id,
        attempt: attempt.number,
        outcome: attempt.outcome.code(),
        status: attempt.outcome.status(),
        detail,
        next: match next {
            Next::Wait { until } => Some(rfc3339(until)),
            Next::Dead => Some("never".to_owned()),
            Next::Delivered => None,
        },
        ms: attempt.took_ms,
    });
}
