//! The Worker's power: on, and cut every few seconds.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::deployment::Deployment;
use crate::process::{Log, Process};
use crate::workerd;

use super::ledger::Ledger;

/// A running Worker with its state. When this is dropped, so are both.
pub struct Power {
    // Before the deployment, so that it ends before its folder goes.
    worker: Process,
    deployment: Deployment,
    port: u16,
    cuts: Cuts,
}

/// How often it was cut, and what that cost.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cuts {
    pub kills: u32,
    /// From a kill to the Worker being ready again, all together.
    pub down_seconds: f64,
    /// Lines of the Worker's log that say that something happened which should not.
    pub troubles: usize,
    /// The first of them.
    pub first_troubles: Vec<String>,
}

const MOST_TROUBLES_SHOWN: usize = 5;

impl Power {
    /// Starts the Worker on this port.
    pub async fn on(deployment: Deployment, port: u16) -> anyhow::Result<Self> {
        let (worker, deployment) = start(deployment, port).await?;
        Ok(Self {
            worker,
            deployment,
            port,
            cuts: Cuts::default(),
        })
    }

    pub fn url(&self) -> String {
        self.worker.url()
    }

    /// Kills all of the runtime about every so often, and starts it again on the same state and port, until
    /// it is told that it is enough. It ends with the Worker running.
    pub async fn cut_again_and_again(
        mut self,
        every: Duration,
        mut dice: fastrand::Rng,
        ledger: Arc<Ledger>,
        mut enough: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        loop {
            // Not in step with anything.
            let life = every.mul_f64(0.75 + 0.5 * dice.f64());
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
                cuts,
            } = self;
            drop(worker);
            self = Self {
                cuts,
                ..Self::on(deployment, port).await?
            };
            ledger.was_dead(down);
            self.cuts.kills += 1;
            self.cuts.down_seconds += down.elapsed().as_secs_f64();
        }
    }

    /// Ends it.
    pub fn off(mut self) -> Cuts {
        self.worker.kill9();
        self.read_log();
        self.cuts
    }

    /// Each life has a log of its own, so that a long run does not fill the memory.
    fn read_log(&mut self) {
        let log = self.worker.log().text();
        let troubles = log.lines().filter(|line| line.contains("\"trouble\""));
        for line in troubles {
            self.cuts.troubles += 1;
            if self.cuts.first_troubles.len() < MOST_TROUBLES_SHOWN {
                self.cuts.first_troubles.push(line.to_owned());
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
