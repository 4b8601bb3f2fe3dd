//! What operators do: test events, cancelling a replay, and the list of who did what.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use harness::fixtures::operator::{call, get, post};
use harness::fixtures::origin::Origin;
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;

use super::{READER, settled, user, with_token, worker};

#[tokio::test]
async fn a_test_of_each_kind_goes_the_way_of_all_events_to_one_destination() {
    let origin = Origin::start();
    let worker = worker(&origin, 4).await;
    for kind in Kind::ALL {
        let body = json!({ "kind": kind.to_string() });
        let sent = post(
            &worker,
            "/destinations/crm/test",
            &body,
            StatusCode::ACCEPTED,
        )
        .await;
        assert_eq!(
            (&sent["destination"], &sent["source"]),
            (&"crm".into(), &"acme".into())
        );
        let id = sent["id"].as_str().unwrap();
        let delivered = origin.delivery("/crm", id).await;
        let shown = get(&worker, &format!("/events/{id}")).await;
        assert_eq!(shown["event"], delivered.json());
        let deliveries = shown["deliveries"].as_array().unwrap();
        assert_eq!(deliveries.len(), 1, "{kind}: only where it was asked for");
        // The same as the stand-in for 3scale writes.
        let object = &delivered.json()["data"]["object"];
        let (object_id, time) = (
            object["id"].as_u64().unwrap(),
            object["updated_at"].as_str().unwrap(),
        );
        let of_account = Notification::of(kind)
            .id(object_id)
            .created_at(time)
            .updated_at(time)
            .user(|user| user.account_id = object_id)
            .application(|application| application.user_account_id = object_id)
            .account(|account| {
                for user in &mut account.users {
                    user.account_id = object_id;
                    time.clone_into(&mut user.created_at);
                    time.clone_into(&mut user.updated_at);
                }
            });
        assert_eq!(shown["document"], of_account.xml(), "{kind}");
    }
    for body in [
        json!({}),
        json!({ "kind": "user.exploded" }),
        json!({ "kind": "user.created", "source": "x" }),
    ] {
        let answer = call(
            &worker,
            Method::POST,
            "/destinations/crm/test",
            &body.to_string(),
        )
        .await;
        answer.problem(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn a_replay_is_cancelled_and_what_was_sent_stays_counted() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let worker = worker(&origin, shards).await;
        for account in 0..40 {
            worker.accept("acme", &user(account)).await;
        }
        settled(&worker).await;
        post(
            &worker,
            "/destinations/crm/pause",
            &json!({}),
            StatusCode::OK,
        )
        .await;
        let begun = post(
            &worker,
            "/replays",
            &json!({ "all": true }),
            StatusCode::ACCEPTED,
        )
        .await;
        let id = begun["id"].as_str().unwrap();
        let shown = get(&worker, &format!("/replays/{id}")).await;
        assert_eq!(
            (&shown["id"], &shown["ended_at"]),
            (&id.into(), &Value::Null)
        );
        let before = origin.requests_at("/crm");
        let cancelled = post(
            &worker,
            &format!("/replays/{id}/cancel"),
            &json!({}),
            StatusCode::OK,
        )
        .await;
        assert!(cancelled["cancelled_at"].is_string() && cancelled["ended_at"].is_string());
        assert_eq!(cancelled["deliveries"], 0);
        post(
            &worker,
            "/destinations/crm/resume",
            &json!({}),
            StatusCode::OK,
        )
        .await;
        let new = worker.accept("acme", &user(1)).await;
        origin.delivery("/crm", &new).await;
        sleep(Duration::from_millis(500)).await;
        assert_eq!(origin.requests_at("/crm"), before + 1, "only the new one");
        assert_eq!(get(&worker, &format!("/replays/{id}")).await, cancelled);
        // Again is the same; one that has ended was not cancelled.
        let again = post(
            &worker,
            &format!("/replays/{id}/cancel"),
            &json!({}),
            StatusCode::OK,
        )
        .await;
        assert_eq!(again, cancelled);
        let none = call(
            &worker,
            Method::GET,
            "/replays/0192f3c4-0000-7000-8000-000000000000",
            "",
        )
        .await;
        none.problem(404, "not_found");
    }
}

#[tokio::test]
async fn what_was_done_is_recorded_with_who_did_it_and_looking_is_not() {
    for shards in [1, 4] {
        let origin = Origin::start();
        let worker = worker(&origin, shards).await;
        let id = worker.accept("acme", &user(1)).await;
        let ann = "the-writers-own-token";
        let paused = with_token(&worker, Method::POST, "/api/v1/destinations/crm/pause", ann).await;
        assert_eq!(paused.status, 200);
        let refused = with_token(
            &worker,
            Method::POST,
            "/api/v1/destinations/crm/pause",
            READER,
        )
        .await;
        refused.problem(403, "read_only_token");
        let missing =
            with_token(&worker, Method::POST, "/api/v1/destinations/crn/pause", ann).await;
        missing.problem(404, "not_found");
        post(
            &worker,
            "/destinations/crm/resume",
            &json!({}),
            StatusCode::OK,
        )
        .await;
        post(
            &worker,
            &format!("/events/{id}/replay"),
            &json!({ "destinations": ["crm"] }),
            StatusCode::OK,
        )
        .await;
        let all = json!({ "source": "acme", "type": "user" });
        post(
            &worker,
            "/replays",
            &json!({ "all": true, "dry_run": true }),
            StatusCode::OK,
        )
        .await;
        post(&worker, "/replays", &all, StatusCode::ACCEPTED).await;
        for path in [
            "/events",
            "/destinations",
            "/sources",
            "/stats",
            "/usage",
            "/objects",
        ] {
            get(&worker, path).await;
        }
        let mut actions = vec![];
        let mut cursor = String::new();
        loop {
            let page = get(&worker, &format!("/audit?limit=3{cursor}")).await;
            actions.extend(page["actions"].as_array().unwrap().clone());
            let Some(next) = page["cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        let told: Vec<_> = actions
            .iter()
            .map(|one| {
                (
                    one["action"].as_str().unwrap(),
                    one["token"].as_str(),
                    one["source"].as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("start_replay", None, Some("acme")),
                ("replay_event", None, None),
                ("resume_destination", None, None),
                ("pause_destination", Some("ann"), None),
            ]
        );
        assert_eq!(
            actions[0]["details"],
            json!({ "filter": { "kind": "user" } })
        );
        assert_eq!(
            actions[1]["details"],
            json!({ "event": id, "destinations": ["crm"] })
        );
        assert_eq!(actions[3]["details"], json!({ "destination": "crm" }));
    }
}
