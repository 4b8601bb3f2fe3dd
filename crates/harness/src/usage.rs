//! The resources used by a group of processes, as Linux counts them.

use std::fs;
use std::time::Duration;

use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

/// The usage so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Processor time on all cores together.
    pub cpu: Duration,
    /// Resident memory now, in MB of 1024².
    pub memory_mb: f64,
    /// The sum of each process's peak.
    pub peak_memory_mb: f64,
}

/// Measures all processes of this group.
///
/// # Errors
/// When there is no `/proc`.
pub fn of(group: u32) -> anyhow::Result<Usage> {
    let mut usage = Usage::default();
    for process in fs::read_dir("/proc")?.flatten() {
        // Processes may end during the look.
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // Field 3 follows the name, which may contain spaces.
        let Some((_, fields)) = stat.rsplit_once(") ") else {
            continue;
        };
        let fields: Vec<&str> = fields.split(' ').collect();
        let field = |number: usize| -> u64 {
            let text = fields.get(number - 3);
            text.and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        if field(5) != u64::from(group) {
            continue;
        }
        usage.cpu += cpu_of(&process.file_name().to_string_lossy()).unwrap_or_default();
        let status = fs::read_to_string(process.path().join("status")).unwrap_or_default();
        let megabytes = |name: &str| -> f64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            number.and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
        };
        usage.memory_mb += megabytes("VmRSS:");
        usage.peak_memory_mb += megabytes("VmHWM:");
    }
    Ok(usage)
}

/// The processor time of a process, all threads and the system's part included, by its clock: it counts nanoseconds,
/// `/proc/…/stat` hundredths of a second. `None` if it has ended.
fn cpu_of(process: &str) -> Option<Duration> {
    let clock = clock_getcpuclockid(Pid::from_raw(process.parse().ok()?)).ok()?;
    Some(clock.now().ok()?.into())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn work_of_milliseconds_is_seen() {
        let group = nix::unistd::getpgrp().as_raw().unsigned_abs();
        let before = of(group).unwrap().cpu;
        let status = Command::new("true").status().unwrap();
        assert!(status.success());
        let spent = of(group).unwrap().cpu.saturating_sub(before);
        assert!(spent > Duration::ZERO && !spent.subsec_nanos().is_multiple_of(10_000_000));
    }
}
