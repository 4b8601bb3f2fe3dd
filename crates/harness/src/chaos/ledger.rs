//! Two columns: the events that 3scale got a 200 for, and the events that each origin took. The difference is lost.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// The destinations, by name.
pub(crate) const ORIGINS: [&str; 3] = ["crm", "billing", "search"];

/// Written by the sender, by the origins and by the killer of the runtime.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Records>);

#[derive(Default)]
struct Records {
    /// By the event's id: the object that 3scale sent.
    accepted: HashMap<String, String>,
    /// The ids that one job of 3scale got. More than one would mean that a repeat was not recognized.
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

/// A time during which the Worker was down.
struct Downtime {
    from: Instant,
    /// Until it listened again.
    to: Instant,
}

impl Downtime {
    /// `true` if it was down at some time between these two. An origin may read while the Worker is down what was sent
    /// before.
    fn overlaps(&self, before: Instant, again: Instant) -> bool {
        self.from < again && before < self.to
    }
}

/// An event that an origin took.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// `webhook-attempt`.
    pub(crate) attempt: u32,
    /// The object that the event names.
    pub(crate) subject: String,
    /// `true` if the response was sent only after the Worker had stopped waiting.
    pub(crate) late: bool,
    pub(crate) at: Instant,
}

/// The comparison of the two columns.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tally {
    /// Events that 3scale got a 200 for.
    pub accepted: usize,
    /// Pairs of such an event and an origin that took it.
    pub delivered: usize,
    /// Pairs of which the origin never took the event.
    pub lost: usize,
    /// Times that an origin took an event that it already had.
    pub repeated: Repeats,
    /// Events that arrived although 3scale got no 200 for them: its connection broke before the response.
    pub delivered_without_a_200: usize,
    /// Events that arrived with a different object than was sent, or with a wrong signature.
    pub damaged: u64,
    /// Jobs of 3scale that became two events.
    pub taken_twice: usize,
    /// Attempts made before the `Retry-After` of the previous one had passed.
    pub too_early: u64,
}

/// Why an origin was sent again an event that it had taken.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Repeats {
    /// The Worker was killed after the origin's 2xx, before the outcome was committed.
    pub killed_before_the_commit: usize,
    /// The origin had answered after the timeout.
    pub answered_late: usize,
    /// The origin had answered at once, but the Worker took it for a failure: the machine is too slow.
    pub answer_came_too_late: usize,
    /// None of these: the outcome was not recorded although nothing was killed.
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

    /// An attempt keeps its number until its outcome is recorded: a repeat with the same number means that it never
    /// was, and one with a higher number that it was recorded as a failure.
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
    /// `true` if every guarantee held.
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
            // The origins may have been faster than the response.
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

    /// An origin got something unreadable or with a wrong signature, or 3scale a 200 without an id.
    pub(crate) fn damaged(&self) {
        self.records().damaged += 1;
    }

    /// An origin was retried before the time that it had asked for.
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

    /// Deliveries of accepted events that have not arrived yet.
    pub(crate) fn missing(&self) -> usize {
        let records = self.records();
        records.accepted.len() * ORIGINS.len() - records.delivered
    }

    pub(crate) fn quiet_for(&self) -> Duration {
        let last = self.records().last_arrival;
        last.map_or(Duration::MAX, |last| last.elapsed())
    }

    /// One line about the progress.
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
