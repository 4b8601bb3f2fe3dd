//! The inbox's tables, changed while the runtime is stopped: what would take long to come about.

use std::process::Command;

use super::worker::Worker;

/// Runs statements on the stopped runtime's only inbox. Gives back how many rows they changed.
pub(crate) fn change(worker: &Worker, statements: &[&str]) -> u64 {
    const SCRIPT: &str = "
        const { DatabaseSync } = require('node:sqlite');
        const { readdirSync } = require('node:fs');
        const [folder, ...statements] = process.argv.slice(1);
        const files = readdirSync(folder).filter((file) => /^[0-9a-f]{64}\\.sqlite$/.test(file));
        if (files.length !== 1) throw new Error(files.length + ' inboxes');
        const database = new DatabaseSync(folder + '/' + files[0]);
        let changed = 0;
        for (const statement of statements) changed += Number(database.prepare(statement).run().changes);
        database.close();
        console.log(changed);";
    let state = worker.state();
    let folders = ["v3/do/threescale-edge-Inbox", "threescale-edge-Inbox"];
    let mut folders = folders.map(|folder| state.join(folder)).into_iter();
    let folder = folders.find(|folder| folder.is_dir()).unwrap();
    let wrangler = std::env::var("WRANGLER").unwrap_or_default();
    let node = wrangler.split_whitespace().next().unwrap_or("node");
    let output = Command::new(node)
        .args(["--no-warnings", "-e", SCRIPT])
        .arg(folder)
        .args(statements)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let changed = String::from_utf8_lossy(&output.stdout);
    changed
        .trim()
        .parse()
        .unwrap_or_else(|_| panic!("{errors}"))
}

/// Keeps the first event so many times more, received a millisecond after each other, up to so many days ago:
/// about the same object, and delivered as it was, to one destination.
pub(crate) fn multiply(worker: &Worker, times: u32, days_ago: u32) {
    let numbers = format!(
        "WITH RECURSIVE each (n, at) AS (
            SELECT 1, received_at - {days_ago} * 86400000 - {times} FROM events WHERE seq = 1
            UNION ALL SELECT n + 1, at + 1 FROM each WHERE n < {times})"
    );
    let events = format!(
        "INSERT INTO events (id, digest, kind, action, object, account, updated_at, received_at, base, xml)
         {numbers} SELECT printf('%08x-%04x-7000-8000-%012x', at >> 16, at & 65535, n), printf('%064x', n),
            kind, action, object, account, updated_at, at, base, xml FROM each, events WHERE seq = 1"
    );
    let deliveries = "INSERT INTO deliveries (destination, seq, state, attempts, next_at)
         SELECT destination, events.seq, state, attempts, next_at FROM events, deliveries
         WHERE deliveries.seq = 1 AND events.seq > (SELECT max(seq) FROM deliveries)";
    let arrived = format!("UPDATE arrived SET deliveries = deliveries + {times}");
    let changed = change(worker, &[&events, deliveries, &arrived]);
    assert_eq!(changed, u64::from(times) * 2 + 1);
}
