//! Replays of many events, and their progress.

use edge_core::{
    filter::Filter,
    id::ReplayId,
    messages::replays::{LISTED_REPLAYS, ReplayProgress, StartReplay},
    name::DestinationName,
    time::UnixMillis,
};
use worker::Result;

use super::{Store, filter, priority::Priority};
use crate::sql::values;

/// How many events one step replays.
const DONE: i64 = 100;
/// How many events one step looks at.
const LOOKED_AT: i64 = 1000;

/// An unfinished replay.
#[derive(Debug)]
pub(in crate::inbox) struct Replay {
    pub(in crate::inbox) id: ReplayId,
    pub(in crate::inbox) filter: Filter,
    pub(in crate::inbox) destinations: Option<Vec<DestinationName>>,
    /// Events up to this one are done.
    pub(in crate::inbox) after: i64,
    /// The newest event when the replay was requested.
    pub(in crate::inbox) last: i64,
}

/// An event that matches a filter.
#[derive(Debug)]
pub(in crate::inbox) struct Match {
    pub(in crate::inbox) seq: i64,
    pub(in crate::inbox) kind: String,
    pub(in crate::inbox) action: String,
}

/// One step of a replay.
#[derive(Debug, Default)]
pub(in crate::inbox) struct Step<'c> {
    /// How many events it replays.
    pub(in crate::inbox) events: i64,
    /// Their deliveries.
    pub(in crate::inbox) deliveries: Vec<(i64, &'c DestinationName)>,
    /// The `seq` that it reaches; `None` if it is the last step.
    pub(in crate::inbox) after: Option<i64>,
}

impl Store {
    /// The newest event's `seq`; 0 if there is none.
    pub(in crate::inbox) fn newest(&self) -> Result<i64> {
        let row = self.row("SELECT coalesce(max(seq), 0) FROM events", values![])?;
        row.ok_or("the query returned no row")?.integer()
    }

    /// The next events after `after`, up to `last`, that match the filter, and the `seq` up to which it looked: `None`
    /// if to the end.
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
        // As many as one step takes, so there may be more before the end.
        let full = i64::try_from(matches.len()) == Ok(DONE);
        let last_match = matches.last().map(|one| one.seq);
        Ok((matches, last_match.filter(|_| full).or(Some(end))))
    }

    /// Stores a replay that was requested.
    pub(in crate::inbox) fn keep_replay(
        &self,
        id: ReplayId,
        replay: &StartReplay,
        last: i64,
        now_ms: i64,
    ) -> Result<()> {
        let destinations = replay.destinations.as_ref().map(|names| {
            let names: Vec<_> = names.iter().map(DestinationName::as_str).collect();
            names.join(" ")
        });
        self.run(
            "INSERT INTO replays (id, filter, destinations, last, asked_at) VALUES (?, ?, ?, ?, ?)",
            values![
                id.to_string(),
                serde_json::to_string(&replay.filter)?,
                destinations,
                last,
                now_ms
            ],
        )
    }

    /// The oldest unfinished replay.
    pub(in crate::inbox) fn replay(&self) -> Result<Option<Replay>> {
        let row = self.row(
            "SELECT id, filter, coalesce(destinations, ''), after, last FROM replays
             WHERE ended_at IS NULL ORDER BY id LIMIT 1",
            values![],
        )?;
        row.map(|mut row| {
            let id = row.parsed()?;
            let filter = serde_json::from_str(&row.text()?)?;
            let names = row.text()?;
            Ok(Replay {
                id,
                filter,
                destinations: (!names.is_empty()).then(|| {
                    names
                        .split(' ')
                        .filter_map(|name| name.parse().ok())
                        .collect()
                }),
                after: row.integer()?,
                last: row.integer()?,
            })
        })
        .transpose()
    }

    /// Makes a step's deliveries due and records the progress, atomically.
    pub(in crate::inbox) fn do_step(
        &self,
        id: ReplayId,
        step: &Step<'_>,
        now_ms: i64,
    ) -> Result<()> {
        let deliveries = i64::try_from(step.deliveries.len()).unwrap_or(i64::MAX);
        let ended_at = step.after.is_none().then_some(now_ms);
        self.transaction(|| {
            for (seq, destination) in &step.deliveries {
                self.restart(*seq, destination, now_ms, Priority::Replay)?;
            }
            self.run(
                "UPDATE replays SET after = coalesce(?, after), events = events + ?,
                    deliveries = deliveries + ?, ended_at = ? WHERE id = ?",
                values![
                    step.after,
                    step.events,
                    deliveries,
                    ended_at,
                    id.to_string()
                ],
            )
        })
    }

    /// The newest replays.
    pub(in crate::inbox) fn replays(&self) -> Result<Vec<ReplayProgress>> {
        let listed = i64::try_from(LISTED_REPLAYS).unwrap_or(i64::MAX);
        let rows = self.rows(
            "SELECT id, asked_at, ended_at, events, deliveries FROM replays ORDER BY id DESC LIMIT ?",
            values![listed],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(ReplayProgress {
                    id: row.parsed()?,
                    asked_at: UnixMillis(row.integer()?),
                    ended_at: row.optional_integer()?.map(UnixMillis),
                    events: row.integer()?.unsigned_abs(),
                    deliveries: row.integer()?.unsigned_abs(),
                })
            })
            .collect()
    }
}
