//! An inbox with nothing to do sleeps: no alarm that finds nothing, and nothing pending that keeps it in memory, where
//! it is billed.

use std::fs;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use harness::deployment::Deployment;
use harness::fixtures::database::alarms;
use harness::fixtures::notification;
use harness::fixtures::operator::{TOKEN, call};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};

/// Two destinations for all events.
fn setup(origin: &Origin) -> Setup {
    Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .secret("CONSOLE_TOKEN", TOKEN)
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
        .destination("erp", &format!("url = \"{}\"", origin.url("/erp")))
}

async fn tell(worker: &Worker, destination: &str, what: &str) {
    let path = format!("/destinations/{destination}/{what}");
    let answer = call(worker, reqwest::Method::POST, &path, "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn an_event_for_paused_destinations_sets_no_alarm_and_resuming_one_does() {
    let origin = Origin::start();
    let mut worker = setup(&origin).started().await;
    for name in ["crm", "erp"] {
        tell(&worker, name, "pause").await;
    }
    let id = worker.accept("acme", &notification("user.created")).await;
    worker.accept("acme", &notification("user.updated")).await;
    worker.kill9();
    assert!(alarms(&worker).is_empty());

    // After a restart it is still so.
    worker = worker.restarted().await;
    worker.accept("acme", &notification("user.deleted")).await;
    // The runtime keeps an alarm until its handler has ended.
    origin.plan("/crm", [Reply::Hang, Reply::Hang, Reply::Hang]);
    worker.kill9();
    assert!(alarms(&worker).is_empty());
    worker = worker.restarted().await;
    tell(&worker, "crm", "resume").await;
    worker.kill9();
    assert_eq!(alarms(&worker).len(), 1);

    worker = worker.restarted().await;
    origin.delivery("/crm", &id).await;
    assert_eq!(origin.requests_at("/erp"), 0);
    drop(worker);
}

/// Counts the timers that are pending, and logs their number at each change.
const COUNTING: &str = "{
    const pending = new Set();
    const log = () => console.log(JSON.stringify({ pending_timers: pending.size }));
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    const begin = (key) => { pending.add(key); log(); };
    const end = (key) => { if (pending.delete(key)) log(); };
    globalThis.setTimeout = (run, ms, ...rest) => {
        const timer = set.call(globalThis, () => { end(Number(timer)); run(...rest); }, ms);
        begin(Number(timer));
        return timer;
    };
    globalThis.clearTimeout = (timer) => { clear.call(globalThis, timer); end(Number(timer)); };
    const signal = AbortSignal.timeout;
    // Nothing clears it.
    AbortSignal.timeout = (ms) => { begin(Symbol()); return signal.call(AbortSignal, ms); };
}
";

/// Logs when an inbox is opened: the runtime has removed the one before from memory.
const OPENED: &str = r#"
NAME = class extends NAME {
    constructor(...all) { super(...all); console.log(JSON.stringify({ inbox: "opened" })); }
};
"#;

pub(crate) fn watch(deployment: &Deployment) {
    let file = deployment.folder().join("build/index.js");
    let script = fs::read_to_string(&file).unwrap();
    let (before, _) = script.split_once(" as Inbox").unwrap();
    let is_name = |char: &char| char.is_alphanumeric() || "$_".contains(*char);
    let name: Vec<_> = before.chars().rev().take_while(is_name).collect();
    let name: String = name.into_iter().rev().collect();
    let opened = OPENED.replace("NAME", &name);
    fs::write(file, [COUNTING, &script, &opened].concat()).unwrap();
}

/// The number of times that the log has this.
pub(crate) fn count(worker: &Worker, what: &str) -> usize {
    worker.log().matches(what).count()
}

/// The number of pending timers after each change.
pub(crate) fn pending_timers(worker: &Worker) -> Vec<usize> {
    let log = worker.log();
    let all = log.split("{\"pending_timers\":").skip(1);
    all.map(|rest| rest.split_once('}').unwrap().0.parse().unwrap())
        .collect()
}

/// Deliveries may take 15 s.
#[tokio::test]
async fn nothing_is_pending_after_the_last_attempt_and_the_runtime_removes_the_inbox_from_memory() {
    let origin = Origin::start();
    let starting = setup(&origin);
    let worker = tokio::task::spawn_blocking(|| starting.start_with(watch))
        .await
        .unwrap();
    let first = worker.accept("acme", &notification("user.created")).await;
    origin.delivery("/crm", &first).await;
    origin.delivery("/erp", &first).await;
    let idle = async {
        let is_recorded = || count(&worker, "\"event\":\"attempt\"") == 2;
        while !is_recorded() || pending_timers(&worker).last() != Some(&0) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = timeout(Duration::from_secs(5), idle).await;
    assert!(in_time.is_ok(), "{}", worker.log());
    assert!(
        pending_timers(&worker).contains(&2),
        "a delivery to each has a limit"
    );

    // The runtime does so after ten seconds without a request.
    sleep(Duration::from_secs(12)).await;
    assert_eq!(count(&worker, "\"inbox\":\"opened\""), 1);
    let second = worker.accept("acme", &notification("user.created")).await;
    assert_eq!(count(&worker, "\"inbox\":\"opened\""), 2);
    origin.delivery("/crm", &second).await;
}
