//! The handling of each entry of the list.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{World, of, one, run, setup, setup_in};
use harness::fixtures::origin::{Origin, Request};
use harness::fixtures::tenant::{ACCESS_TOKEN, Admin, fault, seconds_ago};
use harness::fixtures::worker::Setup;
use harness::fixtures::{PATIENCE, fresh_id, notification};

#[tokio::test]
async fn a_failed_notification_comes_in_once_and_then_leaves_the_list() {
    let world = World::start().await;
    world.gave_up(&notification("user.created"), 125);
    world.gave_up(&notification("application.created"), 120);

    let first = world.run().await;
    assert_eq!(first["state"], "ok", "{first}");
    assert_eq!((&first["read"], &first["taken_in"]), (&json!(2), &json!(2)));
    assert_eq!(world.admin.listed(), 1, "the newest second stays");
    world.origin.requests("/crm", 2).await;

    let second = world.run().await;
    assert_eq!(
        (&second["known"], &second["taken_in"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(world.admin.listed(), 0);
    let third = world.run().await;
    assert_eq!(
        (&third["read"], &third["deleted_up_to"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(world.delivered(), 2);

    let deletes = world.admin.calls("DELETE");
    let times: Vec<_> = deletes
        .iter()
        .map(|call| call.uri.split_once("?time=").unwrap().1)
        .collect();
    assert_eq!(
        times,
        [
            first["deleted_up_to"].as_str().unwrap(),
            second["deleted_up_to"].as_str().unwrap()
        ]
    );
    assert!(
        times
            .iter()
            .all(|time| time.len() == 20 && time.ends_with('Z')),
        "{times:?}"
    );
    assert_eq!(one(&world.worker, Method::GET).await, third);
}

#[tokio::test]
async fn an_event_of_the_list_has_our_address_and_is_delivered_like_any_other() {
    let world = World::start().await;
    let sent = notification("account.created");
    world.gave_up(&sent, 100);
    world.run().await;
    world.origin.requests("/crm", 1).await;
    let request = world.origin.received("/crm").remove(0);
    let event = request.json();
    harness::fixtures::schemas::assert_valid(&event);
    let schema = world.worker.url("/schemas/account.json");
    assert_eq!(event["dataschema"], schema);
    assert_eq!(event["data"]["action"], "created");
}

/// 3scale does not send again an event that it gave up: an equal document is another event.
#[tokio::test]
async fn a_push_is_no_repeat_of_a_notification_that_3scale_gave_up() {
    let world = World::start().await;
    let sent = notification("application.key_created");
    world.gave_up(&sent, 100);
    world.run().await;
    world.worker.accept("acme", &sent).await;
    world.origin.requests("/crm", 2).await;
}

#[tokio::test]
async fn a_notification_that_had_arrived_is_recognized() {
    let world = World::start().await;
    let sent = notification("user.updated");
    let id = world.worker.accept("acme", &sent).await;
    // Only our response was lost; 3scale gave up a little later.
    world.gave_up(&sent, 5);
    let first = world.run().await;
    assert_eq!(
        (&first["held"], &first["taken_in"]),
        (&json!(1), &json!(0)),
        "{first}"
    );
    // It continues by itself, since no other state can come between any more.
    world.empties().await;
    assert!(
        world.worker.log().contains(r#""repeats":1"#),
        "{}",
        world.worker.log()
    );
    assert_eq!(world.origin.attempts("/crm", &id).len(), 1);
    assert_eq!(world.delivered(), 1);
}

/// Added, removed, added: the first arrived. The list has the other two in the order of their last tries.
#[tokio::test]
async fn a_key_added_again_is_not_taken_for_a_repeat() {
    for order in [[0, 1], [1, 0]] {
        let world = World::start().await;
        let id = fresh_id();
        let added = of("application.key_created", id).keys(["k1"]);
        let removed = of("application.key_deleted", id).keys([]);
        world.worker.accept("acme", &added).await;
        for (seconds, which) in (1_i64..).zip(order) {
            // 3scale gives up at least five minutes after its first try; here, its clock runs ahead.
            world.gave_up([&removed, &added][which], -seconds);
        }
        let run = world.run().await;
        assert_eq!(
            (&run["taken_in"], &run["repeats"]),
            (&json!(2), &json!(0)),
            "{run}"
        );
        world.origin.requests("/crm", 3).await;
        world.empties().await;
        assert_eq!(world.delivered(), 3);
    }
}

#[tokio::test]
async fn a_failure_in_the_second_of_the_newest_entry_is_not_deleted_unseen() {
    let world = World::start().await;
    let second = seconds_ago(0);
    let hook = world.hook();
    let gave_up = || {
        world
            .admin
            .gave_up(&notification("user.created").xml(), second, &hook);
    };
    gave_up();
    assert_eq!(world.run().await["taken_in"], 1);
    gave_up();
    let run = world.run().await;
    assert_eq!(
        (&run["taken_in"], &run["known"]),
        (&json!(1), &json!(1)),
        "{run}"
    );
    world.empties().await;
    world.origin.requests("/crm", 2).await;
    assert_eq!(world.delivered(), 2);
}

#[tokio::test]
async fn an_unparsable_entry_goes_to_the_quarantine_once_and_hides_nothing() {
    let world = World::start().await;
    let hook = world.hook();
    world
        .admin
        .gave_up("<event><type>user</type></event>", seconds_ago(120), &hook);
    world.gave_up(&notification("user.created"), 110);
    world.gave_up(&notification("user.updated"), 100);
    let run = world.run().await;
    assert_eq!(
        (&run["quarantined"], &run["taken_in"]),
        (&json!(1), &json!(2)),
        "{run}"
    );
    world.empties().await;

    // An entry that is itself broken: its id is unknown.
    let broken = world.admin.list().replace(
        "</webhooks-failures>",
        "<webhooks-failure><id></id><url>https://x.example/?token=br0ken-secret</url></webhooks-failure>\
         </webhooks-failures>",
    );
    world
        .admin
        .answers(fault(200, &[("content-type", "application/xml")], broken));
    assert_eq!(world.run().await["quarantined"], 1);
    assert_eq!(world.run().await["known"], 1);
    assert_eq!(world.worker.stored_in(b"br0ken-secret"), None);
}

/// As after a deployment for trials that has production's tenant: what it takes in is not its to delete.
#[tokio::test]
async fn an_entry_for_another_address_is_taken_in_and_stays_until_the_operator_says_that_it_is_ours()
 {
    let world = World::start().await;
    let old = "https://old.example.com/3scale/s0meb0dys-secret?key=s0meb0dys-secret";
    world
        .admin
        .gave_up(&notification("user.created").xml(), seconds_ago(120), old);
    world.gave_up(&notification("user.updated"), 60);
    let first = world.run().await;
    assert_eq!(
        (&first["taken_in"], &first["foreign"]),
        (&json!(2), &json!(1)),
        "{first}"
    );
    assert_eq!(first["foreign_origin"], "https://old.example.com");
    world.origin.requests("/crm", 2).await;
    let received = world.origin.received("/crm");
    let event = received
        .iter()
        .map(Request::json)
        .find(|event| event["data"]["action"] == "created");
    let event = event.unwrap();
    // There has been no call yet, so our address is unknown.
    assert_eq!(event.get("dataschema"), None);
    harness::fixtures::schemas::assert_valid(&event);
    // It guards all behind it, also in later steps.
    sleep(Duration::from_secs(3)).await;
    let second = world.run().await;
    assert_eq!(
        (
            &second["known"],
            &second["foreign"],
            &second["deleted_up_to"]
        ),
        (&json!(2), &json!(1), &Value::Null),
        "{second}"
    );
    assert_eq!(world.admin.calls("DELETE").len(), 0);
    assert!(!world.worker.log().contains("s0meb0dys-secret"));

    let World {
        admin,
        origin,
        mut worker,
    } = world;
    worker.kill9();
    let worker = worker
        .reconfigured(|vars| {
            let acme = vars["SOURCES"]["acme"].as_table_mut().unwrap();
            acme.insert(
                "recover_from".to_owned(),
                vec!["https://old.example.com"].into(),
            );
        })
        .await;
    let third = run(&worker).await;
    assert_eq!(third["foreign"], 0, "{third}");
    assert_eq!(admin.listed(), 0, "{third}");
    assert_eq!(origin.requests_at("/crm"), 2);
}

#[tokio::test]
async fn each_account_has_its_own_inbox_here_too() {
    let (admin, origin) = (Admin::start(), Origin::start());
    let signing = "whsec_cmVjb3ZlcnktdGVzdC1zaWduaW5nLWtleSE=";
    let worker = setup_in(Setup::bare(), &admin, ACCESS_TOKEN, "shards = 4")
        .origin_of("crm", &origin.url("/crm"), signing, "")
        .started()
        .await;
    let hook = worker.url(&worker.hook("acme"));
    for _ in 0..20 {
        let pushed = notification("account.created");
        let failed = notification("account.created");
        worker.accept("acme", &pushed).await;
        admin.gave_up(&pushed.xml(), seconds_ago(3), &hook);
        admin.gave_up(&failed.xml(), seconds_ago(3), &hook);
    }
    let deadline = Instant::now() + PATIENCE;
    while admin.listed() > 0 {
        assert!(Instant::now() < deadline, "{}", worker.log());
        run(&worker).await;
        sleep(Duration::from_millis(300)).await;
    }
    // Twenty pushed, twenty recovered; of the pushed ones only the response was lost.
    origin.requests("/crm", 40).await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(origin.requests_at("/crm"), 40);
}

/// A notification that the hook refuses for its size fails six times, and would be lost.
#[tokio::test]
async fn a_notification_too_large_for_the_hook_is_recovered() {
    let (admin, origin) = (Admin::start(), Origin::start());
    let signing = "whsec_cmVjb3ZlcnktdGVzdC1zaWduaW5nLWtleSE=";
    let worker = setup(&admin, ACCESS_TOKEN)
        .origin_of("crm", &origin.url("/crm"), signing, "")
        .var("MAX_BODY_BYTES", "500")
        .started()
        .await;
    let hook = worker.url(&worker.hook("acme"));
    let large = notification("account.created").extra_field("note", &"x".repeat(100_000));
    admin.gave_up(&large.xml(), seconds_ago(120), &hook);
    assert_eq!(run(&worker).await["taken_in"], 1);
    origin.requests("/crm", 1).await;
    let event = origin.received("/crm").remove(0).json();
    assert_eq!(
        event["data"]["object"]["extra_fields"]["note"]
            .as_str()
            .map(str::len),
        Some(100_000)
    );
}
