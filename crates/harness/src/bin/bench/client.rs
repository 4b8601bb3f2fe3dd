//! The load: whole requests over plain sockets, from one thread for each connection.
//!
//! The client must cost little beside what it measures, also without optimization, so it is neither reqwest nor tokio:
//! the requests are made beforehand, and an answer is read no further than its length.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;

use crate::candidate::TOKEN;
use crate::clock::now;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_mins(2);

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// One connection, which stays open.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn connect(port: u16) -> anyhow::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.0.get_mut().write_all(request)?;
        let head = Head::read(&mut self.0)?.context("the connection was closed")?;
        let status = head
            .first
            .split(' ')
            .nth(1)
            .and_then(|one| one.parse().ok());
        let mut body = vec![0; head.length];
        self.0.read_exact(&mut body)?;
        Ok(Answer {
            status: status.context("an answer without a status")?,
            body: String::from_utf8(body)?,
        })
    }

    /// The same, where any status but 200 is an error.
    pub(crate) fn succeed(&mut self, request: &[u8]) -> anyhow::Result<String> {
        let Answer { status, body } = self.exchange(request)?;
        ensure!(matches!(status, 200..=299), "{status}: {body}");
        Ok(body)
    }
}

/// The first line of a message, and the headers that matter here.
pub(crate) struct Head {
    pub(crate) first: String,
    pub(crate) length: usize,
    /// The headers of Standard Webhooks, by what follows `webhook-` in their names.
    pub(crate) webhook: Vec<(String, String)>,
}

impl Head {
    /// `None` where the other side has closed the connection.
    pub(crate) fn read(from: &mut impl BufRead) -> anyhow::Result<Option<Self>> {
        let mut head = Self {
            first: String::new(),
            length: 0,
            webhook: vec![],
        };
        if from.read_line(&mut head.first)? == 0 {
            return Ok(None);
        }
        let mut line = String::new();
        loop {
            line.clear();
            from.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            let (name, value) = (name.to_ascii_lowercase(), value.trim());
            if name == "content-length" {
                head.length = value.parse()?;
            } else if let Some(name) = name.strip_prefix("webhook-") {
                head.webhook.push((name.to_owned(), value.to_owned()));
            } else if name == "transfer-encoding" {
                bail!("a message without a length: {}", head.first);
            }
        }
        Ok(Some(head))
    }

    /// A header of Standard Webhooks; empty if it is missing.
    pub(crate) fn webhook(&self, name: &str) -> &str {
        let header = self.webhook.iter().find(|(known, _)| known == name);
        header.map_or("", |(_, value)| value)
    }
}

/// Notifications of 1 KB, each about an object of its own, as whole requests.
pub(crate) struct Pushes {
    of: Notification,
    last: u64,
}

impl Pushes {
    /// Of a kind, as in the samples.
    pub(crate) fn of(kind: &str) -> anyhow::Result<Self> {
        let kind: Kind = kind.parse().map_err(anyhow::Error::msg)?;
        Ok(Self {
            of: Notification::of(kind),
            last: 0,
        })
    }

    /// The same with so many bytes more, in extra fields.
    pub(crate) fn padded(mut self, bytes: usize) -> Self {
        const FIELD: usize = 5000;
        for number in 0..bytes / FIELD {
            let (name, value) = (format!("note{number}"), "x".repeat(FIELD));
            self.of = self.of.extra_field(&name, &value);
        }
        self
    }

    /// The same about other objects.
    pub(crate) fn from(mut self, last: u64) -> Self {
        self.last = last;
        self
    }

    /// The next ones.
    pub(crate) fn next(&mut self, count: u64) -> Vec<Vec<u8>> {
        let first = self.last + 1;
        self.last += count;
        let push = |number| pushed(&self.of.clone().id(number).xml());
        (first..=self.last).map(push).collect()
    }
}

/// A document as a request to the hook.
fn pushed(xml: &str) -> Vec<u8> {
    format!(
        "POST /hooks/acme?token={TOKEN} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/xml\r\n\
         Content-Length: {}\r\n\r\n{xml}",
        xml.len()
    )
    .into_bytes()
}

/// A request of an operator.
pub(crate) fn operation(method: &str, path: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

/// The requests that were sent.
pub(crate) struct Load {
    pub(crate) took: Duration,
    /// Of each request, in no order.
    pub(crate) latencies: Vec<Duration>,
}

/// Sends all requests as fast as this many connections can.
pub(crate) fn send(port: u16, requests: &[Vec<u8>], connections: usize) -> anyhow::Result<Load> {
    let mut clients = vec![];
    for _ in 0..connections {
        clients.push(Client::connect(port)?);
    }
    let began = now();
    let latencies: anyhow::Result<Vec<Vec<Duration>>> = thread::scope(|scope| {
        let senders: Vec<_> = clients
            .into_iter()
            .enumerate()
            .map(|(first, mut client)| {
                let mine = requests.iter().skip(first).step_by(connections);
                scope.spawn(move || mine.map(|one| timed(&mut client, one)).collect())
            })
            .collect();
        let results = senders.into_iter().map(|sender| match sender.join() {
            Ok(result) => result,
            Err(_) => bail!("a sender panicked"),
        });
        results.collect()
    });
    Ok(Load {
        took: began.elapsed(),
        latencies: latencies?.concat(),
    })
}

fn timed(client: &mut Client, request: &[u8]) -> anyhow::Result<Duration> {
    let began = now();
    client.succeed(request)?;
    Ok(began.elapsed())
}

/// Sends the requests at a steady rate, whether or not answers come. Returns when each was to be sent, and its answer.
pub(crate) fn pace(
    port: u16,
    requests: &[Vec<u8>],
    per_second: u32,
) -> anyhow::Result<Vec<(Instant, String)>> {
    let mut client = Client::connect(port)?;
    let began = now();
    let mut answers = vec![];
    for (request, turn) in requests.iter().zip(0..) {
        let due = began + Duration::from_secs(1) * turn / per_second;
        thread::sleep(due.saturating_duration_since(now()));
        answers.push((due, client.succeed(request)?));
    }
    Ok(answers)
}
