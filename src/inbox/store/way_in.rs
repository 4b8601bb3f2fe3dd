//! The statements of the way in, with bindings of their own: each is one call from WebAssembly, and their texts are
//! JavaScript's already. Nearly every notification costs one of them.

use edge_core::{id::Digest, messages::intake::Intake};
use js_sys::{ArrayBuffer, JsString, Uint8Array};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Result;

use super::events::{Document, NewEvent};
use crate::sql::{RawCursor, RawSql, number};

/// Two queries, since SQLite would prepare one with `object IS ?` anew for each value. So it does with `= ?` where the
/// rows are in an order: it may have planned by the value before. A sum of one is no such value.
const OF_OBJECT: &str = "object = +?";
const OF_NO_OBJECT: &str = "object IS NULL";
const INSERT: &str = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
/// A notification that may be a repeat gets no id, so NOT NULL refuses it, and it is ignored: a query of its own would
/// cost as much as all of this. So is what any other constraint refuses; then [`INSERT`] follows, and fails aloud.
const INSERT_UNDOUBTED: &str =
    "INSERT OR IGNORE INTO events VALUES (?1, iif((
        SELECT digest IS ?3 OR updated_at > ?8 FROM events INDEXED BY events_by_object
        WHERE kind = +?4 AND object = +?6 AND given_up_at IS NULL AND digest IS NOT NULL ORDER BY seq DESC LIMIT 1
    ), NULL, ?2), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(method, catch, js_name = exec)]
    fn of_object(
        this: &RawSql,
        statement: &JsString,
        kind: &str,
        object: &str,
    ) -> std::result::Result<RawCursor, JsValue>;

    #[wasm_bindgen(method, catch, js_name = exec)]
    fn of_no_object(
        this: &RawSql,
        statement: &JsString,
        kind: &str,
    ) -> std::result::Result<RawCursor, JsValue>;

    #[wasm_bindgen(method, catch, js_name = exec)]
    fn insert(
        this: &RawSql,
        statement: &JsString,
        seq: f64,
        id: &[u8],
        digest: Option<&[u8]>,
        kind: &str,
        action: &str,
        object: Option<&str>,
        account: Option<&str>,
        updated_at: Option<f64>,
        received_at: f64,
        given_up_at: Option<f64>,
        origin: f64,
        tally: &[u8],
        document: &ArrayBuffer,
    ) -> std::result::Result<RawCursor, JsValue>;
}

/// The statements' texts.
pub(super) struct WayIn {
    of_object: JsString,
    of_no_object: JsString,
    insert: JsString,
    insert_undoubted: JsString,
}

impl WayIn {
    /// The pushed events about the same object, the newest first.
    pub(super) fn pushed(&self, sql: &RawSql, intake: &Intake) -> Result<RawCursor> {
        let kind = intake.kind.as_str();
        let cursor = match &intake.object {
            Some(object) => sql.of_object(&self.of_object, kind, object),
            None => sql.of_no_object(&self.of_no_object, kind),
        };
        cursor.map_err(Into::into)
    }

    /// Appends an event.
    pub(super) fn insert(&self, sql: &RawSql, event: &NewEvent<'_>, tally: &[u8]) -> Result<()> {
        run(sql, &self.insert, event, tally).map(|_| ())
    }

    /// Appends what was pushed, unless it may be a repeat. `true` if it is stored.
    pub(super) fn insert_undoubted(
        &self,
        sql: &RawSql,
        event: &NewEvent<'_>,
        tally: &[u8],
    ) -> Result<bool> {
        // Its query would find nothing, whatever there is.
        if event.intake.object.is_none() {
            return Ok(false);
        }
        let inserted = run(sql, &self.insert_undoubted, event, tally)?;
        Ok(inserted.rows_written() > 0.0)
    }
}

/// Executes one of the two that append.
fn run(
    sql: &RawSql,
    statement: &JsString,
    event: &NewEvent<'_>,
    tally: &[u8],
) -> Result<RawCursor> {
    let NewEvent {
        id,
        head,
        intake,
        document,
        origin,
        given_up_ms,
    } = event;
    let digest = intake.digest.map(Digest::to_bytes);
    let bytes;
    let document = match document {
        Document::Js(document) => *document,
        Document::Bytes(document) => {
            bytes = Uint8Array::from(*document).buffer();
            &bytes
        }
    };
    let inserted = sql.insert(
        statement,
        number(head.seq),
        &id.to_bytes(),
        digest.as_ref().map(<[u8; 32]>::as_slice),
        &intake.kind,
        &intake.action,
        intake.object.as_deref(),
        intake.account.as_deref(),
        intake.updated_at.map(number),
        number(head.received_at),
        given_up_ms.map(number),
        number(*origin),
        tally,
        document,
    );
    inserted.map_err(Into::into)
}

impl Default for WayIn {
    fn default() -> Self {
        let pushed = |object| {
            format!(
                "SELECT seq, id, received_at, digest, updated_at,
                    (SELECT entry FROM marks WHERE marks.seq = events.seq)
                 FROM events INDEXED BY events_by_object
                 WHERE kind = +? AND {object} AND given_up_at IS NULL AND digest IS NOT NULL ORDER BY seq DESC"
            )
        };
        Self {
            of_object: pushed(OF_OBJECT).into(),
            of_no_object: pushed(OF_NO_OBJECT).into(),
            insert: INSERT.into(),
            insert_undoubted: INSERT_UNDOUBTED.into(),
        }
    }
}
