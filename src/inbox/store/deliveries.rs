//! Deliveries, their attempts, and the health of the destinations.

use edge_core::{
    delivery::{
        breaker::Breaker,
        outcome::Outcome,
        plan::{Health, Next, Wait},
    },
    name::DestinationName,
};
use worker::{Result, SqlStorageValue};

use super::{Store, StoredEvent, priority::Priority};
use crate::sql::values;

/// A delivery that is due, with all that an attempt needs.
#[derive(Debug)]
pub(in crate::inbox) struct Due {
    pub(in crate::inbox) event: StoredEvent,
    /// Attempts so far.
    pub(in crate::inbox) attempts: u32,
    /// `true` if a 410 was forgiven.
    pub(in crate::inbox) gone: bool,
    /// Since when it is due. Restarting the delivery changes this.
    pub(in crate::inbox) next_at: i64,
}

/// An attempt that has ended.
pub(in crate::inbox) struct Attempt<'a> {
    pub(in crate::inbox) seq: i64,
    pub(in crate::inbox) destination: &'a DestinationName,
    /// From 1.
    pub(in crate::inbox) number: u32,
    /// Since when its delivery was due.
    pub(in crate::inbox) due_at: i64,
    pub(in crate::inbox) at_ms: i64,
    pub(in crate::inbox) took_ms: i64,
    pub(in crate::inbox) outcome: &'a Outcome,
    /// The error, without secrets.
    pub(in crate::inbox) detail: Option<String>,
    /// The response, without secrets.
    pub(in crate::inbox) answer: Option<String>,
}

/// How many attempts of one delivery are stored, the newest: each replay starts over, and their number is unlimited.
const KEPT_ATTEMPTS: i64 = 50;

/// No earlier event about the same object waits for the same destination. One look-up in an index of waiting
/// deliveries, however many were delivered before.
const FIRST_OF_ITS_OBJECT: &str = "AND NOT EXISTS (
    SELECT 1 FROM deliveries AS before
    WHERE before.destination = this.destination AND before.state = 'waiting'
        AND before.object = this.object AND before.seq < this.seq)";

/// The key that keeps deliveries in sequence: an event's object, in the format of `deliveries.object`.
const LINE: &str = "SELECT kind || ' ' || events.object FROM events WHERE events.seq =";

/// The earliest time of both priorities.
fn earliest(of: impl Fn(Priority) -> Result<Option<i64>>) -> Result<Option<i64>> {
    let (first, replayed) = (of(Priority::Live)?, of(Priority::Replay)?);
    Ok(first.into_iter().chain(replayed).min())
}

impl Store {
    /// Deliveries to a destination that are due: by their priority, and the longest overdue first. If the destination
    /// is ordered, a delivery whose object has an earlier event waiting is not due. A probe takes the least-tried
    /// delivery, so that an event that is refused does not hold up the others.
    pub(in crate::inbox) fn due(
        &self,
        destination: &DestinationName,
        now_ms: i64,
        limit: usize,
        is_probing: bool,
    ) -> Result<Vec<Due>> {
        let least_tried = if is_probing { "attempts + gone," } else { "" };
        let query = format!(
            "SELECT {}, attempts, gone, next_at
             FROM deliveries AS this JOIN events USING (seq)
             WHERE destination = ? AND state = 'waiting' AND replayed = ? AND next_at <= ? {}
             ORDER BY {least_tried} next_at, seq LIMIT ?",
            StoredEvent::COLUMNS,
            self.first_in_line(destination)
        );
        let mut all = Vec::new();
        for priority in Priority::ALL {
            let left = i64::try_from(limit - all.len()).unwrap_or(i64::MAX);
            if left == 0 {
                break;
            }
            let values = values![destination.as_str(), priority.column(), now_ms, left];
            for mut row in self.rows(&query, values)? {
                let event = StoredEvent::read(&mut row)?;
                all.push(Due {
                    event,
                    attempts: u32::try_from(row.integer()?).unwrap_or(u32::MAX),
                    gone: row.integer()? != 0,
                    next_at: row.integer()?,
                });
            }
        }
        Ok(all)
    }

    /// When the next delivery to a destination is due, if any is waiting.
    pub(in crate::inbox) fn next_due(&self, destination: &DestinationName) -> Result<Option<i64>> {
        let query = format!(
            "SELECT min(next_at) FROM deliveries AS this
             WHERE destination = ? AND state = 'waiting' AND replayed = ? {}",
            self.first_in_line(destination)
        );
        earliest(|priority| self.time(&query, values![destination.as_str(), priority.column()]))
    }

    /// When the first delivery to a destination that is not due yet will be.
    pub(in crate::inbox) fn next_due_after(
        &self,
        destination: &DestinationName,
        now_ms: i64,
    ) -> Result<Option<i64>> {
        let query = format!(
            "SELECT min(next_at) FROM deliveries AS this
             WHERE destination = ? AND state = 'waiting' AND replayed = ? AND next_at > ? {}",
            self.first_in_line(destination)
        );
        earliest(|priority| {
            self.time(
                &query,
                values![destination.as_str(), priority.column(), now_ms],
            )
        })
    }

    fn first_in_line(&self, destination: &DestinationName) -> &'static str {
        if self.ordered.contains(destination) {
            FIRST_OF_ITS_OBJECT
        } else {
            ""
        }
    }

    /// Brings deliveries into sequence that began to wait for an ordered destination before it was ordered.
    pub(super) fn line_up(&self, destination: &DestinationName) -> Result<()> {
        let statement = format!(
            "UPDATE deliveries SET object = ({LINE} deliveries.seq)
             WHERE destination = ? AND state = 'waiting' AND object IS NULL
                AND ({LINE} deliveries.seq) IS NOT NULL"
        );
        self.run(&statement, values![destination.as_str()])
    }

    /// Makes a delivery due with no attempts made: a new one, or an existing one, even if it has ended.
    pub(super) fn restart(
        &self,
        seq: i64,
        destination: &DestinationName,
        now_ms: i64,
        priority: Priority,
    ) -> Result<()> {
        let line = if self.ordered.contains(destination) {
            format!("({LINE} ?2)")
        } else {
            "NULL".to_owned()
        };
        let statement = format!(
            "INSERT INTO deliveries (destination, seq, next_at, replayed, object) VALUES (?1, ?2, ?3, ?4, {line})
             ON CONFLICT (seq, destination) DO UPDATE SET
                state = 'waiting', attempts = 0, gone = 0, next_at = excluded.next_at, replayed = excluded.replayed,
                object = excluded.object"
        );
        self.run(
            &statement,
            values![destination.as_str(), seq, now_ms, priority.column()],
        )
    }

    pub(super) fn time(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Option<i64>> {
        self.row(query, values)?
            .map_or(Ok(None), |mut row| row.optional_integer())
    }

    /// Atomically records an attempt, the delivery's next state and the destination's health, which is `None` if it has
    /// not changed. Returns whether the delivery has got its next state: not if it was restarted while the attempt was
    /// under way.
    pub(in crate::inbox) fn record(
        &self,
        attempt: &Attempt<'_>,
        next: Next,
        health: Option<Health>,
    ) -> Result<bool> {
        let ended = |state| (state, attempt.at_ms, attempt.number, false);
        let (state, next_at, attempts, gone) = match next {
            Next::Wait(Wait {
                until,
                attempts,
                gone,
                ..
            }) => ("waiting", until, attempts, gone),
            Next::Delivered => ended("delivered"),
            Next::Dead => ended("dead"),
        };
        let destination = attempt.destination.as_str();
        self.transaction(|| {
            self.run(
                "INSERT INTO attempts (seq, destination, number, at, ms, outcome, status, detail, answer)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values![
                    attempt.seq,
                    destination,
                    i64::from(attempt.number),
                    attempt.at_ms,
                    attempt.took_ms,
                    attempt.outcome.code(),
                    attempt.outcome.status().map(i32::from),
                    attempt.detail.clone(),
                    attempt.answer.clone(),
                ],
            )?;
            self.run(
                "DELETE FROM attempts WHERE seq = ?1 AND destination = ?2 AND (at, number) <= (
                    SELECT at, number FROM attempts WHERE seq = ?1 AND destination = ?2
                    ORDER BY at DESC, number DESC LIMIT 1 OFFSET ?3)",
                values![attempt.seq, destination, KEPT_ATTEMPTS],
            )?;
            let updated = self.row(
                "UPDATE deliveries SET state = ?, attempts = ?, gone = ?, next_at = ?
                 WHERE destination = ? AND seq = ? AND next_at = ? RETURNING seq",
                values![
                    state,
                    i64::from(attempts),
                    i64::from(gone),
                    next_at,
                    destination,
                    attempt.seq,
                    attempt.due_at,
                ],
            )?;
            health.map_or(Ok(()), |health| {
                self.set_health(attempt.destination, health)
            })?;
            Ok(updated.is_some())
        })
    }

    /// The health of each destination that has ever failed.
    pub(in crate::inbox) fn health(&self) -> Result<Vec<(DestinationName, Health)>> {
        let rows = self.rows(
            "SELECT name, failures, probe_at, paused FROM destinations",
            values![],
        )?;
        let mut all = Vec::new();
        for mut row in rows {
            let name = row.text()?;
            let failures = u32::try_from(row.integer()?).unwrap_or(u32::MAX);
            let breaker = Breaker {
                failures,
                probe_at: row.optional_integer()?,
            };
            let health = Health {
                breaker,
                paused: row.integer()? != 0,
                // These cover the last minutes only, and are found out again.
                ..Health::default()
            };
            // A destination that is no longer configured may have any name; nothing is sent there.
            all.extend(name.parse().ok().map(|name| (name, health)));
        }
        Ok(all)
    }

    /// Stores the health of a destination.
    pub(in crate::inbox) fn set_health(
        &self,
        name: &DestinationName,
        health: Health,
    ) -> Result<()> {
        self.run(
            "INSERT INTO destinations (name, failures, probe_at, paused) VALUES (?, ?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET
                failures = excluded.failures, probe_at = excluded.probe_at, paused = excluded.paused",
            values![
                name.as_str(),
                i64::from(health.breaker.failures),
                health.breaker.probe_at,
                i64::from(health.paused),
            ],
        )
    }
}
