//! The destinations: a local origin that answers 200 at once, or after a while, and remembers what arrived when.

use std::collections::HashMap;
use std::io::{BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::Value;
use standardwebhooks::Webhook;

use crate::client::Head;
use crate::clock::now;

/// The longest that everything may take to arrive.
const PATIENCE: Duration = Duration::from_mins(5);

/// An origin; its threads end with the program.
pub(crate) struct Origin {
    port: u16,
    arrivals: Arc<Mutex<Arrivals>>,
}

#[derive(Default)]
struct Arrivals {
    count: usize,
    /// The first arrival of each event, by its id.
    first: HashMap<String, Instant>,
    /// The very first request.
    sample: Option<(Head, Vec<u8>)>,
}

impl Origin {
    /// Answers each request after `takes`.
    pub(crate) fn start(takes: Duration) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let origin = Self {
            port: listener.local_addr()?.port(),
            arrivals: Arc::default(),
        };
        let arrivals = Arc::clone(&origin.arrivals);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let arrivals = Arc::clone(&arrivals);
                // An error is the end of a connection, which is the caller's to notice.
                thread::spawn(move || serve(stream, takes, &arrivals));
            }
        });
        Ok(origin)
    }

    /// The settings of a destination here.
    pub(crate) fn settings(&self) -> String {
        format!("url = \"http://127.0.0.1:{}/\"", self.port)
    }

    /// How many requests have arrived.
    pub(crate) fn count(&self) -> usize {
        lock(&self.arrivals).count
    }

    /// When the event with this id first arrived.
    pub(crate) fn arrival(&self, id: &str) -> Option<Instant> {
        lock(&self.arrivals).first.get(id).copied()
    }

    /// The event in the first request, which must be signed with this secret.
    pub(crate) fn sample(&self, secret: &str) -> anyhow::Result<Value> {
        let arrivals = lock(&self.arrivals);
        let (head, body) = arrivals.sample.as_ref().context("nothing arrived")?;
        let mut headers = HeaderMap::new();
        for name in ["id", "timestamp", "signature"] {
            let header = HeaderName::try_from(format!("webhook-{name}"))?;
            headers.insert(header, head.webhook(name).parse()?);
        }
        Webhook::new(secret)?.verify(body, &headers)?;
        Ok(serde_json::from_slice(body)?)
    }

    /// Waits until this many requests have arrived.
    pub(crate) fn until(&self, count: usize) -> anyhow::Result<()> {
        let began = now();
        while self.count() < count {
            ensure!(
                began.elapsed() < PATIENCE,
                "{} of {count} deliveries arrived",
                self.count()
            );
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

fn serve(stream: TcpStream, takes: Duration, arrivals: &Mutex<Arrivals>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut body = vec![];
    while let Some(head) = Head::read(&mut stream)? {
        body.resize(head.length, 0);
        stream.read_exact(&mut body)?;
        {
            let mut arrivals = lock(arrivals);
            arrivals.count += 1;
            let id = head.webhook("id").to_owned();
            arrivals.first.entry(id).or_insert_with(now);
            arrivals.sample.get_or_insert_with(|| (head, body.clone()));
        }
        thread::sleep(takes);
        stream
            .get_mut()
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    }
    Ok(())
}

fn lock(arrivals: &Mutex<Arrivals>) -> MutexGuard<'_, Arrivals> {
    arrivals.lock().unwrap_or_else(PoisonError::into_inner)
}
