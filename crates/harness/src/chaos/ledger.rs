//! Two columns: what 3scale got a 200 for, and what each origin took. What they differ in is lost.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::origins::ORIGINS;

/// Written by the sender, by the origins and by whoever kills.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Records>);

#[derive(Default)]
struct Records {
    /// By the event's id: what 3scale said that it is about.
    accepted: HashMap<String, String>,
    /// The ids that one job of 3scale got. More than one would mean that a repeat was not known again.
    ids_of_job: HashMap<u128, Vec<String>>,
    /// By the event's id, for each origin.
    arrivals: [HashMap<String, Vec<Arrival>>; ORIGINS.len()],
    /// Pairs of an accepted event and an origin that took it.
    delivered: usize,
    downtimes: Vec<Downtime>,
    last_arrival: Option<Instant>,
    damaged: u64,
    too_early: u64,
}

/// When the Worker was down.
struct Downtime {
    from: Instant,
    /// Until it listened again.
    to: Instant,
}

impl Downtime {
    /// Whether it was down at a time between these two. An origin may read while the Worker is down
    /// what it had sent before.
    fn overlaps(&self, before: Instant, again: Instant) -> bool {
        self.from < again && before < self.to
    }
}

/// An event that an origin took.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// `webhook-attempt`.
    pub(crate) attempt: u32,
    /// What the event says that it is about.
    pub(crate) subject: String,
    /// Whether the answer went out only after the Worker had stopped waiting.
    pub(crate) late: bool,
    pub(crate) at: Instant,
}

/// How the two columns compare.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tally {
    /// Events that 3scale got a 200 for.
    pub accepted: usize,
    /// Pairs of such an event and an origin that took it.
    pub delivered: usize,
    /// Pairs of which the origin never did.
    pub lost: usize,
    /// Times that an origin took what it had.
    pub repeated: Repeats,
    /// Events that arrived but that 3scale got no 200 for: its connection broke before the answer.
    pub delivered_without_a_200: usize,
    /// Events that arrived as something else than was sent, or with a wrong signature.
    pub damaged: u64,
    /// Jobs of 3scale that became two events.
    pub taken_twice: usize,
    /// Attempts that came before the `Retry-After` of the one before was over.
    pub too_early: u64,
}

/// Why an origin got again what it had taken.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Repeats {
    /// The Worker was killed after the origin's 2xx, before the outcome was committed.
    pub killed_before_the_commit: usize,
    /// The origin had answered after the timeout.
    pub answered_late: usize,
    /// The origin had answered at once, and yet the Worker took it for a failure: a machine too slow.
    pub answer_came_too_late: usize,
    /// None of these: the outcome was not recorded though nobody was killed.
    pub unexplained: usize,
}

impl Repeats {
    /// All of them.
    pub fn total(&self) -> usize {
        self.killed_before_the_commit
            + self.answered_late
            + self.answer_came_too_late
            + self.unexplained
    }

    /// An attempt keeps its number until its outcome is recorded: so a repeat under the same number means
    /// that it never was, and one under a higher number that it was recorded as a failure.
    fn count(&mut self, before: &Arrival, again: &Arrival, downtimes: &[Downtime]) {
        let killed = downtimes
            .iter()
            .any(|downtime| downtime.overlaps(before.at, again.at));
        let cause = if again.attempt == before.attempt && killed {
            &mut self.killed_before_the_commit
        } else if before.late {
            &mut self.answered_late
        } else if again.attempt > before.attempt {
            &mut self.answer_came_too_late
        } else {
            &mut self.unexplained
        };
        *cause += 1;
    }
}

impl Tally {
    /// Whether all is as it was promised.
    pub fn holds(&self) -> bool {
        self.lost == 0
            && self.damaged == 0
            && self.taken_twice == 0
            && self.too_early == 0
            && self.repeated.unexplained == 0
    }
}

impl Ledger {
    /// 3scale got a 200 with this id for the event that it made as its `job`th.
    pub(crate) fn accept(&self, job: u128, id: &str, subject: &str) {
        let mut records = self.records();
        let known = records.accepted.insert(id.to_owned(), subject.to_owned());
        if known.is_none() {
            // The origins may have been faster than the answer.
            let arrived = |arrivals: &&HashMap<String, _>| arrivals.contains_key(id);
            records.delivered += records.arrivals.iter().filter(arrived).count();
        }
        let ids = records.ids_of_job.entry(job).or_default();
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }

    /// An origin took it.
    pub(crate) fn arrived(&self, origin: usize, id: &str, arrival: Arrival) {
        let mut records = self.records();
        records.last_arrival = Some(arrival.at);
        let Some(arrivals) = records.arrivals.get_mut(origin) else {
            return;
        };
        let arrivals = arrivals.entry(id.to_owned()).or_default();
        arrivals.push(arrival);
        let is_first = arrivals.len() == 1;
        if is_first && records.accepted.contains_key(id) {
            records.delivered += 1;
        }
    }

    /// An origin got something whose signature is wrong or that cannot be read, or 3scale a 200 without an id.
    pub(crate) fn damaged(&self) {
        self.records().damaged += 1;
    }

    /// An origin was tried again before the time that it had asked for.
    pub(crate) fn too_early(&self) {
        self.records().too_early += 1;
    }

    /// The Worker was down since then, and listens again.
    pub(crate) fn was_down(&self, since: Instant) {
        self.records().downtimes.push(Downtime {
            from: since,
            to: Instant::now(),
        });
    }

    /// Deliveries of accepted events that have not come yet.
    pub(crate) fn missing(&self) -> usize {
        let records = self.records();
        records.accepted.len() * ORIGINS.len() - records.delivered
    }

    pub(crate) fn quiet_for(&self) -> Duration {
        let last = self.records().last_arrival;
        last.map_or(Duration::MAX, |last| last.elapsed())
    }

    /// One line of where it stands.
    pub(crate) fn progress(&self) -> String {
        let records = self.records();
        let (accepted, delivered) = (records.accepted.len(), records.delivered);
        format!(
            "accepted {accepted}  delivered {delivered} of {}  kills {}",
            accepted * ORIGINS.len(),
            records.downtimes.len()
        )
    }

    pub(crate) fn tally(&self) -> Tally {
        let records = self.records();
        let mut tally = Tally {
            accepted: records.accepted.len(),
            delivered: records.delivered,
            damaged: records.damaged,
            too_early: records.too_early,
            taken_twice: records
                .ids_of_job
                .values()
                .filter(|ids| ids.len() > 1)
                .count(),
            ..Tally::default()
        };
        tally.lost = tally.accepted * ORIGINS.len() - tally.delivered;
        for (id, arrivals) in records.arrivals.iter().flatten() {
            for (before, again) in arrivals.iter().zip(arrivals.iter().skip(1)) {
                tally.repeated.count(before, again, &records.downtimes);
            }
            match records.accepted.get(id) {
                Some(subject) => {
                    let wrong = arrivals.iter().any(|arrival| arrival.subject != *subject);
                    tally.damaged += u64::from(wrong);
                }
                None => tally.delivered_without_a_200 += 1,
            }
        }
        tally
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
