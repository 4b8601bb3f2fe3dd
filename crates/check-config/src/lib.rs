//! Checks the configuration before a Worker runs with it: `wrangler.toml` and `.dev.vars`, read by the code that reads
//! them in the Worker, so `/healthz` would say the same.
//!
//! `make dev` runs it as a program, the package `threescale-edge` as WebAssembly in Node.js.

mod dev_vars;
mod files;
#[cfg(target_arch = "wasm32")]
pub mod node;
mod report;

use anyhow::Context;
use edge_core::config::Setup;

use self::files::Files;
pub use self::report::{NeededSecret, Report};

/// What the configuration is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// This laptop: the secrets are in .dev.vars. Mistakes are printed and stop nothing
    Dev,
    /// Cloudflare, which has the secrets: those are not checked. A mistake stops the deployment
    Deploy,
}

impl std::str::FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text {
            "dev" => Ok(Self::Dev),
            "deploy" => Ok(Self::Deploy),
            _ => anyhow::bail!("what is it for? `dev` or `deploy`"),
        }
    }
}

/// Reads both files' texts.
///
/// # Errors
/// `wrangler.toml` is not TOML.
pub fn check(wrangler: &str, dev_vars: &str, target: Target) -> anyhow::Result<Report> {
    let files = Files::new(wrangler, dev_vars, target)?;
    let setup = Setup::read(&files);
    let address = match target {
        Target::Dev => "http://localhost:8787/",
        Target::Deploy => "https://edge.example.com/",
    };
    let address = files::parse_url(address).context("a URL that is none")?;
    Ok(Report::new(&files, setup, &address))
}

#[cfg(test)]
mod tests {
    use edge_core::config::Finding;

    use super::*;

    const SHIPPED: &str = include_str!("../../../wrangler.toml");
    const EXAMPLE: &str = include_str!("../../../.dev.vars.example");

    fn found(wrangler: &str, dev_vars: &str, target: Target) -> (Vec<Finding>, Vec<Finding>) {
        let report = check(wrangler, dev_vars, target).unwrap();
        (report.mistakes, report.warnings)
    }

    fn items(findings: &[Finding]) -> Vec<&str> {
        findings
            .iter()
            .map(|finding| finding.item.as_str())
            .collect()
    }

    #[test]
    fn what_is_shipped_has_no_mistake() {
        let (mistakes, warnings) = found(SHIPPED, EXAMPLE, Target::Dev);
        assert_eq!(items(&mistakes), [""; 0]);
        assert_eq!(items(&warnings), ["ALLOW_LOCAL_TARGETS"]);
        let (mistakes, warnings) = found(SHIPPED, "", Target::Deploy);
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
            let (mistakes, warnings) = found(wrangler, "", target);
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
        let (mistakes, _) = found(SHIPPED, guessable, Target::Dev);
        assert_eq!(items(&mistakes), ["SOURCE_DEFAULT_SECRET"]);
        let (mistakes, _) = found(SHIPPED, "", Target::Dev);
        assert_eq!(items(&mistakes), ["SOURCE_DEFAULT_SECRET"], "not set");
    }

    #[test]
    fn a_destination_whose_url_is_a_secret_is_no_mistake_before_a_deployment() {
        let slack = "[vars.DESTINATIONS.my-ops]\nformat = \"slack\"\n";
        let (mistakes, _) = found(&format!("{SHIPPED}{slack}"), "", Target::Deploy);
        assert_eq!(items(&mistakes), [""; 0]);
        let (mistakes, _) = found(&format!("{SHIPPED}{slack}"), EXAMPLE, Target::Dev);
        assert_eq!(items(&mistakes), ["DESTINATIONS.my-ops"]);
    }

    #[test]
    fn settings_for_development_are_mistakes_in_a_deployment() {
        let local = SHIPPED.replace(
            "[vars.SOURCES",
            "[vars]\nALLOW_LOCAL_TARGETS = \"true\"\n[vars.SOURCES",
        );
        let (mistakes, _) = found(&local, "", Target::Deploy);
        assert_eq!(items(&mistakes), ["ALLOW_LOCAL_TARGETS"]);
    }
}
