//! Requests whose bodies are not as announced, or that are hardly HTTP, byte for byte. The runtime refuses some of them
//! before the Worker sees them; that counts as held, unless it takes long or fails.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use harness::fixtures::notification;

use crate::arena::Arena;
use crate::client::{NoAnswer, send};
use crate::tally::{Tally, Verdict};

/// An answer beside callers who do not go on.
const SOON: Duration = Duration::from_secs(5);

/// A request in pieces.
struct Case {
    name: String,
    pieces: Vec<Vec<u8>>,
    pause: Duration,
    /// Whether the sending side ends afterwards.
    end: bool,
}

pub(crate) async fn run(arena: &Arena, tally: &mut Tally) {
    for case in cases(&arena.worker.hook("acme")) {
        let pieces: Vec<_> = case.pieces.iter().map(Vec::as_slice).collect();
        let verdict: Verdict = match send(arena.port(), &pieces, case.pause, case.end).await {
            // Nobody is owed an answer to what is no request.
            Err(NoAnswer::Closed) => Ok(()),
            Err(NoAnswer::Hung) => Err("no answer in time".to_owned()),
            Ok(answer) if answer.is_of_the_runtime() => Ok(()),
            Ok(answer) => answer.is_of_a_hook(),
        };
        let sent: Vec<u8> = case.pieces.concat().into_iter().take(1 << 20).collect();
        tally.holds_against(&case.name, verdict, &sent);
    }
    tally.holds("callers who do not go on", beside_the_slow(arena).await);
}

/// Whoever holds a hundred requests back keeps nobody from being answered.
async fn beside_the_slow(arena: &Arena) -> Verdict {
    let hook = arena.worker.hook("acme");
    let head =
        format!("POST {hook} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n");
    let begun = format!("{head}Content-Length: 1000\r\n\r\n<event>");
    let mut slow = vec![];
    for number in 0..100 {
        let mut stream = TcpStream::connect(("127.0.0.1", arena.port())).await;
        if let Ok(stream) = &mut stream {
            // Half of them are in their head.
            let bytes = if number % 2 == 0 { &head } else { &begun };
            let _ = stream.write_all(bytes.as_bytes()).await;
        }
        slow.push(stream);
    }
    let accepted = timeout(SOON, arena.accept()).await;
    drop(slow);
    match accepted {
        Ok(accepted) => accepted.map(|_| ()),
        Err(_) => Err(format!("no answer within {SOON:?}")),
    }
}

#[rustfmt::skip] // A table.
#[expect(clippy::too_many_lines, reason = "a table")]
fn cases(hook: &str) -> Vec<Case> {
    let body = notification("user.created").xml();
    let length = body.len();
    let head = |lines: &str| {
        format!("POST {hook} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n{lines}\r\n")
    };
    let mut cases = vec![];
    let mut case = |name: &str, bytes: Vec<u8>, end: bool| {
        cases.push(Case {
            name: name.to_owned(),
            pieces: vec![bytes],
            pause: Duration::ZERO,
            end,
        });
    };
    for announced in [
        "0", "1", "-1", "+5", "0x10", "1e3", "99999999999999999999", "18446744073709551615", "9223372036854775808", "5, 5",
        "", " ", "abc", "5;6", "1048577", "4294967296",
    ] {
        let lines = format!("Content-Length: {announced}\r\n");
        let request = format!("{}{body}", head(&lines));
        case(&format!("Content-Length {announced:?}"), request.into(), true);
    }
    let chunk = format!("{length:x}\r\n{body}\r\n");
    let chunked = head("Transfer-Encoding: chunked\r\n");
    for (name, chunks) in [
        ("whole", format!("{chunk}0\r\n\r\n")),
        ("with an extension", format!("{length:x};a=b\r\n{body}\r\n0\r\n\r\n")),
        ("with a trailer", format!("{chunk}0\r\nContent-Length: 5\r\nX: y\r\n\r\n")),
        ("without an end", chunk.clone()),
        ("too long a chunk", format!("{:x}\r\n{body}\r\n0\r\n\r\n", length + 9)),
        ("too short a chunk", format!("{:x}\r\n{body}\r\n0\r\n\r\n", length - 9)),
        ("a huge size", format!("ffffffffffffffff\r\n{body}\r\n0\r\n\r\n")),
        ("a size beyond 64 bits", format!("10000000000000000\r\n{body}\r\n0\r\n\r\n")),
        ("a negative size", format!("-5\r\n{body}\r\n0\r\n\r\n")),
        ("a size that is none", format!("zz\r\n{body}\r\n0\r\n\r\n")),
        ("an empty size", format!("\r\n{body}\r\n0\r\n\r\n")),
        ("only the end", "0\r\n\r\n".to_owned()),
        ("line feeds only", format!("{length:x}\n{body}\n0\n\n")),
        ("a size of many zeros", format!("{}{length:x}\r\n{body}\r\n0\r\n\r\n", "0".repeat(10_000))),
        ("three megabytes", format!("{:x}\r\n{}\r\n0\r\n\r\n", 3 << 20, "x".repeat(3 << 20))),
    ] {
        case(&format!("chunked: {name}"), format!("{chunked}{chunks}").into(), true);
    }
    let bytes: Vec<_> = body.chars().map(|c| format!("{:x}\r\n{c}\r\n", c.len_utf8())).collect();
    case("chunked: a byte each", format!("{chunked}{}0\r\n\r\n", bytes.concat()).into(), true);
    for (name, lines) in [
        ("both lengths", format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n")),
        ("both lengths, turned", format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n")),
        ("two lengths", format!("Content-Length: {length}\r\nContent-Length: 5\r\n")),
        ("two equal lengths", format!("Content-Length: {length}\r\nContent-Length: {length}\r\n")),
        ("another encoding", "Transfer-Encoding: gzip, chunked\r\n".to_owned()),
        ("an unknown encoding", "Transfer-Encoding: xchunked\r\n".to_owned()),
        ("identity", "Transfer-Encoding: identity\r\n".to_owned()),
        ("two encodings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".to_owned()),
        ("a space before the colon", format!("Content-Length : {length}\r\n")),
        ("a folded line", format!("X: a\r\n b\r\nContent-Length: {length}\r\n")),
        ("a NUL in a header", format!("X: a\0b\r\nContent-Length: {length}\r\n")),
        ("a header without a colon", format!("nonsense\r\nContent-Length: {length}\r\n")),
        ("an empty name", format!(": x\r\nContent-Length: {length}\r\n")),
        ("an expectation", format!("Expect: 100-continue\r\nContent-Length: {length}\r\n")),
        ("another expectation", format!("Expect: a-miracle\r\nContent-Length: {length}\r\n")),
        ("an upgrade", format!("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: {length}\r\n")),
        ("a huge header", format!("X: {}\r\nContent-Length: {length}\r\n", "x".repeat(200_000))),
        ("many headers", format!("{}Content-Length: {length}\r\n", "X: y\r\n".repeat(5000))),
        ("two Content-Types", format!("Content-Type: application/json\r\nContent-Length: {length}\r\n")),
        ("two Content-Encodings", format!("Content-Encoding: identity\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n")),
        ("no length", String::new()),
    ] {
        case(name, format!("{}{body}", head(&lines)).into(), true);
    }
    for (name, bytes) in [
        ("nothing", String::new()),
        ("half a request line", "POST /hooks/ac".to_owned()),
        ("half a head", format!("POST {hook} HTTP/1.1\r\nHost: loc")),
        ("HTTP/0.9", format!("GET {hook}\r\n\r\n")),
        ("HTTP/1.0", format!("POST {hook} HTTP/1.0\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\n\r\n{body}")),
        ("HTTP/3.7", format!("GET {hook} HTTP/3.7\r\nHost: localhost\r\n\r\n")),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}".to_owned()),
        ("another protocol", "EHLO example.com\r\n".to_owned()),
        ("no host", format!("GET {hook} HTTP/1.1\r\n\r\n")),
        ("line feeds only", format!("GET {hook} HTTP/1.1\nHost: localhost\n\n")),
        ("empty lines first", format!("\r\n\r\n\r\nGET {hook} HTTP/1.1\r\nHost: localhost\r\n\r\n")),
        ("a long line", format!("GET {hook}&x={} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(300_000))),
    ] {
        case(&format!("request: {name}"), bytes.into(), true);
    }
    let whole = format!("{}{body}", head(&format!("Content-Length: {length}\r\n")));
    case("three at once", whole.repeat(3).into(), true);
    let dripping: Vec<_> = whole.bytes().map(|byte| vec![byte]).collect();
    cases.push(Case {
        name: "a byte at a time".to_owned(),
        pieces: dripping,
        pause: Duration::from_millis(1),
        end: false,
    });
    cases.push(Case {
        name: "too much, in pieces".to_owned(),
        pieces: std::iter::once(head("Content-Length: 20971520\r\n").into_bytes())
            .chain(std::iter::repeat_n(vec![b'x'; 1 << 20], 20))
            .collect(),
        pause: Duration::from_millis(5),
        end: false,
    });
    cases
}
