//! The quarantine: authenticated bodies that could not be parsed, stored as they came.

use edge_core::{id::Digest, messages::intake::Unparsable};
use worker::Result;

use super::Store;
use crate::sql::values;

/// How many different bodies are stored; the oldest are removed first.
const MOST: u32 = 1000;

impl Store {
    /// Stores a body, or counts it if it is stored already: 3scale sends each six times. Returns whether it is new.
    pub(in crate::inbox) fn quarantine(
        &self,
        digest: Digest,
        unparsable: &Unparsable,
        body: &[u8],
        now_ms: i64,
    ) -> Result<bool> {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.transaction(|| {
            let row = self.sql.row(
                "INSERT INTO quarantine (digest, first_at, last_at, code, detail, line, col, media_type, body)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (digest) DO UPDATE SET last_at = excluded.last_at, times = times + 1
                 RETURNING times",
                values![
                    digest.to_bytes().as_slice(),
                    now_ms,
                    now_ms,
                    unparsable.code.as_str(),
                    unparsable.detail.as_str(),
                    number(unparsable.line),
                    number(unparsable.column),
                    unparsable.media_type.as_str(),
                    body,
                ],
            )?;
            self.sql.run(
                "DELETE FROM quarantine WHERE digest IN
                    (SELECT digest FROM quarantine ORDER BY last_at DESC LIMIT -1 OFFSET ?)",
                values![MOST],
            )?;
            let times = row.ok_or("INSERT returned no row")?.integer()?;
            Ok(times == 1)
        })
    }
}
