//! The objects of 3scale: their list, and one with what belongs to it.

use reqwest::Method;
use serde_json::{Value, json};

use harness::fixtures::answer::encode;
use harness::fixtures::operator::{call, get};
use harness::fixtures::origin::Origin;
use harness::fixtures::worker::Worker;
use harness::fixtures::{fresh_id, notification};

use super::{user, worker};

/// An account with two users and an application, of which the first user has three states and the second is deleted;
/// `other` has a user of the first one's id.
struct Family {
    account: u64,
    one: u64,
    two: u64,
    app: u64,
    /// The first user's event with the latest state, and the one that came last.
    latest: String,
    last: String,
}

impl Family {
    async fn sent_to(worker: &Worker) -> Self {
        let [account, one, two, app] = [(); 4].map(|()| fresh_id());
        let at = |second: u32| format!("2026-11-22T10:00:{second:02}Z");
        let of_account = |kind: &str| {
            notification(kind)
                .user(move |user| user.account_id = account)
                .application(move |application| application.user_account_id = account)
        };
        let mut ids = vec![];
        for notification in [
            notification("account.created")
                .id(account)
                .updated_at(&at(1)),
            of_account("user.created").id(one).updated_at(&at(1)),
            // 3scale sends in no order: the later state comes first.
            of_account("user.updated")
                .id(one)
                .updated_at(&at(9))
                .state("active"),
            of_account("user.updated")
                .id(one)
                .updated_at(&at(5))
                .state("pending"),
            of_account("user.created").id(two),
            of_account("user.deleted").id(two),
            of_account("application.created").id(app),
        ] {
            ids.push(worker.accept("acme", &notification).await);
        }
        worker.accept("other", &user(3).id(one)).await;
        let (latest, last) = (ids[2].clone(), ids[3].clone());
        Self {
            account,
            one,
            two,
            app,
            latest,
            last,
        }
    }
}

#[tokio::test]
async fn paging_gives_each_object_of_all_sources_and_inboxes_once() {
    for shards in [1, 4] {
        let worker = worker(&Origin::start(), shards).await;
        let Family {
            account,
            one,
            two,
            app,
            ..
        } = Family::sent_to(&worker).await;
        let mut seen = vec![];
        let mut cursor = String::new();
        loop {
            let page = get(&worker, &format!("/objects?limit=2{cursor}")).await;
            for object in page["objects"].as_array().unwrap() {
                let text = |name: &str| object[name].as_str().unwrap().to_owned();
                seen.push((text("type"), text("id"), text("source")));
            }
            let Some(next) = page["cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={}", encode(next));
        }
        let row = |kind: &str, id: u64, source: &str| {
            (kind.to_owned(), id.to_string(), source.to_owned())
        };
        let mut all = [
            row("account", account, "acme"),
            row("application", app, "acme"),
            row("user", one, "acme"),
            row("user", one, "other"),
            row("user", two, "acme"),
        ];
        all.sort();
        assert_eq!(seen, all);
        let users = get(
            &worker,
            &format!("/objects?type=user&source=acme&account={account}"),
        )
        .await;
        assert_eq!(users["objects"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn an_object_is_shown_with_its_latest_state_its_history_and_what_belongs_to_it() {
    for shards in [1, 4] {
        let worker = worker(&Origin::start(), shards).await;
        let Family {
            account,
            one,
            two,
            app,
            latest,
            last,
        } = Family::sent_to(&worker).await;
        let shown = get(&worker, &format!("/objects/user/{one}?source=acme")).await;
        let shown = &shown["objects"][0];
        assert_eq!(
            (&shown["event"], &shown["deleted"]),
            (&latest.clone().into(), &false.into())
        );
        assert_eq!(shown["object"]["state"], "active");
        let event = get(&worker, &format!("/events/{latest}")).await;
        assert_eq!(shown["object"], event["event"]["data"]["object"]);
        let history = shown["history"].as_array().unwrap();
        assert_eq!(
            (history.len(), &history[0]["id"]),
            (3, &last.into()),
            "as they came"
        );
        assert_eq!(shown["related"], json!([]));
        let both = get(&worker, &format!("/objects/user/{one}")).await;
        assert_eq!(both["objects"].as_array().unwrap().len(), 2);

        let shown = get(&worker, &format!("/objects/account/{account}")).await;
        let related = shown["objects"][0]["related"].as_array().unwrap();
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let related: Vec<_> = related
            .iter()
            .map(|one| (text(one, "type"), text(one, "id"), one["deleted"] == true))
            .collect();
        let expected = [
            ("application".to_owned(), app.to_string(), false),
            ("user".to_owned(), one.to_string(), false),
            ("user".to_owned(), two.to_string(), true),
        ];
        assert_eq!(related, expected);
        let gone = call(&worker, Method::GET, "/objects/user/0", "").await;
        gone.problem(404, "not_found");
    }
}
