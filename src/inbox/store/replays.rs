//! Replays of many events: how far each has got.

use edge_core::{
    filter::{Again, Filter},
    name::DestinationName,
};
use worker::Result;

use super::{Store, deliveries::Priority, filter};
use crate::sql::values;

/// How many events one step delivers again.
const DONE: i64 = 100;
/// How many events one step looks at.
const LOOKED_AT: i64 = 1000;
/// How many replays operators see.
const LISTED: i64 = 50;

/// A replay that has not ended.
#[derive(Debug)]
pub(in crate::inbox) struct Replay {
    pub(in crate::inbox) id: String,
    pub(in crate::inbox) filter: Filter,
    pub(in crate::inbox) destinations: Option<Vec<String>>,
    /// It has done the events up to this one.
    pub(in crate::inbox) after: i64,
    /// The newest event when it was asked for.
    pub(in crate::inbox) last: i64,
}

/// An event that a filter means.
#[derive(Debug)]
pub(in crate::inbox) struct Match {
    pub(in crate::inbox) seq: i64,
    pub(in crate::inbox) kind: String,
    pub(in crate::inbox) action: String,
}

/// What one step of a replay does.
#[derive(Debug, Default)]
pub(in crate::inbox) struct Step<'c> {
    /// How many events it delivers again.
    pub(in crate::inbox) events: i64,
    /// Their deliveries.
    pub(in crate::inbox) deliveries: Vec<(i64, &'c DestinationName)>,
    /// How far it gets; `None` if it is the last.
    pub(in crate::inbox) after: Option<i64>,
}

impl Store {
    /// The newest event's place in the order; 0 if there is none.
    pub(in crate::inbox) fn newest(&self) -> Result<i64> {
        let row = self.row("SELECT coalesce(max(seq), 0) FROM events", values![])?;
        row.ok_or("the query gave no row")?.integer()
    }

    /// The next events after `after`, up to `last`, that the filter means, and how far that was looked:
    /// `None` if to the end.
    pub(in crate::inbox) fn matches(
        &self,
        filter: &Filter,
        after: i64,
        last: i64,
    ) -> Result<(Vec<Match>, Option<i64>)> {
        let looked = self.row(
            "SELECT max(seq) FROM
                (SELECT seq FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?)",
            values![after, last, LOOKED_AT],
        )?;
        let Some(end) = looked.map_or(Ok(None), |mut row| row.optional_integer())? else {
            return Ok((Vec::new(), None));
        };
        let (condition, its_values) = filter::of_events(filter);
        let query = format!(
            "SELECT seq, kind, action FROM events
             WHERE seq > ? AND seq <= ? AND {condition} ORDER BY seq LIMIT {DONE}"
        );
        let mut values = values![after, end];
        values.extend(filter::bound(its_values));
        let mut matches = Vec::new();
        for mut row in self.rows(&query, values)? {
            matches.push(Match {
                seq: row.integer()?,
                kind: row.text()?,
                action: row.text()?,
            });
        }
        // As many as one step takes: there may be more before the end.
        let full = i64::try_from(matches.len()) == Ok(DONE);
        let last_match = matches.last().map(|one| one.seq);
        Ok((matches, last_match.filter(|_| full).or(Some(end))))
    }

    /// Keeps a replay that has been asked for.
    pub(in crate::inbox) fn keep_replay(
        &self,
        id: &str,
        again: &Again,
        last: i64,
        now_ms: i64,
    ) -> Result<()> {
        let destinations = again.destinations.as_ref().map(|names| names.join(" "));
        self.run(
            "INSERT INTO replays (id, filter, destinations, last, asked_at) VALUES (?, ?, ?, ?, ?)",
            values![id, again.filter.to_json(), destinations, last, now_ms],
        )
    }

    /// The oldest replay that has not ended.
    pub(in crate::inbox) fn replay(&self) -> Result<Option<Replay>> {
        let row = self.row(
            "SELECT id, filter, coalesce(destinations, ''), after, last FROM replays
             WHERE ended_at IS NULL ORDER BY id LIMIT 1",
            values![],
        )?;
        row.map(|mut row| {
            let id = row.text()?;
            let filter = Filter::from_json(&row.text()?).ok_or("a replay has no filter")?;
            let names = row.text()?;
            Ok(Replay {
                id,
                filter,
                destinations: (!names.is_empty())
                    .then(|| names.split(' ').map(str::to_owned).collect()),
                after: row.integer()?,
                last: row.integer()?,
            })
        })
        .transpose()
    }

    /// Makes a step's deliveries due, and notes that it is done: all or nothing.
    pub(in crate::inbox) fn do_step(&self, id: &str, step: &Step<'_>, now_ms: i64) -> Result<()> {
        let deliveries = i64::try_from(step.deliveries.len()).unwrap_or(i64::MAX);
        let ended_at = step.after.is_none().then_some(now_ms);
        self.transaction(|| {
            for (seq, destination) in &step.deliveries {
                self.begin_anew(*seq, destination, now_ms, Priority::Replay)?;
            }
            self.run(
                "UPDATE replays SET after = coalesce(?, after), events = events + ?,
                    deliveries = deliveries + ?, ended_at = ? WHERE id = ?",
                values![step.after, step.events, deliveries, ended_at, id],
            )
        })
    }

    /// The newest replays, one a line: id, when it was asked for, when it ended (`-` if it has not), events,
    /// deliveries.
    pub(in crate::inbox) fn replays_overview(&self) -> Result<String> {
        let row = self.row(
            "SELECT coalesce(group_concat(line, char(10)), '') FROM (
                SELECT concat_ws(' ', id, asked_at, coalesce(ended_at, '-'), events, deliveries) AS line
                FROM replays ORDER BY id DESC LIMIT ?)",
            values![LISTED],
        )?;
        row.ok_or("the query gave no row")?.text()
    }
}
