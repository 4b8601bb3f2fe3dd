//! The job that runs every five minutes. For each source, it checks on the inboxes, starts recovery if it is due, and
//! raises an alert if the source has been silent for too long.

use edge_core::{
    alert::{self, Kind},
    config::{Setup, Source},
    messages::{
        care::{LookAround, RaiseAlert},
        recovery::RunIfDue,
    },
    time::UnixMillis,
};
use worker::{Env, Result};

use crate::{inbox::client::Inbox, log, platform::now_ms, recovery::client::Recovery};

/// Runs the cron job. A failure for one source does not stop the others.
pub async fn run(env: &Env, setup: &Setup) {
    setup.mistakes.iter().for_each(log::misconfigured);
    for source in &setup.config.sources {
        if let Err(error) = look_after(env, source).await {
            log::error("checking on a source", &error);
        }
        if let Err(error) = recover(env, source).await {
            log::error("starting recovery", &error);
        }
    }
}

async fn look_after(env: &Env, source: &Source) -> Result<()> {
    let mut last = None;
    let mut looked = Ok(());
    for inbox in Inbox::all(env, source)? {
        match inbox.ask(LookAround {}).await {
            Ok(received) => last = last.max(received),
            Err(error) => looked = Err(error),
        }
    }
    looked?;
    let last_ms = last.map(|UnixMillis(last)| last);
    if alert::is_silent(last_ms, source.silent_after_ms, now_ms()) {
        let alert = RaiseAlert {
            kind: Kind::SourceSilent,
            detail: last.map_or_else(String::new, |last| {
                format!("the last one arrived at {last}")
            }),
            pause_ms: source.silent_after_ms.unwrap_or_default(),
        };
        Inbox::first(env, source)?.ask(alert).await?;
    }
    Ok(())
}

async fn recover(env: &Env, source: &Source) -> Result<()> {
    match source.admin() {
        Some(_) => Recovery::of(env, source)?.ask(RunIfDue {}).await,
        None => Ok(()),
    }
}
