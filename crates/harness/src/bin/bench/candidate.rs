//! The Workers that are compared, each in a workerd of its own with its storage on disk.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::bail;
use serde::Serialize;
use toml::Table;

use harness::deployment::{Deployment, project};
use harness::process::{Log, Process};
use harness::usage::{self, Usage};
use harness::{free_port, workerd};

use crate::client::{Client, operation};
use crate::clock::now;

/// The secret of the source, and of operators.
pub(crate) const TOKEN: &str = "a-token-for-the-measurement";

/// The secret that every delivery is signed with.
pub(crate) const SIGNING: &str = "whsec_b2YtdGhlLW1lYXN1cmVtZW50LW9ubHktMzItYnl0ZXM=";

/// One of the Workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Candidate {
    /// `benches/floor`.
    Floor,
    /// `benches/twin`.
    Twin,
    /// The built Worker.
    Ours,
}

impl Candidate {
    pub(crate) const ALL: [Self; 3] = [Self::Floor, Self::Twin, Self::Ours];
    /// Those that deliver.
    pub(crate) const WHOLE: [Self; 2] = [Self::Twin, Self::Ours];

    fn folder(self) -> PathBuf {
        match self {
            Self::Floor => project().join("benches/floor"),
            Self::Twin => project().join("benches/twin"),
            Self::Ours => project(),
        }
    }

    /// Its deployment with destinations `d1`, `d2`, … that have these settings in TOML.
    pub(crate) fn deployment(self, settings: &[String], vars: &str) -> anyhow::Result<Deployment> {
        let mut vars: Table = vars.parse()?;
        vars.insert("SOURCES".into(), "acme = {}".parse::<Table>()?.into());
        let mut destinations = Table::new();
        let mut secrets = vec![
            ("SOURCE_ACME_SECRET".to_owned(), TOKEN.to_owned()),
            ("CONSOLE_TOKEN".to_owned(), TOKEN.to_owned()),
            ("ALLOW_LOCAL_TARGETS".to_owned(), "true".to_owned()),
        ];
        for (number, settings) in (1..).zip(settings) {
            let settings: Table = settings.parse()?;
            destinations.insert(format!("d{number}"), settings.into());
            let secret = format!("DESTINATION_D{number}_SIGNING_SECRET");
            secrets.push((secret, SIGNING.to_owned()));
        }
        vars.insert("DESTINATIONS".into(), destinations.into());
        let secrets: Vec<_> = secrets
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        Deployment::of(&self.folder(), vars, &secrets)
    }

    /// Starts it with these destinations.
    pub(crate) fn start(self, settings: &[String]) -> anyhow::Result<Running> {
        Running::start(self.deployment(settings, "")?)
    }
}

/// Destinations at which nobody listens, for those that are paused.
pub(crate) fn nowhere(count: usize) -> Vec<String> {
    (1..=count)
        .map(|number| format!("url = \"http://127.0.0.1:9/{number}\""))
        .collect()
}

/// A Worker that runs; it ends when this is dropped.
pub(crate) struct Running {
    // Dropped before the deployment, so that it ends before its folder is removed.
    process: Process,
    deployment: Deployment,
}

impl Running {
    pub(crate) fn start(deployment: Deployment) -> anyhow::Result<Self> {
        let process = workerd::serve(&deployment, free_port()?, &Log::default())?;
        Ok(Self {
            process,
            deployment,
        })
    }

    /// Ends it and leaves its state.
    pub(crate) fn stop(self) -> Deployment {
        self.deployment
    }

    pub(crate) fn port(&self) -> u16 {
        self.process.port()
    }

    /// The resources that the whole of workerd has used.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        usage::of(self.process.group())
    }

    /// A client of operators.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Client::connect(self.port())
    }

    /// Pauses or resumes this many destinations.
    pub(crate) fn set_paused(&self, destinations: usize, paused: bool) -> anyhow::Result<()> {
        let action = if paused { "pause" } else { "resume" };
        let mut client = self.client()?;
        for number in 1..=destinations {
            let path = format!("/api/v1/destinations/d{number}/{action}");
            client.succeed(&operation("POST", &path))?;
        }
        Ok(())
    }

    /// Waits until it has nothing more to do: until it has used no processor time to speak of for a while.
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        let (began, mut before) = (now(), self.usage()?.cpu);
        while began.elapsed() < PATIENCE {
            thread::sleep(IDLE);
            let cpu = self.usage()?.cpu;
            if cpu.saturating_sub(before) < IDLE / 100 {
                return Ok(());
            }
            before = cpu;
        }
        bail!("it is still busy after {PATIENCE:?}")
    }
}

/// Longer than outcomes are kept in memory before they are written.
const IDLE: Duration = Duration::from_millis(400);
/// The longest that the rest of the work may take.
const PATIENCE: Duration = Duration::from_mins(2);
