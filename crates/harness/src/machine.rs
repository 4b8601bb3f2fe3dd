//! The context without which figures mean little: the machine, and the versions of what ran on it.

use std::fs;
use std::process::Command;

use serde::Serialize;
use serde_json::Value;

use crate::deployment::project;

/// The machine on which they were measured.
#[derive(Debug, Serialize)]
pub struct Machine {
    cpu: String,
    cpus: usize,
    memory_bytes: u64,
    system: String,
    /// Before the measurement: other programs may have been running.
    load_average_1_min: f64,
}

impl Machine {
    /// This machine as Linux describes it; missing values are empty.
    pub fn now() -> Self {
        let proc = |file: &str| fs::read_to_string(format!("/proc/{file}")).unwrap_or_default();
        let field = |file: &str, name: &str| {
            let text = proc(file);
            let line = text.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_once(':'));
            value.map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        let kilobytes = field("meminfo", "MemTotal");
        let kilobytes = kilobytes.trim_end_matches(" kB").parse::<u64>();
        Self {
            cpu: field("cpuinfo", "model name"),
            cpus: std::thread::available_parallelism().map_or(0, usize::from),
            memory_bytes: kilobytes.unwrap_or_default() * 1024,
            system: format!(
                "{} {} {}",
                proc("sys/kernel/ostype").trim(),
                proc("sys/kernel/osrelease").trim(),
                std::env::consts::ARCH
            ),
            load_average_1_min: proc("loadavg")
                .split(' ')
                .next()
                .and_then(|load| load.parse().ok())
                .unwrap_or_default(),
        }
    }
}

/// Of the checkout; `-dirty` if it has uncommitted changes.
pub fn commit() -> Option<String> {
    let mut git = Command::new("git");
    git.args(["describe", "--always", "--dirty"]);
    let output = git.current_dir(project()).output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// Of an installed npm package.
pub fn version_of(package: &str) -> Option<String> {
    let file = project()
        .join("node_modules")
        .join(package)
        .join("package.json");
    let package: Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
    Some(package.get("version")?.as_str()?.to_owned())
}
