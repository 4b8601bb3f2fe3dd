//! Executes what the rules decided, statement by statement.

use edge_core::inbox_log::{DestinationId, Seq, State, Success, Waiting, Write, encode_batch};
use worker::Result;

use super::{AttemptRecord, Store, bad_blob};
use crate::sql::values;

impl Store {
    /// Executes a statement for a destination. `attempt` is the record of [`Write::Attempt`]. The caller makes all
    /// statements of a change one transaction.
    pub(in crate::inbox) fn execute(
        &self,
        id: DestinationId,
        write: &Write,
        attempt: impl FnOnce(Seq, i64) -> Option<AttemptRecord>,
        now_ms: i64,
    ) -> Result<()> {
        match write {
            Write::Destination(state) => self.write_state(id, state),
            Write::Batch(successes) => self.write_batch(id, successes),
            Write::PutWaiting(row) => self.put_waiting(id, row),
            Write::DeleteWaiting(seq) => self.delete("waiting", id, *seq),
            Write::PutDead { seq, at } => self
                .sql
                .run("INSERT INTO dead VALUES (?, ?, ?)", values![id, *seq, *at]),
            Write::DeleteDead(seq) => self.delete("dead", id, *seq),
            Write::PutExtra(seq) => self.sql.run(
                "INSERT OR IGNORE INTO extra VALUES (?, ?)",
                values![id, *seq],
            ),
            Write::DeleteExtra(seq) => self.delete("extra", id, *seq),
            Write::PutDrop { first, last } => self.put_drop(id, *first, *last),
            Write::Attempt { seq, number, at } => match attempt(*seq, *at) {
                Some(record) => self.record_attempt(id, *seq, *number, &record),
                // The attempt was not made: its event had ended the isolate before.
                None => Ok(()),
            },
            Write::PutCursor(cursor) => {
                let blob = cursor.encode().map_err(bad_blob)?;
                self.sql.run(
                    "INSERT OR REPLACE INTO replay_cursors VALUES (?, ?, ?)",
                    values![cursor.replay, id, blob.as_slice()],
                )
            }
            Write::DeleteCursor(replay) => self.end_cursor(*replay, id, now_ms),
        }
    }

    fn write_state(&self, id: DestinationId, state: &State) -> Result<()> {
        let blob = state.encode().map_err(bad_blob)?;
        self.sql.run(
            "UPDATE destinations SET state = ? WHERE id = ?",
            values![blob.as_slice(), id],
        )
    }

    fn write_batch(&self, id: DestinationId, successes: &[Success]) -> Result<()> {
        let upto = successes.iter().map(|one| one.seq).max().unwrap_or(0);
        let blob = encode_batch(successes).map_err(bad_blob)?;
        self.sql.run(
            "INSERT INTO batches SELECT ?1, ?2, coalesce(max(n), 0) + 1, ?3 FROM batches
             WHERE destination = ?1 AND upto = ?2",
            values![id, upto, blob.as_slice()],
        )
    }

    fn put_waiting(&self, id: DestinationId, row: &Waiting) -> Result<()> {
        self.sql.run(
            "INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (destination, seq) DO UPDATE SET
                attempts = excluded.attempts, next_at = excluded.next_at, not_before = excluded.not_before,
                failed_at = excluded.failed_at, replayed = excluded.replayed, gone = excluded.gone,
                line = excluded.line, alone = excluded.alone",
            values![
                id,
                row.seq,
                row.attempts,
                row.next_at,
                row.not_before,
                row.failed_at,
                row.replayed,
                row.gone,
                row.line,
                row.alone,
            ],
        )
    }

    /// Ranges do not overlap: a single place inside one is given up already.
    fn put_drop(&self, id: DestinationId, first: Seq, last: Seq) -> Result<()> {
        self.sql.run(
            "INSERT INTO drops SELECT ?1, ?2, ?3 WHERE ?2 > coalesce((
                SELECT last FROM drops WHERE destination = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1), 0)",
            values![id, first, last],
        )
    }

    fn delete(&self, table: &str, id: DestinationId, seq: Seq) -> Result<()> {
        let statement = format!("DELETE FROM {table} WHERE destination = ? AND seq = ?");
        self.sql.run(&statement, values![id, seq])
    }
}
