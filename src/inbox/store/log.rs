//! The answers to the rules' questions about one destination ([`Log`]).

use std::collections::BTreeMap;

use edge_core::inbox_log::{DestinationId, Entry, Line, Log, ReplayId, Seq, Waiting};
use js_sys::Array;
use worker::{Error, Result};

use super::{Store, found::waiting};
use crate::sql::{Column as _, values};

/// The destinations, each with the time of its revival, of which no row is left that had failed before.
pub(super) type Revived = BTreeMap<DestinationId, i64>;

/// No earlier row of the same line. One look-up in an index of those that have a line.
const FIRST_IN_LINE: &str = "(line IS NULL OR NOT EXISTS (
    SELECT 1 FROM waiting AS before
    WHERE before.destination = this.destination AND before.line = this.line AND before.seq < this.seq))";

/// It had failed before the destination came back, so its schedule counts no more; but its `Retry-After` does.
const REVIVED: &str = "failed_at <= ? AND coalesce(not_before, 0) <= ?";

const COLUMNS: &str = "seq, attempts, next_at, not_before, failed_at, replayed, gone, line, alone";

/// The log as one destination sees it.
pub(in crate::inbox) struct View<'s> {
    pub(in crate::inbox) store: &'s Store,
    pub(in crate::inbox) id: DestinationId,
    /// The place of the head, and the destination's tally there.
    pub(in crate::inbox) head: (Seq, u64),
}

impl View<'_> {
    /// The first row in this order that meets a condition and is not among `except`.
    fn first(
        &self,
        condition: &str,
        order: &str,
        values: &Array,
        except: &[Seq],
    ) -> Result<Option<Waiting>> {
        let marks = vec!["?"; except.len()].join(",");
        let query = format!(
            "SELECT {COLUMNS} FROM waiting AS this
             WHERE destination = ? AND {condition} AND {FIRST_IN_LINE} AND seq NOT IN ({marks})
             ORDER BY {order} LIMIT 1"
        );
        let all = values![self.id];
        values.iter().for_each(|value| {
            all.push(&value);
        });
        for seq in except {
            all.push(&seq.column());
        }
        let row = self.store.sql.row(&query, all)?;
        row.map(|mut row| {
            let seq = row.integer()?;
            waiting(seq, &mut row)
        })
        .transpose()
    }

    /// `true` if rows are left that had failed before the destination came back then.
    fn any_revived(&self, revived_at: i64) -> Result<bool> {
        let query = "SELECT 1 FROM waiting WHERE destination = ? AND failed_at <= ? LIMIT 1";
        let row = self.store.sql.row(query, values![self.id, revived_at])?;
        Ok(row.is_some())
    }

    /// `true` if rows may be left that had failed before the destination came back then.
    fn has_revived(&self, revived_at: i64) -> bool {
        self.store.revived.borrow().get(&self.id) != Some(&revived_at)
    }
}

impl Log for View<'_> {
    type Error = Error;

    fn head(&self) -> (Seq, u64) {
        self.head
    }

    fn at_or_after(&self, seq: Seq) -> Result<Option<(Seq, u64)>> {
        let found = self.store.at_or_after(seq)?;
        Ok(found.map(|meta| (meta.seq, meta.tally.of(self.id))))
    }

    fn received_at(&self, seq: Seq) -> Result<Option<i64>> {
        let found = self.store.at_or_after(seq)?;
        Ok(found
            .filter(|meta| meta.seq == seq)
            .map(|meta| meta.received_at))
    }

    fn line(&self, seq: Seq) -> Result<Option<Line>> {
        let found = self.store.at_or_after(seq)?;
        Ok(found
            .filter(|meta| meta.seq == seq)
            .and_then(|meta| meta.line()))
    }

    fn entry(&self, seq: Seq) -> Result<Option<Entry>> {
        let Some(meta) = self.store.at_or_after(seq)?.filter(|meta| meta.seq == seq) else {
            return Ok(None);
        };
        let mut found = self.store.found_of(&[seq], self.id)?;
        let mut found = found.remove(&(self.id, seq)).unwrap_or_default();
        found.routed = meta.tally.routes_to(self.id);
        Ok(Some(Entry {
            seq,
            line: meta.line(),
            found,
        }))
    }

    fn due(
        &self,
        replayed: bool,
        revived_at: Option<i64>,
        now_ms: i64,
        except: &[Seq],
    ) -> Result<Option<Waiting>> {
        let due = "replayed = ? AND next_at <= ?";
        let due = self.first(due, "next_at, seq", &values![replayed, now_ms], except)?;
        let Some(revived_at) = revived_at.filter(|at| due.is_none() && self.has_revived(*at))
        else {
            return Ok(due);
        };
        let values = values![replayed, revived_at, now_ms];
        let revived = format!("replayed = ? AND {REVIVED}");
        self.first(&revived, "next_at, seq", &values, except)
    }

    fn least_tried(
        &self,
        revived_at: Option<i64>,
        now_ms: i64,
        except: &[Seq],
    ) -> Result<Option<Waiting>> {
        const LEAST_TRIED: &str = "failed_at IS NOT NULL, attempts, seq";
        match revived_at.filter(|at| self.has_revived(*at)) {
            None => self.first("next_at <= ?", LEAST_TRIED, &values![now_ms], except),
            Some(revived_at) => {
                let values = values![now_ms, revived_at, now_ms];
                let due = format!("(next_at <= ? OR {REVIVED})");
                self.first(&due, LEAST_TRIED, &values, except)
            }
        }
    }

    fn next_due(&self, revived_at: Option<i64>, after_ms: i64) -> Result<Option<i64>> {
        let mut next = None;
        // JavaScript's numbers are exact up to 2^53.
        let after_ms = after_ms.max(0);
        for replayed in [false, true] {
            let later = "replayed = ? AND next_at > ?";
            let first = self.first(later, "next_at, seq", &values![replayed, after_ms], &[])?;
            next = next.into_iter().chain(first.map(|row| row.next_at)).min();
        }
        let Some(revived_at) = revived_at.filter(|at| self.has_revived(*at)) else {
            return Ok(next);
        };
        let query = format!(
            "SELECT min(max(?1, coalesce(not_before, 0))) FROM waiting AS this
             WHERE destination = ?2 AND failed_at <= ?1 AND max(?1, coalesce(not_before, 0)) > ?3 AND {FIRST_IN_LINE}"
        );
        let row = self
            .store
            .sql
            .row(&query, values![revived_at, self.id, after_ms])?;
        let revived = row.map_or(Ok(None), |mut row| row.optional_integer())?;
        if revived.is_none() && !self.any_revived(revived_at)? {
            // Nothing fails in the past, so none will be left later either.
            self.store.revived.borrow_mut().insert(self.id, revived_at);
        }
        Ok(next.into_iter().chain(revived).min())
    }

    fn waits_before(&self, line: Line, seq: Seq) -> Result<bool> {
        let query = "SELECT 1 FROM waiting WHERE destination = ? AND line = ? AND seq < ?";
        let row = self.store.sql.row(query, values![self.id, line, seq])?;
        Ok(row.is_some())
    }

    fn next_meant(&self, replay: ReplayId, after: Seq, last: Seq) -> Result<Option<Entry>> {
        let mut after = after;
        while let Some(seq) = self.store.next_meant(replay, self.id, after)? {
            if seq > last {
                break;
            }
            // It may be forgotten.
            if let Some(entry) = self.entry(seq)? {
                return Ok(Some(entry));
            }
            after = seq;
        }
        Ok(None)
    }
}
