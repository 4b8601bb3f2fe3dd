//! Two columns: what 3scale got a 200 for, and what each origin took. What they differ in is lost.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::origins::ORIGINS;

/// Written by the sender, by the origins and by whoever kills.
#[derive(Default)]
pub struct Ledger(Mutex<Books>);

#[derive(Default)]
struct Books {
    /// By the event's id: what 3scale said that it is about.
    accepted: HashMap<String, String>,
    /// The ids that one job of 3scale got. More than one would mean that a repeat was not known again.
    ids_of_job: HashMap<u128, Vec<String>>,
    /// By the event's id, for each origin.
    arrivals: [HashMap<String, Vec<Arrival>>; ORIGINS.len()],
    /// Pairs of an accepted event and an origin that took it.
    delivered: usize,
    cuts: Vec<Cut>,
    last_arrival: Option<Instant>,
    forged: u64,
    too_early: u64,
}

/// The Worker was dead.
struct Cut {
    from: Instant,
    /// Until it listened again.
    to: Instant,
}

impl Cut {
    /// Whether it was dead at a time between these two. An origin may read while the Worker is dead
    /// what it had sent before.
    fn lies_between(&self, before: Instant, again: Instant) -> bool {
        self.from < again && before < self.to
    }
}

/// An event that an origin took.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// `webhook-attempt`.
    pub attempt: u32,
    /// What the event says that it is about.
    pub subject: String,
    /// Whether the answer went out only after the Worker had stopped waiting.
    pub late: bool,
    pub at: Instant,
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
    pub fn total(&self) -> usize {
        self.killed_before_the_commit
            + self.answered_late
            + self.answer_came_too_late
            + self.unexplained
    }

    /// An attempt keeps its number until its outcome is recorded: so a repeat under the same number means
    /// that it never was, and one under a higher number that it was recorded as a failure.
    fn count(&mut self, before: &Arrival, again: &Arrival, cuts: &[Cut]) {
        let killed = cuts.iter().any(|cut| cut.lies_between(before.at, again.at));
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
    pub fn accept(&self, job: u128, id: &str, subject: &str) {
        let mut books = self.books();
        let known = books.accepted.insert(id.to_owned(), subject.to_owned());
        if known.is_none() {
            // The origins may have been faster than the answer.
            let arrived = |arrivals: &&HashMap<String, _>| arrivals.contains_key(id);
            books.delivered += books.arrivals.iter().filter(arrived).count();
        }
        let ids = books.ids_of_job.entry(job).or_default();
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }

    /// An origin took it.
    pub fn arrived(&self, origin: usize, id: &str, arrival: Arrival) {
        let mut books = self.books();
        books.last_arrival = Some(arrival.at);
        let Some(arrivals) = books.arrivals.get_mut(origin) else {
            return;
        };
        let arrivals = arrivals.entry(id.to_owned()).or_default();
        arrivals.push(arrival);
        let is_first = arrivals.len() == 1;
        if is_first && books.accepted.contains_key(id) {
            books.delivered += 1;
        }
    }

    /// An origin got something whose signature is wrong or that cannot be read, or 3scale a 200 without an id.
    pub fn forged(&self) {
        self.books().forged += 1;
    }

    /// An origin was tried again before the time that it had asked for.
    pub fn too_early(&self) {
        self.books().too_early += 1;
    }

    /// The Worker was dead since then, and listens again.
    pub fn was_dead(&self, since: Instant) {
        self.books().cuts.push(Cut {
            from: since,
            to: Instant::now(),
        });
    }

    /// Deliveries of accepted events that have not come yet.
    pub fn missing(&self) -> usize {
        let books = self.books();
        books.accepted.len() * ORIGINS.len() - books.delivered
    }

    pub fn quiet_for(&self) -> Duration {
        let last = self.books().last_arrival;
        last.map_or(Duration::MAX, |last| last.elapsed())
    }

    /// One line of where it stands.
    pub fn progress(&self) -> String {
        let books = self.books();
        let (accepted, delivered) = (books.accepted.len(), books.delivered);
        format!(
            "accepted {accepted}  delivered {delivered} of {}  kills {}",
            accepted * ORIGINS.len(),
            books.cuts.len()
        )
    }

    pub fn tally(&self) -> Tally {
        let books = self.books();
        let mut tally = Tally {
            accepted: books.accepted.len(),
            delivered: books.delivered,
            damaged: books.forged,
            too_early: books.too_early,
            taken_twice: books
                .ids_of_job
                .values()
                .filter(|ids| ids.len() > 1)
                .count(),
            ..Tally::default()
        };
        tally.lost = tally.accepted * ORIGINS.len() - tally.delivered;
        for (id, arrivals) in books.arrivals.iter().flatten() {
            for (before, again) in arrivals.iter().zip(arrivals.iter().skip(1)) {
                tally.repeated.count(before, again, &books.cuts);
            }
            match books.accepted.get(id) {
                Some(subject) => {
                    let wrong = arrivals.iter().any(|arrival| arrival.subject != *subject);
                    tally.damaged += u64::from(wrong);
                }
                None => tally.delivered_without_a_200 += 1,
            }
        }
        tally
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
