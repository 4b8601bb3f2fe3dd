//! The inbox's tables. A change is a new step at the end: steps that have run are never edited.

use worker::{Result, SqlStorage};

use crate::sql::{row, values};

const STEPS: &[&str] = &[
    // Times are milliseconds since 1970, but for `updated_at`: 3scale gives whole seconds.
    "CREATE TABLE events (
        seq         INTEGER PRIMARY KEY AUTOINCREMENT,
        id          TEXT NOT NULL UNIQUE,
        digest      TEXT NOT NULL,
        kind        TEXT NOT NULL,
        action      TEXT NOT NULL,
        object      TEXT,
        account     TEXT,
        updated_at  INTEGER,
        received_at INTEGER NOT NULL,
        repeats     INTEGER NOT NULL DEFAULT 0,
        base        TEXT NOT NULL,
        xml         BLOB NOT NULL
    )",
    "CREATE INDEX events_by_digest ON events (digest)",
    "CREATE INDEX events_by_object ON events (kind, object, seq)",
    // state: waiting (for its next attempt), delivered, dead (its attempts ran out).
    "CREATE TABLE deliveries (
        seq         INTEGER NOT NULL REFERENCES events (seq),
        destination TEXT NOT NULL,
        state       TEXT NOT NULL DEFAULT 'waiting',
        attempts    INTEGER NOT NULL DEFAULT 0,
        next_at     INTEGER NOT NULL,
        PRIMARY KEY (seq, destination)
    ) WITHOUT ROWID",
    "CREATE INDEX deliveries_waiting ON deliveries (destination, next_at, seq) WHERE state = 'waiting'",
    "CREATE TABLE attempts (
        seq         INTEGER NOT NULL,
        destination TEXT NOT NULL,
        at          INTEGER NOT NULL,
        number      INTEGER NOT NULL,
        ms          INTEGER NOT NULL,
        outcome     TEXT NOT NULL,
        status      INTEGER,
        detail      TEXT,
        PRIMARY KEY (seq, destination, at, number)
    ) WITHOUT ROWID",
    "CREATE TABLE destinations (
        name        TEXT PRIMARY KEY,
        failures    INTEGER NOT NULL,
        probe_at    INTEGER,
        paused      INTEGER NOT NULL
    ) WITHOUT ROWID",
    // One copy of each body, however often it comes.
    "CREATE TABLE quarantine (
        digest      TEXT PRIMARY KEY,
        first_at    INTEGER NOT NULL,
        last_at     INTEGER NOT NULL,
        times       INTEGER NOT NULL DEFAULT 1,
        code        TEXT NOT NULL,
        detail      TEXT NOT NULL,
        line        INTEGER NOT NULL,
        col         INTEGER NOT NULL,
        media_type  TEXT NOT NULL,
        body        BLOB NOT NULL
    )",
    // The occurrences of each kind since its last alert: `count` of them, the first at `since`.
    "CREATE TABLE alerts (
        kind         TEXT PRIMARY KEY,
        last_at      INTEGER NOT NULL DEFAULT 0,
        count        INTEGER NOT NULL,
        since        INTEGER NOT NULL,
        destinations TEXT NOT NULL,
        event        TEXT,
        detail       TEXT
    ) WITHOUT ROWID",
    // The beginning of the destination's response, without our secrets.
    "ALTER TABLE attempts ADD COLUMN answer TEXT",
    // Deliveries of a replay of many wait until nothing else is due.
    "ALTER TABLE deliveries ADD COLUMN replayed INTEGER NOT NULL DEFAULT 0",
    "DROP INDEX deliveries_waiting",
    "CREATE INDEX deliveries_by_turn ON deliveries (destination, replayed, next_at, seq) WHERE state = 'waiting'",
    // It has got to `after` on its way to `last`, both of them `seq`. If `destinations` is NULL, the filter decides the
    // destinations.
    "CREATE TABLE replays (
        id           TEXT PRIMARY KEY,
        filter       TEXT NOT NULL,
        destinations TEXT,
        after        INTEGER NOT NULL DEFAULT 0,
        last         INTEGER NOT NULL,
        events       INTEGER NOT NULL DEFAULT 0,
        deliveries   INTEGER NOT NULL DEFAULT 0,
        asked_at     INTEGER NOT NULL,
        ended_at     INTEGER
    )",
    // When 3scale gave up what it failed to deliver. NULL: pushed.
    "ALTER TABLE events ADD COLUMN given_up_at INTEGER",
    // Entries of 3scale's list that were ingested, and when. Without an event: in the quarantine.
    "CREATE TABLE failures (
        id          TEXT PRIMARY KEY,
        seq         INTEGER,
        taken_at    INTEGER NOT NULL
    ) WITHOUT ROWID",
    "CREATE INDEX failures_by_event ON failures (seq)",
    "CREATE INDEX failures_by_time ON failures (taken_at)",
    "CREATE TABLE notes (
        name        TEXT PRIMARY KEY,
        at          INTEGER NOT NULL
    ) WITHOUT ROWID",
    // The key by which `ordered` keeps deliveries in sequence. NULL: it waits for no other, and is in no index.
    "ALTER TABLE deliveries ADD COLUMN object TEXT",
    "CREATE INDEX deliveries_in_line ON deliveries (destination, object, seq)
        WHERE state = 'waiting' AND object IS NOT NULL",
    "CREATE INDEX deliveries_dead ON deliveries (destination, seq) WHERE state = 'dead'",
    // How many rows of `deliveries` are delivered. Triggers count, so that no statement can forget to.
    "CREATE TABLE arrived (
        destination TEXT PRIMARY KEY,
        deliveries  INTEGER NOT NULL
    ) WITHOUT ROWID",
    "INSERT INTO arrived
        SELECT destination, count(*) FROM deliveries WHERE state = 'delivered' GROUP BY destination",
    "CREATE TRIGGER deliveries_arrive AFTER UPDATE OF state ON deliveries
        WHEN (OLD.state = 'delivered') <> (NEW.state = 'delivered')
     BEGIN
        INSERT INTO arrived VALUES (NEW.destination, (NEW.state = 'delivered') - (OLD.state = 'delivered'))
            ON CONFLICT (destination) DO UPDATE SET deliveries = deliveries + excluded.deliveries;
     END",
    "CREATE TRIGGER deliveries_go AFTER DELETE ON deliveries WHEN OLD.state = 'delivered'
     BEGIN
        UPDATE arrived SET deliveries = deliveries - 1 WHERE destination = OLD.destination;
     END",
    // A 410 that has used up no attempt: a second one for the same event does.
    "ALTER TABLE deliveries ADD COLUMN gone INTEGER NOT NULL DEFAULT 0",
];

/// Migrates the tables to the newest step. A new object begins with none.
pub(super) fn migrate(sql: &SqlStorage) -> Result<()> {
    sql.exec(
        "CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL)",
        None,
    )?;
    let found = row::read(sql, "SELECT version FROM schema", values![])?
        .into_iter()
        .next();
    let version = found.map_or(Ok(0), |mut row| row.integer())?;
    let version = usize::try_from(version).unwrap_or(0);
    for (number, step) in STEPS.iter().enumerate().skip(version) {
        sql.exec(step, None)?;
        let statement = if number == 0 {
            "INSERT INTO schema VALUES (?)"
        } else {
            "UPDATE schema SET version = ?"
        };
        let done = i64::try_from(number + 1).unwrap_or(i64::MAX);
        sql.exec(statement, vec![done.into()])?;
    }
    Ok(())
}
