//! A connection that is cut off in every way: between the command and the Worker.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What it does to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    /// Closes what is open and what comes.
    Drop,
    /// Keeps everything open, and passes nothing on: as a NAT that has forgotten.
    Silence,
    /// Closes what is open, and answers 503.
    Unavailable,
}

#[derive(Clone)]
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    mode: Mode,
    open: Vec<TcpStream>,
    requests: usize,
}

impl Proxy {
    pub(crate) fn start(upstream: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Mutex::new(Shared {
            mode: Mode::Pass,
            open: vec![],
            requests: 0,
        }));
        let proxy = Self { port, shared };
        let this = proxy.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                this.accept(stream, upstream);
            }
        });
        proxy
    }

    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    pub(crate) fn set(&self, mode: Mode) {
        let mut shared = self.shared.lock().unwrap();
        shared.mode = mode;
        // A silent connection does not come back to life: the other side has forgotten it.
        if mode != Mode::Silence {
            for stream in shared.open.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }

    /// How many requests came through so far.
    pub(crate) fn requests(&self) -> usize {
        self.shared.lock().unwrap().requests
    }

    fn mode(&self) -> Mode {
        self.shared.lock().unwrap().mode
    }

    fn accept(&self, mut client: TcpStream, upstream: u16) {
        match self.mode() {
            Mode::Drop => return,
            Mode::Unavailable => {
                thread::spawn(move || {
                    let _ = client.read(&mut [0; 4096]);
                    let _ = client.write_all(
                        b"HTTP/1.1 503 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                    );
                });
                return;
            }
            Mode::Pass | Mode::Silence => {}
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", upstream)) else {
            return;
        };
        {
            let mut shared = self.shared.lock().unwrap();
            shared.open.push(client.try_clone().unwrap());
            shared.open.push(server.try_clone().unwrap());
        }
        let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let (this, that) = (self.clone(), self.clone());
        thread::spawn(move || this.pump(from, to));
        thread::spawn(move || that.pump(server, client));
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let begins = |bytes: &[u8]| bytes == b"GET /";
            let requests = buffer[..count].windows(5).filter(|bytes| begins(bytes));
            self.shared.lock().unwrap().requests += requests.count();
            while self.mode() == Mode::Silence {
                thread::sleep(Duration::from_millis(20));
            }
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    }
}
