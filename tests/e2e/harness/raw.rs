//! A server that does with each connection what no HTTP library would do.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Reads a request from each connection, writes these bytes, and closes it after `linger`. Gives back where.
pub(crate) fn answering(bytes: &'static str, linger: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream, bytes, linger));
        }
    });
    address
}

fn answer(mut stream: TcpStream, bytes: &str, linger: Duration) {
    let mut request = [0; 16_384];
    // Whoever has gone away already is not there to be answered.
    let _ = stream.read(&mut request);
    let _ = stream.write_all(bytes.as_bytes());
    thread::sleep(linger);
}
