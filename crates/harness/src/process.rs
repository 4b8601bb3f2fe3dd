//! A program as a child process that never outlives us, whose output is captured, and that can be killed at any moment.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

/// Starting wrangler takes two to five seconds, and more on a busy machine.
const START: Duration = Duration::from_secs(90);

/// Runs its arguments in the background and waits for the end of its stdin, which comes when our process ends for any
/// reason. Then it ends its whole group (wrangler, its proxies, workerd, itself), and removes the deployment's folder,
/// which a test binary with a shared Worker has no other chance to do.
const GUARD: &str = r#"
folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
(trap "" TERM; cat <&3 >/dev/null; kill -TERM -$$; sleep 1; rm -rf "$folder"; kill -9 -$$) 2>/dev/null &
wait $child
kill -9 -$$
"#;

/// A running program that serves on a port. It is killed when this is dropped.
pub struct Process {
    child: Child,
    port: u16,
    log: Log,
}

/// The whole output of a program, on both streams; clones are the same log.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<String>>);

impl Log {
    /// All complete lines so far.
    pub fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn follow(&self, stream: impl Read + Send + 'static) {
        let log = self.clone();
        // A thread and not a task: the child is shared by tests that each have a runtime of their own.
        thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            let mut line = vec![];
            while reader
                .read_until(b'\n', &mut line)
                .is_ok_and(|count| count > 0)
            {
                let mut text = log.0.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
    }
}

impl Process {
    /// Runs `program` with its arguments and waits until it is `ready`, a check on the output since its start. The
    /// output is appended to `log`. When our process ends, so does the program, and `folder` is removed.
    ///
    /// # Errors
    /// When it ends or is not ready in time; the message has its output.
    #[expect(
        clippy::disallowed_methods,
        reason = "native code: the clock exists here"
    )]
    pub fn start(
        program: &Command,
        folder: Option<&Path>,
        port: u16,
        log: &Log,
        ready: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Self> {
        let mut command = guarded(program, folder);
        let already = log.text().len();
        let mut this = Self {
            child: command.spawn()?,
            port,
            log: log.clone(),
        };
        if let Some(stream) = this.child.stdout.take() {
            log.follow(stream);
        }
        if let Some(stream) = this.child.stderr.take() {
            log.follow(stream);
        }
        let name = program.get_program().display();
        let deadline = Instant::now() + START;
        while !ready(log.text().get(already..).unwrap_or_default()) {
            if let Some(status) = this.child.try_wait()? {
                bail!("{name} ended with {status}:\n{}", log.text());
            }
            if Instant::now() > deadline {
                bail!("{name} is not ready after {START:?}:\n{}", log.text());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(this)
    }

    /// Its URL on this machine, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The group of all its processes.
    pub fn group(&self) -> u32 {
        self.child.id()
    }

    /// The port that it serves on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its output.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Sends SIGKILL to all of it at once, like a power failure.
    pub fn kill9(&mut self) {
        // After its end, its number may be another process's.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // `kill` is built into the shell; std has no way to signal a group.
        let kill = format!("kill -9 -{}", self.group());
        let _ = Command::new("sh")
            .args(["-c", &kill])
            .stderr(Stdio::null())
            .status();
        let _ = self.child.wait();
        // Only the guard is our own child: its children end a moment later, and until then hold the port.
        for _ in 0..500 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// The same program, run by the guard in a process group of its own.
fn guarded(program: &Command, folder: Option<&Path>) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", GUARD, "guard"])
        .arg(folder.unwrap_or(Path::new("")))
        .arg(program.get_program())
        .args(program.get_args());
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    if let Some(at) = program.get_current_dir() {
        command.current_dir(at);
    }
    command
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}
