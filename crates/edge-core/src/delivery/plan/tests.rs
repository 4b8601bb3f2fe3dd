//! Each rule by example, then all of them over any row of outcomes.

use proptest::prelude::*;

use super::*;
use crate::delivery::{
    outcome::Failure,
    unreached::{Kind, Unreached},
};

const NOW: i64 = 1_700_000_000_000;
const FRESH: Progress = Progress {
    seq: 1,
    attempts: 0,
    gone: false,
    alone: false,
};
const DAILY_LIMIT: &str = "KV put() limit exceeded for the day.";

fn after_outcome(outcome: &Outcome, progress: Progress, health: Health) -> (Next, Health) {
    let timing = Timing {
        final_statuses: vec![413, 422],
        ..Timing::default()
    };
    after(&timing, outcome, progress, health, NOW, Jitter::NONE)
}

fn status(status: u16) -> Outcome {
    Outcome::of_status(status, None)
}

fn binding(words: &str) -> Outcome {
    Outcome::failed(Failure::Binding(words.to_owned()))
}

fn waits(next: Next) -> Wait {
    match next {
        Next::Wait(wait) => wait,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_failure_is_tried_again_by_the_schedule_until_attempts_run_out() {
    let tried = |attempts| {
        let progress = Progress { attempts, ..FRESH };
        after_outcome(&status(500), progress, Health::default()).0
    };
    assert_eq!(waits(tried(0)).until, NOW + 5000);
    assert_eq!(waits(tried(1)).until, NOW + 300_000);
    assert_eq!(waits(tried(1)).attempts, 2);
    assert_eq!(tried(9), Next::Dead);
}

#[test]
fn refused_events_open_no_breaker_however_many_they_are() {
    let mut health = Health::default();
    for refused in [400, 409, 415, 413, 422].into_iter().cycle().take(100) {
        health = after_outcome(&status(refused), FRESH, health).1;
    }
    assert_eq!(health, Health::default());
}

#[test]
fn a_final_status_and_what_can_never_be_sent_are_dead_at_once() {
    let too_large = binding("message length of 128001 bytes exceeds limit of 128000");
    let unsendable = Outcome::failed(Failure::Unsendable("unreadable"));
    for outcome in [status(422), status(413), too_large, unsendable] {
        let (next, health) = after_outcome(&outcome, FRESH, Health::default());
        assert_eq!((next, health), (Next::Dead, Health::default()));
    }
}

#[test]
fn a_destination_that_is_misconfigured_kills_no_event() {
    let outcome = Outcome::failed(Failure::Misconfigured("no key"));
    let (next, health) = after_outcome(&outcome, FRESH, Health::default());
    assert_eq!(waits(next).attempts, 1);
    assert_eq!(health.breaker.failures, 1);
}

#[test]
fn a_single_410_pauses_nothing_and_uses_up_no_attempt() {
    let (next, health) = after_outcome(&status(410), FRESH, Health::default());
    let wait = waits(next);
    assert_eq!((wait.attempts, wait.until), (0, NOW + 5000));
    assert!(!health.paused);
    assert_eq!(health.breaker, Breaker::default());
}

#[test]
fn a_second_410_for_another_event_pauses_and_uses_up_no_attempt() {
    let (_, health) = after_outcome(&status(410), FRESH, Health::default());
    let other = Progress {
        seq: 2,
        attempts: 9,
        gone: true,
        alone: false,
    };
    let (next, health) = after_outcome(&status(410), other, health);
    assert!(health.paused);
    assert_eq!(waits(next).attempts, 9);
    assert_eq!(health.allows(6, i64::MAX), 0);
    assert_eq!(health.earliest(0), None);
}

#[test]
fn an_event_that_alone_is_gone_dies_by_the_schedule_and_pauses_nothing() {
    let (mut progress, mut health) = (FRESH, Health::default());
    for tries in 1.. {
        let (next, then) = after_outcome(&status(410), progress, health);
        // Other events are taken meanwhile, or not.
        let taken = after_outcome(&status(200), Progress { seq: 2, ..FRESH }, then).1;
        health = if tries % 2 == 0 { taken } else { then };
        assert!(!health.paused);
        if next == Next::Dead {
            assert_eq!(tries, 11);
            return;
        }
        let Wait { attempts, gone, .. } = waits(next);
        progress = Progress {
            attempts,
            gone,
            ..progress
        };
    }
}

#[test]
fn something_else_between_two_410_keeps_the_destination_going() {
    let (_, health) = after_outcome(&status(410), FRESH, Health::default());
    for between in [status(200), status(422), status(503)] {
        let seq = |seq| Progress { seq, ..FRESH };
        let is_final = between.status() == Some(422);
        let health = after_outcome(&between, seq(2), health).1;
        let paused = after_outcome(&status(410), seq(3), health).1.paused;
        // A final status says nothing about the destination.
        assert_eq!(paused, is_final, "{between:?}");
    }
}

#[test]
fn kv_that_has_no_writes_left_today_waits_for_tomorrow_and_uses_up_nothing() {
    let (next, health) = after_outcome(&binding(DAILY_LIMIT), FRESH, Health::default());
    let midnight = next_midnight(NOW);
    let wait = waits(next);
    assert_eq!((wait.attempts, wait.until), (0, midnight));
    assert_eq!(health.breaker, Breaker::default());
    assert_eq!(health.allows(6, midnight - 1), 0);
    assert_eq!(health.allows(6, midnight), 6);
    assert_eq!(health.earliest(NOW), Some(midnight));
}

#[test]
fn a_key_that_is_written_too_often_says_nothing_of_the_namespace() {
    let busy = binding("KV PUT failed: 429 Too Many Requests");
    let (next, health) = after_outcome(&busy, FRESH, Health::default());
    assert_eq!(health, Health::default());
    assert_eq!(waits(next).attempts, 1);
}

#[test]
fn success_ends_it_and_closes_the_breaker() {
    let health = Health {
        breaker: Breaker {
            failures: 7,
            probe_at: Some(500),
        },
        gone: Some(9),
        ..Health::default()
    };
    assert_eq!(
        after_outcome(&status(204), FRESH, health),
        (Next::Delivered, Health::default())
    );
}

/// An outcome, and what it is by the contract's words.
#[derive(Debug, Clone)]
struct Sample {
    outcome: Outcome,
    is_success: bool,
    is_trouble: bool,
}

fn samples() -> impl Strategy<Value = Sample> {
    const TROUBLE: [u16; 5] = [401, 403, 404, 408, 429];
    let statuses = prop_oneof![
        2 => 200..300_u16,
        2 => prop::sample::select(TROUBLE.to_vec()),
        4 => 400..600_u16,
        1 => Just(410_u16),
        1 => 300..400_u16,
    ];
    let answered =
        (statuses, prop::option::of(0..100_000_000_i64)).prop_map(|(code, after)| Sample {
            outcome: Outcome::of_status(code, after),
            is_success: (200..300).contains(&code),
            is_trouble: code >= 500 || (300..400).contains(&code) || TROUBLE.contains(&code),
        });
    let other = prop::sample::select(vec![
        (
            Failure::Unreached(Unreached {
                kind: Kind::Timeout,
                status: None,
                words: String::new(),
            }),
            true,
        ),
        (Failure::Misconfigured(""), true),
        (Failure::Unsendable(""), false),
        (Failure::Binding(DAILY_LIMIT.to_owned()), false),
        (
            Failure::Binding("KV PUT failed: 429 Too Many Requests".to_owned()),
            false,
        ),
        (
            Failure::Binding("KV PUT failed: 413 too large".to_owned()),
            false,
        ),
        (Failure::Binding("KV PUT failed: 500".to_owned()), true),
    ]);
    let other = other.prop_map(|(failure, is_trouble)| Sample {
        outcome: Outcome::failed(failure),
        is_success: false,
        is_trouble,
    });
    prop_oneof![3 => answered, 1 => other]
}

/// The consequences of an attempt with the events 1 and 2 for the second one.
fn second_of_two(outcome: &Outcome, attempts: u32, health: Health) -> (Next, Health) {
    let timing = Timing {
        final_statuses: vec![413],
        ..Timing::default()
    };
    let second = Progress {
        seq: 2,
        attempts,
        ..FRESH
    };
    after_together(&timing, outcome, second, 1, health, NOW, Jitter::NONE)
}

#[test]
fn of_a_refused_batch_each_event_is_tried_by_itself_at_once_and_none_has_used_up_an_attempt() {
    let refusals = [
        status(422),
        status(413),
        binding("KV PUT failed: 413 too large"),
        Outcome::failed(Failure::Unsendable("too large")),
        status(410),
    ];
    for refusal in refusals {
        for attempts in [0, 9] {
            let (next, health) = second_of_two(&refusal, attempts, Health::default());
            let wait = waits(next);
            assert!(wait.alone, "{refusal:?}");
            assert_eq!((wait.attempts, wait.until), (attempts, NOW), "{refusal:?}");
            assert_eq!(health.breaker, Breaker::default());
            assert!(!health.paused);
        }
    }
    let asked = Outcome::of_status(422, Some(60_000));
    let wait = waits(second_of_two(&asked, 0, Health::default()).0);
    let then = NOW + 60_000;
    assert_eq!((wait.until, wait.not_before), (then, Some(then)));
}

#[test]
fn a_batch_that_finds_the_destination_in_trouble_is_tried_again_by_the_schedule_and_counts_once() {
    let (next, health) = second_of_two(&status(503), 1, Health::default());
    let wait = waits(next);
    assert_eq!(
        (wait.attempts, wait.until, wait.alone),
        (2, NOW + 300_000, false)
    );
    assert_eq!(health.breaker.failures, 1);
    assert_eq!(
        second_of_two(&status(503), 9, Health::default()).0,
        Next::Dead
    );
    let limit = waits(second_of_two(&binding(DAILY_LIMIT), 0, Health::default()).0);
    assert_eq!((limit.attempts, limit.alone), (0, false));
}

#[test]
fn a_410_for_two_batches_in_a_row_pauses_and_one_for_a_batch_does_not() {
    let (_, health) = second_of_two(&status(410), 0, Health::default());
    assert_eq!(health.gone, Some(1));
    let other = Health {
        gone: Some(7),
        ..Health::default()
    };
    let (next, health) = second_of_two(&status(410), 0, other);
    assert!(health.paused);
    assert!(!waits(next).alone);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Events of any outcomes for one destination: only what the contract calls trouble moves the breaker, only
    /// 410 twice in a row for two events pauses, no event is tried for ever, none before `Retry-After`.
    #[test]
    fn an_event_harms_no_other_and_ends(
        row in prop::collection::vec((0..4_i64, samples(), 0.0..1.0), 1..120),
        finals in prop::sample::subsequence(vec![400_u16, 404, 410, 413, 422, 503], 0..4),
    ) {
        let timing = Timing { final_statuses: finals.clone(), ..Timing::default() };
        let mut health = Health::default();
        let mut progress: Vec<_> = (0..4).map(|seq| Progress { seq, ..FRESH }).collect();
        let mut last_gone = None;
        for (seq, sample, chance) in row {
            let now = NOW;
            let before = progress[usize::try_from(seq).unwrap()];
            let (next, then) = after(&timing, &sample.outcome, before, health, now, Jitter::new(chance));
            let is_final = sample.outcome.status().is_some_and(|code| finals.contains(&code));
            let counted = then.breaker.failures > health.breaker.failures;
            prop_assert_eq!(counted, sample.is_trouble && !is_final);
            let is_gone = sample.outcome == Outcome::Gone && !is_final;
            let pauses = is_gone && last_gone.is_some_and(|other| other != seq);
            prop_assert_eq!(then.paused, pauses);
            prop_assert_eq!(next == Next::Delivered, sample.is_success);
            match next {
                Next::Wait(wait) => {
                    prop_assert!(!is_final);
                    let is_limit = then.not_before != health.not_before;
                    let free = is_limit || (is_gone && (pauses || !before.gone));
                    prop_assert_eq!(wait.attempts, before.attempts + u32::from(!free));
                    if let Outcome::Failed { retry_after_ms: Some(asked), .. } = sample.outcome {
                        let asked = asked.min(timing.longest_retry_after);
                        prop_assert!(wait.until >= now + asked);
                        prop_assert_eq!(wait.not_before, Some(now + asked));
                    }
                    progress[usize::try_from(seq).unwrap()] =
                        Progress { seq, attempts: wait.attempts, gone: wait.gone, alone: wait.alone };
                }
                Next::Dead => {
                    let for_ever = matches!(&sample.outcome, Outcome::Failed { failure, .. }
                        if failure.concern() == Concern::EventForever);
                    prop_assert!(is_final || for_ever || before.attempts == 9);
                    progress[usize::try_from(seq).unwrap()] = Progress { seq, ..FRESH };
                }
                Next::Delivered => progress[usize::try_from(seq).unwrap()] = Progress { seq, ..FRESH },
            }
            let says_nothing = is_final
                || matches!(&sample.outcome, Outcome::Failed { failure, .. } if failure.is_daily_limit());
            if !says_nothing {
                last_gone = (is_gone && !pauses).then_some(seq);
            }
            health = Health { paused: false, not_before: None, ..then };
        }
    }
}
