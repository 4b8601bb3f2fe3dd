//! The attempts at a delivery: those of `attempts`, and first-try successes, which are kept with the position.

use edge_core::{
    inbox_log::{DestinationId, Seq, Success, decode_batch},
    messages::events::AttemptDetails,
    sort::sort_by_key,
    time::UnixMillis,
};
use worker::Result;

use super::{Store, bad_blob};
use crate::sql::{row::Row, values};

/// How many attempts of one delivery are stored, the newest: each replay starts over, and their number is unlimited.
const KEPT_ATTEMPTS: u32 = 50;
/// In how many batches a first-try success is looked for. It is in the first whose highest place is not before it,
/// unless its attempt took much longer than those around it.
const LOOKED_AT: u32 = 4;

/// An attempt that has ended, as it is recorded.
#[derive(Debug, Clone)]
pub(in crate::inbox) struct AttemptRecord {
    /// When it began.
    pub(in crate::inbox) at_ms: i64,
    pub(in crate::inbox) took_ms: i64,
    pub(in crate::inbox) outcome: &'static str,
    pub(in crate::inbox) status: Option<u16>,
    /// The error, without secrets.
    pub(in crate::inbox) detail: Option<String>,
    /// The response, without secrets.
    pub(in crate::inbox) answer: Option<String>,
}

impl Store {
    pub(super) fn record_attempt(
        &self,
        id: DestinationId,
        seq: Seq,
        number: u32,
        attempt: &AttemptRecord,
    ) -> Result<()> {
        self.sql.run(
            "INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values![
                seq,
                id,
                attempt.at_ms,
                number,
                attempt.took_ms,
                attempt.outcome,
                attempt.status.map(u32::from),
                attempt.detail.as_deref(),
                attempt.answer.as_deref(),
            ],
        )?;
        self.sql.run(
            "DELETE FROM attempts WHERE seq = ?1 AND destination = ?2 AND (at, number) <= (
                SELECT at, number FROM attempts WHERE seq = ?1 AND destination = ?2
                ORDER BY at DESC, number DESC LIMIT 1 OFFSET ?3)",
            values![seq, id, KEPT_ATTEMPTS],
        )
    }

    /// The attempts at a delivery, oldest first. `newest` are the successes that are with the destination's state.
    pub(in crate::inbox) fn attempts(
        &self,
        seq: Seq,
        id: DestinationId,
        newest: &[Success],
    ) -> Result<Vec<AttemptDetails>> {
        let query = "SELECT at, ms, outcome, status, detail, answer FROM attempts
            WHERE seq = ? AND destination = ? ORDER BY at, number";
        let rows = self.sql.rows(query, values![seq, id])?;
        let mut all: Vec<AttemptDetails> = rows
            .into_iter()
            .map(|mut row| attempt(&mut row))
            .collect::<Result<_>>()?;
        let query = "SELECT outcomes FROM batches WHERE destination = ? AND upto >= ? ORDER BY upto, n LIMIT ?";
        let batches = self.sql.rows(query, values![id, seq, LOOKED_AT])?;
        for mut batch in batches {
            let successes = decode_batch(&batch.bytes()?).map_err(bad_blob)?;
            all.extend(of_event(&successes, seq));
        }
        all.extend(of_event(newest, seq));
        sort_by_key(&mut all, |attempt| attempt.at);
        Ok(all)
    }
}

fn of_event(successes: &[Success], seq: Seq) -> impl Iterator<Item = AttemptDetails> {
    let of_event = successes.iter().filter(move |success| success.seq == seq);
    of_event.map(|success| {
        let ms = i64::from(success.took_ms);
        AttemptDetails {
            at: UnixMillis(success.at.saturating_sub(ms)),
            ms,
            outcome: "delivered".to_owned(),
            status: success.status,
            detail: None,
            answer: success.answer.clone(),
        }
    })
}

fn attempt(row: &mut Row) -> Result<AttemptDetails> {
    Ok(AttemptDetails {
        at: UnixMillis(row.integer()?),
        ms: row.integer()?,
        outcome: row.text()?,
        status: row
            .optional_integer()?
            .and_then(|status| u16::try_from(status).ok()),
        detail: row.optional_text()?,
        answer: row.optional_text()?,
    })
}
