//! The bell: a WebSocket in a thread of its own, which tests whether the connection is alive. What is silent may be
//! dead, after sleep or behind a NAT that has forgotten it.

use std::{
    io::ErrorKind,
    net::{TcpStream, ToSocketAddrs as _},
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::{Duration, Instant, SystemTime},
};

use edge_core::tail::Ring;
use tungstenite::{
    Error, HandshakeError, Message, WebSocket, client::IntoClientRequest as _, client_tls,
    http::HeaderValue, stream::MaybeTlsStream,
};

use crate::api::{Api, Failure, refusal};

/// How long connecting may take, for each address and for the handshake.
const CONNECT: Duration = Duration::from_secs(10);
/// How often the thread looks up.
const TICK: Duration = Duration::from_millis(200);
/// How long an answer to a ping may take.
const PONG: Duration = Duration::from_secs(10);
/// A clock that has jumped so far says that this machine was asleep.
const ASLEEP: Duration = Duration::from_secs(5);

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

/// What comes from the bell.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It rings.
    Ring(Ring),
    /// The connection is gone.
    Closed(String),
}

/// Connects, and listens in a thread until the receiver is dropped.
///
/// # Errors
///
/// It is refused, or cannot be reached.
pub(crate) fn listen(api: &Api, source: &str, ping: Duration) -> Result<Receiver<Heard>, Failure> {
    let socket = connect(api, source)?;
    // A ring that finds the channel full is one of many.
    let (sender, receiver) = sync_channel(64);
    thread::spawn(move || {
        let why = follow(socket, &sender, ping);
        let _ = sender.send(Heard::Closed(why));
    });
    Ok(receiver)
}

fn connect(api: &Api, source: &str) -> Result<Socket, Failure> {
    let query: &[_] = if source == "*" {
        &[]
    } else {
        &[("source", source.to_owned())]
    };
    let mut url = api.url("/api/v1/tail", query);
    let later = |why: String| Failure::Later(why, None);
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    url.set_scheme(scheme)
        .map_err(|()| Failure::Refused("the URL cannot be that of a WebSocket".to_owned()))?;
    let mut request = url
        .as_str()
        .into_client_request()
        .map_err(|error| Failure::Refused(error.to_string()))?;
    for (name, value) in api.headers() {
        let value = HeaderValue::from_str(value);
        let value = value.map_err(|_| Failure::Refused(format!("{name} is no header")))?;
        request.headers_mut().insert(*name, value);
    }
    let stream = reach(&host, port).map_err(later)?;
    match client_tls(request, stream) {
        Ok((socket, _)) => {
            set_timeout(&socket, TICK);
            Ok(socket)
        }
        Err(HandshakeError::Failure(Error::Http(answer))) => {
            let text = answer.body().as_deref().unwrap_or_default();
            let text = String::from_utf8_lossy(text);
            let after = answer.headers().get("retry-after");
            let after = after.and_then(|value| value.to_str().ok()?.parse().ok());
            Err(refusal(answer.status().as_u16(), &text, after))
        }
        Err(HandshakeError::Failure(error)) => Err(later(error.to_string())),
        Err(HandshakeError::Interrupted(_)) => {
            Err(later(format!("no answer within {} s", CONNECT.as_secs())))
        }
    }
}

/// The first of the host's addresses that answers.
fn reach(host: &str, port: u16) -> Result<TcpStream, String> {
    let host = host.trim_matches(['[', ']']);
    let addresses = (host, port).to_socket_addrs();
    let addresses = addresses.map_err(|error| format!("cannot look up {host}: {error}"))?;
    let mut last = format!("{host} has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                let set = stream
                    .set_read_timeout(Some(CONNECT))
                    .and_then(|()| stream.set_write_timeout(Some(CONNECT)))
                    .and_then(|()| stream.set_nodelay(true));
                set.map_err(|error| error.to_string())?;
                return Ok(stream);
            }
            Err(error) => last = format!("cannot connect to {address}: {error}"),
        }
    }
    Err(last)
}

fn set_timeout(socket: &Socket, timeout: Duration) {
    let stream = match socket.get_ref() {
        MaybeTlsStream::Plain(stream) => Some(stream),
        MaybeTlsStream::Rustls(stream) => Some(stream.get_ref()),
        _ => None,
    };
    // One whose timeout cannot be set is noticed at the next ping.
    if let Some(stream) = stream {
        let _ = stream.set_read_timeout(Some(timeout));
    }
}

/// Ends with the reason.
fn follow(mut socket: Socket, sender: &SyncSender<Heard>, ping: Duration) -> String {
    let mut pinged_at: Option<Instant> = None;
    let mut heard_at = Instant::now();
    let mut looked_at = SystemTime::now();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => {
                heard_at = Instant::now();
                pinged_at = None;
                if let Ok(ring) = serde_json::from_str::<Ring>(&text)
                    && let Err(TrySendError::Disconnected(_)) = sender.try_send(Heard::Ring(ring))
                {
                    return "it is no longer wanted".to_owned();
                }
            }
            Ok(Message::Close(frame)) => {
                let code = frame.map_or_else(String::new, |frame| format!(" with {}", frame.code));
                return format!("the Worker closed the connection{code}");
            }
            Ok(_) => {}
            Err(Error::Io(error))
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return error.to_string(),
        }
        let now = SystemTime::now();
        let slept = now
            .duration_since(looked_at)
            .is_ok_and(|since| since > ASLEEP);
        looked_at = now;
        match pinged_at {
            Some(at) if at.elapsed() > PONG.min(ping) => {
                return format!("no answer to a ping for {} ms", at.elapsed().as_millis());
            }
            None if slept || heard_at.elapsed() > ping => {
                if let Err(error) = socket.send(Message::text("ping")) {
                    return error.to_string();
                }
                pinged_at = Some(Instant::now());
            }
            _ => {}
        }
    }
}
