//! An inbox that nobody asks any more forgets old events all the same: by its own alarm.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use harness::fixtures::database::{change, make_alarms_due, query};
use harness::fixtures::origin::Origin;
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, fresh_id, notification};

/// What workerd alone runs has no cron. Events of `acme` are spread over two inboxes.
fn setup(origin: &Origin) -> Setup {
    Setup::bare()
        .source("acme", "acme-secret-0123456789", "shards = 2")
        .source("zeta", "zeta-secret-0123456789", "")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
}

/// How many events each inbox has.
fn kept(worker: &Worker) -> Vec<u64> {
    let rows = query(worker, "SELECT count(*) AS kept FROM events");
    rows.iter()
        .map(|row| row["kept"].as_u64().unwrap())
        .collect()
}

/// A stopped Worker, two inboxes of which have delivered events that were received 40 days ago.
async fn with_old_events(origin: &Origin) -> Worker {
    let mut worker = setup(origin).started().await;
    let mut count = 0;
    let inboxes = async {
        loop {
            for _ in 0..4 {
                let account = notification("account.created").id(fresh_id());
                let id = worker.accept("acme", &account).await;
                origin.delivery("/crm", &id).await;
                count += 1;
            }
            sleep(Duration::from_secs(1)).await;
            if kept(&worker).len() == 2 {
                break;
            }
        }
    };
    timeout(PATIENCE, inboxes).await.unwrap();
    worker.kill9();
    let waits = "SELECT seq FROM waiting";
    assert!(query(&worker, waits).is_empty(), "all are delivered");
    let older = "UPDATE events SET received_at = received_at - 40 * 86400000,
        id = unhex(printf('%012x', received_at - 40 * 86400000) || substr(hex(id), 13))";
    assert_eq!(change(&worker, &[older]), count);
    assert_eq!(make_alarms_due(&worker), 2);
    worker
}

/// Waits until the inboxes have these numbers of events, in any order.
async fn reached(worker: &Worker, expected: &[u64]) {
    let reached = async {
        loop {
            let mut kept = kept(worker);
            kept.sort_unstable();
            if kept == expected {
                break;
            }
            sleep(Duration::from_millis(200)).await;
        }
    };
    let in_time = timeout(PATIENCE, reached).await;
    assert!(in_time.is_ok(), "{:?}: {}", kept(worker), worker.log());
}

#[tokio::test]
async fn an_inbox_forgets_when_its_source_is_no_longer_configured() {
    let origin = Origin::start();
    let worker = with_old_events(&origin).await;
    let worker = worker
        .reconfigured(|vars| {
            let sources = vars["SOURCES"].as_table_mut().unwrap();
            sources.remove("acme").unwrap();
        })
        .await;
    reached(&worker, &[0, 0]).await;
}

#[tokio::test]
async fn an_inbox_forgets_when_its_number_is_no_longer_used() {
    let origin = Origin::start();
    let worker = with_old_events(&origin).await;
    let worker = worker
        .reconfigured(|vars| vars["SOURCES"]["acme"]["shards"] = 1.into())
        .await;
    reached(&worker, &[0, 0]).await;
}
