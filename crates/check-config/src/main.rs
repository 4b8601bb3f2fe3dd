//! `check-config dev|deploy`: prints each mistake in `wrangler.toml` and `.dev.vars`, and fails at one before a
//! deployment.

use std::{fs, io::ErrorKind, path::Path, process::ExitCode};

use anyhow::Context;
use check_config::{Report, Target, check};
use edge_core::config::Finding;

fn main() -> anyhow::Result<ExitCode> {
    let target: Target = std::env::args().nth(1).unwrap_or_default().parse()?;
    let wrangler = fs::read_to_string("wrangler.toml").context("cannot read wrangler.toml")?;
    let dev_vars = match target {
        Target::Dev => read_if_there(Path::new(".dev.vars"))?,
        Target::Deploy => String::new(),
    };
    let Report {
        mistakes, warnings, ..
    } = check(&wrangler, &dev_vars, target)?;
    for (kind, findings) in [("mistake", &mistakes), ("warning", &warnings)] {
        for Finding { item, problem } in findings {
            eprintln!("{kind}: {item} {problem}");
        }
    }
    if mistakes.is_empty() || target == Target::Dev {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("not deployed: docs/configuration.md has all settings");
    Ok(ExitCode::FAILURE)
}

fn read_if_there(file: &Path) -> anyhow::Result<String> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        text => text.with_context(|| format!("cannot read {}", file.display())),
    }
}
