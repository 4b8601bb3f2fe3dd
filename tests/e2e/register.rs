//! Setting up 3scale from here, and rotating a source's secret.

use reqwest::Method;
use serde_json::{Value, json};

use harness::fixtures::answer::{Answer, encode};
use harness::fixtures::notification;
use harness::fixtures::operator::{TOKEN, sent};
use harness::fixtures::origin::Origin;
use harness::fixtures::tenant::{ACCESS_TOKEN, Admin, fault};
use harness::fixtures::worker::{Setup, Worker};

const NEW: &str = "n3w/secret+of&register";
const OLD: &str = "old-secret-of-register";

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

async fn start(admin: &Admin) -> Worker {
    setup(admin).started().await
}

fn setup(admin: &Admin) -> Setup {
    Setup::bare()
        .source(
            "acme",
            &format!("{NEW} {OLD}"),
            &format!("admin_url = \"{}\"", admin.url),
        )
        .source("plain", "plain-secret-of-register", "")
        .secret("SOURCE_ACME_ACCESS_TOKEN", ACCESS_TOKEN)
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .destination(
            "other",
            "url = \"http://127.0.0.1:9\"\nevents = [\"invoice.*\"]",
        )
        .var("PUBLIC_URL", "https://edge.example.com")
}

async fn register(worker: &Worker, source: &str, body: &Value) -> Answer {
    let request = reqwest::Client::new()
        .request(
            Method::POST,
            worker.url(&format!("/api/v1/sources/{source}/register")),
        )
        .bearer_auth(TOKEN)
        .body(body.to_string());
    sent(request).await
}

fn webhook(admin: &Admin) -> Value {
    admin.tenant.webhook.lock().unwrap().json()["webhook"].clone()
}

#[tokio::test]
async fn our_url_with_the_current_secret_is_put_into_3scale() {
    let admin = Admin::start();
    let worker = start(&admin).await;
    let body =
        json!({ "url": "https://edge.example.com/anything", "events": ["account.*", "*.deleted"] });
    let answer = register(&worker, "acme", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(!answer.text.contains("n3w"), "{}", answer.text);
    let shown = answer.json();
    assert_eq!(shown["url"], "https://edge.example.com/hooks/acme?token=…");
    assert_eq!(shown["confirmed"], true);
    assert_eq!(shown["events"].as_array().map(Vec::len), Some(6));

    let set = webhook(&admin);
    assert_eq!(
        set["url"],
        format!("https://edge.example.com/hooks/acme?token={}", encode(NEW))
    );
    assert_eq!(
        (&set["active"], &set["provider_actions"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(set["user_deleted_on"], true);
    assert_eq!(set["user_created_on"], false);
    let calls = admin.calls("PUT");
    assert!(calls.len() == 1 && calls[0].carries(ACCESS_TOKEN));
    assert_eq!(calls[0].uri, "/admin/api/webhooks.json");
}

#[tokio::test]
async fn a_registered_webhook_works() {
    let admin = Admin::start();
    let worker = start(&admin).await;
    // The address at which we are called needs no proof.
    let body = json!({ "url": worker.url("/") });
    let answer = register(&worker, "acme", &body).await.json();
    assert_eq!(answer["events"].as_array().map(Vec::len), Some(16));
    let url = webhook(&admin)["url"].as_str().unwrap().to_owned();
    let pushed = reqwest::Client::new()
        .post(&url)
        .header("content-type", "application/xml")
        .body(notification("user.created").xml());
    assert_eq!(Answer::of(pushed.send().await.unwrap()).await.status, 200);
    assert!(!worker.log().contains(r#""secret":"old""#));
}

#[tokio::test]
async fn a_dry_run_shows_the_settings_and_changes_nothing() {
    let admin = Admin::start();
    let worker = start(&admin).await;
    let answer = register(
        &worker,
        "acme",
        &json!({ "dry_run": true, "active": false }),
    )
    .await;
    let shown = answer.json();
    assert_eq!(
        (&shown["active"], &shown["confirmed"]),
        (&json!(false), &Value::Null),
        "{shown}"
    );
    assert_eq!(admin.calls("PUT").len(), 0);
}

#[tokio::test]
async fn a_response_that_does_not_confirm_the_settings_is_reported() {
    let admin = Admin::start();
    let worker = start(&admin).await;
    let taken = register(&worker, "acme", &json!({})).await.json();
    assert_eq!(taken["confirmed"], true);
    let mut other = json!({ "webhook": webhook(&admin) });
    other["webhook"]["active"] = json!(false);
    admin.answers(fault(200, JSON, other.to_string()));
    let answer = register(&worker, "acme", &json!({})).await.json();
    assert_eq!(answer["confirmed"], json!(["active"]));
    admin.answers(fault(200, &[], "<html>Sign in</html>"));
    let answer = register(&worker, "acme", &json!({})).await.json();
    assert_eq!(answer["confirmed"], json!(["webhook"]));

    let refused =
        json!({ "errors": { "url": ["is invalid", format!("not http://x/?token={NEW}")] } });
    for (code, fault) in [
        ("settings_refused", fault(422, JSON, refused.to_string())),
        (
            "access_denied",
            fault(403, JSON, r#"{"error":"Access denied"}"#),
        ),
        ("not_allowed", fault(403, &[], "")),
        (
            "redirected",
            fault(302, &[("location", "https://sso.example.com/")], ""),
        ),
        ("unavailable", fault(503, &[], "")),
    ] {
        admin.answers(fault);
        let answer = register(&worker, "acme", &json!({})).await;
        answer.problem(502, code);
        assert!(!answer.text.contains("n3w"), "{}", answer.text);
    }
}

/// Whoever has a console token must not learn a source's secret, nor get the events that follow.
#[tokio::test]
async fn an_address_that_does_not_prove_to_be_ours_is_not_registered() {
    let (admin, collector) = (Admin::start(), Origin::start());
    let worker = start(&admin).await;
    for url in [
        collector.url("/"),
        "https://10.0.0.1.invalid".to_owned(),
        // Our own proof is for the address at which we are asked.
        format!("http://localhost.:{}", worker.port()),
    ] {
        let answer = register(&worker, "acme", &json!({ "url": url })).await;
        answer.problem(400, "invalid_parameter");
        assert!(answer.text.contains("PUBLIC_URL"), "{}", answer.text);
    }
    assert_eq!(admin.calls("PUT").len(), 0);
    let asked = collector.received("/healthz");
    assert!(asked.iter().all(|request| request.body.is_empty()));
}

/// Another name for the same machine.
#[tokio::test]
async fn an_address_that_proves_to_be_ours_is_registered() {
    let admin = Admin::start();
    let worker = start(&admin).await;
    let url = format!("http://localhost:{}", worker.port());
    let answer = register(&worker, "acme", &json!({ "url": url })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let set = webhook(&admin)["url"].as_str().unwrap().to_owned();
    assert!(set.starts_with(&format!("{url}/hooks/acme?")), "{set}");
}

#[tokio::test]
async fn invalid_settings_are_refused_before_3scale_is_called() {
    let admin = Admin::start();
    let worker = start(&admin).await;
    for body in [
        json!({ "url": "edge.example.com" }),
        json!({ "url": "https://user:pw@edge.example.com" }),
        json!({ "url": format!("https://{}.example.com", "x".repeat(240)) }),
        json!({ "events": ["invoice.*"] }),
        json!({ "events": ["account"] }),
        json!({ "events": "account.*" }),
        json!({ "active": "yes" }),
        json!({ "provider_action": true }),
        json!([]),
    ] {
        register(&worker, "acme", &body)
            .await
            .problem(400, "invalid_parameter");
    }
    register(&worker, "plain", &json!({}))
        .await
        .problem(400, "invalid_parameter");
    register(&worker, "nobody", &json!({}))
        .await
        .problem(404, "not_found");
    assert_eq!(admin.calls("PUT").len(), 0);
}

#[tokio::test]
async fn healthz_shows_when_the_old_secret_was_last_used() {
    let admin = Admin::start();
    let worker = start(&admin).await;
    let rotations = async || worker.get("/healthz").await.json()["rotations"].clone();
    let unused = json!([{ "source": "acme", "old_secret_last_used_at": null }]);
    assert_eq!(rotations().await, unused);
    worker.accept("acme", &notification("user.created")).await;
    assert_eq!(rotations().await, unused, "the current one is no old one");

    let hook = format!("/hooks/acme?token={OLD}");
    let xml = notification("user.created").xml();
    let answer = worker.request("POST", &hook, "application/xml", xml).await;
    assert_eq!(answer.status, 200);
    let used = rotations().await[0]["old_secret_last_used_at"].clone();
    let used = chrono::DateTime::parse_from_rfc3339(used.as_str().unwrap()).unwrap();
    assert!((chrono::Utc::now() - used.to_utc()).num_seconds().abs() < 30);
    assert!(worker.log().contains(r#""secret":"old""#));
    assert!(!worker.log().contains(OLD));
}

/// `make register` is this script.
#[tokio::test]
async fn the_script_shows_the_settings_and_writes_them() {
    let admin = Admin::start();
    let worker = start(&admin).await;
    let run = |token: &str, options: &str| {
        let mut script = tokio::process::Command::new("tools/register");
        script
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args([worker.url("/").as_str(), "acme", options])
            .env("CONSOLE_TOKEN", token)
            .env("YES", "1");
        async move {
            let output = script.output().await.unwrap();
            let text = [output.stdout, output.stderr].concat();
            (output.status.success(), String::from_utf8(text).unwrap())
        }
    };
    let (done, output) = run(TOKEN, r#"{"events":["user.*"]}"#).await;
    assert!(
        done && output.contains("3scale has confirmed it"),
        "{output}"
    );
    assert!(
        output.contains(r#""dry_run":true"#) && !output.contains("n3w"),
        "{output}"
    );
    let set = webhook(&admin);
    assert_eq!(
        (&set["user_created_on"], &set["account_created_on"]),
        (&json!(true), &json!(false))
    );

    admin.answers(fault(403, &[], ""));
    let (done, output) = run(TOKEN, "").await;
    assert!(!done && output.contains("not_allowed"), "{output}");
    let (done, output) = run("wrong", "").await;
    assert!(!done && output.contains("unauthorized"), "{output}");
}
