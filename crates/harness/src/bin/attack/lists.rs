//! Lists of failures that are an attack: what comes in place of the list, and lists whose entries are hostile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::stream;

use harness::fixtures::tenant::{Fault, cut_off, fault};

use crate::shapes::gzip;

const XML: &[(&str, &str)] = &[("content-type", "application/xml; charset=utf-8")];
const HTML: &[(&str, &str)] = &[("content-type", "text/html")];
const ZIPPED: &[(&str, &str)] = &[
    ("content-type", "application/xml"),
    ("content-encoding", "gzip"),
];
/// No stream is longer than this, whoever reads it.
const MOST_BYTES: usize = 1 << 30;

/// It is no list.
const WRONG: &[&str] = &["not_a_list", "broken_list", "stuck"];
/// It is one until a step has read as much as it may.
const CAPPED: &[&str] = &["stuck", "broken_list", "ok"];

/// The answer that comes in place of the list, with the states that make sense of it. Nothing is deleted.
pub(crate) struct NoList {
    pub(crate) name: &'static str,
    pub(crate) fault: Fault,
    pub(crate) states: &'static [&'static str],
}

/// How many bytes the endless ones have sent.
pub(crate) type Sent = Arc<AtomicUsize>;

#[rustfmt::skip] // A table.
pub(crate) fn in_place_of_a_list(elsewhere: &'static str, sent: &Sent) -> Vec<NoList> {
    let mut all = vec![];
    let mut case = |name, fault, states| all.push(NoList { name, fault, states });
    let redirect: &'static [(&str, &str)] = Box::leak(Box::new([("location", elsewhere)]));
    for (name, status) in [
        ("redirect 301", 301), ("redirect 302", 302), ("redirect 303", 303), ("redirect 307", 307), ("redirect 308", 308),
    ] {
        case(name, fault(status, redirect, "moved"), &["redirected"]);
    }
    case("redirect to metadata", fault(302, &[("location", "http://169.254.169.254/")], ""), &["redirected"]);
    case("redirect to nowhere", fault(302, &[], ""), &["redirected", "refused"]);
    for (name, status, states) in [
        ("401", 401, &["refused", "access_denied"][..]), ("403", 403, &["refused", "not_allowed", "access_denied"]), ("404", 404, &["refused"]),
        ("418", 418, &["refused"]), ("429", 429, &["rate_limited"]), ("500", 500, &["unavailable"]), ("502", 502, &["unavailable"]),
        ("503", 503, &["unavailable"]), ("599", 599, &["unavailable"]), ("204", 204, &["refused", "not_a_list", "broken_list", "unavailable"]),
        ("206", 206, &["refused", "not_a_list", "broken_list", "unavailable"]), ("304", 304, &["redirected", "refused"]),
    ] {
        case(name, fault(status, HTML, "<html>no</html>"), states);
    }
    for (name, wait) in [
        ("429, wait -1", &[("retry-after", "-1")]), ("429, wait 10^20", &[("retry-after", "100000000000000000000")]),
        ("429, wait for a past", &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")]), ("429, wait for ages", &[("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")]),
        ("429, wait for nonsense", &[("retry-after", "soon")]),
    ] {
        case(name, fault(429, wait, ""), &["rate_limited"]);
    }
    let laughs = "<!DOCTYPE a [<!ENTITY x \"lol\"><!ENTITY y \"&x;&x;&x;&x;&x;&x;&x;&x;\">]><webhooks-failures>&y;</webhooks-failures>";
    for (name, body) in [
        ("nothing", String::new()), ("white space", " ".repeat(1 << 20)), ("an entity bomb", laughs.to_owned()), ("another root", "<events/>".to_owned()),
        ("an error", "<error>no</error>".to_owned()), ("text", "access denied".to_owned()), ("JSON", "{\"webhooks-failures\":[]}".to_owned()),
        ("half a tag", "<webhooks-fail".to_owned()), ("an open list", "<webhooks-failures>".to_owned()),
        ("a closed list, and more", "<webhooks-failures></webhooks-failures><webhooks-failures>".to_owned()),
        ("NULs", "<webhooks-failures>\0\0</webhooks-failures>".to_owned()), ("depth", "<webhooks-failures>".to_owned() + &"<a>".repeat(100_000)),
        ("a huge attribute", format!("<webhooks-failures a=\"{}\"></webhooks-failures>", "x".repeat(3 << 20))),
        ("a huge tag", format!("<{}>", "x".repeat(3 << 20))),
    ] {
        case(name, fault(200, XML, body), WRONG);
    }
    case("a login page", fault(200, HTML, "<!DOCTYPE html><html>Sign in</html>"), &["not_a_list"]);
    case("no type", fault(200, &[], "<webhooks-failures/>"), &["not_a_list"]);
    case("gzip that is none", fault(200, ZIPPED, "<webhooks-failures/>"), &["network", "not_a_list", "broken_list", "unavailable"]);
    case("a list that breaks off", cut_off("<webhooks-failures>"), &["network", "broken_list"]);
    let open = "<webhooks-failures><webhooks-failure><id>";
    let same = "<webhooks-failure><id>1</id><time>2021-05-15T01:37:53Z</time><error>x</error><url>x</url><event/></webhooks-failure>";
    case("an entry without an end", endless(XML, open, "x", sent), CAPPED);
    case("elements without an end", endless(XML, &format!("{open}1</id>"), "<a>1</a>", sent), CAPPED);
    case("one entry again and again", endless(XML, "<webhooks-failures>", same, sent), CAPPED);
    case("white space without an end", endless(XML, "<webhooks-failures>", " ", sent), CAPPED);
    case("comments without an end", endless(XML, "<webhooks-failures>", "<!-- -->", sent), CAPPED);
    let bomb = gzip(format!("{open}{}", " ".repeat(100 << 20)).as_bytes());
    case("a gzip bomb", bytes(ZIPPED, bomb), CAPPED);
    all
}

/// A list of one byte a second: a step has its longest time.
pub(crate) fn dripping() -> Fault {
    Arc::new(|| {
        let drops = stream::unfold(0, |count| async move {
            tokio::time::sleep(Duration::from_millis(500)).await;
            (count < 1000).then_some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), count + 1))
        });
        let start = stream::once(async { Ok(Bytes::from_static(b"<webhooks-failures>")) });
        response(XML, Body::from_stream(start.chain(drops)))
    })
}

/// A list with one entry for each, and none is asked whether it is one.
pub(crate) fn list(entries: &[String]) -> Fault {
    let entries = entries.concat();
    fault(
        200,
        XML,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><webhooks-failures>{entries}</webhooks-failures>"
        ),
    )
}

/// A list, and then this status for what follows: a DELETE.
pub(crate) fn list_and_then(entries: &[String], status: u16) -> Fault {
    let (list, refusal) = (list(entries), fault(status, HTML, "no"));
    let calls = AtomicUsize::new(0);
    Arc::new(move || match calls.fetch_add(1, Ordering::Relaxed) {
        0 => list(),
        _ => refusal(),
    })
}

fn endless(
    headers: &'static [(&'static str, &'static str)],
    head: &str,
    piece: &str,
    sent: &Sent,
) -> Fault {
    let (head, sent) = (Bytes::from(head.to_owned()), sent.clone());
    let piece = Bytes::from(piece.repeat((1 << 16) / piece.len().max(1)));
    Arc::new(move || {
        let (head, piece, sent) = (head.clone(), piece.clone(), sent.clone());
        let pieces = stream::repeat_with(move || {
            sent.fetch_add(piece.len(), Ordering::Relaxed);
            Ok::<_, std::io::Error>(piece.clone())
        });
        let pieces = pieces.take(MOST_BYTES >> 16);
        response(
            headers,
            Body::from_stream(stream::once(async { Ok(head) }).chain(pieces)),
        )
    })
}

fn bytes(headers: &'static [(&'static str, &'static str)], body: Vec<u8>) -> Fault {
    let body = Bytes::from(body);
    Arc::new(move || response(headers, Body::from(body.clone())))
}

fn response(headers: &[(&'static str, &'static str)], body: Body) -> Response {
    let mut response = Response::new(body);
    for (name, value) in headers {
        let value = axum::http::HeaderValue::from_static(value);
        response.headers_mut().insert(*name, value);
    }
    response
}
