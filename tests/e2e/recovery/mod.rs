//! Notifications that 3scale gave up are ingested, once, and leave 3scale's list only then.

mod entries;
mod quarantine;
mod refusals;
mod steps;

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use harness::fixtures::PATIENCE;
use harness::fixtures::answer::Answer;
use harness::fixtures::operator::{TOKEN, sent};
use harness::fixtures::origin::Origin;
use harness::fixtures::tenant::{ACCESS_TOKEN, Admin, seconds_ago};
use harness::fixtures::worker::{Setup, Worker};
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;

const SECRET: &str = "acme-secret-of-recovery";

fn setup(admin: &Admin, token: &str) -> Setup {
    setup_in(Setup::bare(), admin, token, "")
}

fn setup_in(setup: Setup, admin: &Admin, token: &str, settings: &str) -> Setup {
    setup
        .source(
            "acme",
            SECRET,
            &format!("admin_url = \"{}\"\n{settings}", admin.url),
        )
        .secret("SOURCE_ACME_ACCESS_TOKEN", token)
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .destination(
            "other",
            "url = \"http://127.0.0.1:9\"\nevents = [\"invoice.*\"]",
        )
        // 5 minutes take 0.3 s; waits for a second of 3scale's clock stay at 2 s.
        .var("TIME_FACTOR", "1000")
}

struct World {
    admin: Admin,
    origin: Origin,
    worker: Worker,
}

impl World {
    async fn start() -> Self {
        let (admin, origin) = (Admin::start(), Origin::start());
        let signing = "whsec_cmVjb3ZlcnktdGVzdC1zaWduaW5nLWtleSE=";
        let worker = setup(&admin, ACCESS_TOKEN)
            .origin_of("crm", &origin.url("/crm"), signing, "")
            .started()
            .await;
        Self {
            admin,
            origin,
            worker,
        }
    }

    fn hook(&self) -> String {
        self.worker.url(&self.worker.hook("acme"))
    }

    fn gave_up(&self, notification: &Notification, seconds: i64) {
        self.admin
            .gave_up(&notification.xml(), seconds_ago(seconds), &self.hook());
    }

    async fn run(&self) -> Value {
        run(&self.worker).await
    }

    /// Runs steps until the list is empty.
    async fn empties(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.admin.listed() > 0 {
            assert!(Instant::now() < deadline, "{}", self.admin.list());
            sleep(Duration::from_millis(300)).await;
            self.run().await;
        }
    }

    fn delivered(&self) -> usize {
        self.origin.requests_at("/crm")
    }
}

async fn call(worker: &Worker, method: Method, body: &str) -> Answer {
    let request = reqwest::Client::new()
        .request(method, worker.url("/api/v1/recoveries"))
        .bearer_auth(TOKEN)
        .body(body.to_owned());
    sent(request).await
}

async fn one(worker: &Worker, method: Method) -> Value {
    let answer = call(worker, method, "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["recoveries"][0].clone()
}

async fn run(worker: &Worker) -> Value {
    one(worker, Method::POST).await
}

fn of(kind: &str, id: u64) -> Notification {
    Notification::of(kind.parse::<Kind>().unwrap()).id(id)
}
