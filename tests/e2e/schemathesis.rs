//! The API against schemathesis, which makes requests of its description: right ones, wrong ones, and sequences of them.
//! It fails if an answer is not as it is described, if a wrong request is accepted, or a right one refused.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use harness::fixtures::notification;
use harness::fixtures::operator::{TOKEN, get, post};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::tenant::{ACCESS_TOKEN, Admin};
use harness::fixtures::worker::{Setup, Worker};
use harness::languages;

/// A Worker that has been in use: deliveries that arrived, failed, wait and are dead; a quarantine; replays; actions.
async fn used(origin: &Origin, admin: &Admin) -> Worker {
    let to = |name: &str, settings: &str| {
        let url = origin.url(&format!("/{name}"));
        format!("url = \"{url}\"\nschedule = [1]\n{settings}")
    };
    let url = &admin.url;
    let worker = Setup::bare()
        .source(
            "acme",
            "acme-secret-0123456789",
            &format!("shards = 2\nadmin_url = \"{url}\""),
        )
        .source("other", "other-secret-0123456789", "")
        .secret("SOURCE_ACME_ACCESS_TOKEN", ACCESS_TOKEN)
        .destination("crm", &to("crm", ""))
        .destination("down", &to("down", "events = [\"user.*\"]"))
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", "1000")
        .started()
        .await;
    origin.plan("/down", [500; 6].map(Reply::Status));
    for number in 0..12 {
        for kind in ["account.created", "user.created", "application.created"] {
            let one = notification(kind).user(|user| user.account_id = number);
            let source = if number % 4 == 3 { "other" } else { "acme" };
            worker.accept(source, &one).await;
        }
    }
    for (source, body) in [
        ("acme", "<event>"),
        ("acme", "<html/>"),
        ("other", "<event><a></b>"),
    ] {
        let hook = worker.hook(source);
        let answer = worker.request("POST", &hook, "application/xml", body).await;
        assert_eq!(answer.status, 422);
    }
    let down = "/destinations/down/pause";
    post(&worker, down, &json!({}), StatusCode::OK).await;
    for cancelled in [true, false] {
        let begun = post(
            &worker,
            "/replays",
            &json!({ "type": "user" }),
            StatusCode::ACCEPTED,
        )
        .await;
        let path = format!("/replays/{}/cancel", begun["id"].as_str().unwrap());
        if cancelled {
            post(&worker, &path, &json!({}), StatusCode::OK).await;
        }
    }
    worker
}

/// The description with the names that this Worker knows, and with what it alone can say: which text is a cursor.
async fn description(worker: &Worker) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/openapi.json");
    let mut all: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let one_of = |values: &[&str]| json!({ "enum": values });
    let schemas = &mut all["components"]["schemas"];
    schemas["ReplayRequest"]["properties"]["destination"] = one_of(&["crm", "down"]);
    schemas["SourceName"] = one_of(&["acme", "other"]);
    schemas["DestinationName"] = one_of(&["crm", "down"]);
    // Only `acme` has an admin API, and a Worker puts only its own address into 3scale.
    schemas["RecoveryRequest"]["properties"]["source"] = one_of(&["acme"]);
    let registration = &mut schemas["RegistrationRequest"]["properties"];
    registration["url"] = one_of(&[&worker.url("")]);
    registration["events"]["items"] = one_of(&["*", "account.*", "user.created"]);
    let paths = &mut all["paths"];
    let register = &mut paths["/api/v1/sources/{name}/register"]["parameters"][0];
    register["schema"] = one_of(&["acme"]);
    // What is dropped is to be no longer configured.
    let drop = &mut paths["/api/v1/destinations/{name}/drop"]["parameters"][0];
    drop["schema"] = json!({ "type": "string", "pattern": "^(?!crm$)(?!down$)[a-z0-9]{1,20}$" });
    let page = get(worker, "/objects?limit=3").await;
    let cursor = page["cursor"].as_str().unwrap();
    let parameters = paths["/api/v1/objects"]["get"]["parameters"]
        .as_array_mut()
        .unwrap();
    let parameter = parameters.iter_mut().find(|one| one["name"] == "cursor");
    parameter.unwrap()["schema"] = one_of(&[cursor]);
    all
}

fn command(python: std::process::Command, folder: &Path, worker: &Worker) -> Command {
    let mut command = Command::from(python);
    let program = "from schemathesis.cli import schemathesis; schemathesis()";
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis");
    command
        .current_dir(folder)
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .env("COLUMNS", "120")
        .env("PYTHONPATH", hooks)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .args([
            "-c",
            program,
            "run",
            "openapi.json",
            "--url",
            &worker.url(""),
        ])
        .args(["--phases", "examples,coverage,fuzzing,stateful"])
        .args([
            "--max-examples",
            "25",
            "--max-failures",
            "20",
            "--seed",
            "1",
        ])
        // Python 3.11 compiles in one thread only (cpython#106905).
        .args(["--workers", "1", "--no-color"]);
    command
}

#[tokio::test]
async fn every_answer_to_any_request_is_as_described() {
    let Some(python) = languages::python() else {
        return;
    };
    let (origin, admin) = (Origin::start(), Admin::start());
    let worker = used(&origin, &admin).await;
    let folder = tempfile::tempdir().unwrap();
    let description = description(&worker).await.to_string();
    let put = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    put("openapi.json", description);
    put(
        "schemathesis.toml",
        format!(
            "[auth.openapi.token]\nbearer = \"{TOKEN}\"\n\
             [auth.openapi.password]\nusername = \"prometheus\"\npassword = \"{TOKEN}\"\n\
             # A request that asks for no WebSocket is no right one, which a description cannot say.\n\
             [[operations]]\ninclude-operation-id = \"tail\"\n\
             checks.positive_data_acceptance.expected-statuses = [\"401\", \"426\", \"429\"]\n"
        ),
    );
    let mut command = command(python, folder.path(), &worker);
    let done = timeout(Duration::from_mins(6), command.output()).await;
    let done = done.expect("it ends within six minutes").unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    let mistakes = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{text}\n{mistakes}");
    println!("{text}");
}
