//! Broken and hostile notifications from somebody who has the secret: each gets an answer of the contract, what is
//! accepted is delivered, and the Worker works afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use reqwest::Client;

use crate::Plan;
use crate::arena::Arena;
use crate::arrivals;
use crate::client::Answer;
use crate::framing;
use crate::mutate;
use crate::shapes::{self, Shot};
use crate::tally::{Tally, Verdict};

/// Side by side: as many as 3scale's processes might.
const AT_ONCE: usize = 8;
const PATIENCE: Duration = Duration::from_secs(30);
const PROGRESS_EVERY: u64 = 1000;

pub(crate) async fn run(plan: Plan, tally: &mut Tally) -> anyhow::Result<()> {
    let arena = Arena::start_beside(true, arrivals::destinations).await;
    let hook = arena.worker.url(&arena.worker.hook("acme"));
    let client = Client::builder().timeout(PATIENCE).build()?;
    let mut accepted = BTreeSet::new();

    let named = shapes::all();
    tally.says(&format!("{} documents with a name", named.len()));
    let mut answers = stream::iter(named)
        .map(|shot| post(&client, &hook, shot))
        .buffer_unordered(AT_ONCE);
    while let Some((shot, answer)) = answers.next().await {
        judge(tally, &mut accepted, &shot, answer);
    }

    let samples: Vec<_> = shapes::samples().map(String::into_bytes).collect();
    let count = if plan.short { 1_500 } else { 10_000 };
    tally.says(&format!("{count} random mutations"));
    let mut answers = stream::iter(0..count)
        .map(|number| post(&client, &hook, mutate::shot(plan.seed, number, &samples)))
        .buffer_unordered(AT_ONCE);
    let mut done = 0;
    while let Some((shot, answer)) = answers.next().await {
        judge(tally, &mut accepted, &shot, answer);
        done += 1;
        if done % PROGRESS_EVERY == 0 {
            tally.says(&format!(
                "{done} mutations, {} events accepted",
                accepted.len()
            ));
        }
    }

    tally.says("bodies that are not as announced");
    framing::run(&arena, tally).await;

    tally.says(&format!("{} events on their way", accepted.len()));
    arrivals::hold(&arena, &accepted, tally).await;
    arena.survives(tally).await;
    Ok(())
}

async fn post(client: &Client, hook: &str, shot: Shot) -> (Shot, Result<Answer, String>) {
    let mut request = client.post(hook).body(shot.body.clone());
    for (name, value) in [
        ("content-type", &shot.content_type),
        ("content-encoding", &shot.content_encoding),
    ] {
        if !value.is_empty() {
            // Bytes beyond ASCII are allowed here, as on the wire.
            request = request.header(name, value.as_bytes());
        }
    }
    let answer = match request.send().await {
        Ok(answer) => Answer::of(answer).await,
        Err(error) => Err(format!("no answer: {error:?}")),
    };
    (shot, answer)
}

fn judge(
    tally: &mut Tally,
    accepted: &mut BTreeSet<String>,
    shot: &Shot,
    answer: Result<Answer, String>,
) {
    let verdict = answer.and_then(|answer| {
        answer.is_of_a_hook()?;
        accepted.extend(id(&answer));
        Ok(())
    });
    let verdict: Verdict =
        verdict.map_err(|why| format!("{} sent as {}: {why}", shot.name, shot.content_type));
    tally.holds_against(&shot.name, verdict, &shot.body);
}

fn id(answer: &Answer) -> Option<String> {
    Some(answer.json().get("id")?.as_str()?.to_owned())
}
