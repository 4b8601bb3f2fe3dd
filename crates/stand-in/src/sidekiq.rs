//! How porta's `WebHookWorker` retries: six attempts, each event alone, then the list of failures.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use uuid::Uuid;

use crate::failures::{Failure, Failures};
use crate::kinds::Kind;
use crate::target::Target;
use crate::wire::{self, Answer, BodyFormat};

/// `retry: 5`: one attempt and five more.
pub const ATTEMPTS: u32 = 6;

/// The wait after attempt `n` (from 0): Sidekiq's `60 + rand(10) * (n + 1)` seconds.
pub fn delay(n: u32, rand: u32) -> Duration {
    Duration::from_secs(u64::from(60 + rand * (n + 1)))
}

/// One event under way. Its URL and body stay the same in all attempts, whatever the settings become meanwhile.
#[derive(Clone, Debug)]
pub struct Job {
    /// Known to the list of failures only: it is never sent.
    pub id: Uuid,
    /// The kind of event.
    pub kind: Kind,
    /// Its target.
    pub target: Target,
    /// The document.
    pub xml: String,
    /// The format of the body.
    pub format: BodyFormat,
}

impl Job {
    /// A job with an id of its own.
    pub fn new(kind: Kind, target: Target, xml: String, format: BodyFormat) -> Self {
        Self {
            id: Uuid::new_v4(),
            kind,
            target,
            xml,
            format,
        }
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An attempt was answered with success.
    Delivered {
        /// The number of attempts that it took.
        attempts: u32,
    },
    /// All attempts failed: the event is in the list now.
    Failed,
    /// The process died with the job in its memory, which open-source Sidekiq does not survive.
    Lost,
}

/// The result of one attempt, for an observer.
pub struct Attempt<'a> {
    /// The job of the attempt.
    pub job: &'a Job,
    /// Counted from 1.
    pub number: u32,
    /// The response, or the reason why there was none.
    pub result: &'a Result<Answer, anyhow::Error>,
}

/// Sidekiq's speed and faults.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// 60 turns a minute between two attempts into a second. Above 0.
    pub time_factor: f64,
    /// Share of attempts after which Sidekiq is restarted before it has noted the result: sent again at once.
    pub restarts: f64,
    /// Share of attempts at which Sidekiq is killed: the job is lost.
    pub losses: f64,
    /// Attempts at the same time; a job that waits for its retry takes no place.
    pub threads: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            time_factor: 1.0,
            restarts: 0.0,
            losses: 0.0,
            threads: 10,
        }
    }
}

/// The queue's workers.
pub struct Sidekiq {
    pace: Pace,
    threads: Semaphore,
    failures: Arc<Mutex<Failures>>,
    watch: Box<dyn Fn(Attempt<'_>) + Send + Sync>,
}

impl Sidekiq {
    /// Workers that store failures in `failures`, and show `watch` each attempt.
    pub fn new(
        pace: Pace,
        failures: Arc<Mutex<Failures>>,
        watch: impl Fn(Attempt<'_>) + Send + Sync + 'static,
    ) -> Self {
        Self {
            threads: Semaphore::new(pace.threads.max(1)),
            pace,
            failures,
            watch: Box::new(watch),
        }
    }

    /// Runs a job over the network to its end.
    pub async fn run(&self, job: Job) -> Outcome {
        let send =
            async |job: &Job| wire::push(&job.target, &job.xml, job.format, wire::TIMEOUT).await;
        self.run_with(job, send, fastrand::u32, Utc::now).await
    }

    /// Runs a job with the caller's own wire, random numbers (`rand(range)`) and clock.
    pub async fn run_with(
        &self,
        job: Job,
        send: impl AsyncFn(&Job) -> anyhow::Result<Answer>,
        rand: impl Fn(std::ops::Range<u32>) -> u32,
        now: impl Fn() -> DateTime<Utc>,
    ) -> Outcome {
        let happens = |share: f64| f64::from(rand(0..1_000_000)) < share * 1_000_000.0;
        let mut number = 1;
        loop {
            if happens(self.pace.losses) {
                return Outcome::Lost;
            }
            let result = {
                // The semaphore is never closed: without a permit the attempt is made all the same.
                let _thread = self.threads.acquire().await.ok();
                send(&job).await
            };
            (self.watch)(Attempt {
                job: &job,
                number,
                result: &result,
            });
            if happens(self.pace.restarts) {
                continue;
            }
            match result {
                Ok(answer) if answer.is_success() => {
                    return Outcome::Delivered { attempts: number };
                }
                _ if number == ATTEMPTS => {
                    self.give_up(&job, now());
                    return Outcome::Failed;
                }
                _ => sleep(delay(number - 1, rand(0..10)).div_f64(self.pace.time_factor)).await,
            }
            number += 1;
        }
    }

    /// `dead: false`: porta uses its own list, not Sidekiq's morgue.
    fn give_up(&self, job: &Job, now: DateTime<Utc>) {
        let failure = Failure::new(job.id, now, job.target.url().to_owned(), job.xml.clone());
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(failure);
    }
}
