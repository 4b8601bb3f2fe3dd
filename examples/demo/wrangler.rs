//! `wrangler dev` as a child that never outlives us, whose output is kept, and that can be killed like a power cut.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

use super::deployment::{Deployment, project};

/// Starts of wrangler take two to five seconds; on a busy machine more.
const START: Duration = Duration::from_secs(90);

/// Runs its arguments in the background and waits for the end of its stdin, which comes when our process
/// ends, in whatever way. Then it ends its whole group (wrangler, its proxies, workerd, itself), and removes
/// the deployment's folder, which a test binary with a shared Worker has no other chance to do.
const GUARD: &str = r#"
folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
(trap "" TERM; cat <&3 >/dev/null; kill -TERM -$$; sleep 1; rm -rf "$folder"; kill -9 -$$) 2>/dev/null &
wait $child
kill -9 -$$
"#;

/// A running `wrangler dev`.
pub(crate) struct Wrangler {
    child: Child,
    port: u16,
    log: Log,
}

/// All that the child wrote, on both streams.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<String>>);

impl Log {
    pub(crate) fn text(&self) -> String {
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

impl Wrangler {
    /// Starts it on this port and waits until it is ready. Output goes to `log`, after what is there already.
    ///
    /// # Errors
    /// When it ends or is not ready in time; the message has its output.
    #[expect(
        clippy::disallowed_methods,
        reason = "native code: the clock exists here"
    )]
    pub(crate) fn start(deployment: &Deployment, port: u16, log: &Log) -> anyhow::Result<Self> {
        let mut command = Command::new("sh");
        command
            .args(["-c", GUARD, "wrangler"])
            .arg(deployment.folder())
            .args(command_line());
        command.args([
            "dev",
            "--ip",
            "127.0.0.1",
            "--show-interactive-dev-session=false",
        ]);
        command.args(["--port", &port.to_string(), "--inspector-port", "0"]);
        command
            .arg("--config")
            .arg(deployment.config())
            .arg("--persist-to")
            .arg(deployment.state());
        quiet(&mut command);
        command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let already = log.text().len();
        let mut wrangler = Self {
            child: command.spawn()?,
            port,
            log: log.clone(),
        };
        wrangler
            .child
            .stdout
            .take()
            .into_iter()
            .for_each(|stream| log.follow(stream));
        wrangler
            .child
            .stderr
            .take()
            .into_iter()
            .for_each(|stream| log.follow(stream));

        let deadline = Instant::now() + START;
        while !log
            .text()
            .get(already..)
            .unwrap_or_default()
            .contains("Ready on")
        {
            if let Some(status) = wrangler.child.try_wait()? {
                bail!("wrangler dev ended with {status}:\n{}", log.text());
            }
            if Instant::now() > deadline {
                bail!("wrangler dev is not ready after {START:?}:\n{}", log.text());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(wrangler)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// SIGKILL to wrangler and workerd at once, as when the power goes.
    pub(crate) fn kill9(&mut self) {
        // Once it is gone, its number may be another process's.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // `kill` is built into the shell; std has no way to signal a group.
        let kill = format!("kill -9 -{}", self.child.id());
        let _ = Command::new("sh")
            .args(["-c", &kill])
            .stderr(Stdio::null())
            .status();
        let _ = self.child.wait();
    }
}

impl Drop for Wrangler {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// A wrangler command that ends by itself; gives back its stdout.
///
/// # Errors
/// When it fails; the message has its stderr.
pub(crate) fn run(arguments: &[&str], deployment: &Deployment) -> anyhow::Result<String> {
    let [program, rest @ ..] = &command_line()[..] else {
        bail!("WRANGLER is empty")
    };
    let mut command = Command::new(program);
    command.args(rest).args(arguments).arg("--local");
    command
        .arg("--config")
        .arg(deployment.config())
        .arg("--persist-to")
        .arg(deployment.state());
    quiet(&mut command);
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!(
            "wrangler {arguments:?} ended with {}: {stderr}",
            output.status
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The Makefile says which Node and which wrangler; without it, those of the checkout.
fn command_line() -> Vec<String> {
    let command = std::env::var("WRANGLER")
        .unwrap_or_else(|_| "node node_modules/wrangler/bin/wrangler.js".into());
    command.split_whitespace().map(str::to_owned).collect()
}

/// No network, no questions.
fn quiet(command: &mut Command) {
    command
        .current_dir(project())
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .env("WRANGLER_SEND_METRICS", "false")
        .env("CI", "1")
        .env("NO_COLOR", "1");
}
