//! The consequences of an attempt, for its delivery and for its destination.
//!
//! A destination in trouble and the refusal of one event are two things ([`Concern`]): whoever can have
//! an event refused, by a word in a name, must not be able to hold up the other events. So only the first
//! counts for the breaker and pauses.

use serde::{Deserialize, Serialize};

use super::{
    binding::next_midnight,
    breaker::Breaker,
    outcome::{Concern, Outcome},
    timing::{Jitter, Timing},
};

/// The recent history of a destination, as the inbox remembers it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Its breaker.
    pub breaker: Breaker,
    /// `true` if it gets nothing until somebody resumes it. Its deliveries wait.
    pub paused: bool,
    /// The event that the last attempt was about, if that was answered 410.
    pub gone: Option<i64>,
    /// Nothing is sent before this time, in milliseconds since 1970: KV's writes of the day are used up.
    pub not_before: Option<i64>,
}

impl Health {
    /// How many deliveries may be under way to it at once.
    #[must_use]
    pub fn allows(&self, concurrency: usize, now_ms: i64) -> usize {
        if self.paused || self.not_before.is_some_and(|at| at > now_ms) {
            0
        } else {
            self.breaker.allows(concurrency, now_ms)
        }
    }

    /// When a delivery that is due at `due_at` can be tried, or `None` while nothing can.
    #[must_use]
    pub fn earliest(&self, due_at: i64) -> Option<i64> {
        let not_before = self.not_before.unwrap_or(i64::MIN);
        (!self.paused).then(|| due_at.max(self.breaker.opens_at()).max(not_before))
    }

    /// `true` if the next attempt finds out if it works again, and so takes an event that has not failed yet.
    #[must_use]
    pub fn is_probing(&self) -> bool {
        self.breaker.probe_at.is_some()
    }
}

/// How far a delivery has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The event's place in the inbox.
    pub seq: i64,
    /// Attempts that were used up before this one.
    pub attempts: u32,
    /// `true` if a 410 has already been forgiven it.
    pub gone: bool,
    /// `true` if it was in a batch that was refused, and is sent by itself since.
    pub alone: bool,
}

/// Where a delivery goes on from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nowhere: it is delivered.
    Delivered,
    /// It is tried again.
    Wait(Wait),
    /// Its attempts ran out, or it can never be delivered: a dead letter.
    Dead,
}

/// A delivery that is tried again. Times are milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// When, by the schedule.
    pub until: i64,
    /// Not before, whatever happens to the destination: its `Retry-After`.
    pub not_before: Option<i64>,
    /// Attempts that are used up.
    pub attempts: u32,
    /// `true` if a 410 has been forgiven it.
    pub gone: bool,
    /// `true` if it is sent by itself: a batch with it was refused.
    pub alone: bool,
}

/// The consequences of an attempt that ended at `now_ms`.
#[must_use]
pub fn after(
    timing: &Timing,
    outcome: &Outcome,
    progress: Progress,
    health: Health,
    now_ms: i64,
    jitter: Jitter,
) -> (Next, Health) {
    let tried = Tried {
        timing,
        progress,
        now_ms,
        jitter,
    };
    match outcome {
        Outcome::Delivered { .. } => (
            Next::Delivered,
            Health {
                breaker: health.breaker.succeeded(),
                gone: None,
                ..health
            },
        ),
        Outcome::Postponed { wait_ms } => (tried.for_free(now_ms.saturating_add(*wait_ms)), health),
        _ if is_final(timing, outcome) => (Next::Dead, health),
        Outcome::Gone => tried.gone(health),
        Outcome::Failed { failure, .. } if failure.is_daily_limit() => {
            let until = next_midnight(now_ms);
            let health = Health {
                not_before: Some(until),
                ..health
            };
            (tried.for_free(until), health)
        }
        Outcome::Failed {
            failure,
            retry_after_ms,
        } => {
            let health = Health {
                gone: None,
                ..health
            };
            match failure.concern() {
                Concern::Destination => {
                    let breaker = health.breaker.failed(timing, now_ms);
                    (tried.again(*retry_after_ms), Health { breaker, ..health })
                }
                Concern::Event => (tried.again(*retry_after_ms), health),
                Concern::EventForever => (Next::Dead, health),
            }
        }
    }
}

/// The consequences of an attempt with several events for one of them. `health` is the destination's before it, for
/// each of them: the attempt counts once, as one about `lead`.
///
/// Of a batch that was refused nobody knows which event was at fault. So none of them has used up an attempt, and each
/// is sent by itself.
#[must_use]
pub fn after_together(
    timing: &Timing,
    outcome: &Outcome,
    progress: Progress,
    lead: i64,
    health: Health,
    now_ms: i64,
    jitter: Jitter,
) -> (Next, Health) {
    let as_one = Progress {
        seq: lead,
        ..progress
    };
    let (next, after) = after(timing, outcome, as_one, health, now_ms, jitter);
    let (is_refused, retry_after_ms) = match outcome {
        Outcome::Delivered { .. } | Outcome::Postponed { .. } => (false, None),
        // The second one in a row says that nothing is wanted, whoever it was about.
        Outcome::Gone => (health.paused || !after.paused, None),
        Outcome::Failed {
            failure,
            retry_after_ms,
        } => {
            let concerns_events = failure.concern() != Concern::Destination;
            (
                concerns_events || is_final(timing, outcome),
                *retry_after_ms,
            )
        }
    };
    if !is_refused {
        return (next, after);
    }
    let not_before = not_before(timing, now_ms, retry_after_ms);
    let apart = Wait {
        until: not_before.unwrap_or(now_ms),
        not_before,
        attempts: progress.attempts,
        gone: progress.gone,
        alone: true,
    };
    (Next::Wait(apart), after)
}

fn is_final(timing: &Timing, outcome: &Outcome) -> bool {
    let status = outcome.status();
    status.is_some_and(|status| timing.final_statuses.contains(&status))
}

/// The end of a `Retry-After`, as far as it is followed.
fn not_before(timing: &Timing, now_ms: i64, retry_after_ms: Option<i64>) -> Option<i64> {
    retry_after_ms.map(|asked| {
        let followed = asked.min(timing.longest_retry_after);
        now_ms.saturating_add(followed)
    })
}

struct Tried<'a> {
    timing: &'a Timing,
    progress: Progress,
    now_ms: i64,
    jitter: Jitter,
}

impl Tried<'_> {
    /// By the schedule, with one attempt less.
    fn again(&self, retry_after_ms: Option<i64>) -> Next {
        let attempts = self.progress.attempts.saturating_add(1);
        let delay = self
            .timing
            .delay_after(attempts, retry_after_ms, self.jitter);
        delay.map_or(Next::Dead, |delay| {
            Next::Wait(Wait {
                until: self.now_ms.saturating_add(delay),
                not_before: not_before(self.timing, self.now_ms, retry_after_ms),
                attempts,
                gone: self.progress.gone,
                alone: self.progress.alone,
            })
        })
    }

    fn for_free(&self, until: i64) -> Next {
        Next::Wait(Wait {
            until,
            not_before: None,
            attempts: self.progress.attempts,
            gone: self.progress.gone,
            alone: self.progress.alone,
        })
    }

    /// A single 410 may be about this event alone. If it is, a second one counts like any refusal:
    /// else it would be tried for ever.
    fn gone(&self, health: Health) -> (Next, Health) {
        let Progress { seq, gone, .. } = self.progress;
        if health.gone.is_some_and(|other| other != seq) {
            let health = Health {
                paused: true,
                gone: None,
                ..health
            };
            return (self.for_free(self.now_ms), health);
        }
        let health = Health {
            gone: Some(seq),
            ..health
        };
        let next = match self.again(None) {
            Next::Wait(wait) if !gone => Next::Wait(Wait {
                attempts: self.progress.attempts,
                gone: true,
                ..wait
            }),
            // The last attempt is not used up either.
            Next::Dead if !gone => {
                let last = self.timing.schedule.last().copied().unwrap_or_default();
                Next::Wait(Wait {
                    until: self.now_ms.saturating_add(last),
                    not_before: None,
                    attempts: self.progress.attempts,
                    gone: true,
                    alone: self.progress.alone,
                })
            }
            next => next,
        };
        (next, health)
    }
}

#[cfg(test)]
mod tests;
