//! The inbox's tables. Nothing of them was released before generation 3: older ones are dropped. From here on a change
//! is a new step at the end, and steps that have run are never edited.
//!
//! Times are milliseconds since 1970, but for `updated_at`: 3scale gives whole seconds. Columns of type BLOB begin with
//! a version, but for `id`, `digest`, `likeness`, `document` and `body`. `destination` is `destinations.id`.

use worker::Result;

use crate::sql::{Sql, values};

/// Tables of another generation are dropped.
const GENERATION: i64 = 3;

/// The tables of the generations before.
const DROPPED: &[&str] = &[
    "deliveries",
    "attempts",
    "events",
    "destinations",
    "quarantine",
    "alerts",
    "replays",
    "failures",
    "notes",
    "arrived",
    "origins",
    "floor",
    "batches",
    "waiting",
    "dead",
    "extra",
    "drops",
    "marks",
    "replay_cursors",
    "replay_events",
];

const STEPS: &[&str] = &[
    // The log: an event is appended, and never changed. `digest` is NULL in an alert of our own. `tally` has the number
    // of events of each destination up to this one, and where this one goes. The document is last, so that
    // a query that does not need it does not read its pages.
    "CREATE TABLE events (
        seq         INTEGER PRIMARY KEY,
        id          BLOB NOT NULL,
        digest      BLOB,
        kind        TEXT NOT NULL,
        action      TEXT NOT NULL,
        object      TEXT,
        account     TEXT,
        updated_at  INTEGER,
        received_at INTEGER NOT NULL,
        given_up_at INTEGER,
        origin      INTEGER NOT NULL,
        tally       BLOB NOT NULL,
        document    BLOB NOT NULL
    )",
    "CREATE INDEX events_by_object ON events (kind, object)",
    "CREATE INDEX events_by_account ON events (account) WHERE account IS NOT NULL",
    "CREATE INDEX events_recovered ON events (kind, object) WHERE given_up_at IS NOT NULL",
    // The CloudEvents' `source`, and this Worker's own origin, as they were when an event was accepted.
    "CREATE TABLE origins (
        id          INTEGER PRIMARY KEY,
        source      TEXT NOT NULL,
        base        TEXT NOT NULL
    )",
    // What was at the head when the newest event was forgotten, so that nothing in it goes back.
    "CREATE TABLE floor (
        id          INTEGER PRIMARY KEY CHECK (id = 1),
        seq         INTEGER NOT NULL,
        id_ms       INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        tally       BLOB NOT NULL
    )",
    // How far each destination has got. A row stays when its destination is removed: its id is in tallies.
    "CREATE TABLE destinations (
        id          INTEGER PRIMARY KEY,
        name        TEXT NOT NULL,
        ordered     INTEGER NOT NULL,
        state       BLOB NOT NULL
    )",
    // The first-try successes that are no longer in `destinations.state`, 64 to a row. `upto` is their highest `seq`.
    "CREATE TABLE batches (
        destination INTEGER NOT NULL,
        upto        INTEGER NOT NULL,
        n           INTEGER NOT NULL,
        outcomes    BLOB NOT NULL,
        PRIMARY KEY (destination, upto, n)
    ) WITHOUT ROWID",
    // Deliveries that failed, or are behind one that did, or are made again. `line` is what an ordered destination gets
    // one after the other.
    "CREATE TABLE waiting (
        destination INTEGER NOT NULL,
        seq         INTEGER NOT NULL,
        attempts    INTEGER NOT NULL,
        next_at     INTEGER NOT NULL,
        not_before  INTEGER,
        failed_at   INTEGER,
        replayed    INTEGER NOT NULL,
        gone        INTEGER NOT NULL,
        line        INTEGER,
        PRIMARY KEY (destination, seq)
    ) WITHOUT ROWID",
    "CREATE INDEX waiting_due ON waiting (destination, replayed, next_at)",
    "CREATE INDEX waiting_line ON waiting (destination, line, seq) WHERE line IS NOT NULL",
    "CREATE TABLE dead (
        destination INTEGER NOT NULL,
        seq         INTEGER NOT NULL,
        at          INTEGER NOT NULL,
        PRIMARY KEY (destination, seq)
    ) WITHOUT ROWID",
    // Delivered, or on its way, to a destination where it was not routed when it was appended.
    "CREATE TABLE extra (
        destination INTEGER NOT NULL,
        seq         INTEGER NOT NULL,
        PRIMARY KEY (destination, seq)
    ) WITHOUT ROWID",
    // What an operator gave up: what was not delivered of `first` to `last`. Ranges do not overlap.
    "CREATE TABLE drops (
        destination INTEGER NOT NULL,
        first       INTEGER NOT NULL,
        last        INTEGER NOT NULL,
        PRIMARY KEY (destination, first)
    ) WITHOUT ROWID",
    // Attempts that were not first-try successes. `answer` is the beginning of the response, without our secrets.
    "CREATE TABLE attempts (
        seq         INTEGER NOT NULL,
        destination INTEGER NOT NULL,
        at          INTEGER NOT NULL,
        number      INTEGER NOT NULL,
        ms          INTEGER NOT NULL,
        outcome     TEXT NOT NULL,
        status      INTEGER,
        detail      TEXT,
        answer      TEXT,
        PRIMARY KEY (seq, destination, at, number)
    ) WITHOUT ROWID",
    // The repeats of an event, and whether it stands for an entry of 3scale's list though it was pushed.
    "CREATE TABLE marks (
        seq         INTEGER PRIMARY KEY,
        repeats     INTEGER NOT NULL,
        entry       INTEGER NOT NULL
    )",
    // Entries of 3scale's list that were ingested, and when.
    "CREATE TABLE failures (
        n           INTEGER PRIMARY KEY,
        id          TEXT NOT NULL UNIQUE,
        seq         INTEGER,
        taken_at    INTEGER NOT NULL
    )",
    // `destinations` is a JSON array of names, or NULL: then the filter decides.
    "CREATE TABLE replays (
        n            INTEGER PRIMARY KEY,
        id           TEXT NOT NULL,
        filter       TEXT NOT NULL,
        destinations TEXT,
        events       INTEGER NOT NULL,
        deliveries   INTEGER NOT NULL,
        asked_at     INTEGER NOT NULL,
        ended_at     INTEGER
    )",
    // A replay's place for one destination, until it has ended there.
    "CREATE TABLE replay_cursors (
        replay      INTEGER NOT NULL,
        destination INTEGER NOT NULL,
        cursor      BLOB NOT NULL,
        PRIMARY KEY (replay, destination)
    ) WITHOUT ROWID",
    // The events that a replay means for a destination, up to `upto`.
    "CREATE TABLE replay_events (
        replay      INTEGER NOT NULL,
        destination INTEGER NOT NULL,
        upto        INTEGER NOT NULL,
        seqs        BLOB NOT NULL,
        PRIMARY KEY (replay, destination, upto)
    ) WITHOUT ROWID",
    // The occurrences of each kind since its last alert: `count` of them, the first at `since`. `destinations` is a JSON
    // array of names.
    "CREATE TABLE alerts (
        kind         TEXT PRIMARY KEY,
        last_at      INTEGER NOT NULL DEFAULT 0,
        count        INTEGER NOT NULL,
        since        INTEGER NOT NULL,
        destinations TEXT NOT NULL,
        event        TEXT,
        detail       TEXT
    ) WITHOUT ROWID",
    // One copy of each body, however often it comes: equal ones have one `likeness`. `recovered` if 3scale has been, or
    // will be, told to delete its own. `size` is what it counts for in the quarantine's bound.
    "CREATE TABLE quarantine (
        n           INTEGER PRIMARY KEY,
        id          BLOB NOT NULL UNIQUE,
        likeness    BLOB NOT NULL UNIQUE,
        received_at INTEGER NOT NULL,
        last_at     INTEGER NOT NULL,
        times       INTEGER NOT NULL,
        recovered   INTEGER NOT NULL,
        size        INTEGER NOT NULL,
        code        TEXT NOT NULL,
        detail      TEXT NOT NULL,
        line        INTEGER NOT NULL,
        col         INTEGER NOT NULL,
        media_type  TEXT NOT NULL,
        body        BLOB NOT NULL
    )",
    "CREATE INDEX quarantine_by_age ON quarantine (recovered, last_at, size)",
    // When something last happened.
    "CREATE TABLE notes (
        name        TEXT PRIMARY KEY,
        at          INTEGER NOT NULL
    ) WITHOUT ROWID",
    // Sent by itself, since a batch with it was refused.
    "ALTER TABLE waiting ADD COLUMN alone INTEGER NOT NULL DEFAULT 0",
    // What is counted beyond the rows that it was counted from.
    "CREATE TABLE counters (
        name        TEXT PRIMARY KEY,
        value       INTEGER NOT NULL
    ) WITHOUT ROWID",
    // What operators did, as JSON, by the action's id.
    "CREATE TABLE audit (
        id          TEXT PRIMARY KEY,
        action      TEXT NOT NULL
    ) WITHOUT ROWID",
    // When an operator ended a replay.
    "ALTER TABLE replays ADD COLUMN cancelled_at INTEGER",
    // Which events an operator had sent again, for those who follow the feed.
    "CREATE TABLE replayed (
        n           INTEGER PRIMARY KEY,
        at          INTEGER NOT NULL,
        seqs        BLOB NOT NULL
    )",
];

/// Brings the tables to the newest step. A new object begins with none.
pub(super) fn migrate(sql: &Sql) -> Result<()> {
    sql.run(
        "CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL)",
        values![],
    )?;
    let steps = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let newest = GENERATION * 1000 + steps;
    let found = sql.row("SELECT version FROM schema", values![])?;
    let version = found.map(|mut row| row.integer()).transpose()?;
    if version == Some(newest) {
        return Ok(());
    }
    let is_current = version.is_some_and(|version| version / 1000 == GENERATION);
    let done = if is_current {
        version.map_or(0, |version| version % 1000)
    } else {
        for table in DROPPED {
            sql.run(&format!("DROP TABLE IF EXISTS {table}"), values![])?;
        }
        0
    };
    for step in STEPS.iter().skip(usize::try_from(done).unwrap_or(0)) {
        sql.run(step, values![])?;
    }
    sql.run("DELETE FROM schema", values![])?;
    sql.run("INSERT INTO schema VALUES (?)", values![newest])
}
