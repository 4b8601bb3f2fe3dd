//! A large inbox, filled over HTTP once for each build of the Worker and kept under `target/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use harness::deployment::project;

use crate::candidate::{Candidate, Running, nowhere};
use crate::client::{Pushes, send};
use crate::large::paused;

const CONNECTIONS: usize = 16;
const STEP: u64 = 10_000;

/// Starts a Worker whose inbox has so many events, which wait at two paused destinations.
pub(crate) fn inbox(events: u64) -> anyhow::Result<Running> {
    let kept = folder()?.join(events.to_string());
    if kept.is_dir() {
        eprintln!("large: {} has the inbox", kept.display());
        let deployment = Candidate::Ours.deployment(&nowhere(2), "")?;
        copy(&kept, &deployment.state())?;
        return Running::start(deployment);
    }
    let worker = paused()?;
    let mut pushes = Pushes::of("account.created")?;
    let mut stored = 0;
    while stored < events {
        let step = STEP.min(events - stored);
        send(worker.port(), &pushes.next(step), CONNECTIONS)?;
        stored += step;
        eprintln!("large: stored {stored} of {events} events");
    }
    worker.settle()?;
    let deployment = worker.stop();
    fs::create_dir_all(kept.parent().context("no folder")?)?;
    copy(&deployment.state(), &kept)?;
    Running::start(deployment)
}

/// The place of the inboxes that this build of the Worker has filled. Those of other builds are removed: their tables
/// may be others.
fn folder() -> anyhow::Result<PathBuf> {
    let all = project().join("target/bench-large");
    let built = project().join("build/index_bg.wasm");
    let output = Command::new("sha256sum").arg(&built).output()?;
    ensure!(output.status.success(), "{} is missing", built.display());
    let digest: String = String::from_utf8(output.stdout)?.chars().take(16).collect();
    for other in fs::read_dir(&all).into_iter().flatten().flatten() {
        if other.file_name() != *digest {
            fs::remove_dir_all(other.path())?;
        }
    }
    Ok(all.join(digest))
}

/// Whole, or not at all: an interrupted copy is not taken for one.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let part = to.with_extension("part");
    if part.is_dir() {
        fs::remove_dir_all(&part)?;
    }
    let status = Command::new("cp")
        .args(["-r", "--reflink=auto"])
        .arg(from)
        .arg(&part)
        .status()?;
    ensure!(status.success(), "{} cannot be copied", from.display());
    Ok(fs::rename(part, to)?)
}
