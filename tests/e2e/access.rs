//! Cloudflare Access in front of the API. `tests/access/issue.mjs` signs as a team does.

use std::io::Write as _;
use std::process::Stdio;

use harness::fixtures::answer::Answer;
use harness::fixtures::operator::TOKEN;
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::languages;
use serde_json::{Value, json};

const KEYS: &str = "/cdn-cgi/access/certs";
const AUDIENCE: &str = "32eafc7626e737136cb2ce6c4b06bd9c4a7bcce0b4a1ed4b";

/// The keys of a team, and an assertion for each of these claims.
fn issue(claims: &[Value]) -> (Value, Vec<String>) {
    let mut node = languages::javascript()
        .arg("tests/access/issue.mjs")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = node.stdin.take().unwrap();
    stdin
        .write_all(json!(claims).to_string().as_bytes())
        .unwrap();
    drop(stdin);
    let output = node.wait_with_output().unwrap();
    let mut issued: Value = serde_json::from_slice(&output.stdout).unwrap();
    let assertions = serde_json::from_value(issued["assertions"].take()).unwrap();
    (issued["keys"].take(), assertions)
}

/// What Access says of Ann, with one claim replaced.
fn ann(team: &str, claim: &str, value: impl Into<Value>) -> Value {
    let now = chrono::Utc::now().timestamp();
    let mut claims = json!({
        "iss": team, "aud": [AUDIENCE], "email": "ann@example.com", "exp": now + 600,
        "nbf": now, "type": "app",
    });
    claims[claim] = value.into();
    json!({ "kid": "key-1", "claims": claims })
}

async fn call(worker: &Worker, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let method = method.parse().unwrap();
    let mut request = reqwest::Client::new().request(method, worker.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.send().await.unwrap()).await
}

async fn with_assertion(worker: &Worker, assertion: &str) -> Answer {
    let headers = [("cf-access-jwt-assertion", assertion)];
    call(worker, "GET", "/api/v1/sources", &headers).await
}

async fn start(origin: &Origin, team: &str) -> Worker {
    let worker = Setup::bare()
        .source("acme", "acme-secret-of-access", "")
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
        .var("ALLOW_LOCAL_TARGETS", "true")
        .var("ACCESS_TEAM", team)
        .var("ACCESS_AUD", &format!("another-application {AUDIENCE}"))
        .secret("CONSOLE_TOKEN", TOKEN);
    worker.started().await
}

#[tokio::test]
async fn whom_access_let_in_is_an_operator_and_is_in_the_record() {
    let origin = Origin::start();
    let team = origin.url("");
    let program = ann(&team, "email", Value::Null);
    let (keys, assertions) = issue(&[
        ann(&team, "email", "ann@example.com"),
        ann(
            "https://evil.cloudflareaccess.com",
            "email",
            "ann@example.com",
        ),
        ann(&team, "aud", "yet-another-application"),
        ann(&team, "exp", 1_700_000_000),
        program,
    ]);
    origin.plan(KEYS, vec![Reply::Body(200, keys.to_string().into())]);
    let worker = start(&origin, &team).await;
    let answer = with_assertion(&worker, &assertions[0]).await;
    assert_eq!(answer.status, 200, "{}\n{}", answer.text, worker.log());
    for refused in &assertions[1..] {
        let answer = with_assertion(&worker, refused).await;
        answer.problem(401, "unauthorized");
    }

    let ann = ("cf-access-jwt-assertion", assertions[0].as_str());
    let pause = "/api/v1/destinations/crm/pause";
    let by_another_site = [ann, ("origin", "https://evil.example")];
    let answer = call(&worker, "POST", pause, &by_another_site).await;
    answer.problem(403, "cross_site");
    let answer = call(&worker, "POST", pause, &[ann]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let audit = call(&worker, "GET", "/api/v1/audit", &[ann]).await.json();
    assert_eq!(audit["actions"].as_array().unwrap().len(), 1, "{audit}");
    assert_eq!(audit["actions"][0]["person"], "ann@example.com");
    assert_eq!(audit["actions"][0]["token"], Value::Null);

    // The team was asked for its keys once.
    assert_eq!(origin.received(KEYS).len(), 1);
}

#[tokio::test]
async fn a_signature_is_verified_with_the_teams_keys() {
    let origin = Origin::start();
    let team = origin.url("");
    let mut forged = ann(&team, "email", "ann@example.com");
    forged["forged"] = true.into();
    let mut of_an_unknown_key = ann(&team, "email", "ann@example.com");
    of_an_unknown_key["kid"] = "key-2".into();
    let right = ann(&team, "email", "ann@example.com");
    let (keys, assertions) = issue(&[forged, of_an_unknown_key, right]);
    let trouble = [Reply::Status(500), Reply::Body(200, b"<html>".into())];
    let keys = Reply::Body(200, keys.to_string().into());
    origin.plan(KEYS, trouble.into_iter().chain([keys]));
    let worker = start(&origin, &team).await;
    let [forged, of_an_unknown_key, right] = assertions.as_slice() else {
        panic!("{assertions:?}")
    };
    // Twice the team's keys cannot be had.
    for _ in 0..2 {
        let answer = with_assertion(&worker, right).await;
        answer.problem(401, "unauthorized");
    }
    assert_eq!(with_assertion(&worker, right).await.status, 200);
    let (signed, signature) = right.rsplit_once('.').unwrap();
    let (other_signed, _) = forged.rsplit_once('.').unwrap();
    let spliced = format!("{other_signed}.{signature}");
    let cut = format!("{signed}.");
    for refused in [forged.as_str(), of_an_unknown_key, &spliced[1..], &cut, "x"] {
        let answer = with_assertion(&worker, refused).await;
        answer.problem(401, "unauthorized");
    }
    // Nobody makes the Worker ask again and again.
    assert_eq!(origin.received(KEYS).len(), 3);
    // A token counts as ever, and a wrong one is not made up for.
    let both = |token| {
        [
            ("cf-access-jwt-assertion", right.as_str()),
            ("authorization", token),
        ]
    };
    let token = format!("Bearer {TOKEN}");
    let answer = call(&worker, "GET", "/api/v1/sources", &both(&token)).await;
    assert_eq!(answer.status, 200);
    let answer = call(&worker, "GET", "/api/v1/sources", &both("Bearer wrong")).await;
    answer.problem(401, "unauthorized");
}
