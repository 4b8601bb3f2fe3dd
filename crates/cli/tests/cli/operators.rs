//! What operators do from a shell.

use serde_json::json;
use tokio::task::block_in_place;

use harness::fixtures::notification;
use harness::fixtures::operator::TOKEN;
use harness::fixtures::origin::Origin;
use harness::fixtures::tenant::{ACCESS_TOKEN, Admin};
use harness::fixtures::worker::Setup;

use super::run::{json, run};

#[tokio::test(flavor = "multi_thread")]
async fn each_command_says_what_the_api_says_and_status_says_what_is_wrong() {
    let (origin, admin) = (Origin::start(), Admin::start());
    let worker = Setup::bare()
        .source(
            "acme",
            "acme-secret-0123456789",
            &format!("admin_url = \"{}\"", admin.url),
        )
        .secret("SOURCE_ACME_ACCESS_TOKEN", ACCESS_TOKEN)
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .started()
        .await;
    let url = worker.url("");
    let id = worker.accept("acme", &notification("user.created")).await;
    origin.delivery("/crm", &id).await;
    block_in_place(|| {
        assert_eq!(json(&url, &["status"])["ok"], true);
        let events = json(&url, &["events", "--type", "user", "--since", "1h"]);
        assert_eq!(events["events"][0]["id"], id.as_str());
        assert_eq!(json(&url, &["event", &id])["event"]["id"], id.as_str());
        assert_eq!(
            json(&url, &["replay", &id]),
            json!({ "id": id, "deliveries": 1 })
        );
        let count = json(&url, &["replay", "--type", "user", "--dry-run"]);
        assert_eq!(
            count,
            json!({ "dry_run": true, "events": 1, "deliveries": 1 })
        );
        assert_eq!(json(&url, &["replay", "--all", "--yes"])["events"], 1);
        let asked = run(&url, &["replay", "--all"]);
        assert!(String::from_utf8_lossy(&asked.stderr).contains("--yes"));
        assert!(!run(&url, &["replay"]).status.success());
        let paused = json(&url, &["pause", "crm"]);
        assert_eq!(paused["sources"][0]["destinations"][0]["state"], "paused");
        let status = run(&url, &["status"]);
        let text = String::from_utf8_lossy(&status.stdout);
        assert_eq!(status.status.code(), Some(1));
        assert!(text.contains("threescale-edge resume crm"), "{text}");
        json(&url, &["resume", "crm"]);
        assert_eq!(
            json(&url, &["destinations"])["sources"][0]["destinations"][0]["state"],
            "ok"
        );
        let unknown = run(&url, &["pause", "crn"]);
        let text = String::from_utf8_lossy(&unknown.stderr);
        assert!(
            text.contains("`crm`?") && unknown.status.code() == Some(1),
            "{text}"
        );
        let people = run(&url, &["event", &id]);
        let text = String::from_utf8_lossy(&people.stdout);
        assert!(
            text.contains("crm: delivered") && !text.contains('\u{1b}'),
            "{text}"
        );
    });
    let hook = worker.hook("acme");
    let refused = worker
        .request("POST", &hook, "application/xml", "<event>")
        .await;
    assert_eq!(refused.status, 422);
    block_in_place(|| {
        let list = json(&url, &["quarantine", "list"]);
        let body = list["bodies"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(
            json(&url, &["quarantine", "show", &body])["body"]["text"],
            "<event>"
        );
        assert_eq!(
            json(&url, &["quarantine", "reparse", &body])[0]["status"],
            "unparsable"
        );
        let all = json(&url, &["quarantine", "reparse", "--code", "malformed_xml"]);
        assert_eq!(all[0]["id"], body.as_str());
        assert_eq!(run(&url, &["status"]).status.code(), Some(1));
        json(&url, &["quarantine", "drop", &body]);
        assert_eq!(json(&url, &["quarantine", "list"])["bodies"], json!([]));
        assert_eq!(
            json(&url, &["register", "acme", "--yes"])["confirmed"],
            true
        );
    });
}
