//! `wrangler dev`, and wrangler's other commands.

use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::deployment::{Deployment, project};
use crate::process::{Log, Process};

/// Starts `wrangler dev` (wrangler, its proxies and workerd) on this port and waits until it is ready. The output is
/// appended to `log`.
///
/// # Errors
/// When it ends or is not ready in time; the message has its output.
pub fn dev(deployment: &Deployment, port: u16, log: &Log) -> anyhow::Result<Process> {
    let mut command = wrangler()?;
    command.args([
        "dev",
        "--ip",
        "127.0.0.1",
        "--show-interactive-dev-session=false",
    ]);
    command.args(["--port", &port.to_string(), "--inspector-port", "0"]);
    // The first of them answers at the port.
    place(&mut command, deployment);
    for config in deployment.beside() {
        command.arg("--config").arg(config);
    }
    let ready = |output: &str| output.contains("Ready on");
    Process::start(&command, Some(deployment.folder()), port, log, ready)
}

/// A wrangler command that ends by itself; returns its stdout.
///
/// # Errors
/// When it fails; the message has its stderr.
pub fn run(arguments: &[&str], deployment: &Deployment) -> anyhow::Result<String> {
    let mut command = wrangler()?;
    command.args(arguments).arg("--local");
    place(&mut command, deployment);
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

/// The settings that `wrangler deploy` would upload, as JSON. Nothing is uploaded.
///
/// # Errors
/// When wrangler fails, or its upload has no such part.
pub fn upload(deployment: &Deployment) -> anyhow::Result<serde_json::Value> {
    let file = deployment.folder().join("upload");
    let mut command = wrangler()?;
    command
        .args(["deploy", "--dry-run", "--outfile"])
        .arg(&file);
    command.arg("--config").arg(deployment.config());
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("wrangler deploy ended with {}: {stderr}", output.status);
    }
    // A form, of which one part is a line of JSON.
    let form = std::fs::read(&file)?;
    let mut lines = form.split(|byte| *byte == b'\n');
    let line = lines.find(|line| line.starts_with(br#"{"main_module""#));
    Ok(serde_json::from_slice(
        line.context("no settings in the upload")?,
    )?)
}

/// The Makefile selects Node and wrangler; without it, those of the checkout are used. No network, no questions.
fn wrangler() -> anyhow::Result<Command> {
    let command_line = std::env::var("WRANGLER")
        .unwrap_or_else(|_| "node node_modules/wrangler/bin/wrangler.js".into());
    let mut words = command_line.split_whitespace();
    let mut command = Command::new(words.next().context("WRANGLER is empty")?);
    command
        .args(words)
        .current_dir(project())
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .env("WRANGLER_SEND_METRICS", "false")
        .env("CI", "1")
        .env("NO_COLOR", "1");
    Ok(command)
}

fn place(command: &mut Command, deployment: &Deployment) {
    command
        .arg("--config")
        .arg(deployment.config())
        .arg("--persist-to")
        .arg(deployment.state());
}
