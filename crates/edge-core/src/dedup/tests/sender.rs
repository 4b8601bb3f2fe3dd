//! 3scale: the notifications that it sends, when it tries, and the fate of each try. Times are milliseconds of its
//! clock.

use std::fmt;

use proptest::prelude::*;

pub(super) const BEGIN: i64 = 1_000_000_000_000;
const TRIES: usize = 6;
/// The longest that a try may hang. Six of them, with 3scale's jitter, stay below the time after which `plan` takes
/// them for settled.
const HANGS_MS: i64 = 20_000;

/// The fate of one try.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// It does not arrive; 3scale finds out after this time.
    Lost(i64),
    /// It arrives after this time, and is answered.
    Answered(i64),
    /// It arrives after the first time, but the response does not, and 3scale gives the try up later by the second.
    /// That may be negative: the request was still on its way.
    Unanswered(i64, i64),
}

#[derive(Debug, Clone, Copy)]
struct Try {
    outcome: Outcome,
    /// 3scale's `rand(10)`.
    jitter: i64,
}

/// A notification as 3scale made it.
#[derive(Clone)]
pub(super) struct Notification {
    pub(super) id: usize,
    pub(super) object: u8,
    state: u8,
    pub(super) updated_at: Option<i64>,
    made: i64,
    tries: [Try; TRIES],
    /// How far the clock of the process that gives it up is behind.
    behind: i64,
}

impl fmt::Debug for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, made, .. } = self;
        let Fate { arrivals, given_up } = self.fate();
        let arrivals: Vec<_> = arrivals.iter().map(|at| (at - BEGIN) / 1000).collect();
        let given_up = given_up.map(|(at, _)| (at - BEGIN) / 1000);
        let made = (made - BEGIN) / 1000;
        write!(
            f,
            "#{id} {} made {made} s arrives {arrivals:?} s given up {given_up:?} s",
            self.digest()
        )
    }
}

/// The fate of a notification.
#[derive(Debug, Clone, Default)]
pub(super) struct Fate {
    pub(super) arrivals: Vec<i64>,
    /// When 3scale gives it up, and the time that the entry has, in seconds.
    pub(super) given_up: Option<(i64, i64)>,
}

impl Notification {
    /// A notification about the first object, made after this many seconds, whose tries each take the given seconds,
    /// with this jitter. Only the last arrives, if any.
    pub(super) fn slow(
        id: usize,
        state: u8,
        made: i64,
        takes: i64,
        jitter: i64,
        arrives: bool,
    ) -> Self {
        let lost = Outcome::Lost(takes * 1000);
        let mut tries = [Try {
            outcome: lost,
            jitter,
        }; TRIES];
        if arrives {
            tries[TRIES - 1].outcome = Outcome::Answered(0);
        }
        Self {
            id,
            object: 0,
            state,
            updated_at: Some(BEGIN / 1000),
            made: BEGIN + made * 1000,
            tries,
            behind: 0,
        }
    }

    pub(super) fn digest(&self) -> String {
        format!("{}/{}/{:?}", self.object, self.state, self.updated_at)
    }

    /// As 3scale does it: six tries, a minute and some jitter apart; then the list.
    pub(super) fn fate(&self) -> Fate {
        let mut fate = Fate::default();
        let mut at = self.made;
        for (number, one) in (0..).zip(&self.tries) {
            at += number.min(1) * 60_000 + number * one.jitter * 1000;
            match one.outcome {
                Outcome::Lost(after) => at += after,
                Outcome::Answered(after) => {
                    fate.arrivals.push(at + after);
                    return fate;
                }
                Outcome::Unanswered(after, more) => {
                    fate.arrivals.push(at + after);
                    at += after + more;
                }
            }
        }
        fate.given_up = Some((at, (at - self.behind) / 1000));
        fate
    }

    /// `true` if a try arrives after 3scale gave up.
    pub(super) fn comes_late(&self) -> bool {
        let fate = self.fate();
        let is_late = |at| fate.arrivals.iter().any(|arrival| *arrival > at);
        fate.given_up.is_some_and(|(at, _)| is_late(at))
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let half = 0..HANGS_MS / 2;
    prop_oneof![
        6 => (0..HANGS_MS).prop_map(Outcome::Lost),
        2 => half.clone().prop_map(Outcome::Answered),
        2 => (half.clone(), half).prop_map(|(after, more)| Outcome::Unanswered(after, more)),
        1 => (0..60_000_i64).prop_map(|late| Outcome::Unanswered(HANGS_MS + late, -late)),
    ]
}

/// The fates of a notification: at random, as on a good day, as in an outage, or as at its end.
fn tries() -> impl Strategy<Value = [Try; TRIES]> {
    let all = |outcome: BoxedStrategy<Outcome>| {
        let one = (outcome, 0..10_i64).prop_map(|(outcome, jitter)| Try { outcome, jitter });
        prop::array::uniform6(one)
    };
    let good = (0..1000_i64).prop_map(Outcome::Answered).boxed();
    let lost = (0..HANGS_MS).prop_map(Outcome::Lost).boxed();
    let at_last = (all(lost.clone()), 0..1000_i64).prop_map(|(mut tries, after)| {
        tries[TRIES - 1].outcome = Outcome::Answered(after);
        tries
    });
    // Tries that are refused at once are given up in the same second.
    let refused = Try {
        outcome: Outcome::Lost(10),
        jitter: 0,
    };
    prop_oneof![
        all(outcome().boxed()),
        all(good),
        all(lost),
        at_last,
        Just([refused; TRIES])
    ]
}

/// Some notifications about two objects, each of which has few states and returns to them. The second
/// one's documents have no time.
pub(super) fn story() -> impl Strategy<Value = Vec<Notification>> {
    let one = (
        prop_oneof![5 => Just(0_u8), 1 => Just(1_u8)],
        0..3_u8,
        prop::bool::weighted(0.2),
        prop_oneof![0..3000_i64, 0..500_000_i64],
        tries(),
        0..3000_i64,
    );
    prop::collection::vec(one, 1..7).prop_map(|all| {
        let (mut made, mut updated_at) = (BEGIN, BEGIN / 1000);
        let numbered = all.into_iter().enumerate();
        numbered
            .map(|(id, (object, state, touches, pause, tries, behind))| {
                made += pause;
                if touches {
                    updated_at = made / 1000;
                }
                Notification {
                    id,
                    object,
                    state,
                    updated_at: (object == 0).then_some(updated_at),
                    made,
                    tries,
                    behind,
                }
            })
            .collect()
    })
}

/// A run of recovery.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// It begins this long after 3scale has begun, or after it has given this notification up.
    pub(super) after: i64,
    pub(super) follows: Option<usize>,
    /// The most entries that it reads.
    pub(super) most: usize,
    /// `true` if the list breaks off there, instead of being left.
    pub(super) breaks: bool,
    /// How many entries go into a batch.
    pub(super) batch: usize,
    /// How long it takes from one thing to the next.
    pub(super) pause: i64,
    /// The step before which it dies.
    pub(super) dies_before: Option<usize>,
}

/// Runs of any kind at any time. They may overlap: a step without progress for two minutes is not waited for.
pub(super) fn runs() -> impl Strategy<Value = Vec<Run>> {
    let run = (
        prop_oneof![
            (0..2_000_000_i64).prop_map(|after| (after, None)),
            (0..2000_i64, (0..6_usize).prop_map(Some)),
            (60_000..63_000_i64, (0..6_usize).prop_map(Some)),
        ],
        prop_oneof![Just(usize::MAX), 1..6_usize],
        prop::bool::weighted(0.2),
        1..4_usize,
        prop_oneof![0..500_i64, 0..20_000_i64],
        prop::option::weighted(0.3, 0..8_usize),
    );
    let run = run.prop_map(
        |((after, follows), most, breaks, batch, pause, dies_before)| Run {
            after,
            follows,
            most,
            breaks,
            batch,
            pause,
            dies_before,
        },
    );
    prop::collection::vec(run, 0..12)
}
