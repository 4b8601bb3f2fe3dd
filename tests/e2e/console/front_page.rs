//! The list of events with its figures over many inboxes: each is asked once for all of it.

use std::fs;

use tokio::time::{Duration, sleep, timeout};

use harness::fixtures::operator::TOKEN;
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, notification};

use super::{asked, session};

/// Stands before the built Worker, and writes a line whenever an inbox is asked.
const COUNTING: &str = r#"
export * from "./index.js";
export { default } from "./index.js";
import { Inbox as Built } from "./index.js";
export class Inbox extends Built {
  ask(message) {
    console.log("an inbox is asked");
    return super.ask(message);
  }
}
"#;

const SHARDS: usize = 16;

async fn worker() -> Worker {
    let setup = Setup::bare()
        .config("main = \"build/counting.js\"")
        .source(
            "acme",
            "acme-secret-0123456789",
            &format!("shards = {SHARDS}"),
        )
        .source("other", "other-secret-0123456789", "")
        .secret("CONSOLE_TOKEN", TOKEN);
    let started = tokio::task::spawn_blocking(|| {
        setup.start_with(|deployment| {
            fs::write(deployment.folder().join("build/counting.js"), COUNTING).unwrap();
        })
    });
    started.await.unwrap()
}

fn questions(worker: &Worker) -> usize {
    worker.log().matches("an inbox is asked").count()
}

/// A page, and how often an inbox was asked for it.
async fn counted(worker: &Worker, cookie: &str, path: &str) -> (String, usize) {
    let before = questions(worker);
    let page = asked(worker, "GET", path, &[("cookie", cookie)], "").await;
    assert_eq!(page.status.as_u16(), 200, "{path}: {}", page.text);
    // The runtime's output comes a little later.
    let all = async {
        while questions(worker) <= before + SHARDS {
            sleep(Duration::from_millis(10)).await;
        }
        sleep(Duration::from_millis(200)).await;
    };
    timeout(PATIENCE, all).await.unwrap();
    (page.text, questions(worker) - before)
}

#[tokio::test]
async fn each_inbox_is_asked_once_for_the_list_and_the_figures_whatever_is_listed() {
    let worker = worker().await;
    for number in 0..20 {
        let user = notification("user.created").user(move |user| user.account_id = number);
        worker.accept("acme", &user).await;
    }
    worker
        .accept("other", &notification("account.created"))
        .await;
    let cookie = session(&worker, TOKEN).await;
    for (path, rows) in [
        ("/console/events", 21),
        ("/console/events?source=other", 1),
        ("/console/events?type=user&source=other", 0),
    ] {
        let (page, times) = counted(&worker, &cookie, path).await;
        assert_eq!(times, SHARDS + 1, "{path}");
        assert_eq!(page.matches("<tr data-row>").count(), rows, "{path}");
        // The figures are of all sources.
        assert!(page.contains("<b>21</b><span>received"), "{path}: {page}");
    }
}
