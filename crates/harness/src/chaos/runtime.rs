//! The Worker's runtime: started, and killed every few seconds.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::deployment::Deployment;
use crate::process::{Log, Process};
use crate::workerd;

use super::ledger::Ledger;

/// A running Worker with its state; both are gone when this is dropped.
pub(crate) struct Runtime {
    // Before the deployment, so that it ends before its folder goes.
    worker: Process,
    deployment: Deployment,
    port: u16,
    interruptions: Interruptions,
}

/// How often the Worker was killed, and for how long it was down.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Interruptions {
    /// Kills of the whole runtime.
    pub kills: u32,
    /// The total time from each kill to the Worker being ready again.
    pub down_seconds: f64,
    /// Lines of the Worker's log that report an internal failure.
    pub errors: usize,
    /// The first of them.
    pub first_errors: Vec<String>,
}

const MAX_ERRORS_SHOWN: usize = 5;

impl Runtime {
    /// Starts the Worker on this port.
    pub(crate) async fn start(deployment: Deployment, port: u16) -> anyhow::Result<Self> {
        let (worker, deployment) = start(deployment, port).await?;
        Ok(Self {
            worker,
            deployment,
            port,
            interruptions: Interruptions::default(),
        })
    }

    pub(crate) fn url(&self) -> String {
        self.worker.url()
    }

    /// Kills the whole runtime at intervals around this one, and starts it again on the same state and port, until told
    /// to stop. It ends with the Worker running.
    pub(crate) async fn kill_repeatedly(
        mut self,
        every: Duration,
        mut rng: fastrand::Rng,
        ledger: Arc<Ledger>,
        mut enough: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        loop {
            // Randomized, so as not to be in step with anything.
            let life = every.mul_f64(0.75 + 0.5 * rng.f64());
            tokio::select! {
                () = sleep(life) => {}
                _ = enough.wait_for(|enough| *enough) => return Ok(self),
            }
            let down = Instant::now();
            self.worker.kill9();
            self.read_log();
            let Self {
                worker,
                deployment,
                port,
                interruptions,
            } = self;
            drop(worker);
            self = Self {
                interruptions,
                ..Self::start(deployment, port).await?
            };
            ledger.was_down(down);
            self.interruptions.kills += 1;
            self.interruptions.down_seconds += down.elapsed().as_secs_f64();
        }
    }

    /// Ends it.
    pub(crate) fn stop(mut self) -> Interruptions {
        self.worker.kill9();
        self.read_log();
        self.interruptions
    }

    /// Each life has a log of its own, so that a long run does not fill the memory.
    fn read_log(&mut self) {
        let log = self.worker.log().text();
        let errors = log
            .lines()
            .filter(|line| line.contains(r#""event":"error""#));
        for line in errors {
            self.interruptions.errors += 1;
            if self.interruptions.first_errors.len() < MAX_ERRORS_SHOWN {
                self.interruptions.first_errors.push(line.to_owned());
            }
        }
    }
}

async fn start(deployment: Deployment, port: u16) -> anyhow::Result<(Process, Deployment)> {
    tokio::task::spawn_blocking(move || {
        let worker = workerd::serve(&deployment, port, &Log::default())?;
        Ok((worker, deployment))
    })
    .await?
}
