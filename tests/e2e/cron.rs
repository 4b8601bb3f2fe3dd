//! The cron's order: with many inboxes, each of which may take long, later sources' recovery must not come too late.

use std::fs;

use serde_json::Value;

use harness::deployment::Deployment;
use harness::process::Log;
use harness::{free_port, workerd};

const VARS: &str = r#"
SOURCES.acme = { shards = 13, admin_url = "http://127.0.0.1:9" }
SOURCES.zeta = { admin_url = "http://127.0.0.1:9" }
DESTINATIONS.crm = { url = "http://127.0.0.1:9/crm" }
"#;

#[tokio::test]
async fn the_cron_begins_each_recovery_first_and_asks_a_few_inboxes_at_once() {
    let secrets = [
        ("SOURCE_ACME_SECRET", "acme-secret-0123456789"),
        ("SOURCE_ACME_ACCESS_TOKEN", "acme-access-token"),
        ("SOURCE_ZETA_SECRET", "zeta-secret-0123456789"),
        ("SOURCE_ZETA_ACCESS_TOKEN", "zeta-access-token"),
        ("ALLOW_LOCAL_TARGETS", "true"),
    ];
    let deployment = Deployment::new(VARS.parse().unwrap(), &secrets).unwrap();
    let slow = deployment.folder().join("build/slow.js");
    fs::write(slow, include_str!("slow/index.js")).unwrap();
    let main = r#"main = "build/slow.js""#.parse().unwrap();
    deployment.configure(main).unwrap();
    let log = Log::default();
    let worker = workerd::serve(&deployment, free_port().unwrap(), &log).unwrap();

    let answer = reqwest::get(worker.url()).await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let asked: Vec<_> = answer["asked"].as_array().unwrap().iter().collect();
    let (recoveries, inboxes) = asked.split_at(2);
    assert_eq!(recoveries, ["recovery", "recovery"], "{asked:?}");
    // 13 of one source, and the other's.
    assert_eq!(inboxes, ["inbox"; 14], "{asked:?}");
    // As many as an invocation may have connections.
    assert_eq!(answer["most_under_way"], 6);
}
