//! Rounds: in each, every contender has its turn, so that a change of the machine's clock meets
//! all of them, and figures are compared within a round.

use std::time::{Duration, Instant};

pub(crate) struct Plan {
    /// How long the rounds of one document take together, at least.
    pub(crate) seconds: f64,
    /// How long a turn is at least. Short, since on a busy machine the shorter turn is the less
    /// likely to be interrupted, and a median over many rounds then sees none of it.
    pub(crate) milliseconds: f64,
}

/// Below this a median says little.
const FEWEST_ROUNDS: usize = 15;

impl Plan {
    /// For each contender the microseconds that one run took, round by round.
    #[expect(
        clippy::disallowed_methods,
        reason = "this runs natively, and has to measure time"
    )]
    pub(crate) fn run(&self, contenders: &mut [Box<dyn FnMut() + '_>]) -> Vec<Vec<f64>> {
        let turn = Duration::from_secs_f64(self.milliseconds / 1e3);
        let runs: Vec<u32> = contenders
            .iter_mut()
            .map(|contender| runs_in(turn, contender))
            .collect();
        let mut times = vec![Vec::new(); contenders.len()];
        let start = Instant::now();
        for round in 0.. {
            if round >= FEWEST_ROUNDS && start.elapsed().as_secs_f64() >= self.seconds {
                break;
            }
            for turn in 0..contenders.len() {
                // Nobody is always the one after the greatest waster of memory.
                let place = (round + turn) % contenders.len();
                if let (Some(contender), Some(&runs), Some(times)) = (
                    contenders.get_mut(place),
                    runs.get(place),
                    times.get_mut(place),
                ) {
                    times.push(time(runs, contender).as_secs_f64() * 1e6 / f64::from(runs));
                }
            }
        }
        times
    }
}

/// How many runs fill a turn. Finding out warms up caches and branch predictors.
fn runs_in(turn: Duration, contender: &mut dyn FnMut()) -> u32 {
    let mut runs = 1;
    loop {
        let taken = time(runs, contender);
        if taken >= turn {
            return runs;
        }
        let missing = turn.as_secs_f64() / taken.as_secs_f64().max(1e-6);
        runs = if missing < 4.0 { runs * 2 } else { runs * 4 };
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this runs natively, and has to measure time"
)]
fn time(runs: u32, contender: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..runs {
        contender();
    }
    start.elapsed()
}
