//! Runs the command.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use harness::fixtures::operator::TOKEN;

pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn command(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threescale-edge"));
    command
        .env_clear()
        .env("THREESCALE_EDGE_URL", url)
        .env("CONSOLE_TOKEN", TOKEN);
    command
}

/// Runs it to its end.
pub(crate) fn run(url: &str, args: &[&str]) -> Output {
    command(url)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The JSON that it prints; it must succeed.
pub(crate) fn json(url: &str, args: &[&str]) -> Value {
    let output = run(url, &[args, &["--json"]].concat());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A listener that runs; it is killed when this is dropped.
pub(crate) struct Listener {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
    errors: Arc<Mutex<String>>,
}

impl Listener {
    pub(crate) fn start(url: &str, state: &Path, args: &[&str]) -> Self {
        let mut child = command(url)
            .args(["listen", "--json", "--ping-ms", "500", "--state"])
            .arg(state)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(vec![]));
        let errors = Arc::new(Mutex::new(String::new()));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let all = Arc::clone(&lines);
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // A listener that is killed may leave half a line.
                all.lock()
                    .unwrap()
                    .extend(serde_json::from_str::<Value>(&line).ok());
            }
        });
        let text = Arc::clone(&errors);
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut text = text.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
            }
        });
        Self {
            child,
            lines,
            errors,
        }
    }

    /// What it has printed of this kind.
    pub(crate) fn printed(&self, kind: &str) -> Vec<Value> {
        let lines = self.lines.lock().unwrap();
        lines
            .iter()
            .filter(|line| line["kind"] == kind)
            .cloned()
            .collect()
    }

    /// Waits until it has been in this state so often.
    pub(crate) fn is(&self, state: &str, times: usize) {
        let count = || {
            self.printed("connection")
                .iter()
                .filter(|line| line["state"] == state)
                .count()
        };
        wait(
            || count() >= times,
            || {
                format!(
                    "{times} times {state}: {:#?} {}",
                    self.lines.lock().unwrap(),
                    self.errors.lock().unwrap()
                )
            },
        );
    }

    pub(crate) fn kill9(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end; its exit code and what it said.
    pub(crate) fn ended(&mut self) -> (Option<i32>, String) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                thread::sleep(Duration::from_millis(100));
                return (status.code(), self.errors.lock().unwrap().clone());
            }
            assert!(began.elapsed() < PATIENCE, "it goes on");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn wait(is_so: impl Fn() -> bool, or: impl Fn() -> String) {
    let began = Instant::now();
    while !is_so() {
        assert!(
            began.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {}",
            or()
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// How often each came.
pub(crate) fn counted(ids: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for id in ids {
        *counts.entry(id).or_insert(0) += 1;
    }
    counts
}
