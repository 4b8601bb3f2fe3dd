//! The programs of `examples/`, run as their readers would run them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;
use serde_json::Value;

use crate::deployment::project;

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
