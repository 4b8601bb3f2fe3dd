//! Replays by filter: the events sent again, their destinations, and that nothing else is; crashes; and new
//! notifications meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep, timeout};

use harness::fixtures::notification;
use harness::fixtures::operator::{TOKEN, call, get, post};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};

/// Longer than any of these replays takes on a busy machine.
const LONG: Duration = Duration::from_mins(2);

/// `acme` is spread over this many inboxes. `crm` and `mirror` want every user, `late` only accounts; `late` has these
/// settings.
async fn worker(origin: &Origin, shards: u32, late: &str) -> Worker {
    let to = |name: &str, settings: &str| {
        let url = origin.url(&format!("/{name}"));
        format!("url = \"{url}\"\nschedule = [1]\n{settings}")
    };
    Setup::bare()
        .acme_and_other(shards)
        .destination("crm", &to("crm", "events = [\"user.*\"]"))
        .destination("mirror", &to("mirror", "events = [\"user.*\"]"))
        .destination(
            "late",
            &to("late", &format!("events = [\"account.*\"]\n{late}")),
        )
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", "1000")
        .started()
        .await
}

/// Sends users that are accepted, each of another account, 16 at a time.
async fn accept_users(worker: &Worker, count: u64) -> Vec<String> {
    let mut ids = vec![];
    for begin in (0..count).step_by(16) {
        let some = (begin..count.min(begin + 16)).map(async |account| {
            let user = notification("user.created").user(|user| user.account_id = account);
            worker.accept("acme", &user).await
        });
        ids.extend(futures_util::future::join_all(some).await);
    }
    ids
}

async fn replay(worker: &Worker, body: &Value) -> Value {
    post(worker, "/replays", body, StatusCode::ACCEPTED).await
}

/// The counts of a dry run: events and deliveries.
async fn counted(worker: &Worker, body: &Value) -> (u64, u64) {
    let mut body = body.clone();
    body["dry_run"] = true.into();
    let counted = post(worker, "/replays", &body, StatusCode::OK).await;
    assert_eq!(counted["dry_run"], true);
    let count = |name: &str| counted[name].as_u64().unwrap();
    (count("events"), count("deliveries"))
}

/// The replay with this id, as the list shows it.
async fn progress(worker: &Worker, id: &Value) -> Value {
    let all = get(worker, "/replays").await;
    let mut all = all["replays"].as_array().unwrap().iter();
    all.find(|one| one["id"] == *id).unwrap().clone()
}

/// Waits until everything that the replay means was sent.
async fn ended(worker: &Worker, id: &Value) -> Value {
    let ended = async {
        loop {
            let progress = progress(worker, id).await;
            if progress["ended_at"].is_string() {
                return progress;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LONG, ended).await.expect("the replay does not end")
}

/// The number of deliveries to each destination in this state.
async fn in_state(worker: &Worker, state: &str) -> BTreeMap<String, u64> {
    let all = get(worker, "/destinations").await;
    let mut counts = BTreeMap::new();
    for source in all["sources"].as_array().unwrap() {
        for one in source["destinations"].as_array().unwrap() {
            let name = one["name"].as_str().unwrap().to_owned();
            *counts.entry(name).or_default() += one[state].as_u64().unwrap();
        }
    }
    counts
}

/// Waits until no delivery is waiting.
async fn settled(worker: &Worker) {
    let settled = async {
        while in_state(worker, "waiting")
            .await
            .values()
            .any(|count| *count > 0)
        {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(LONG, settled)
        .await
        .expect("something waits for ever");
}

/// How often each event has arrived at this path.
fn arrivals(origin: &Origin, path: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in origin.received(path) {
        *counts
            .entry(request.header("webhook-id").to_owned())
            .or_default() += 1;
    }
    counts
}

fn requests(origin: &Origin) -> [usize; 3] {
    ["/crm", "/mirror", "/late"].map(|path| origin.requests_at(path))
}

#[tokio::test]
async fn dead_letters_are_replayed_only_to_the_destinations_where_they_are_dead() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let worker = worker(&origin, shards, "").await;
        // Not five in a row: the breaker has its own tests.
        let mut replies = vec![];
        for _ in 0..20 {
            replies.extend([Reply::Status(500), Reply::Status(204)]);
        }
        origin.plan("/crm", replies);
        accept_users(&worker, 40).await;
        settled(&worker).await;
        // Chance decides which of them fail twice; some more do here.
        origin.plan("/crm", [Reply::Status(500), Reply::Status(500)]);
        accept_users(&worker, 1).await;
        settled(&worker).await;
        let dead = in_state(&worker, "dead").await;
        assert!(dead["crm"] > 0 && dead["mirror"] == 0, "{dead:?}");

        let before = requests(&origin);
        let body = json!({ "state": "dead" });
        assert_eq!(counted(&worker, &body).await, (dead["crm"], dead["crm"]));
        assert_eq!(requests(&origin), before, "a dry run sends nothing");
        let begun = replay(&worker, &body).await;
        assert_eq!(begun["events"], dead["crm"]);
        let progress = ended(&worker, &begun["id"]).await;
        assert_eq!(
            (&progress["events"], &progress["deliveries"]),
            (&dead["crm"].into(), &dead["crm"].into())
        );
        settled(&worker).await;
        let after = requests(&origin);
        assert_eq!(after[0] - before[0], usize::try_from(dead["crm"]).unwrap());
        assert_eq!(after[1..], before[1..], "others have them already");
        assert_eq!(in_state(&worker, "dead").await["crm"], 0);
        assert_eq!(counted(&worker, &body).await, (0, 0));
    }
}

#[tokio::test]
async fn a_replay_sends_the_events_of_its_filter_to_the_destinations_it_names() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let worker = worker(&origin, shards, "").await;
        let older = accept_users(&worker, 20).await;
        sleep(Duration::from_millis(5)).await;
        let account = worker
            .accept("acme", &notification("account.created"))
            .await;
        sleep(Duration::from_millis(5)).await;
        let newer = accept_users(&worker, 12).await;
        let elsewhere = worker.accept("other", &notification("user.created")).await;
        settled(&worker).await;
        let listed = get(&worker, &format!("/events?q={account}")).await;
        let time = listed["events"][0]["received_at"].clone();
        let is = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<_>>();
        // The deliveries that a replay adds to those before it, by path.
        let sent = async |body: Value, status: StatusCode| {
            let before = ["/crm", "/mirror", "/late"].map(|path| arrivals(&origin, path));
            let counted = counted(&worker, &body).await;
            let begun = post(&worker, "/replays", &body, status).await;
            let progress = ended(&worker, &begun["id"]).await;
            settled(&worker).await;
            let mut deliveries = 0;
            let new = [("/crm", 0), ("/mirror", 1), ("/late", 2)].map(|(path, index)| {
                let mut new = BTreeSet::new();
                for (id, count) in arrivals(&origin, path) {
                    let more = count - before[index].get(&id).unwrap_or(&0);
                    assert!(more <= 1, "{id} arrived {more} times at {path}");
                    if more == 1 {
                        deliveries += 1;
                        new.insert(id);
                    }
                }
                new
            });
            let events: BTreeSet<_> = new.iter().flatten().collect();
            let events = u64::try_from(events.len()).unwrap();
            assert_eq!(counted, (events, deliveries), "the dry run of {body}");
            assert_eq!(begun["events"], events);
            assert_eq!(
                (&progress["events"], &progress["deliveries"]),
                (&events.into(), &deliveries.into())
            );
            new
        };
        let accepted = StatusCode::ACCEPTED;
        let users = is(&older);
        let nothing = BTreeSet::new();

        // Without destinations: to those that want it today.
        let new = sent(json!({ "until": time, "source": "acme" }), accepted).await;
        assert_eq!(new, [users.clone(), users.clone(), nothing.clone()]);
        let new = sent(json!({ "since": time, "source": "acme" }), accepted).await;
        assert_eq!(
            new,
            [is(&newer), is(&newer), is(std::slice::from_ref(&account))]
        );
        // To chosen destinations, which don't want it, and one of which has never had it.
        let new = sent(
            json!({ "until": time, "destinations": ["late", "crm"] }),
            accepted,
        )
        .await;
        assert_eq!(new, [users.clone(), nothing.clone(), users.clone()]);
        // Only events that went to one of them.
        let new = sent(json!({ "destination": "late", "type": "user" }), accepted).await;
        assert_eq!(new, [nothing.clone(), nothing.clone(), users]);
        let new = sent(
            json!({ "source": "other", "state": "delivered", "destination": "mirror" }),
            accepted,
        )
        .await;
        assert_eq!(new, [nothing.clone(), is(&[elsewhere]), nothing.clone()]);
        let new = sent(json!({ "type": "plan" }), accepted).await;
        assert_eq!(new, [nothing.clone(), nothing.clone(), nothing.clone()]);
        let new = sent(json!({ "all": true }), accepted).await;
        assert_eq!(new.map(|ids| ids.len()), [33, 33, 1]);

        // A single event, to one of those that want it.
        let before = requests(&origin);
        let path = format!("/events/{}/replay", older[0]);
        let body = json!({ "destinations": ["mirror"] });
        let answer = post(&worker, &path, &body, StatusCode::OK).await;
        assert_eq!(answer, json!({ "id": older[0], "deliveries": 1 }));
        settled(&worker).await;
        let after = requests(&origin);
        assert_eq!(after, [before[0], before[1] + 1, before[2]]);
    }
}

#[tokio::test]
async fn a_replay_during_the_last_attempt_restarts_the_delivery() {
    let origin = Origin::start();
    let worker = worker(&origin, 1, "").await;
    origin.plan("/crm", [Reply::Status(500), Reply::Held(500)]);
    let user = notification("user.created");
    let id = worker.accept("acme", &user).await;
    origin.nth_attempt("/crm", &id, 2).await;
    let body = json!({ "destinations": ["crm"] });
    post(
        &worker,
        &format!("/events/{id}/replay"),
        &body,
        StatusCode::OK,
    )
    .await;
    origin.release();
    let third = origin.nth_attempt("/crm", &id, 3).await;
    assert_eq!(third.header("webhook-attempt"), "1", "attempts start over");
    settled(&worker).await;
    assert_eq!(in_state(&worker, "dead").await["crm"], 0);
}

#[tokio::test]
async fn a_wrong_request_is_refused_with_the_values_that_would_be_right_and_does_nothing() {
    let origin = Origin::start();
    let worker = worker(&origin, 1, "").await;
    for (path, body, right) in [
        ("/replays", "", "`all`"),
        ("/replays", "{}", "`all`"),
        ("/replays", "[1]", "`body`"),
        (
            "/replays",
            r#"{"all":true,"destinations":["nobody"]}"#,
            "crm, late, mirror",
        ),
        ("/replays", r#"{"tpye":"user"}"#, "`tpye`"),
        ("/replays", r#"{"state":"lost"}"#, "`state`"),
        (
            "/events/x/replay",
            r#"{"destination":"crm"}"#,
            "`destination`",
        ),
        (
            "/events/x/replay",
            r#"{"destinations":[]}"#,
            "`destinations`",
        ),
    ] {
        let answer = call(&worker, Method::POST, path, body).await;
        let problem = answer.problem(400, "invalid_parameter");
        assert!(
            problem["detail"].as_str().unwrap().contains(right),
            "{problem}"
        );
    }
    call(&worker, Method::PUT, "/replays", "{}")
        .await
        .problem(405, "method_not_allowed");
    assert_eq!(get(&worker, "/replays").await, json!({ "replays": [] }));
}

/// Killed twice: right after the 202, and when part of it has been sent.
#[tokio::test]
async fn a_replay_continues_after_a_kill_and_skips_nothing() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let mut worker = worker(&origin, shards, "").await;
        let ids = accept_users(&worker, 1000).await;
        settled(&worker).await;
        let before = ["/crm", "/mirror", "/late"].map(|path| arrivals(&origin, path));
        let body = json!({ "type": "user", "destinations": ["crm", "mirror", "late"] });
        let begun = replay(&worker, &body).await;
        assert_eq!(begun["events"], 1000);
        worker.kill9();
        worker = worker.restarted().await;
        let sent_before = origin.requests_at("/late");
        while origin.requests_at("/late") < sent_before + 100 {
            sleep(Duration::from_millis(5)).await;
        }
        worker.kill9();
        worker = worker.restarted().await;
        let progress = ended(&worker, &begun["id"]).await;
        // No step was done twice.
        assert_eq!(
            (&progress["events"], &progress["deliveries"]),
            (&1000.into(), &3000.into())
        );
        settled(&worker).await;
        for (path, before) in ["/crm", "/mirror", "/late"].iter().zip(before) {
            let after = arrivals(&origin, path);
            for id in &ids {
                let more = after[id] - before.get(id).unwrap_or(&0);
                assert!(more >= 1, "{id} was not sent to {path}");
            }
        }
    }
}

#[tokio::test]
async fn new_events_during_a_big_replay_do_not_wait_behind_it() {
    for shards in [1, 4] {
        let origin = Origin::start();
        // A slow destination: replaying to it takes minutes.
        let worker = worker(&origin, shards, "rate = 10").await;
        let old: BTreeSet<_> = accept_users(&worker, 2000).await.into_iter().collect();
        settled(&worker).await;
        let begun = replay(
            &worker,
            &json!({ "type": "user", "destinations": ["late"] }),
        )
        .await;
        // Some while the replay is being planned, some while it is being sent.
        let mut fresh = vec![];
        for number in 0..10 {
            let account =
                notification("account.created").account(|account| account.id = 5_000_000 + number);
            fresh.push((Instant::now(), worker.accept("acme", &account).await));
            sleep(Duration::from_millis(100)).await;
        }
        let so_far = progress(&worker, &begun["id"]).await;
        assert!(
            so_far["deliveries"].as_u64() < Some(1000) && so_far["ended_at"].is_null(),
            "{so_far}"
        );
        for (accepted, id) in &fresh {
            let arrived = origin.delivery("/late", id).await.at;
            assert!(
                arrived - *accepted < Duration::from_secs(5),
                "{:?}",
                arrived - *accepted
            );
        }
        let waiting = in_state(&worker, "waiting").await["late"];
        assert!(waiting > 1000, "the replay continues: {waiting}");
        assert!(
            origin
                .received("/late")
                .iter()
                .any(|request| old.contains(request.header("webhook-id")))
        );
    }
}

/// More than an inbox looks at in one go, for the list and for a replay.
#[tokio::test]
async fn a_rare_event_is_found_behind_thousands_of_others() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let worker = worker(&origin, shards, "").await;
        let account = worker
            .accept("acme", &notification("account.created"))
            .await;
        accept_users(&worker, 2500).await;
        settled(&worker).await;
        let page = get(&worker, "/events?type=account&limit=2").await;
        assert_eq!(page["events"][0]["id"], account);
        assert_eq!(
            (&page["events"][1], &page["cursor"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(counted(&worker, &json!({ "q": account })).await, (1, 1));
        let all = json!({ "all": true });
        assert_eq!(counted(&worker, &all).await, (2501, 5001));
        let last = worker
            .accept("acme", &notification("account.deleted"))
            .await;
        let body = json!({ "type": "account", "destinations": ["mirror"] });
        let begun = replay(&worker, &body).await;
        ended(&worker, &begun["id"]).await;
        for id in [account, last] {
            origin.delivery("/mirror", &id).await;
        }
        assert_eq!(origin.requests_at("/mirror"), 2502);
    }
}
