//! A server that answers with malice: one path for each kind, over bare connections, since no HTTP library would.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// The longest that a connection is kept, and the most that is sent on it.
const LONGEST: Duration = Duration::from_secs(30);
const MOST_BYTES: usize = 128 << 20;

/// The way in which a path treats a request.
pub(crate) enum Malice {
    /// Sends this, and closes.
    Says(Vec<u8>),
    /// Sends this, and is silent.
    SaysAndWaits(Vec<u8>),
    /// Sends this, and resets the connection.
    SaysAndResets(Vec<u8>),
    /// Sends the first, and then the second again and again, with a pause.
    Repeats(Vec<u8>, Vec<u8>, Duration),
    /// Answers 500 with the credentials that it got, in a spelling.
    Echoes(fn(&str) -> String),
    /// Answers one request after the other, and 204 from then on.
    InTurn(Vec<Vec<u8>>),
    /// Answers with this status where the body has this word, else 204.
    Refuses(u16, &'static str),
}

/// The server; it ends with the program.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

struct State {
    paths: HashMap<String, Malice>,
    calls: Mutex<HashMap<String, usize>>,
}

impl Server {
    /// `paths` may name the server's own address: they are made from it.
    pub(crate) async fn start(
        paths: impl FnOnce(SocketAddr) -> HashMap<String, Malice>,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            paths: paths(address),
            calls: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let _ = timeout(LONGEST, state.serve(stream)).await;
                });
            }
        });
        Ok(Self { address, state })
    }

    /// How often a path was called.
    pub(crate) fn calls(&self, path: &str) -> usize {
        let calls = self.state.calls();
        calls.get(path).copied().unwrap_or_default()
    }
}

impl State {
    fn calls(&self) -> std::sync::MutexGuard<'_, HashMap<String, usize>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let Some(request) = read(&mut stream).await? else {
            return Ok(());
        };
        let path = request.split(' ').nth(1).unwrap_or_default();
        let path = path.trim_start_matches('/').to_owned();
        let nth = {
            let mut calls = self.calls();
            let count = calls.entry(path.clone()).or_default();
            *count += 1;
            *count
        };
        match self.paths.get(&path) {
            None => stream.write_all(&answer(404, "", "")).await?,
            Some(Malice::Says(bytes)) => stream.write_all(bytes).await?,
            Some(Malice::SaysAndWaits(bytes)) => {
                stream.write_all(bytes).await?;
                sleep(LONGEST).await;
            }
            Some(Malice::SaysAndResets(bytes)) => {
                stream.write_all(bytes).await?;
                // Let it arrive before the reset discards it.
                sleep(Duration::from_millis(50)).await;
                let _ = stream.set_zero_linger();
            }
            Some(Malice::Repeats(head, piece, pause)) => {
                stream.write_all(head).await?;
                for _ in 0..MOST_BYTES / piece.len().max(1) {
                    stream.write_all(piece).await?;
                    sleep(*pause).await;
                }
            }
            Some(Malice::Echoes(spelt)) => {
                let line = request.lines().find_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    name.eq_ignore_ascii_case("authorization").then_some(value)
                });
                let echo = spelt(line.unwrap_or("no credentials"));
                let body = format!("you sent <{echo}>, did you?");
                stream.write_all(&answer(500, "", &body)).await?;
            }
            Some(Malice::InTurn(answers)) => {
                let none = answer(204, "", "");
                let bytes = answers.get(nth - 1).unwrap_or(&none);
                stream.write_all(bytes).await?;
            }
            Some(Malice::Refuses(status, word)) => {
                let status = if request.contains(word) { *status } else { 204 };
                stream.write_all(&answer(status, "", "")).await?;
            }
        }
        stream.flush().await
    }
}

/// An answer as it should be, which closes its connection.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Some\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A whole request as text; `None` if the caller was not in earnest.
async fn read(stream: &mut TcpStream) -> std::io::Result<Option<String>> {
    let mut bytes = vec![];
    let mut chunk = vec![0; 1 << 16];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length.then(|| value.parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Ok(Some(text.into_owned()));
            }
        }
        match stream.read(&mut chunk).await? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(chunk.get(..count).unwrap_or_default()),
        }
    }
}
