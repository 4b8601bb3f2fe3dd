//! The examples of an origin, in each language, behind the built Worker.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use harness::example::{self, Language};
use harness::fixtures::worker::Setup;
use harness::fixtures::{PATIENCE, notification};
use harness::{free_port, signing_secret};

const CITY: &str = "Zürich, “東京” 🦀";

#[tokio::test]
async fn the_example_origins_take_what_is_delivered() {
    let secret = signing_secret();
    let folder = tempfile::tempdir().unwrap();
    let mut setup = Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .secret("ALLOW_LOCAL_TARGETS", "true");
    let mut origins = vec![];
    for language in Language::ALL {
        let name = format!("{language:?}").to_lowercase();
        let store = folder.path().join(&name);
        let port = free_port().unwrap();
        if let Some(origin) = example::origin(language, port, &store, &secret).unwrap() {
            setup = setup.origin_of(&name, &origin.url(), &secret, "");
            origins.push((name, origin));
        }
    }
    let worker = setup.started().await;
    let sent = notification("account.updated").extra_field("city", CITY);
    let id = worker.accept("acme", &sent).await;
    for (name, origin) in origins {
        let printed = async {
            loop {
                let text = origin.log().text();
                let mut events = text.lines().flat_map(serde_json::from_str::<Value>);
                if let Some(event) = events.next() {
                    return event;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let event = timeout(PATIENCE, printed)
            .await
            .unwrap_or_else(|_| panic!("{name}: {}", origin.log().text()));
        let city = &event["data"]["object"]["extra_fields"]["city"];
        assert_eq!((&event["id"], city), (&json!(id), &json!(CITY)), "{name}");
    }
}
