//! Hostile callers of the operators' API: guesses of its token, and an operator's own queries and bodies where somebody
//! else has written them. Answers stay JSON that no browser takes for anything else, and nothing happens.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method};
use serde_json::Value;

use harness::fixtures::answer::encode;
use stand_in::wire::BodyFormat;

use crate::arena::{Arena, TOKEN};
use crate::client::Answer;
use crate::tally::{Tally, Verdict};

const PATIENCE: Duration = Duration::from_secs(25);
/// Wrong tokens from one address before it has to wait.
const MOST_GUESSES: usize = 5;
const MARKUP: &str = "<script>alert(1)</script><!channel>\"'&";

pub(crate) async fn run(tally: &mut Tally) -> anyhow::Result<()> {
    let arena = Arena::start(true, |setup| setup).await;
    tally.says("guesses of the token");
    guesses(&arena, tally).await;
    tally.says("markup in every field");
    markup(&arena, tally).await;
    let before = ids(&arena).await;
    tally.says("queries");
    for query in queries() {
        let path = format!("/events?{query}");
        tally.holds(
            &path,
            is_answered(&arena, "GET", &path, "", &[200, 400, 404]).await,
        );
    }
    tally.says("paths");
    for path in paths() {
        for method in ["GET", "POST", "DELETE"] {
            let verdict = is_answered(&arena, method, path, "", &[200, 400, 404, 405]).await;
            tally.holds(&format!("{method} {path}"), verdict);
        }
    }
    tally.says("bodies");
    for path in [
        "/replays",
        "/recoveries",
        "/sources/acme/register",
        "/events/0192f3c4-0000-7000-8000-000000000000/replay",
    ] {
        for body in bodies() {
            let verdict = is_answered(&arena, "POST", path, &body, &[400, 404, 405, 413]).await;
            let shown: String = body.chars().take(60).collect();
            tally.holds_against(&format!("POST {path} {shown}"), verdict, body.as_bytes());
        }
    }
    let replays = arena.api("GET", "/replays", "").await;
    let verdict = replays.and_then(|answer| {
        let json = answer.json();
        let replays = json.get("replays").and_then(Value::as_array);
        match replays.map(Vec::len) {
            Some(0) => Ok(()),
            _ => Err(answer.body),
        }
    });
    tally.holds("nothing is replayed", verdict);
    let after = ids(&arena).await;
    let verdict = if before == after {
        Ok(())
    } else {
        Err(format!("{before:?} {after:?}"))
    };
    tally.holds("the events are as before", verdict);
    arena.survives(tally).await;
    Ok(())
}

/// The events that there are.
async fn ids(arena: &Arena) -> Result<Vec<Value>, String> {
    let json = arena.api("GET", "/events?limit=200", "").await?.json();
    let events = json.get("events").and_then(Value::as_array);
    let ids = events
        .into_iter()
        .flatten()
        .filter_map(|event| event.get("id"));
    Ok(ids.cloned().collect())
}

/// A call with these headers, from this address.
async fn call(
    arena: &Arena,
    path: &str,
    address: &str,
    authorization: &[u8],
) -> Result<Answer, String> {
    let request = Client::new()
        .get(arena.worker.url(path))
        .timeout(PATIENCE)
        .header("cf-connecting-ip", address)
        .header("authorization", authorization);
    Answer::of(request.send().await.map_err(|error| error.to_string())?).await
}

async fn guesses(arena: &Arena, tally: &mut Tally) {
    let destinations = "/api/v1/destinations";
    let base64 = STANDARD.encode(format!("x:{TOKEN}"));
    let half = TOKEN.get(..9).unwrap_or_default();
    #[rustfmt::skip] // A table.
    let spellings = [
        String::new(), "Bearer".into(), "Bearer ".into(), TOKEN.into(), format!("Basic {base64}"), format!("Token {TOKEN}"), format!("bearer\t{TOKEN}"),
        format!("Bearer {half}"), format!("Bearer {TOKEN}x"), format!("Bearer x{TOKEN}"), format!("Bearer {}", TOKEN.to_uppercase()),
        format!("Bearer {TOKEN}, Bearer x"), format!("Bearer x, Bearer {TOKEN}"), format!("Bearer {TOKEN};"), format!("Bearer \"{TOKEN}\""),
        format!("Bearer {TOKEN} {TOKEN}"), format!("Bearer token={TOKEN}"), format!("Bearer {}", encode(&format!("{TOKEN} "))),
        format!("Bearer {}", "x".repeat(8000)), "Bearer null".into(), "Bearer undefined".into(), "Bearer *".into(), "Bearer \u{e9}\u{30a}".into(),
        format!("Digest username=\"x\", response=\"{TOKEN}\""), format!("Bearer :write:{TOKEN}"), format!("Bearer x:read:{TOKEN}"),
    ];
    for (number, authorization) in spellings.iter().enumerate() {
        // One guess from each address, so that each is looked at.
        let address = format!("198.51.100.{number}");
        let answer = call(arena, destinations, &address, authorization.as_bytes()).await;
        let verdict = answer.and_then(|answer| match answer.status {
            401 => answer.is_safe_json(),
            status => Err(format!("{status} {}", answer.body)),
        });
        tally.holds(&format!("a token: {authorization:.60}"), verdict);
    }
    let places = [
        "?token={}",
        "?access_token={}",
        "?authorization=Bearer%20{}",
    ];
    for place in places.map(|place| place.replace("{}", TOKEN)) {
        let answer = arena.worker.get(&format!("{destinations}{place}")).await;
        let verdict = if answer.status == 401 {
            Ok(())
        } else {
            Err(answer.text)
        };
        tally.holds(&format!("a token in a query: {place}"), verdict);
    }
    let (mut looked_at, mut held_off) = (0, 0);
    for number in 0..200 {
        let guess = format!("Bearer guess-{number}");
        match call(arena, destinations, "203.0.113.9", guess.as_bytes())
            .await
            .map(|answer| answer.status)
        {
            Ok(401) => looked_at += 1,
            Ok(429) => held_off += 1,
            _ => {}
        }
    }
    let verdict = if looked_at <= MOST_GUESSES && looked_at + held_off == 200 {
        Ok(())
    } else {
        Err(format!("{looked_at} were looked at, {held_off} held off"))
    };
    tally.holds("two hundred guesses from one address", verdict);
    for number in 0..60 {
        let address = format!("2001:db8:1:2:{number:x}::1");
        let _ = call(arena, destinations, &address, b"Bearer guess").await;
    }
    let right = format!("Bearer {TOKEN}");
    for (what, address, expected) in [
        ("the right token from there", "203.0.113.9", 429),
        (
            "the right token from its IPv6 network",
            "2001:db8:1:2:ffff::1",
            429,
        ),
        ("the right token from elsewhere", "203.0.113.10", 200),
        (
            "the right token from another network",
            "2001:db8:1:3::1",
            200,
        ),
    ] {
        let answer = call(arena, destinations, address, right.as_bytes()).await;
        let verdict = answer.and_then(|answer| match answer.status {
            status if status == expected => answer.is_safe_json(),
            status => Err(format!("{status} {}", answer.body)),
        });
        tally.holds(what, verdict);
    }
}

/// Events whose every field is markup, and what shows them.
async fn markup(arena: &Arena, tally: &mut Tally) {
    let text = MARKUP.replace('&', "&amp;").replace('<', "&lt;");
    let xml = format!(
        "<event><action>created</action><type>edge</type><object><x><id>{text}</id><account_id>{text}</account_id>\
         <name>{text}</name></x></object></event>"
    );
    let receipt = arena.worker.push("acme", &xml, BodyFormat::Xml).await;
    let query = encode(MARKUP);
    for path in [
        "/events".to_owned(),
        format!("/events/{}", receipt.id),
        format!("/events?q={query}"),
        format!("/events?type={query}"),
        format!("/events?action={query}"),
        format!("/events?object={query}"),
        format!("/events?account={query}"),
    ] {
        let verdict = is_answered(arena, "GET", &path, "", &[200]).await;
        tally.holds(&format!("markup at {path}"), verdict);
    }
    for path in [
        format!("/events/{query}"),
        format!("/destinations/{query}/pause"),
        format!("/sources/{query}/register"),
        format!("/{query}"),
        format!("/events?{query}=x"),
        format!("/events?source={query}"),
        format!("/events?state={query}"),
        format!("/events?cursor={query}"),
    ] {
        let verdict = is_answered(arena, "GET", &path, "", &[400, 404, 405]).await;
        tally.holds(&format!("markup at {path}"), verdict);
    }
}

/// The answer has one of these statuses, and is JSON that nobody takes for something else.
async fn is_answered(
    arena: &Arena,
    method: &str,
    path: &str,
    body: &str,
    statuses: &[u16],
) -> Verdict {
    let method: Method = method.parse().map_err(|_| "no method".to_owned())?;
    let url = format!("{}/api/v1{path}", arena.worker.url(""));
    let request = Client::new()
        .request(method, url)
        .timeout(PATIENCE)
        .bearer_auth(TOKEN)
        .body(body.to_owned());
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let answer = Answer::of(answer).await?;
    if answer.is_of_the_runtime() {
        return Ok(());
    }
    if !statuses.contains(&answer.status) {
        return Err(format!("{} {}", answer.status, answer.body));
    }
    answer.is_safe_json()
}

#[rustfmt::skip] // A table.
fn queries() -> Vec<String> {
    let values = [
        "", "%00", "%ff%fe", "%", "%zz", "' OR 1=1--", "'; DROP TABLE events;--", "*", "%25", "_", "\\", "..", "{}", "[]", "null", "NaN", "-1", "0",
        "9223372036854775808", "1e309", "99999999999999999999999", "2026-13-45", "-9999-01-01", "9999-12-31T23:59:60Z", "292277026596-12-04", "1h",
        "-1h", "99999999999999h", "9999999999999999999999d", "😀", "\u{202e}", "0192f3c4-0000-7000-8000-000000000000", "0192F3C4-0000-7000-8000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-0000-0000-000000000000", "0192f3c4000070008000000000000000", "acme", "waiting", "a,b", "a b",
    ];
    let names = ["source", "type", "action", "object", "account", "state", "destination", "since", "until", "q", "cursor", "limit"];
    let mut all: Vec<_> = names
        .iter()
        .flat_map(|name| values.iter().map(move |value| {
            let value = if value.starts_with('%') { (*value).to_owned() } else { encode(value) };
            format!("{name}={value}")
        }))
        .collect();
    all.extend(names.map(|name| format!("{name}={}", "x".repeat(6000))));
    all.extend(names.map(|name| format!("{name}=1&{name}=2")));
    all.extend(names.map(|name| format!("{name}[]=1")));
    all.extend(["", "&", "=", "&&==&&", "limit", "colour=red", "__proto__=x", "%00=x", "limit=1;cursor=x"].map(str::to_owned));
    all.push("q=x&".repeat(2000));
    all
}

#[rustfmt::skip] // A table.
fn paths() -> [&'static str; 24] {
    [
        "", "/", "//", "/events/", "/events//", "/events/..", "/events/../replays/x", "/events/%2e%2e/destinations", "/events/%00",
        "/events/1", "/events/0192f3c4-0000-7000-8000-000000000000", "/events/0192F3C4-0000-7000-8000-000000000000", "/events/x/replay/y",
        "/destinations/good", "/destinations/nobody/pause", "/destinations/%67ood/pauses", "/destinations/__proto__/resume",
        "/destinations/nobody/drop", "/sources/nobody/register", "/replays/x", "/recoveries/x", "/quarantine", "/%F0%9F%98%80", "/../../etc/passwd",
    ]
}

#[rustfmt::skip] // A table.
fn bodies() -> Vec<String> {
    let mut all: Vec<_> = [
        "{", "[", "null", "true", "1", "\"x\"", "[]", "[{}]", "{\"x\":1}", "{\"all\":\"true\",\"x\":1}", "{\"source\":1}", "{\"source\":\"nobody\"}", "{\"source\":[\"acme\"]}",
        "{\"filter\":1}", "{\"filter\":{\"x\":1}}", "{\"destinations\":[1]}", "{\"destinations\":\"good\"}", "{\"destinations\":[\"nobody\"]}", "{\"dry_run\":\"no\",\"all\":1}",
        "{\"__proto__\":{}}", "{\"url\":\"https://evil.example/\",\"x\":1}", "{\"a\":1,\"a\":2}", "\u{0}", "<xml/>", "a=b", "{\"source\":\"acme\",\"since\":\"never\",\"x\":0}", "{\"limit\":1e400}",
    ].map(str::to_owned).into();
    all.push("[".repeat(100_000));
    all.push("{\"a\":".repeat(50_000));
    all.push(format!("{{\"source\":\"{}\"}}", "x".repeat(900_000)));
    // More than is read, and little enough to be sent before the answer closes the connection.
    all.push(" ".repeat(256 << 10));
    all
}
