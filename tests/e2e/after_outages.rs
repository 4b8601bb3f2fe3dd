//! After an outage nothing is missing: notifications that 3scale gave up are fetched from its list of failures, once,
//! whatever happens meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::Utc;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use harness::fixtures::fresh_id;
use harness::fixtures::operator::TOKEN;
use harness::fixtures::origin::Origin;
use harness::fixtures::tenant::{ACCESS_TOKEN, Admin};
use harness::fixtures::worker::{Setup, Worker};
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;
use stand_in::sidekiq::{Job, Outcome};
use stand_in::wire::BodyFormat;

/// An hour takes six seconds.
const FACTOR: u32 = 600;
/// The longest that all deliveries of a test may take.
const LONG: Duration = Duration::from_mins(3);

fn setup(threescale: &Admin, origin: &Origin) -> Setup {
    let source = format!("admin_url = \"{}\"", threescale.url);
    Setup::bare()
        .source("acme", "acme-secret-0123456789", &source)
        .secret("SOURCE_ACME_ACCESS_TOKEN", ACCESS_TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .secret("CONSOLE_TOKEN", TOKEN)
        .var("TIME_FACTOR", &FACTOR.to_string())
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
}

/// A notification about an object of its own.
fn fresh() -> (u64, Notification) {
    let id = fresh_id();
    let kinds = Kind::ALL;
    let kind = kinds[usize::try_from(id).unwrap() % kinds.len()];
    (id, Notification::of(kind).id(id))
}

/// Asks for a recovery; `None` if the Worker died meanwhile.
async fn recover(worker_url: &str) -> Option<Value> {
    let client = reqwest::Client::new();
    let request = client
        .post(format!("{worker_url}/api/v1/recoveries"))
        .bearer_auth(TOKEN);
    let answer = request.send().await.ok()?;
    let answer: Value = answer.json().await.ok()?;
    Some(answer["recoveries"][0].clone())
}

/// The work of one cron period: recovers until there is nothing left to read.
async fn period(worker: &Worker) {
    let deadline = Instant::now() + LONG;
    while Instant::now() < deadline {
        let done = recover(&worker.url("")).await.expect("the Worker answers");
        match done["state"].as_str() {
            Some("ok") if done["more"] == false => return,
            Some("ok") => {}
            // Its own alarm continues with the rest.
            Some("running") => sleep(Duration::from_millis(20)).await,
            _ => panic!("{done}"),
        }
    }
    panic!("the recovery does not end");
}

/// Waits until each of these objects has arrived, and returns the number of events about each.
async fn arrived(origin: &Origin, objects: &[u64]) -> HashMap<u64, usize> {
    let all = async {
        loop {
            let events = events(origin);
            if objects.iter().all(|id| events.contains_key(id)) {
                return events;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    let Ok(events) = timeout(LONG, all).await else {
        let events = events(origin);
        let missing = objects.iter().filter(|id| !events.contains_key(id)).count();
        panic!("{missing} of {} never arrived", objects.len());
    };
    events
}

/// The number of events (not attempts) that have arrived about each object.
fn events(origin: &Origin) -> HashMap<u64, usize> {
    let mut ids: HashMap<u64, Vec<String>> = HashMap::new();
    for request in origin.received("/crm") {
        let event = request.json();
        let object = event["data"]["object"]["id"].as_u64().unwrap();
        let ids = ids.entry(object).or_default();
        let id = event["id"].as_str().unwrap().to_owned();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.into_iter().map(|(id, ids)| (id, ids.len())).collect()
}

/// Every object arrived once, and the list is empty after a second period at the latest.
async fn nothing_is_missing(worker: &Worker, threescale: &Admin, origin: &Origin, objects: &[u64]) {
    // Until the newest entry's second is certainly over, the entry stays in the list.
    sleep(Duration::from_millis(2500)).await;
    period(worker).await;
    assert_eq!(threescale.listed(), 0, "the list is empty");
    let events = arrived(origin, objects).await;
    let doubled = objects.iter().filter(|id| events[id] > 1).count();
    assert_eq!(doubled, 0, "of {} some became two events", objects.len());
    assert_eq!(events.len(), objects.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_hour_without_the_worker_each_of_2000_notifications_arrives_once() {
    const COUNT: usize = 2000;
    let (threescale, origin) = (Admin::start(), Origin::start());
    let mut worker = setup(&threescale, &origin).started().await;
    let hook = worker.url(&worker.hook("acme"));
    let sidekiq = threescale.sidekiq(f64::from(FACTOR));
    worker.kill9();

    let mut jobs = JoinSet::new();
    let mut objects = vec![];
    for _ in 0..COUNT {
        let (id, notification) = fresh();
        objects.push(id);
        let target = hook.parse().unwrap();
        let job = Job::new(
            notification.kind(),
            target,
            notification.xml(),
            BodyFormat::Xml,
        );
        let sidekiq = Arc::clone(&sidekiq);
        jobs.spawn(async move { sidekiq.run(job).await });
        sleep(Duration::from_millis(3)).await;
    }
    let ended = jobs.join_all().await;
    assert!(ended.iter().all(|end| *end == Outcome::Failed));
    assert_eq!(threescale.listed(), COUNT);

    let worker = worker.restarted().await;
    // 3scale keeps sending: new notifications arrive while the old ones are fetched, and one more attempt fails in the
    // second of the newest entry.
    let during: Vec<_> = (0..100).map(|_| fresh()).collect();
    let pushing = async {
        for (_, notification) in &during {
            worker.accept("acme", notification).await;
        }
    };
    let failing = async {
        let mut late = vec![];
        for _ in 0..20 {
            let (id, notification) = fresh();
            threescale.gave_up(&notification.xml(), Utc::now(), &hook);
            late.push(id);
            sleep(Duration::from_millis(30)).await;
        }
        late
    };
    let ((), (), late) = tokio::join!(period(&worker), pushing, failing);
    period(&worker).await;
    objects.extend(during.iter().map(|(id, _)| id));
    objects.extend(late);
    nothing_is_missing(&worker, &threescale, &origin, &objects).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_fifty_times_during_recovery_it_loses_nothing_and_duplicates_nothing() {
    const KILLS: usize = 50;
    const EACH: usize = 40;
    let threescale = Admin::with(|tenant| tenant.faults = 0.05);
    let origin = Origin::start();
    let mut worker = setup(&threescale, &origin).started().await;
    let hook = worker.url(&worker.hook("acme"));
    let mut objects = vec![];
    let mut cut_short = 0;
    for _ in 0..KILLS {
        // One in four did arrive: only our response got lost, so 3scale lists it as well.
        let mut failing = vec![];
        for number in 0..EACH {
            let (id, notification) = fresh();
            if number % 4 == 0 {
                worker.accept("acme", &notification).await;
            }
            objects.push(id);
            failing.push(notification.xml());
        }
        // The list grows while it is read.
        let growing = {
            let (threescale, hook) = (threescale.clone(), hook.clone());
            tokio::spawn(async move {
                for (number, xml) in failing.iter().enumerate() {
                    threescale.gave_up(xml, Utc::now(), &hook);
                    if number % 8 == 0 {
                        sleep(Duration::from_millis(fastrand::u64(0..8))).await;
                    }
                }
            })
        };
        let ended = Arc::new(AtomicBool::new(false));
        let recovering = {
            let (url, ended) = (worker.url(""), Arc::clone(&ended));
            tokio::spawn(async move {
                // One after the other, so that the kill meets one of them.
                for _ in 0..20 {
                    if recover(&url).await.is_none() {
                        return;
                    }
                }
                ended.store(true, Ordering::Relaxed);
            })
        };
        sleep(Duration::from_millis(fastrand::u64(0..120))).await;
        worker.kill9();
        recovering.await.unwrap();
        cut_short += usize::from(!ended.load(Ordering::Relaxed));
        growing.await.unwrap();
        worker = worker.restarted().await;
    }
    assert!(
        cut_short > KILLS / 2,
        "only {cut_short} kills met a recovery"
    );

    let whole = async {
        // Some requests to the admin API fail throughout.
        while threescale.listed() > 0 {
            recover(&worker.url("")).await;
            sleep(Duration::from_millis(300)).await;
        }
    };
    timeout(LONG, whole).await.expect("the list gets empty");
    let events = arrived(&origin, &objects).await;
    let doubled = objects.iter().filter(|id| events[id] > 1).count();
    println!(
        "entries {} kills {KILLS} lost 0 doubled {doubled}",
        objects.len()
    );
    assert_eq!(doubled, 0);
    assert_eq!(events.len(), objects.len());
}
