//! The memory of ours with ten destinations behind 200 events of 1 MB each.

use std::thread;
use std::time::Duration;

use crate::candidate::Running;
use crate::client::{Pushes, operation, send};
use crate::clock::now;
use crate::figure::{Figure, Goal};
use crate::inside;
use crate::origin::Origin;

const DESTINATIONS: usize = 10;
const EVENTS: u64 = 200;
const BYTES: usize = 1_000_000;
const MIB: f64 = 1024.0 * 1024.0;
/// How long the origin takes, so that attempts overlap as they do over a network.
const TAKES: Duration = Duration::from_millis(100);
/// How long it is watched; the peak comes with the first documents.
const WATCHED: Duration = Duration::from_secs(20);

/// Stores the events while all destinations are paused, starts the runtime anew, and watches it deliver them.
pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    let origin = Origin::start(TAKES)?;
    let worker = inside::start(&vec![origin.settings(); DESTINATIONS], "")?;
    worker.set_paused(DESTINATIONS, true)?;
    eprintln!("memory: storing {EVENTS} events of {BYTES} bytes");
    let mut pushes = Pushes::of("account.created")?.padded(BYTES);
    for _ in 0..EVENTS / 10 {
        send(worker.port(), &pushes.next(10), 2)?;
    }
    worker.settle()?;
    let worker = Running::start(worker.stop())?;
    let list = operation("GET", "/api/v1/destinations");
    worker.client()?.succeed(&list)?;
    let (memory, wasm) = (worker.usage()?.memory_mb, inside::look(&worker)?.wasm_bytes);

    eprintln!("memory: delivering to {DESTINATIONS} destinations at once");
    worker.set_paused(DESTINATIONS, false)?;
    let (began, mut peak) = (now(), memory);
    let all = usize::try_from(EVENTS)? * DESTINATIONS;
    while began.elapsed() < WATCHED && origin.count() < all {
        thread::sleep(Duration::from_millis(20));
        peak = f64::max(peak, worker.usage()?.memory_mb);
    }
    let wasm_peak = inside::look(&worker)?.wasm_bytes;
    let delivered = f64::from(u32::try_from(origin.count())?);
    Ok(vec![
        Figure::new(
            "memory_wasm",
            "WebAssembly memory, ten destinations behind 200 events of 1 MB",
            "MiB",
            [wasm_peak / MIB],
        )
        .goal(Goal::AtMost(64.0)),
        Figure::new(
            "memory_wasm_before",
            "WebAssembly memory before",
            "MiB",
            [wasm / MIB],
        ),
        Figure::new(
            "memory_process",
            "growth of the whole workerd's memory, the same",
            "MiB",
            [peak - memory],
        ),
        Figure::new(
            "memory_delivered",
            "deliveries made meanwhile",
            "of 2000",
            [delivered],
        ),
    ])
}
