//! The programs of `examples/`, run as their readers would run them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;
use serde_json::Value;

use crate::deployment::project;
use crate::languages;
use crate::process::{Log, Process};

/// The language that the example of an origin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `origin.rs`
    Rust,
    /// `origin.mjs`
    JavaScript,
    /// `origin.py`
    Python,
    /// `Origin.java`
    Java,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rust, Self::JavaScript, Self::Python, Self::Java];
}

/// Starts the example of an origin, which prints events as lines of JSON. `store` is the file in which all but the one
/// in Rust keep events. `None` where the language is left out on this machine.
///
/// # Errors
/// When it cannot be built or does not start.
pub fn origin(
    language: Language,
    port: u16,
    store: &Path,
    secrets: &str,
) -> anyhow::Result<Option<Process>> {
    let (command, file) = match language {
        Language::Rust => {
            let mut program = Command::new(build("origin")?);
            program.args(["--json", "--listen", &format!("127.0.0.1:{port}")]);
            return start(program, port, secrets).map(Some);
        }
        Language::JavaScript => (Some(languages::javascript()), "origin.mjs"),
        Language::Python => (languages::python(), "origin.py"),
        Language::Java => (languages::java(), "Origin.java"),
    };
    let Some(mut command) = command else {
        return Ok(None);
    };
    command
        .arg(project().join("examples").join(file))
        .arg(port.to_string())
        .arg(store);
    start(command, port, secrets).map(Some)
}

fn start(mut program: Command, port: u16, secrets: &str) -> anyhow::Result<Process> {
    program.env("ORIGIN_SECRETS", secrets);
    Process::start(&program, None, port, &Log::default(), |output| {
        output.contains("origin listens on")
    })
}

/// Builds an example and returns the path of its program.
///
/// # Errors
/// When there is no example of this name, or it does not compile; cargo has printed the reason on our stderr.
pub fn build(name: &str) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // The variables that cargo sets for a test's package are not for another cargo: ring's build script, for one, runs
    // again when they differ.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    let output = command
        .args(["build", "--quiet", "--locked", "--example", name])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(project())
        .stderr(Stdio::inherit())
        .output()?;
    let messages = String::from_utf8(output.stdout)?;
    let program = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let target = message.get("target")?;
        let is_it = target.get("name")? == name && target.get("kind")?.get(0)? == "example";
        is_it.then(|| message.get("executable")?.as_str().map(PathBuf::from))?
    });
    program.with_context(|| format!("the example {name} was not built"))
}
