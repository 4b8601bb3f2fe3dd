//! What 3scale gave up comes in all the same, once, and leaves 3scale's list only then.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::harness::front::Answer;
use crate::harness::origin::Origin;
use crate::harness::tenant::{ACCESS_TOKEN, Admin, cut_off, fault, seconds_ago};
use crate::harness::worker::{Setup, Worker};
use crate::harness::{PATIENCE, fresh_id, notification};
use crate::stand_in::kinds::Kind;
use crate::stand_in::notifications::Notification;

const TOKEN: &str = "an-operators-token";
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
        // 5 minutes become 0.3 s; what a second of 3scale's clock needs stays at 2 s.
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

    /// Steps until the list is empty.
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
    Answer::of(request.send().await.unwrap()).await
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
    crate::harness::schemas::assert_valid(&event);
    let schema = world.worker.url("/schemas/account.json");
    assert_eq!(event["dataschema"], schema);
    assert_eq!(event["data"]["action"], "created");
}

/// 3scale does not send again what it gave up: an equal document is another event.
#[tokio::test]
async fn a_push_is_no_repeat_of_what_3scale_gave_up() {
    let world = World::start().await;
    let sent = notification("application.key_created");
    world.gave_up(&sent, 100);
    world.run().await;
    world.worker.accept("acme", &sent).await;
    world.origin.requests("/crm", 2).await;
}

#[tokio::test]
async fn a_notification_that_did_arrive_is_recognized() {
    let world = World::start().await;
    let sent = notification("user.updated");
    let id = world.worker.accept("acme", &sent).await;
    // Only our answer was lost; 3scale gave up a little later.
    world.gave_up(&sent, 5);
    let first = world.run().await;
    assert_eq!(
        (&first["held"], &first["taken_in"]),
        (&json!(1), &json!(0)),
        "{first}"
    );
    // It goes on by itself, since nothing can come between any more.
    world.empties().await;
    assert!(
        world.worker.log().contains(r#""repeats":1"#),
        "{}",
        world.worker.log()
    );
    assert_eq!(world.origin.attempts("/crm", &id).len(), 1);
    assert_eq!(world.delivered(), 1);
}

/// More than one step takes, of which none can be judged yet.
#[tokio::test]
async fn what_cannot_be_judged_yet_hides_nothing_behind_it() {
    let world = World::start().await;
    let padding = "x".repeat(230_000);
    for _ in 0..10 {
        let sent = ["a", "b", "c", "d"]
            .iter()
            .fold(notification("user.updated"), |sent, name| {
                sent.extra_field(name, &padding)
            });
        world.worker.accept("acme", &sent).await;
        world.gave_up(&sent, 5);
    }
    world.gave_up(&notification("user.created"), 5);
    let first = world.run().await;
    assert_eq!(
        (&first["held"], &first["taken_in"]),
        (&json!(10), &json!(1)),
        "{first}"
    );
    world.empties().await;
    world.origin.requests("/crm", 11).await;
}

/// Added, removed, added: the first arrived. The list has the other two in the order of their last tries.
#[tokio::test]
async fn a_key_added_again_is_not_taken_for_the_first_time() {
    for order in [[0, 1], [1, 0]] {
        let world = World::start().await;
        let id = fresh_id();
        let added = of("application.key_created", id).keys(["k1"]);
        let removed = of("application.key_deleted", id).keys([]);
        world.worker.accept("acme", &added).await;
        for (seconds, which) in (1_i64..).zip(order) {
            // 3scale gives up at least five minutes after it first tried; here, its clock runs ahead.
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
async fn what_fails_in_the_second_of_the_newest_entry_is_not_deleted_unseen() {
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
async fn what_cannot_be_understood_goes_to_the_quarantine_once_and_hides_nothing() {
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

    // An entry that is broken itself: nobody knows its id.
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

#[tokio::test]
async fn the_token_and_the_secret_are_in_no_url_and_no_log() {
    let world = World::start().await;
    world.gave_up(&notification("user.created"), 120);
    world.run().await;
    world.empties().await;
    let calls = [world.admin.calls("GET"), world.admin.calls("DELETE")].concat();
    assert!(calls.len() >= 3);
    for call in &calls {
        assert!(call.carries(ACCESS_TOKEN), "{call:?}");
        assert!(!call.uri.contains(ACCESS_TOKEN), "{call:?}");
    }
    let log = world.worker.log();
    assert!(log.contains(r#""event":"recovery""#), "{log}");
    for secret in [ACCESS_TOKEN, SECRET] {
        assert!(!log.contains(secret), "{log}");
    }
    let shown = one(&world.worker, Method::GET).await.to_string();
    assert!(
        !shown.contains(SECRET) && !shown.contains(ACCESS_TOKEN),
        "{shown}"
    );
}

#[tokio::test]
async fn an_entry_for_another_url_is_taken_in_and_reported() {
    let world = World::start().await;
    let old = "https://old.example.com/3scale?key=s0meb0dys-secret";
    world
        .admin
        .gave_up(&notification("user.created").xml(), seconds_ago(120), old);
    let run = world.run().await;
    assert_eq!(
        (&run["taken_in"], &run["foreign"]),
        (&json!(1), &json!(1)),
        "{run}"
    );
    assert_eq!(run["foreign_url"], "https://old.example.com/3scale?…");
    world.origin.requests("/crm", 1).await;
    let event = world.origin.received("/crm").remove(0).json();
    // Nobody has called us yet, so nobody knows our address.
    assert_eq!(event.get("dataschema"), None);
    crate::harness::schemas::assert_valid(&event);
    assert!(!world.worker.log().contains("s0meb0dys-secret"));
}

const XML: &[(&str, &str)] = &[("content-type", "application/xml; charset=utf-8")];
const HTML: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];

#[tokio::test]
async fn each_refusal_has_a_state_and_deletes_nothing() {
    let world = World::start().await;
    world.gave_up(&notification("user.created"), 120);
    let list = world.admin.list();
    let sample = |name: &str| {
        let path = format!(
            "{}/crates/threescale/tests/samples/{name}",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read_to_string(path).unwrap()
    };
    let half = list.replace("</webhooks-failures>", "<webhooks-failure><id>x</id>");
    let to_login: &[_] = &[("location", "https://sso.example.com/login?s=s3cret-session")];
    let wait: &[_] = &[("retry-after", "7200")];
    let table = [
        (
            "access_denied",
            fault(403, XML, sample("error_access_denied_403.xml")),
        ),
        (
            "scope_missing",
            fault(403, XML, sample("error_token_scope_403.xml")),
        ),
        ("not_allowed", fault(403, &[], "")),
        (
            "refused",
            fault(403, HTML, "<html>Attention required</html>"),
        ),
        ("refused", fault(404, HTML, "<html>Not found</html>")),
        ("redirected", fault(302, to_login, "")),
        ("redirected", fault(307, to_login, "")),
        ("rate_limited", fault(429, wait, "")),
        ("unavailable", fault(500, HTML, "<html>oops</html>")),
        ("unavailable", fault(503, wait, "")),
        (
            "not_a_list",
            fault(200, HTML, "<!DOCTYPE html><html>Sign in</html>"),
        ),
        (
            "not_a_list",
            fault(200, XML, "<!DOCTYPE html><html>Sign in</html>"),
        ),
        (
            "not_a_list",
            fault(200, XML, "<error>Access denied</error>"),
        ),
        ("not_a_list", fault(200, &[], "")),
        ("broken_list", fault(200, XML, "")),
        ("broken_list", fault(200, XML, half)),
        ("network", cut_off(list)),
    ];
    for (number, (state, fault)) in (1_u32..).zip(table) {
        world.admin.answers(fault);
        let run = world.run().await;
        assert_eq!(run["state"], state, "{number}: {run}");
        assert!(
            run["detail"]
                .as_str()
                .is_some_and(|detail| detail.len() > 10),
            "{run}"
        );
        assert_eq!(run["deleted_up_to"], Value::Null, "{run}");
        assert_eq!(run["failures_in_a_row"], number, "{run}");
        assert!(run["next_at"].is_string() && run["more"] == false, "{run}");
    }
    assert_eq!(world.admin.calls("DELETE").len(), 0);
    // What stood before the break came in, and that once.
    world.origin.requests("/crm", 1).await;
    assert!(!world.worker.log().contains("s3cret-session"));

    world.admin.recovers();
    let run = world.run().await;
    assert_eq!(
        (&run["state"], &run["failures_in_a_row"], &run["next_at"]),
        (&json!("ok"), &json!(0), &Value::Null)
    );
    assert_eq!(world.admin.listed(), 0);
    assert_eq!(world.delivered(), 1);
}

#[tokio::test]
async fn a_delete_that_fails_is_a_failure_and_doubles_nothing() {
    let world = World::start().await;
    world.gave_up(&notification("user.created"), 120);
    world.gave_up(&notification("user.created"), 110);
    let list = world.admin.list();
    world.admin.answers(fault(200, XML, list));
    let run = world.run().await;
    assert_eq!((&run["state"], &run["taken_in"]), (&json!("ok"), &json!(2)));
    assert_eq!(world.admin.listed(), 2, "the DELETE went to the fault");
    world.admin.recovers();
    world.empties().await;
    world.origin.requests("/crm", 2).await;
    assert_eq!(world.delivered(), 2);
}

#[tokio::test]
async fn tokens_without_the_scope_or_of_a_member_are_told_apart() {
    for (token, state) in [
        ("unknown-token", "access_denied"),
        ("narrow-token", "scope_missing"),
        ("member-token", "not_allowed"),
    ] {
        let admin = Admin::start();
        let worker = setup(&admin, token).started().await;
        let run = run(&worker).await;
        assert_eq!(run["state"], state, "{run}");
    }
}

#[tokio::test]
async fn who_says_nothing_for_half_a_minute_is_a_timeout_and_a_second_run_waits_for_nobody() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = Admin::start();
    let worker = Setup::bare()
        .source(
            "acme",
            SECRET,
            &format!("admin_url = \"http://{}\"", silent.local_addr().unwrap()),
        )
        .secret("SOURCE_ACME_ACCESS_TOKEN", ACCESS_TOKEN)
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .destination(
            "other",
            "url = \"http://127.0.0.1:9\"\nevents = [\"invoice.*\"]",
        )
        .started()
        .await;
    drop(admin);
    let second = async {
        sleep(Duration::from_secs(1)).await;
        run(&worker).await
    };
    let (first, second) = tokio::join!(run(&worker), second);
    assert_eq!(second["state"], "running", "{second}");
    assert_eq!(first["state"], "timeout", "{first}");
    drop(silent);
    assert_eq!(run(&worker).await["state"], "network");
}

#[tokio::test]
async fn a_long_list_is_taken_in_in_steps_that_follow_one_another() {
    const ENTRIES: usize = 5000;
    let admin = Admin::start();
    let worker = setup(&admin, ACCESS_TOKEN).started().await;
    let hook = worker.url(&worker.hook("acme"));
    let padding = "x".repeat(3500);
    for _ in 0..ENTRIES {
        let xml = notification("application.created")
            .extra_field("note", &padding)
            .xml();
        admin.gave_up(&xml, seconds_ago(600), &hook);
    }
    assert!(admin.list().len() > 20_000_000, "{}", admin.list().len());
    let first = run(&worker).await;
    assert_eq!(
        (&first["state"], &first["more"]),
        (&json!("ok"), &json!(true)),
        "{first}"
    );
    let deadline = Instant::now() + PATIENCE;
    while admin.listed() > 0 {
        assert!(
            Instant::now() < deadline,
            "{} left; {}",
            admin.listed(),
            worker.log()
        );
        sleep(Duration::from_millis(500)).await;
        if one(&worker, Method::GET).await["more"] == false {
            run(&worker).await;
        }
    }
    let steps: Vec<Value> = worker
        .log()
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["event"] == "recovery")
        .collect();
    let taken_in: u64 = steps
        .iter()
        .filter_map(|step| step["taken_in"].as_u64())
        .sum();
    assert_eq!(taken_in, 5000, "{steps:?}");
    assert!(steps.len() >= 3, "{steps:?}");
}

#[tokio::test]
async fn recovery_is_asked_for_by_name_and_needs_a_token() {
    let admin = Admin::start();
    let worker = setup(&admin, ACCESS_TOKEN)
        .source("plain", "plain-secret-of-recovery", "")
        .started()
        .await;
    let answer = call(&worker, Method::POST, r#"{"source":"acme"}"#).await;
    assert_eq!(
        answer.json()["recoveries"].as_array().map(Vec::len),
        Some(1)
    );
    for body in [
        r#"{"source":"plain"}"#,
        r#"{"source":"nobody"}"#,
        r#"{"sauce":"acme"}"#,
        "[]",
    ] {
        call(&worker, Method::POST, body)
            .await
            .problem(400, "invalid_parameter");
    }
    call(&worker, Method::PUT, "")
        .await
        .problem(405, "method_not_allowed");
    let stranger = worker.request("POST", "/api/v1/recoveries", "", "").await;
    stranger.problem(401, "unauthorized");
}

#[tokio::test]
async fn the_cron_runs_it_but_not_soon_after_a_failure() {
    let admin = Admin::start();
    let worker = setup_in(Setup::default(), &admin, ACCESS_TOKEN, "")
        // A pause of five minutes takes 30 s.
        .var("TIME_FACTOR", "10")
        .started()
        .await;
    let hook = worker.url(&worker.hook("acme"));
    admin.gave_up(&notification("user.created").xml(), seconds_ago(200), &hook);
    admin.gave_up(&notification("user.created").xml(), seconds_ago(100), &hook);
    assert_eq!(one(&worker, Method::GET).await["state"], "not_yet");
    let deadline = Instant::now() + PATIENCE;
    while admin.listed() > 0 {
        assert!(Instant::now() < deadline, "{}", worker.log());
        worker.get("/cdn-cgi/handler/scheduled").await;
        sleep(Duration::from_millis(200)).await;
    }

    admin.answers(fault(503, &[], ""));
    assert_eq!(run(&worker).await["state"], "unavailable");
    let asked = admin.calls("GET").len();
    for _ in 0..3 {
        worker.get("/cdn-cgi/handler/scheduled").await;
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(admin.calls("GET").len(), asked);
    assert_eq!(one(&worker, Method::GET).await["failures_in_a_row"], 1);
}

/// As after a crash between the inbox's commit and ours: only the inbox knows what was taken in.
#[tokio::test]
async fn a_recovery_that_has_forgotten_everything_doubles_nothing() {
    let World {
        admin,
        origin,
        mut worker,
    } = World::start().await;
    let hook = worker.url(&worker.hook("acme"));
    admin.gave_up(&notification("user.created").xml(), seconds_ago(120), &hook);
    admin.gave_up("<event/>", seconds_ago(120), &hook);
    let first = run(&worker).await;
    assert_eq!(
        (&first["taken_in"], &first["quarantined"]),
        (&json!(1), &json!(1)),
        "{first}"
    );
    assert_eq!(admin.listed(), 2);
    origin.requests("/crm", 1).await;

    worker.kill9();
    let memory = worker.deployment.state().join("threescale-edge-Recovery");
    std::fs::remove_dir_all(memory).unwrap();
    let worker = worker.restarted().await;
    let second = run(&worker).await;
    assert_eq!(
        (&second["known"], &second["taken_in"]),
        (&json!(2), &json!(0)),
        "{second}"
    );
    assert_eq!(run(&worker).await["read"], 2);
    assert_eq!(admin.listed(), 0);
    // It may arrive twice, since the Worker died, but under one id.
    let arrived = origin.received("/crm");
    let ids: BTreeSet<_> = arrived
        .iter()
        .map(|request| request.header("webhook-id"))
        .collect();
    assert_eq!(ids.len(), 1);
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
    // Twenty pushed, twenty recovered; of the pushed ones only the answer was lost.
    origin.requests("/crm", 40).await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(origin.requests_at("/crm"), 40);
}

/// What the front door refuses for its size fails six times, and would be lost.
#[tokio::test]
async fn what_was_too_large_for_the_front_door_comes_in() {
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
