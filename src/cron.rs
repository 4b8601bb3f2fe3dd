//! The job that runs every five minutes. It starts recovery for each source where it is due, checks on the inboxes, and
//! raises an alert if a source has been silent for too long.

use edge_core::{
    alert::{self, Kind},
    config::{Setup, Source},
    messages::{
        care::{LookAround, RaiseAlert},
        recovery::RunIfDue,
    },
    time::UnixMillis,
};
use futures_util::{StreamExt as _, stream};
use worker::{Env, Result};

use crate::{inbox::client::Inbox, log, platform::now_ms, recovery::client::Recovery};

/// How many objects are asked at once: as many as an invocation may have connections.
const SIDE_BY_SIDE: usize = 6;

/// Runs the cron job. A failure for one source does not stop the others.
pub async fn run(env: &Env, setup: &Setup) {
    setup.mistakes.iter().for_each(log::misconfigured);
    let sources = &setup.config.sources;
    // First, since it only begins something: an inbox may take 20 seconds, and the job ends after 15 minutes.
    let begin = |source| async move {
        if let Err(error) = recover(env, source).await {
            log::error("starting recovery", &error);
        }
    };
    stream::iter(sources)
        .for_each_concurrent(SIDE_BY_SIDE, begin)
        .await;
    let looked = look_after(env, sources).await;
    for source in sources {
        let of_source = looked.iter().filter(|(of, _)| of.name == source.name);
        if let Err(error) = check_silence(env, source, of_source.map(|(_, last)| *last)).await {
            log::error("checking on a source", &error);
        }
    }
}

/// Wakes every inbox. Returns when each of them last received something; `None` for one that did not answer.
async fn look_after<'s>(
    env: &Env,
    sources: &'s [Source],
) -> Vec<(&'s Source, Option<Option<UnixMillis>>)> {
    let mut calls = Vec::new();
    for source in sources {
        for inbox in Inbox::all(env, source).unwrap_or_default() {
            calls.push(async move {
                let answer = inbox.ask(LookAround {}).await;
                let answer = answer.inspect_err(|error| log::error("checking on an inbox", error));
                (source, answer.ok())
            });
        }
    }
    stream::iter(calls)
        .buffer_unordered(SIDE_BY_SIDE)
        .collect()
        .await
}

/// Raises an alert if none of the source's inboxes has received anything for too long. While one does not answer, nobody
/// knows.
async fn check_silence(
    env: &Env,
    source: &Source,
    inboxes: impl Iterator<Item = Option<Option<UnixMillis>>>,
) -> Result<()> {
    let Some(inboxes) = inboxes.collect::<Option<Vec<_>>>() else {
        return Ok(());
    };
    let last = inboxes.into_iter().flatten().max();
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
