//! Ways around a hook's secret: spellings of the query, of the path, of methods and hosts, and other places to put it.
//!
//! Two tables: what must be refused, and what is the secret in another spelling and may come in. A request that is let
//! in where it must not is an event more than expected, whatever the answer said.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use harness::fixtures::answer::encode;
use harness::fixtures::notification;

use crate::arena::{Arena, OLD_SECRET, OTHER_SECRET, SECRET};
use crate::client::{Answer, NoAnswer, send};
use crate::tally::{Tally, Verdict};

/// A part of every wrong secret that is tried: nothing of what a caller presents is printed.
const GUESS: &str = "gu3ss-of-a-stranger";

struct Request {
    name: String,
    method: String,
    target: String,
    headers: String,
}

impl Request {
    fn post(target: String) -> Self {
        Self {
            name: target.clone(),
            method: "POST".to_owned(),
            target,
            headers: String::new(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let Self {
            method,
            target,
            headers,
            ..
        } = self;
        let host = if headers.to_ascii_lowercase().contains("host:") {
            ""
        } else {
            "Host: localhost\r\n"
        };
        let body = notification("user.created").xml();
        let length = body.len();
        format!(
            "{method} {target} HTTP/1.1\r\n{host}{headers}Connection: close\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

pub(crate) async fn run(tally: &mut Tally) -> anyhow::Result<()> {
    let mut arena = Arena::start(true, |setup| setup).await;
    arena.guards(GUESS);
    let wrong = refused();
    tally.says(&format!("{} requests that must be refused", wrong.len()));
    for request in wrong {
        let bytes = request.bytes();
        let answer = send(arena.port(), &[&bytes], Duration::ZERO, false).await;
        tally.holds_against(&request.name, is_refused(answer), &bytes);
    }
    tally.holds("nothing was accepted", has_events(&arena, 0).await);
    let right = admitted();
    tally.says(&format!("{} spellings of the secret itself", right.len()));
    let count = right.len();
    for request in right {
        let bytes = request.bytes();
        let verdict = match send(arena.port(), &[&bytes], Duration::ZERO, false).await {
            Ok(answer) if answer.status == 200 => answer.is_of_a_hook(),
            other => Err(format!("not admitted: {other:?}")),
        };
        tally.holds_against(&request.name, verdict, &bytes);
    }
    tally.holds("each was accepted once", has_events(&arena, count).await);
    for secret in [SECRET, OLD_SECRET, OTHER_SECRET, GUESS] {
        let stored = arena.worker.stored_in(secret.as_bytes());
        let verdict = stored.map_or(Ok(()), |file| Err(format!("stored in {}", file.display())));
        tally.holds("a secret is not stored", verdict);
    }
    arena.survives(tally).await;
    Ok(())
}

fn is_refused(answer: Result<Answer, NoAnswer>) -> Verdict {
    match answer {
        Err(NoAnswer::Closed) => Ok(()),
        Err(NoAnswer::Hung) => Err("no answer in time".to_owned()),
        Ok(answer) if answer.is_of_the_runtime() => Ok(()),
        Ok(answer) if matches!(answer.status, 400 | 401 | 403 | 404 | 405) => {
            if answer.status == 405 || answer.body.is_empty() {
                return Ok(());
            }
            answer.is_of_a_hook()
        }
        Ok(answer) => Err(format!("{} {}", answer.status, answer.body)),
    }
}

async fn has_events(arena: &Arena, expected: usize) -> Verdict {
    let answer = arena.api("GET", "/events?limit=200", "").await?;
    let json = answer.json();
    let events = json.get("events").and_then(Value::as_array);
    match events.map(Vec::len) {
        Some(count) if count == expected => Ok(()),
        _ => Err(format!("not {expected} events: {}", answer.body)),
    }
}

/// Everything that does not present the secret where 3scale does.
#[rustfmt::skip] // A table.
fn refused() -> Vec<Request> {
    let secret = encode(SECRET);
    let half = secret.get(..8).unwrap_or_default();
    let upper = encode(&SECRET.to_uppercase());
    let twice = encode(&secret);
    let base64 = encode(&STANDARD.encode(SECRET));
    let both = encode(&format!("{SECRET} {OLD_SECRET}"));
    let reversed = encode(&SECRET.chars().rev().collect::<String>());
    let wide = encode(&SECRET.replace('a', "а"));
    let long = "x".repeat(8000);
    let many = "token=x&".repeat(900);
    let queries = [
        String::new(), "token".into(), "token=".into(), "token=%00".into(), "token=%".into(), "token=%zz".into(),
        "token=null".into(), "token=undefined".into(), "token=true".into(), "token=*".into(), "token=%2a".into(),
        "token=[]".into(), "token=%27%20OR%201=1--".into(), "token=.*".into(), format!("token={GUESS}"),
        format!("token={half}"), format!("token={upper}"), format!("token={secret}x"), format!("token=x{secret}"),
        format!("token={secret}%00"), format!("token=%00{secret}"), format!("token={secret}+"), format!("token={secret}%20"),
        format!("token=+{secret}"), format!("token={secret}%0a"), format!("token={secret}%0d%0aX:%20y"), format!("token=%22{secret}%22"),
        format!("token={secret}{secret}"), format!("token={secret},{secret}"), format!("token={both}"), format!("token={twice}"),
        format!("token={base64}"), format!("token={reversed}"), format!("token={wide}"), format!("token=%EF%BB%BF{secret}"),
        format!("token={}", encode(OTHER_SECRET)), format!("key={}", encode(OTHER_SECRET)), format!("key={secret}"),
        format!("secret={secret}"), format!("Token={secret}"), format!("TOKEN={secret}"), format!("token%00={secret}"),
        format!("token%20={secret}"), format!("%20token={secret}"), format!("+token={secret}"), format!("token[]={secret}"),
        format!("token[0]={secret}"), format!("token%5B%5D={secret}"), format!("token.x={secret}"), format!("tokens={secret}"),
        format!("%2574oken={secret}"), format!("t\u{f6}ken={secret}"), format!("token%E2%80%8B={secret}"), format!("x=1;token={secret}"),
        format!("token:{secret}"), format!("token=={secret}"), format!("token%3D{secret}"), format!("?token={secret}"),
        format!("#token={secret}"), format!("amp;token={secret}"), format!("x%26token={secret}"), format!("x=y?token={secret}"),
        format!("token={GUESS}&token={secret}"), format!("token=&token={secret}"), format!("token&token={secret}"),
        format!("%74oken={GUESS}&token={secret}"), format!("token={GUESS}&token={secret}&token={secret}"), secret.clone(),
        format!("={secret}"), format!("token={long}"), format!("{many}token={secret}"), format!("ping=3scale&key={secret}"),
        format!("token={GUESS}&ping=3scale"), format!("access_token={secret}"), format!("{{\"token\":\"{secret}\"}}"),
    ];
    let queries = queries.map(|query| Request::post(format!("/hooks/acme?{query}")));
    let paths = [
        "/hooks/acme/", "//hooks/acme", "/hooks//acme", "/hooks/acme//", "/hooks/acme/x", "/hooks/acme/../acme/", "/hooks/acme/..",
        "/hooks/%61cme", "/hooks/acme%00", "/hooks/acme%20", "/hooks/acme;x", "/hooks/acme;", "/hooks/ACME", "/hooks/acme.",
        "/hooks/acme%2f", "/hooks/acme%2e", "/hooks%2facme", "/HOOKS/acme", "/hook/acme", "/hooks/", "/hooks", "/", "/acme",
        "/hooks/*", "/hooks/__proto__", "/hooks/constructor", "/hooks/toString", "/hooks/acme,zeta", "/hooks/acm", "/hooks/acmee",
        "/hooks/zeta", "/hooks/%2e%2e/hooks/acme/x", "/hooks/..%2facme", "/hooks/acme%23", "/hooks/acme%3f", "/api/v1/hooks/acme",
        "/hooks/\u{430}cme", "/x/hooks/acme", "/hooks/acme:80",
    ];
    let paths = paths.map(|path| Request::post(format!("{path}?token={secret}")));
    let elsewhere = [
        format!("Authorization: Bearer {SECRET}"), format!("Authorization: Basic {}", STANDARD.encode(format!("token:{SECRET}"))),
        format!("Cookie: token={SECRET}"), format!("Token: {SECRET}"), format!("X-Token: {SECRET}"), format!("X-Api-Key: {SECRET}"),
        format!("X-Original-URL: /hooks/acme?token={secret}"), format!("X-Rewrite-URL: /hooks/acme?token={secret}"),
        format!("Referer: http://localhost/hooks/acme?token={secret}"), format!("X-Forwarded-Uri: /hooks/acme?token={secret}"),
        "CF-Worker: threescale-edge".to_owned(), "X-Forwarded-For: 127.0.0.1".to_owned(), "CF-Connecting-IP: 127.0.0.1".to_owned(),
        "MF-Original-URL: http://localhost/".to_owned(), "X-Authenticated: true".to_owned(),
    ];
    let elsewhere = elsewhere.map(|header| {
        let mut request = Request::post(format!("/hooks/acme?token={GUESS}"));
        request.name.clone_from(&header);
        request.headers = format!("{header}\r\n");
        request
    });
    let hosts = [
        "Host: evil.example", "Host: localhost.evil.example", "Host: 127.0.0.1.evil.example", "Host: notlocalhost", "Host: 10.0.0.1",
        "Host: 0.0.0.0", "Host: 127.0.0.2", "Host: [::2]", "Host: [::ffff:127.0.0.1]", "Host: localhost@evil.example", "Host: evil.example#.localhost",
        "Host: evil.example/.localhost", "Host: evil.example?.localhost", "Host: evil.example\\.localhost", "Host: localhost.",
        "Host: evil.example\r\nX-Forwarded-Proto: https", "Host: evil.example\r\nX-Forwarded-Host: localhost", "Host: evil.example\r\nForwarded: proto=https;host=localhost",
        "Host: evil.example\r\nCF-Visitor: {\"scheme\":\"https\"}", "Host: localhost\r\nHost: evil.example", "Host: ", "Host: a b", "Host: :80", "Host: localhost:99999",
    ];
    let hosts = hosts.map(|host| {
        let mut request = Request::post(format!("/hooks/acme?token={secret}"));
        host.clone_into(&mut request.name);
        request.headers = format!("{host}\r\n");
        request
    });
    // Not CONNECT: it asks for a tunnel, which is no request, and workerd has an answer of its own.
    let methods = [
        "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "SEARCH", "post", "Post", "POSTS", "get", "*",
    ];
    let mut methods: Vec<_> = methods
        .iter()
        .map(|method| {
            let mut request = Request::post(format!("/hooks/acme?token={secret}"));
            request.name = format!("method {method}");
            (*method).clone_into(&mut request.method);
            request
        })
        .collect();
    methods.push(Request {
        name: "method PUT, overridden".to_owned(),
        method: "PUT".to_owned(),
        headers: "X-HTTP-Method-Override: POST\r\n".to_owned(),
        ..Request::post(format!("/hooks/acme?token={secret}"))
    });
    queries
        .into_iter()
        .chain(paths)
        .chain(elsewhere)
        .chain(hosts)
        .chain(methods)
        .collect()
}

/// The secret in a spelling that is the same URL, or that says the same as a query.
#[rustfmt::skip] // A table.
fn admitted() -> Vec<Request> {
    let secret = encode(SECRET);
    let every_byte: Vec<_> = SECRET.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let every_byte = every_byte.concat();
    let targets = [
        format!("/hooks/acme?token={secret}"), format!("/hooks/acme?%74oken={secret}"), format!("/hooks/acme?token={every_byte}"),
        format!("/hooks/acme?token={}", encode(OLD_SECRET)), format!("/hooks/acme?x=y&token={secret}"),
        format!("/hooks/acme?token={secret}&token={GUESS}"), format!("/hooks/acme?&&token={secret}&&"), format!("/hooks/acme?token={secret}#x"),
        format!("/hooks/./acme?token={secret}"), format!("/hooks/zeta/../acme?token={secret}"), format!("/x/%2e%2e/hooks/acme?token={secret}"),
        format!("/hooks/zeta?key={}", encode(OTHER_SECRET)),
    ];
    targets.map(Request::post).into()
}
