//! `listen`: what reaches the service on this machine, whatever happens between.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use serde_json::json;
use tokio::task::{block_in_place, spawn_blocking};
use tokio::time::sleep;

use harness::fixtures::notification;
use harness::fixtures::operator::{TOKEN, post};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};

use super::proxy::{Mode, Proxy};
use super::run::{Listener, command, counted, run, wait};

const HOOK: &str = "/hook";

/// Two sources, one of them in three inboxes, and a destination beside the listener.
async fn worker(origin: &Origin) -> Worker {
    Setup::bare()
        .source("acme", "acme-secret-0123456789", "shards = 3")
        .source("other", "other-secret-0123456789", "")
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
        .secret(
            "CONSOLE_TOKEN",
            &format!("{TOKEN} reader:read:a-readers-token"),
        )
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .started()
        .await
}

async fn push(worker: &Worker, number: u64) -> String {
    let source = if number % 4 == 3 { "other" } else { "acme" };
    let one = notification("user.created").user(|user| user.account_id = number);
    worker.accept(source, &one).await
}

fn hook_ids(origin: &Origin) -> Vec<String> {
    let requests = origin.received(HOOK);
    requests
        .iter()
        .map(|one| one.header("webhook-id").to_owned())
        .collect()
}

/// Waits until all have come; how many were missed and how many came twice.
fn compare(origin: &Origin, pushed: &[String], what: &str) -> (usize, usize) {
    block_in_place(|| {
        let has_all = || {
            let counts = counted(hook_ids(origin));
            pushed.iter().all(|id| counts.contains_key(id))
        };
        wait(has_all, || {
            format!("{} of {}", counted(hook_ids(origin)).len(), pushed.len())
        });
        // What comes twice comes soon.
        std::thread::sleep(Duration::from_secs(2));
    });
    let counts = counted(hook_ids(origin));
    let missed = pushed.iter().filter(|id| !counts.contains_key(*id)).count();
    let doubled = counts.values().filter(|count| **count > 1).count();
    println!(
        "{what}: {} events, missed {missed}, doubled {doubled}",
        pushed.len()
    );
    (missed, doubled)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_forwarded_as_a_delivery_and_signed_with_a_secret_that_stays() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let state = tempfile::tempdir().unwrap();
    let hook = origin.url(HOOK);
    let listener = Listener::start(&worker.url(""), state.path(), &["--to", &hook]);
    block_in_place(|| listener.is("connected", 1));
    let id = push(&worker, 1).await;
    let forwarded = origin.delivery(HOOK, &id).await;
    let delivered = origin.delivery("/crm", &id).await;
    assert_eq!(forwarded.body, delivered.body);
    for name in [
        "content-type",
        "user-agent",
        "webhook-id",
        "webhook-attempt",
    ] {
        assert_eq!(forwarded.header(name), delivered.header(name), "{name}");
    }
    let secret = listener.printed("listening_secret")[0]["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(forwarded.is_signed_with(&secret));
    // The delivery's end is shown, and none of it is a delivery of ours.
    block_in_place(|| {
        let is_delivered = || {
            let changes = listener.printed("delivery");
            let shown = listener.printed("event");
            changes.iter().any(|one| one["state"] == "delivered")
                || shown
                    .iter()
                    .any(|one| one["summary"]["deliveries"]["crm"] == "delivered")
        };
        wait(is_delivered, || {
            format!("{:?}", listener.printed("delivery"))
        });
    });
    drop(listener);
    let again = Listener::start(&worker.url(""), state.path(), &["--to", &hook]);
    let id = push(&worker, 2).await;
    assert!(origin.delivery(HOOK, &id).await.is_signed_with(&secret));
    assert!(
        again.printed("listening_secret").is_empty(),
        "it is printed once"
    );
    let shown = spawn_blocking(move || {
        command("http://localhost:1")
            .args(["listen", "--print-secret", "--state"])
            .arg(state.path())
            .output()
            .unwrap()
    });
    assert_eq!(
        String::from_utf8(shown.await.unwrap().stdout)
            .unwrap()
            .trim(),
        secret
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_cuts_it_off_nothing_is_missed_and_nothing_comes_twice() {
    let origin = Origin::start();
    let mut worker = worker(&origin).await;
    let proxy = Proxy::start(worker.port());
    let state = tempfile::tempdir().unwrap();
    let hook = origin.url(HOOK);
    let listener = Listener::start(&proxy.url(), state.path(), &["--to", &hook]);
    block_in_place(|| listener.is("connected", 1));
    let (mut pushed, mut cuts) = (vec![], 0);
    let mut number = 0;
    for round in 0..3 {
        for mode in [Mode::Drop, Mode::Silence, Mode::Unavailable] {
            for _ in 0..4 {
                number += 1;
                pushed.push(push(&worker, number).await);
            }
            proxy.set(mode);
            cuts += 1;
            for _ in 0..4 {
                number += 1;
                pushed.push(push(&worker, number).await);
                sleep(Duration::from_millis(30)).await;
            }
            block_in_place(|| listener.is("disconnected", cuts));
            proxy.set(Mode::Pass);
            block_in_place(|| listener.is("resumed", cuts));
        }
        // A deployment, or a crash: all sockets and all inboxes are gone.
        if round < 2 {
            number += 1;
            pushed.push(push(&worker, number).await);
            worker.kill9();
            cuts += 1;
            block_in_place(|| listener.is("disconnected", cuts));
            worker = worker.restarted().await;
            number += 1;
            pushed.push(push(&worker, number).await);
            block_in_place(|| listener.is("resumed", cuts));
        }
    }
    let counts = compare(&origin, &pushed, &format!("{cuts} cuts"));
    assert_eq!(counts, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_is_killed_misses_nothing_and_repeats_only_what_was_on_its_way() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let state = tempfile::tempdir().unwrap();
    let hook = origin.url(HOOK);
    let start = || Listener::start(&worker.url(""), state.path(), &["--to", &hook]);
    let mut listener = start();
    block_in_place(|| listener.is("connected", 1));
    let kills = 10;
    let is_over = AtomicBool::new(false);
    let pushing = async {
        let mut ids = vec![];
        let mut number = 0;
        while !is_over.load(Ordering::Relaxed) {
            number += 1;
            ids.push(push(&worker, number).await);
            sleep(Duration::from_millis(10)).await;
        }
        ids
    };
    let killing = async {
        for _ in 0..kills {
            sleep(Duration::from_millis(fastrand::u64(100..500))).await;
            listener.kill9();
            listener = start();
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let (mut pushed, ()) = tokio::join!(pushing, killing);
    // One that was answered, and whose answer was not noted: it alone may come again.
    listener.kill9();
    origin.plan(HOOK, [Reply::Held(204)]);
    let before = origin.requests_at(HOOK);
    listener = start();
    pushed.push(push(&worker, 1).await);
    block_in_place(|| {
        wait(
            || origin.requests_at(HOOK) > before,
            || "no request".to_owned(),
        );
    });
    listener.kill9();
    origin.release();
    let _listener = start();
    let (missed, doubled) = compare(&origin, &pushed, &format!("{} kills", kills + 2));
    assert_eq!(missed, 0);
    assert!((1..=kills + 2).contains(&doubled), "{doubled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_reach_it_and_one_source_alone_may_be_followed() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let state = tempfile::tempdir().unwrap();
    let mut pushed = vec![];
    for number in 0..8 {
        pushed.push(push(&worker, number).await);
    }
    let hook = origin.url(HOOK);
    // Since two hours: what was there before it began.
    let listener = Listener::start(
        &worker.url(""),
        state.path(),
        &["--to", &hook, "--since", "2h", "--source", "acme"],
    );
    block_in_place(|| {
        wait(
            || listener.printed("forwarded").len() == 6,
            || format!("{:?}", listener.printed("event").len()),
        );
    });
    post(
        &worker,
        "/replays",
        &json!({ "all": true }),
        StatusCode::ACCEPTED,
    )
    .await;
    post(
        &worker,
        &format!("/events/{}/replay", pushed[0]),
        &json!({}),
        StatusCode::OK,
    )
    .await;
    block_in_place(|| {
        wait(
            || listener.printed("forwarded").len() == 13,
            || format!("{:?}", listener.printed("replay").len()),
        );
    });
    assert_eq!(listener.printed("replay").len(), 7);
    // It notes at once what was answered.
    block_in_place(|| std::thread::sleep(Duration::from_secs(1)));
    drop(listener);
    let counts = counted(hook_ids(&origin));
    assert_eq!((counts[&pushed[0]], counts[&pushed[1]]), (3, 2));
    assert!(!counts.contains_key(&pushed[3]), "of the other source");
    // It goes on where it was: with nothing.
    let listener = Listener::start(
        &worker.url(""),
        state.path(),
        &["--to", &hook, "--source", "acme"],
    );
    block_in_place(|| listener.is("connected", 1));
    assert_eq!(listener.printed("forwarded").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_fails_is_tried_again_and_one_that_is_not_there_is_waited_for() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let state = tempfile::tempdir().unwrap();
    let hook = origin.url(HOOK);
    let listener = Listener::start(
        &worker.url(""),
        state.path(),
        &["--to", &hook, "--attempts", "2", "--timeout", "2"],
    );
    block_in_place(|| listener.is("connected", 1));
    origin.plan(
        HOOK,
        [
            Reply::Status(500),
            Reply::Status(204),
            Reply::Hang,
            Reply::Reset,
        ],
    );
    let first = push(&worker, 1).await;
    let retried = origin.nth_attempt(HOOK, &first, 2).await;
    assert_eq!(retried.header("webhook-attempt"), "2");
    let second = push(&worker, 2).await;
    let third = push(&worker, 3).await;
    origin.delivery(HOOK, &third).await;
    block_in_place(|| {
        wait(
            || listener.printed("forwarded").len() == 3,
            || format!("{:?}", listener.printed("forwarded")),
        );
    });
    let forwarded = listener.printed("forwarded");
    let outcome = |id: &str| forwarded.iter().find(|one| one["id"] == id).unwrap()["ok"].clone();
    assert_eq!(
        (outcome(&first), outcome(&second), outcome(&third)),
        (json!(true), json!(false), json!(true))
    );
    drop(listener);

    // Nothing listens at this port, and then something does.
    let port = harness::free_port().unwrap();
    let to = format!("http://127.0.0.1:{port}{HOOK}");
    let listener = Listener::start(&worker.url(""), state.path(), &["--to", &to]);
    let fourth = push(&worker, 4).await;
    block_in_place(|| wait(|| !listener.printed("waiting").is_empty(), String::new));
    let origin = Origin::start_at(format!("127.0.0.1:{port}").parse().unwrap());
    origin.delivery(HOOK, &fourth).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_refuses_it_ends_it_with_what_to_do_and_what_is_unreachable_does_not() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let url = worker.url("");
    let state = tempfile::tempdir().unwrap();
    let refused = |token: &str, args: &[&str]| {
        let output = command(&url)
            .env("CONSOLE_TOKEN", token)
            .args(["listen", "--state"])
            .arg(state.path())
            .args(args)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(!String::from_utf8_lossy(&output.stdout).contains("wrong-token"));
        String::from_utf8(output.stderr).unwrap()
    };
    block_in_place(|| {
        let why = refused("wrong-token", &[]);
        assert!(
            why.contains("401") && why.contains("CONSOLE_TOKEN") && !why.contains("wrong-token"),
            "{why}"
        );
        let why = refused("", &[]);
        assert!(why.contains("CONSOLE_TOKEN"), "{why}");
        let why = refused(TOKEN, &["--source", "acne"]);
        assert!(why.contains("acme, other"), "{why}");
        let why = refused(TOKEN, &["--to", "ftp://x"]);
        assert!(why.contains("http:"), "{why}");
        let far = run("http://edge.example.com", &["status"]);
        assert!(String::from_utf8_lossy(&far.stderr).contains("https:"));
        // A token for reading suffices.
        let mut reader = command(&url);
        reader
            .env("CONSOLE_TOKEN", "a-readers-token")
            .args(["events", "--json"]);
        assert!(reader.output().unwrap().status.success());
        for unreachable in ["http://localhost:1", "https://no-such-host.invalid"] {
            let other = tempfile::tempdir().unwrap();
            let listener = Listener::start(unreachable, other.path(), &[]);
            listener.is("disconnected", 2);
        }
        // Another one that follows the same.
        let one = Listener::start(&url, state.path(), &[]);
        one.is("connected", 1);
        let (code, why) = Listener::start(&url, state.path(), &[]).ended();
        assert!(code == Some(1) && why.contains("--state"), "{why}");
    });
}

/// Every file of the Worker's state, with its size and when it was written.
fn files(worker: &Worker) -> Vec<(PathBuf, u64, SystemTime)> {
    let folder = worker.state().join("threescale-edge-Inbox");
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| {
            let data = entry.metadata().unwrap();
            (entry.path(), data.len(), data.modified().unwrap())
        })
        .collect();
    files.sort();
    files
}

/// What docs/capacity.md calculates with.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_listener_asks_for_nothing_and_neither_it_nor_a_scraper_writes() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let proxy = Proxy::start(worker.port());
    let state = tempfile::tempdir().unwrap();
    let id = push(&worker, 1).await;
    origin.delivery("/crm", &id).await;
    let listener = Listener::start(&proxy.url(), state.path(), &[]);
    block_in_place(|| listener.is("connected", 1));
    sleep(Duration::from_secs(2)).await;
    let (before, requests) = (files(&worker), proxy.requests());
    assert_eq!(requests, 2, "the socket, and one look at the feed");
    let scrapes = 10;
    for _ in 0..scrapes {
        let metrics = reqwest::Client::new()
            .get(worker.url("/metrics"))
            .bearer_auth(TOKEN);
        assert_eq!(metrics.send().await.unwrap().status(), 200);
        // A ping and its answer lie in between.
        sleep(Duration::from_millis(600)).await;
    }
    assert_eq!(proxy.requests(), requests);
    assert_eq!(files(&worker), before);
    listener.is("connected", 1);
    assert_eq!(listener.printed("connection").len(), 1);
    println!(
        "{scrapes} scrapes, {requests} requests of the listener to begin with and 0 after, 0 files written"
    );
}
