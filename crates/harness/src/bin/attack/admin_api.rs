//! A hostile admin API: whatever it answers in place of the list of failures, recovery ends, deletes nothing that was
//! not committed, and keeps its token.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use harness::fixtures::tenant::{ACCESS_TOKEN, Admin, seconds_ago};
use harness::fixtures::{fresh_id, notification};

use crate::Plan;
use crate::arena::{Arena, GOOD, spellings};
use crate::entries::{FOREIGN_SECRET, PORTAL_SECRET, entries};
use crate::lists::{self, Sent};
use crate::malice::{Malice, Server, answer};
use crate::tally::{Tally, Verdict};

/// A step that reads as much as it may takes some seconds.
const LONGEST_STEP: Duration = Duration::from_mins(1);
/// A step that waits for a slow list.
const LONGEST_SLOW_STEP: Duration = Duration::from_secs(210);
/// A step reads 64 MB; some more is on its way when it stops.
const MOST_READ: usize = 128 << 20;
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) async fn run(plan: Plan, tally: &mut Tally) -> anyhow::Result<()> {
    let elsewhere =
        Server::start(|_| [("elsewhere".to_owned(), Malice::Says(answer(200, "", "")))].into())
            .await?;
    let (admin, slow) = (Admin::start(), Admin::start());
    slow.answers(lists::dripping());
    let mut arena = Arena::start(true, |setup| {
        setup
            .source(
                "portal",
                PORTAL_SECRET,
                &format!("admin_url = \"{}\"", admin.url),
            )
            .secret("SOURCE_PORTAL_ACCESS_TOKEN", ACCESS_TOKEN)
            .source(
                "slow",
                "sl0w-secret-under-attack-66",
                &format!("admin_url = \"{}\"", slow.url),
            )
            .secret("SOURCE_SLOW_ACCESS_TOKEN", ACCESS_TOKEN)
            .var("TIME_FACTOR", "1000")
    })
    .await;
    for secret in [PORTAL_SECRET, FOREIGN_SECRET, ACCESS_TOKEN] {
        arena.guards(secret);
    }
    // For as long as the others take, and for what remains of three minutes.
    let slow_step = async {
        if plan.short {
            return None;
        }
        let began = Instant::now();
        Some((step(&arena, "slow").await, began.elapsed()))
    };
    let others = async {
        let url: &'static str =
            Box::leak(format!("http://{}/elsewhere", elsewhere.address).into_boxed_str());
        no_lists(&arena, &admin, url, tally).await;
        hostile_entries(&arena, &admin, tally).await;
    };
    let (slow_step, ()) = tokio::join!(slow_step, others);
    let calls = |method| admin.calls(method).len();
    tally.says(&format!(
        "the list was read {} times, and {} deletions were asked for",
        calls("GET"),
        calls("DELETE")
    ));
    if let Some((step, took)) = slow_step {
        let is_over = step.and_then(|step| match took {
            took if took < LONGEST_SLOW_STEP => Ok(()),
            took => Err(format!("{took:?}: {step}")),
        });
        tally.holds("a list that drips", is_over);
    }

    tally.holds(
        "nobody else was called",
        match elsewhere.calls("elsewhere") {
            0 => Ok(()),
            calls => Err(format!("{calls} calls")),
        },
    );
    let calls = ["GET", "DELETE", "PUT", "POST"]
        .map(|method| admin.calls(method))
        .concat();
    let shown = calls
        .iter()
        .find(|call| !call.carries(ACCESS_TOKEN) || call.uri.contains(ACCESS_TOKEN));
    tally.holds(
        "the token is in a header, always",
        match shown {
            None => Ok(()),
            Some(call) => Err(format!("{call:?}")),
        },
    );
    tally.holds(
        "a real list is recovered afterwards",
        recovers(&arena, &admin).await,
    );
    for secret in [PORTAL_SECRET, FOREIGN_SECRET, ACCESS_TOKEN]
        .into_iter()
        .flat_map(spellings)
    {
        let stored = arena.worker.stored_in(secret.as_bytes());
        let verdict = stored.map_or(Ok(()), |file| {
            Err(format!("{secret} in {}", file.display()))
        });
        tally.holds("a secret of the list is not stored", verdict);
    }
    arena.survives(tally).await;
    Ok(())
}

/// A step, once it is this source's turn.
async fn step(arena: &Arena, source: &str) -> Result<Value, String> {
    let deadline = Instant::now() + LONGEST_SLOW_STEP;
    loop {
        let body = format!("{{\"source\":\"{source}\"}}");
        let url = arena.worker.url("/api/v1/recoveries");
        let request = reqwest::Client::new()
            .post(url)
            .bearer_auth(crate::arena::TOKEN)
            .timeout(LONGEST_SLOW_STEP)
            .body(body);
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let answer = crate::client::Answer::of(answer).await?;
        answer.is_safe_json()?;
        let json = answer.json();
        let step = json.pointer("/recoveries/0").cloned().unwrap_or_default();
        let is_running = step.get("state").and_then(Value::as_str) == Some("running");
        if !is_running || Instant::now() > deadline {
            let secrets = [PORTAL_SECRET, FOREIGN_SECRET, ACCESS_TOKEN];
            let shown = secrets
                .into_iter()
                .flat_map(spellings)
                .find(|secret| answer.body.contains(secret));
            return match shown {
                Some(secret) => Err(format!("{secret} is shown: {step}")),
                None => Ok(step),
            };
        }
        // The step that follows another by itself.
        sleep(Duration::from_millis(200)).await;
    }
}

async fn no_lists(arena: &Arena, admin: &Admin, elsewhere: &'static str, tally: &mut Tally) {
    let sent = Sent::default();
    let cases = lists::in_place_of_a_list(elsewhere, &sent);
    tally.says(&format!("{} answers in place of a list", cases.len()));
    for case in cases {
        admin.answers(case.fault);
        sent.store(0, Ordering::Relaxed);
        let (deleted, asked) = (admin.calls("DELETE").len(), admin.calls("GET").len());
        let began = Instant::now();
        let verdict = step(arena, "portal").await.and_then(|step| {
            let took = began.elapsed();
            let state = step
                .get("state")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if !case.states.contains(&state) {
                return Err(format!("not one of {:?}: {step}", case.states));
            }
            let steps = admin.calls("GET").len() - asked;
            let read = sent.load(Ordering::Relaxed);
            if took > LONGEST_STEP || read > MOST_READ * steps.max(1) {
                return Err(format!(
                    "took {took:?} and {read} bytes in {steps} steps: {step}"
                ));
            }
            match admin.calls("DELETE").len() - deleted {
                0 => Ok(()),
                _ => Err(format!("something was deleted: {step}")),
            }
        });
        tally.holds(&format!("a list: {}", case.name), verdict);
    }
}

async fn hostile_entries(arena: &Arena, admin: &Admin, tally: &mut Tally) {
    let cases = entries(&arena.worker.url(&arena.worker.hook("portal")));
    tally.says(&format!("{} lists with hostile entries", cases.len()));
    for case in cases {
        let before = admin.calls("DELETE").len();
        admin.answers(case.fault);
        let mut verdict = Ok(());
        // Again and again: nothing happens twice, and the limits hold.
        for _ in 0..3 {
            verdict = verdict.and(step(arena, "portal").await.map(|_| ()));
        }
        let calls = admin.calls("DELETE");
        for call in calls.iter().skip(before) {
            verdict = verdict.and(may_delete(&call.uri, case.until));
        }
        for object in case.objects {
            verdict = verdict.and(is_delivered_once(arena, object).await);
        }
        tally.holds(&format!("a list: {}", case.name), verdict);
    }
}

/// A DELETE without a time wipes the whole list; one with a later time takes what was never read.
fn may_delete(uri: &str, until: Option<DateTime<Utc>>) -> Verdict {
    let (_, query) = uri.split_once('?').unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let time = pairs
        .find(|(name, _)| name == "time")
        .map(|(_, time)| time.into_owned());
    let time = time.ok_or(format!("a DELETE without a time: {uri}"))?;
    let time = DateTime::parse_from_rfc3339(&time)
        .map_err(|_| format!("a DELETE without a time: {uri}"))?;
    match until {
        Some(until) if time.with_timezone(&Utc) <= until => Ok(()),
        until => Err(format!("deleted up to {time}, and allowed is {until:?}")),
    }
}

async fn is_delivered_once(arena: &Arena, object: u64) -> Verdict {
    let subject = format!("user/{object}");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let received = arena.good.received(GOOD);
        let events = received.iter().filter(|request| {
            let event = serde_json::from_slice::<Value>(&request.body).unwrap_or_default();
            event.get("subject").and_then(Value::as_str) == Some(&subject)
        });
        match events.count() {
            1 => return Ok(()),
            0 if Instant::now() < deadline => sleep(Duration::from_millis(100)).await,
            count => return Err(format!("{subject} was delivered {count} times")),
        }
    }
}

async fn recovers(arena: &Arena, admin: &Admin) -> Verdict {
    admin.recovers();
    let object = fresh_id();
    let xml = notification("user.updated").id(object).xml();
    let hook = arena.worker.url(&arena.worker.hook("portal"));
    admin.gave_up(&xml, seconds_ago(120), &hook);
    let deadline = Instant::now() + PATIENCE;
    while admin.listed() > 0 {
        if Instant::now() > deadline {
            return Err(format!("the list is not empty: {}", admin.list()));
        }
        step(arena, "portal").await?;
        sleep(Duration::from_millis(300)).await;
    }
    is_delivered_once(arena, object).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deletion_without_a_time_or_beyond_it_does_not_hold() {
        let until = DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z")
            .unwrap()
            .to_utc();
        let uri = |time: &str| format!("/admin/api/webhooks/failures.xml?time={time}");
        assert!(may_delete(&uri("2026-01-01T00:00:00Z"), Some(until)).is_ok());
        for (uri, until) in [
            (uri("2026-01-01T00:00:01Z"), Some(until)),
            (uri("2025-01-01T00:00:00Z"), None),
            (uri(""), Some(until)),
            ("/admin/api/webhooks/failures.xml".to_owned(), Some(until)),
        ] {
            assert!(may_delete(&uri, until).is_err(), "{uri}");
        }
    }
}
