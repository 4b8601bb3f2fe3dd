//! A source whose events are spread over several inboxes looks to its users as if it had one.

use serde_json::Value;

use harness::fixtures::fresh_id;
use harness::fixtures::operator::{TOKEN, sent};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;

fn setup(origin: &Origin, shards: u32, crm: &str) -> Setup {
    Setup::bare()
        .source(
            "acme",
            "acme-secret-0123456789",
            &format!("shards = {shards}"),
        )
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .secret("CONSOLE_TOKEN", TOKEN)
        .destination("crm", &format!("url = \"{}\"\n{crm}", origin.url("/crm")))
}

fn account(id: u64, action: &str) -> Notification {
    let kind: Kind = format!("account.{action}").parse().unwrap();
    Notification::of(kind).id(id)
}

async fn call(worker: &Worker, method: &str, path: &str) -> Value {
    let request = reqwest::Client::new()
        .request(method.parse().unwrap(), worker.url(path))
        .bearer_auth(TOKEN);
    let answer = sent(request).await;
    assert_eq!(answer.status, 200, "{path}");
    answer.json()
}

/// The number of the source's inboxes on the disk.
fn inboxes(worker: &Worker) -> usize {
    let folder = worker.state().join("threescale-edge-Inbox");
    let names = std::fs::read_dir(folder).unwrap().flatten();
    let names = names.map(|file| file.file_name().into_string().unwrap());
    // Beside them the runtime keeps the alarms in a file of their own.
    names
        .filter(|name| name.ends_with(".sqlite") && name != "metadata.sqlite")
        .count()
}

#[tokio::test]
async fn accounts_are_spread_and_every_list_spans_them() {
    let origin = Origin::start();
    let worker = setup(&origin, 4, "").started().await;
    let mut ids = vec![];
    for _ in 0..60 {
        ids.push(worker.accept("acme", &account(fresh_id(), "created")).await);
    }
    for id in &ids {
        origin.delivery("/crm", id).await;
        let seen = call(&worker, "GET", &format!("/api/v1/events/{id}")).await;
        assert_eq!(seen["event"]["id"], id.as_str());
    }
    assert_eq!(inboxes(&worker), 4);
    let delivered = async {
        loop {
            let all = call(&worker, "GET", "/api/v1/destinations").await;
            assert_eq!(all["sources"].as_array().unwrap().len(), 1);
            if all["sources"][0]["destinations"][0]["delivered"] == 60 {
                break;
            }
        }
    };
    tokio::time::timeout(harness::fixtures::PATIENCE, delivered)
        .await
        .unwrap();

    let last = ids.last().unwrap();
    call(&worker, "POST", &format!("/api/v1/events/{last}/replay")).await;
    origin.nth_attempt("/crm", last, 2).await;
}

#[tokio::test]
async fn a_repeat_is_found_and_a_pause_holds_in_every_inbox() {
    let origin = Origin::start();
    let worker = setup(&origin, 4, "").started().await;
    call(&worker, "POST", "/api/v1/destinations/crm/pause").await;
    let mut ids = vec![];
    for _ in 0..8 {
        let notification = account(fresh_id(), "created");
        let id = worker.accept("acme", &notification).await;
        let again = worker
            .push("acme", &notification.xml(), stand_in::wire::BodyFormat::Xml)
            .await;
        assert_eq!(
            (again.id.as_str(), again.status.as_str()),
            (id.as_str(), "duplicate")
        );
        ids.push(id);
    }
    assert_eq!(origin.requests_at("/crm"), 0);
    let resumed = call(&worker, "POST", "/api/v1/destinations/crm/resume").await;
    let crm = &resumed["sources"][0]["destinations"][0];
    assert_ne!(crm["state"], "paused");
    for id in &ids {
        origin.delivery("/crm", id).await;
    }
}

#[tokio::test]
async fn the_events_of_one_account_stay_in_order() {
    let origin = Origin::start();
    let worker = setup(&origin, 4, "ordered = true\nschedule = [1]")
        .started()
        .await;
    origin.plan("/crm", [Reply::Status(500)]);
    let mut sent = vec![];
    let accounts: Vec<u64> = (0..6).map(|_| fresh_id()).collect();
    for action in ["created", "updated", "plan_changed"] {
        for id in &accounts {
            let event = worker.accept("acme", &account(*id, action)).await;
            sent.push((*id, event));
        }
    }
    for (_, event) in &sent {
        origin.delivery("/crm", event).await;
    }
    origin.requests("/crm", sent.len() + 1).await;
    for account in accounts {
        let mut arrived: Vec<String> = origin
            .received("/crm")
            .iter()
            .filter(|request| request.json()["subject"] == format!("account/{account}"))
            .map(|request| request.header("webhook-id").to_owned())
            .collect();
        arrived.dedup();
        let mine = sent.iter().filter(|(id, _)| *id == account);
        assert_eq!(
            arrived,
            mine.map(|(_, event)| event.clone()).collect::<Vec<_>>()
        );
    }
}

/// The account's events at the origin, in the order of their first arrival with success.
fn arrived(origin: &Origin, account: u64, refused: usize) -> Vec<String> {
    let all = origin.received("/crm");
    let taken = all.iter().skip(refused);
    taken
        .filter(|request| request.json()["subject"] == format!("account/{account}"))
        .map(|request| request.header("webhook-id").to_owned())
        .collect()
}

/// One event of each account was refused once, another waits behind it: for most of them in an inbox that they are no
/// longer in.
#[tokio::test]
async fn after_shards_have_grown_an_accounts_later_events_wait_for_those_in_its_earlier_inbox() {
    let origin = Origin::start();
    let mut worker = setup(&origin, 1, "ordered = true").started().await;
    let accounts: Vec<u64> = (0..4).map(|_| fresh_id()).collect();
    let mut sent: Vec<Vec<String>> = vec![vec![]; accounts.len()];
    origin.plan("/crm", vec![Reply::Status(503); accounts.len()]);
    for (account_id, sent) in accounts.iter().zip(&mut sent) {
        let created = account(*account_id, "created");
        sent.push(worker.accept("acme", &created).await);
    }
    origin.requests("/crm", accounts.len()).await;
    call(&worker, "POST", "/api/v1/destinations/crm/pause").await;
    for (account_id, sent) in accounts.iter().zip(&mut sent) {
        let updated = account(*account_id, "updated");
        sent.push(worker.accept("acme", &updated).await);
    }

    worker.kill9();
    let worker = worker
        .reconfigured(|vars| vars["SOURCES"]["acme"]["shards"] = 4.into())
        .await;
    for (account_id, sent) in accounts.iter().zip(&mut sent) {
        let changed = account(*account_id, "plan_changed");
        sent.push(worker.accept("acme", &changed).await);
    }
    // The pause holds in the first inbox only. In the others new accounts wait for nobody.
    for _ in 0..12 {
        let created = account(fresh_id(), "created");
        worker.accept("acme", &created).await;
    }
    origin.requests("/crm", accounts.len() + 4).await;
    assert!(inboxes(&worker) > 1);
    for account in &accounts {
        assert_eq!(arrived(&origin, *account, accounts.len()), [""; 0]);
    }

    call(&worker, "POST", "/api/v1/destinations/crm/resume").await;
    for (account, sent) in accounts.iter().zip(&sent) {
        for id in &sent[1..] {
            origin.delivery("/crm", id).await;
        }
        assert_eq!(arrived(&origin, *account, accounts.len()), *sent);
    }
    // To wait is no attempt.
    let last = worker.attempts(TOKEN, &sent[0][2], "crm", 1).await;
    assert_eq!(last.len(), 1);
    assert_eq!(last[0]["outcome"], "delivered");
}
