//! Sidekiq's schedule, on tokio's paused clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{TimeZone, Utc};
use tokio::time::Instant;

use stand_in::failures::Failures;
use stand_in::kinds::Kind;
use stand_in::sidekiq::{Job, Outcome, Pace, Sidekiq, delay};
use stand_in::wire::{Answer, BodyFormat};

fn job() -> Job {
    let target = "http://127.0.0.1:9/hook?token=s3cret".parse().unwrap();
    Job::new(Kind::ALL[0], target, "<event/>".into(), BodyFormat::Xml)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands for the wire, which can fail"
)]
fn answer(status: u16) -> anyhow::Result<Answer> {
    Ok(Answer {
        status,
        body: String::new(),
    })
}

/// Runs one job against an origin that answers with `statuses` one by one, and then with the last one for ever.
async fn run(pace: Pace, statuses: &[u16], rand: u32) -> (Outcome, Vec<u64>, usize) {
    let failures = Arc::new(Mutex::new(Failures::default()));
    let sidekiq = Sidekiq::new(pace, failures.clone(), |_| {});
    let begin = Instant::now();
    let times = Mutex::new(vec![]);
    let send = async |_: &Job| {
        let mut times = times.lock().unwrap();
        let status = statuses
            .get(times.len())
            .or(statuses.last())
            .copied()
            .unwrap();
        times.push(u64::try_from(begin.elapsed().as_millis()).unwrap());
        answer(status)
    };
    let now = || Utc.timestamp_opt(1_800_000_000, 0).unwrap();
    let outcome = sidekiq
        .run_with(job(), send, |range| rand.min(range.end - 1), now)
        .await;
    let kept = failures.lock().unwrap().len();
    (outcome, times.into_inner().unwrap(), kept)
}

#[tokio::test(start_paused = true)]
async fn an_event_is_tried_six_times_about_a_minute_apart_and_then_listed() {
    let (outcome, times, kept) = run(Pace::default(), &[500], 0).await;
    assert_eq!((outcome, kept), (Outcome::Failed, 1));
    assert_eq!(times, [0, 60_000, 120_000, 180_000, 240_000, 300_000]);
}

#[tokio::test(start_paused = true)]
async fn the_jitter_grows_with_each_attempt() {
    let (_, times, _) = run(Pace::default(), &[503], 9).await;
    let waits: Vec<_> = times
        .windows(2)
        .map(|pair| (pair[1] - pair[0]) / 1000)
        .collect();
    assert_eq!(waits, [69, 78, 87, 96, 105]);
}

#[tokio::test(start_paused = true)]
async fn a_time_factor_of_sixty_makes_minutes_seconds() {
    let (_, times, _) = run(
        Pace {
            time_factor: 60.0,
            ..Pace::default()
        },
        &[500],
        0,
    )
    .await;
    assert_eq!(times, [0, 1000, 2000, 3000, 4000, 5000]);
}

#[tokio::test(start_paused = true)]
async fn the_first_success_ends_it() {
    let (outcome, times, kept) = run(Pace::default(), &[500, 401, 200], 0).await;
    assert_eq!(
        (outcome, times.len(), kept),
        (Outcome::Delivered { attempts: 3 }, 3, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_killed_sidekiq_loses_the_event_without_a_trace() {
    let (outcome, times, kept) = run(
        Pace {
            losses: 1.0,
            ..Pace::default()
        },
        &[200],
        0,
    )
    .await;
    assert_eq!((outcome, times.len(), kept), (Outcome::Lost, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_restarted_sidekiq_sends_an_accepted_event_again() {
    let failures = Arc::new(Mutex::new(Failures::default()));
    let sidekiq = Sidekiq::new(
        Pace {
            restarts: 0.5,
            ..Pace::default()
        },
        failures,
        |_| {},
    );
    let count = Mutex::new(0);
    let send = async |_: &Job| {
        *count.lock().unwrap() += 1;
        answer(200)
    };
    // The random numbers: no loss, a restart, no loss, no restart.
    let draws = Mutex::new(vec![0, 0, 0, 999_999].into_iter());
    let rand = |_: std::ops::Range<u32>| draws.lock().unwrap().next().unwrap();
    let outcome = sidekiq.run_with(job(), send, rand, Utc::now).await;
    assert_eq!(
        (outcome, *count.lock().unwrap()),
        (Outcome::Delivered { attempts: 1 }, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn events_wait_for_their_retries_side_by_side() {
    let failures = Arc::new(Mutex::new(Failures::default()));
    let sidekiq = Arc::new(Sidekiq::new(
        Pace {
            threads: 2,
            ..Pace::default()
        },
        failures.clone(),
        |_| {},
    ));
    let begin = Instant::now();
    let jobs = (0..50).map(|_| {
        let sidekiq = sidekiq.clone();
        tokio::spawn(async move {
            sidekiq
                .run_with(job(), async |_: &Job| answer(500), |_| 0, Utc::now)
                .await
        })
    });
    for job in jobs.collect::<Vec<_>>() {
        assert_eq!(job.await.unwrap(), Outcome::Failed);
    }
    assert_eq!(failures.lock().unwrap().len(), 50);
    assert!(
        begin.elapsed() < Duration::from_secs(302),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn the_delay_is_sidekiqs() {
    assert_eq!(delay(0, 0), Duration::from_mins(1));
    assert_eq!(delay(4, 9), Duration::from_secs(105));
}
