//! Our Worker behind `benches/inside`, which counts rows and knows the size of its memory.

use std::fs;

use serde::Deserialize;
use toml::Table;

use harness::deployment::project;

use crate::candidate::{Candidate, Running};
use crate::client::{Client, operation};

/// The inbox's counts since it was opened.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Inside {
    pub(crate) read: f64,
    /// Alarms included: one that is set is billed as a row.
    pub(crate) written: f64,
    pub(crate) alarms: f64,
    pub(crate) wasm_bytes: f64,
}

/// Starts it with these destinations and further variables.
pub(crate) fn start(settings: &[String], vars: &str) -> anyhow::Result<Running> {
    let deployment = Candidate::Ours.deployment(settings, vars)?;
    let build = deployment.folder().join("build");
    for module in ["inside.js", "memory.js"] {
        fs::copy(
            project().join("benches/inside").join(module),
            build.join(module),
        )?;
    }
    deployment.configure("main = \"build/inside.js\"".parse::<Table>()?)?;
    Running::start(deployment)
}

/// Asks for the counts.
pub(crate) fn look(worker: &Running) -> anyhow::Result<Inside> {
    let answer = worker
        .client()?
        .succeed(&operation("GET", "/inside/counts"))?;
    Ok(serde_json::from_str(&answer)?)
}

/// Runs the cron once.
pub(crate) fn cron(client: &mut Client) -> anyhow::Result<()> {
    client.succeed(&operation("POST", "/inside/cron"))?;
    Ok(())
}

impl Inside {
    /// What came after `before`, for each of so many events.
    pub(crate) fn since(self, before: Self, events: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "hundreds of events")]
        let events = events as f64;
        Self {
            read: (self.read - before.read) / events,
            written: (self.written - before.written) / events,
            alarms: (self.alarms - before.alarms) / events,
            wasm_bytes: self.wasm_bytes,
        }
    }
}
