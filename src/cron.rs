//! What is done every five minutes for each source: its inboxes are woken, 3scale is asked for what it
//! failed to deliver, and one that has been silent for too long is told of.

use edge_core::{
    alert::{self, Kind},
    config::{Setup, Source},
    messages::Report,
    time::rfc3339,
};
use worker::{Env, Result};

use crate::{inbox::client::Inbox, log, platform::now_ms, recovery::client::Recovery};

/// The cron's call. What fails for one source is no reason to leave the others alone.
pub async fn run(env: &Env, setup: &Setup) {
    let Some(config) = &setup.config else {
        log::trouble("the cron", &"the configuration has mistakes: see /healthz");
        return;
    };
    for source in &config.sources {
        if let Err(error) = look_after(env, source).await {
            log::trouble("looking after a source", &error);
        }
        if let Err(error) = recover(env, source).await {
            log::trouble("beginning recovery", &error);
        }
    }
}

async fn look_after(env: &Env, source: &Source) -> Result<()> {
    let mut last = None;
    let mut woken = Ok(());
    for inbox in Inbox::all(env, source)? {
        match inbox.wake().await {
            Ok(received) => last = last.max(received),
            Err(error) => woken = Err(error),
        }
    }
    woken?;
    if alert::is_silent(last, source.silent_after_ms, now_ms()) {
        let report = Report {
            kind: Kind::SourceSilent,
            detail: last.map_or_else(String::new, |last| {
                format!("the last came at {}", rfc3339(last))
            }),
            pause_ms: source.silent_after_ms.unwrap_or_default(),
        };
        Inbox::first(env, source)?.alert(&report).await?;
    }
    Ok(())
}

async fn recover(env: &Env, source: &Source) -> Result<()> {
    match source.admin() {
        Some(_) => Recovery::of(env, source)?.run_if_due().await,
        None => Ok(()),
    }
}
