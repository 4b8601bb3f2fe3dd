//! What cannot be parsed and was recovered is nowhere else once 3scale has deleted it, so the quarantine keeps it.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{World, run, setup};
use harness::fixtures::answer::Answer;
use harness::fixtures::database::{change, make_alarms_due, query};
use harness::fixtures::origin::Origin;
use harness::fixtures::tenant::{ACCESS_TOKEN, Admin, seconds_ago};
use harness::fixtures::worker::Worker;
use harness::fixtures::{PATIENCE, notification};

/// What the quarantine holds, in bytes.
const MOST_BYTES: u64 = 64 << 20;
const LARGE: usize = 1_800_000;

async fn world() -> World {
    let (admin, origin) = (Admin::start(), Origin::start());
    let signing = "whsec_cmVjb3ZlcnktdGVzdC1zaWduaW5nLWtleSE=";
    let worker = setup(&admin, ACCESS_TOKEN)
        .origin_of("crm", &origin.url("/crm"), signing, "")
        .var("MAX_BODY_BYTES", "1900000")
        .started()
        .await;
    World {
        admin,
        origin,
        worker,
    }
}

async fn push(worker: &Worker, body: String) -> Answer {
    let hook = worker.hook("acme");
    worker.request("POST", &hook, "application/xml", body).await
}

/// Pushes bodies, some at a time, that cannot be parsed.
async fn push_all(worker: &Worker, bodies: impl Iterator<Item = String>) {
    let answers = stream::iter(bodies).map(|body| push(worker, body));
    let mut answers = answers.buffered(8);
    while let Some(answer) = answers.next().await {
        answer.problem(422, "not_a_notification");
    }
}

/// Large, in texts that are not too long.
fn large(number: usize) -> String {
    let text = format!("<text>{}</text>", "x".repeat(LARGE / 8));
    format!("<event><n>{number}</n>{}</event>", text.repeat(8))
}

/// The quarantine's rows, the oldest first; of the body only what is at its beginning.
fn rows(worker: &Worker) -> Vec<Value> {
    query(
        worker,
        "SELECT recovered, times, size, media_type, CAST(substr(body, 1, 200) AS TEXT) AS begins
         FROM quarantine ORDER BY n",
    )
}

fn numbers(rows: &[Value]) -> Vec<usize> {
    let begins = rows.iter().filter_map(|row| row["begins"].as_str());
    let numbers = begins.filter_map(|text| {
        let rest = text.split_once("<n>")?.1;
        rest.split_once("</n>")?.0.parse().ok()
    });
    numbers.collect()
}

#[tokio::test]
async fn a_recovered_body_outlives_any_number_and_any_size_of_pushed_ones() {
    let world = world().await;
    world
        .admin
        .gave_up("<event><kept/></event>", seconds_ago(120), &world.hook());
    assert_eq!(world.run().await["quarantined"], 1);
    let small = (0..1100).map(|number| format!("<event><small>{number}</small></event>"));
    push_all(&world.worker, small).await;
    push_all(&world.worker, (0..40).map(large)).await;
    let rows = rows(&world.worker);
    let size: u64 = rows.iter().filter_map(|row| row["size"].as_u64()).sum();
    assert!(size <= MOST_BYTES, "{size}");
    let kept = rows.iter().filter(|row| row["recovered"] == 1);
    let kept: Vec<_> = kept.map(|row| &row["begins"]).collect();
    assert_eq!(kept, ["<event>\n  <kept/>\n</event>"]);
    // Of the others, the oldest had to go: 3scale has them in its list.
    let large = numbers(&rows);
    assert!(large.len() > 30 && large.contains(&39), "{large:?}");
    assert_eq!(rows.len(), large.len() + 1, "the small ones were older");
}

#[tokio::test]
async fn a_pushed_body_and_its_reprint_in_the_list_are_one() {
    let world = world().await;
    let declaration = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    for (number, is_form) in [(1, false), (2, true)] {
        let xml = format!(
            "{declaration}<event><n>{number}</n><type>user</type><object><user><name>A &amp; \"B\" &gt; C</name><x></x>\
             <note>two\r\nlines</note></user></object></event>"
        );
        let (media_type, body) = if is_form {
            let fields = [("params[xml]", &xml)];
            let form = reqwest::Url::parse_with_params("http://form", fields).unwrap();
            (
                "application/x-www-form-urlencoded",
                form.query().unwrap().to_owned(),
            )
        } else {
            ("application/xml", xml.clone())
        };
        for _ in 0..2 {
            let hook = world.worker.hook("acme");
            let request = world
                .worker
                .request("POST", &hook, media_type, body.clone());
            request.await.problem(422, "not_a_notification");
        }
        world.admin.gave_up(&xml, seconds_ago(120), &world.hook());
    }
    let listed = world.admin.list();
    assert!(
        listed.contains("\n      <x/>\n"),
        "3scale prints it anew: {listed}"
    );
    let before = rows(&world.worker);
    assert!(before.iter().all(|row| row["recovered"] == 0), "{before:?}");
    assert_eq!(world.run().await["quarantined"], 2);
    let after = rows(&world.worker);
    assert_eq!(after.len(), 2);
    for (row, before) in after.iter().zip(&before) {
        assert_eq!((&row["recovered"], &row["times"]), (&json!(1), &json!(3)));
        assert_eq!(row["begins"], before["begins"], "as it was pushed");
    }
}

/// Some find a place; the others stay until what is there is older than `RETENTION_DAYS`.
#[tokio::test]
async fn when_the_quarantine_is_full_entries_stay_in_the_list_until_there_is_a_place() {
    let World {
        admin,
        origin,
        mut worker,
    } = world().await;
    let gave_up = |worker: &Worker, number: usize| {
        let body = format!("<event><n>{number}</n></event>");
        let time = seconds_ago(200 - i64::try_from(number).unwrap());
        admin.gave_up(&body, time, &worker.url(&worker.hook("acme")));
    };
    gave_up(&worker, 0);
    assert_eq!(run(&worker).await["quarantined"], 1);
    worker.kill9();
    // As if it were large: there is a place for two or three more.
    let larger = format!("UPDATE quarantine SET size = {MOST_BYTES} - 4000");
    assert_eq!(change(&worker, &[larger]), 1);
    let mut worker = worker.restarted().await;
    let hook = worker.url(&worker.hook("acme"));
    (1..10).for_each(|number| gave_up(&worker, number));
    admin.gave_up(&notification("user.created").xml(), seconds_ago(100), &hook);
    let report = run(&worker).await;
    assert_eq!(
        (&report["state"], &report["more"]),
        (&json!("ok"), &json!(false))
    );
    let detail = report["detail"].as_str().unwrap();
    assert!(detail.contains("quarantine is full"), "{report}");
    let stored = numbers(&rows(&worker));
    assert!((3..=4).contains(&stored.len()), "{stored:?}");
    assert_eq!(report["no_place"], 10 - stored.len(), "{report}");
    // What comes after them is not kept waiting, and stays in the list with them.
    origin.requests("/crm", 1).await;
    run(&worker).await;
    assert_eq!(admin.listed(), 11 - stored.len(), "{}", worker.log());
    let listed = admin.list();
    for number in (0..10).filter(|number| !stored.contains(number)) {
        assert!(listed.contains(&format!("<n>{number}</n>")), "{listed}");
    }
    // A push that finds no place is refused like any other, so that 3scale repeats and lists it.
    let answer = push(&worker, "<event><n>99</n></event>".to_owned()).await;
    let problem = answer.problem(422, "not_a_notification");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("has no place"), "{detail}");
    assert!(!numbers(&rows(&worker)).contains(&99));

    worker.kill9();
    let older = "UPDATE quarantine SET last_at = last_at - 40 * 86400000";
    assert_eq!(change(&worker, &[older]), stored.len() as u64);
    make_alarms_due(&worker);
    let worker = worker.restarted().await;
    let deadline = Instant::now() + PATIENCE;
    while admin.listed() > 0 {
        assert!(Instant::now() < deadline, "{}", worker.log());
        run(&worker).await;
        sleep(Duration::from_millis(300)).await;
    }
    let rest = numbers(&rows(&worker));
    assert!(
        rest.iter().all(|number| !stored.contains(number)),
        "{rest:?}"
    );
    assert_eq!(rest.len(), 10 - stored.len());
    // It may arrive twice, since the Worker died, but with one id.
    let arrived = origin.received("/crm");
    let ids: BTreeSet<_> = arrived
        .iter()
        .map(|request| request.header("webhook-id"))
        .collect();
    assert_eq!(ids.len(), 1);
}
