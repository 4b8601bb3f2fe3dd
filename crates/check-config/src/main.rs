//! Checks the configuration before `make dev` and `make deploy` use it, and prints each mistake. It is read by the code
//! that reads it in the Worker, so `/healthz` would say the same.

mod dev_vars;
mod files;

use std::{fs, io::ErrorKind, path::Path, process::ExitCode};

use anyhow::Context;
use clap::{Parser, ValueEnum};
use edge_core::config::{Finding, Setup};

use self::files::Files;

/// Checks wrangler.toml and .dev.vars
#[derive(Parser)]
struct Arguments {
    /// What the configuration is for
    target: Target,
}

/// What the configuration is for.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// This laptop: the secrets are in .dev.vars. Mistakes are printed and stop nothing
    Dev,
    /// Cloudflare, which has the secrets: those are not checked. A mistake fails
    Deploy,
}

fn main() -> anyhow::Result<ExitCode> {
    let Arguments { target } = Arguments::parse();
    let wrangler = fs::read_to_string("wrangler.toml").context("cannot read wrangler.toml")?;
    let dev_vars = match target {
        Target::Dev => read_if_there(Path::new(".dev.vars"))?,
        Target::Deploy => String::new(),
    };
    let (mistakes, warnings) = check(&wrangler, &dev_vars, target)?;
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

/// The mistakes, and the warnings.
fn check(
    wrangler: &str,
    dev_vars: &str,
    target: Target,
) -> anyhow::Result<(Vec<Finding>, Vec<Finding>)> {
    let files = Files::new(wrangler, dev_vars, target)?;
    let setup = Setup::read(&files);
    let address = match target {
        Target::Dev => "http://localhost:8787/",
        Target::Deploy => "https://edge.example.com/",
    };
    let address = files::parse_url(address).context("a URL that is none")?;
    let mistakes = setup.mistakes_at(&address).cloned().collect();
    Ok((mistakes, setup.warnings))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../wrangler.toml");
    const EXAMPLE: &str = include_str!("../../../.dev.vars.example");

    fn items(findings: &[Finding]) -> Vec<&str> {
        findings
            .iter()
            .map(|finding| finding.item.as_str())
            .collect()
    }

    #[test]
    fn what_is_shipped_has_no_mistake() {
        let (mistakes, warnings) = check(SHIPPED, EXAMPLE, Target::Dev).unwrap();
        assert_eq!(items(&mistakes), [""; 0]);
        assert_eq!(items(&warnings), ["ALLOW_LOCAL_TARGETS"]);
        let (mistakes, warnings) = check(SHIPPED, "", Target::Deploy).unwrap();
        assert_eq!((items(&mistakes), items(&warnings)), (vec![], vec![]));
    }

    #[test]
    fn each_mistake_is_found_at_once() {
        let wrangler = r#"
            [[kv_namespaces]]
            binding = "EVENTS"
            [vars]
            RETENTION_DAYS = "many"
            DESTINATION = "crm"
            [vars.SOURCES.default]
            secret_parm = "token"
            [vars.DESTINATIONS.crm]
            url = "http://crm.example.com/"
            [vars.DESTINATIONS.archive]
            kv = "EVENT"
            [vars.DESTINATIONS.good]
            kv = "EVENTS"
        "#;
        for target in [Target::Dev, Target::Deploy] {
            let (mistakes, warnings) = check(wrangler, "", target).unwrap();
            let mistakes = items(&mistakes);
            for item in [
                "RETENTION_DAYS",
                "SOURCES.default.secret_parm",
                "DESTINATIONS.crm.url",
                "DESTINATIONS.archive.kv",
            ] {
                assert!(mistakes.contains(&item), "{item} is not in {mistakes:?}");
            }
            assert!(!mistakes.iter().any(|item| item.contains("good")));
            assert!(items(&warnings).contains(&"DESTINATION"), "{warnings:?}");
        }
    }

    #[test]
    fn secrets_are_checked_where_they_are() {
        let guessable = "SOURCE_DEFAULT_SECRET=x\n";
        let (mistakes, _) = check(SHIPPED, guessable, Target::Dev).unwrap();
        assert_eq!(items(&mistakes), ["SOURCE_DEFAULT_SECRET"]);
        let (mistakes, _) = check(SHIPPED, "", Target::Dev).unwrap();
        assert_eq!(items(&mistakes), ["SOURCE_DEFAULT_SECRET"], "not set");
    }

    #[test]
    fn a_destination_whose_url_is_a_secret_is_no_mistake_before_a_deployment() {
        let slack = "[vars.DESTINATIONS.my-ops]\nformat = \"slack\"\n";
        let (mistakes, _) = check(&format!("{SHIPPED}{slack}"), "", Target::Deploy).unwrap();
        assert_eq!(items(&mistakes), [""; 0]);
        let (mistakes, _) = check(&format!("{SHIPPED}{slack}"), EXAMPLE, Target::Dev).unwrap();
        assert_eq!(items(&mistakes), ["DESTINATIONS.my-ops"]);
    }

    #[test]
    fn settings_for_development_are_mistakes_in_a_deployment() {
        let local = SHIPPED.replace(
            "[vars.SOURCES",
            "[vars]\nALLOW_LOCAL_TARGETS = \"true\"\n[vars.SOURCES",
        );
        let (mistakes, _) = check(&local, "", Target::Deploy).unwrap();
        assert_eq!(items(&mistakes), ["ALLOW_LOCAL_TARGETS"]);
    }
}
