//! A small `make chaos`: misbehaving origins, 3scale's retries, and a runtime that is killed while it works.

use std::time::Duration;

use harness::chaos::{self, Plan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_each_event_that_got_a_200_reaches_each_destination() {
    let plan = Plan {
        events: 300,
        sending: Duration::from_secs(15),
        kill_every: Duration::from_secs(4),
        time_factor: 10_000,
        timeout: Duration::from_millis(300),
        drain: Duration::from_mins(2),
        seed: fastrand::u64(..),
    };
    let outcome = chaos::run(&plan, |line| println!("{line}")).await.unwrap();
    println!("{plan:?}\n{:?}\n{:?}", outcome.sent, outcome.interruptions);
    let tally = &outcome.tally;
    assert!(tally.holds(), "{tally:?}");
    assert!(tally.accepted + outcome.sent.gave_up >= 300, "{tally:?}");
    assert!(outcome.interruptions.kills > 0);
    assert_eq!(
        outcome.interruptions.errors, 0,
        "{:?}",
        outcome.interruptions
    );
}
