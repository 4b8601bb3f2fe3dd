//! The crates that know no platform depend on nothing that does.
//!
//! Cargo itself resolves what a crate depends on: `cargo tree`, for the crate alone. `cargo metadata` gives one graph
//! for the whole workspace, with the features that any member asks for: there the Worker's `getrandom/wasm_js` would
//! make everybody who uses `getrandom` depend on wasm-bindgen. A border is about what the crate itself asks for, so
//! each is resolved as if it were built by itself (`-p`), with its own features, and with the dependencies of its
//! build scripts, once for WebAssembly and once for the machine that this runs on. Development dependencies don't
//! count: they are in no Worker.

use std::{path::Path, process::Command};

use anyhow::{Context, bail};
use cargo_metadata::Metadata;

use crate::fault::{Fault, Report};

/// The crates that give access to the Workers platform.
const PLATFORM: &[&str] = &[
    "worker",
    "worker-sys",
    "worker-macros",
    "wasm-bindgen",
    "js-sys",
    "web-sys",
];

/// The crates whose border is kept.
const WITHOUT_PLATFORM: &[&str] = &["console", "edge-core", "threescale"];

/// `None` is the machine that this runs on.
const TARGETS: &[Option<&str>] = &[Some("wasm32-unknown-unknown"), None];

/// Checks each border of this workspace.
pub(crate) fn check(metadata: &Metadata) -> anyhow::Result<Report> {
    let root = metadata.workspace_root.as_std_path();
    let mut report = Report {
        checked: format!("borders: {}", WITHOUT_PLATFORM.join(", ")),
        faults: Vec::new(),
    };
    for name in WITHOUT_PLATFORM {
        let Some(package) = metadata
            .packages
            .iter()
            .find(|package| package.name == *name)
        else {
            bail!(
                "the workspace has no crate `{name}`: did it get another name in crates/xtask/src/borders.rs?"
            );
        };
        let manifest = package
            .manifest_path
            .strip_prefix(root)
            .unwrap_or(&package.manifest_path);
        for target in TARGETS {
            for way in ways(&tree(root, name, *target)?, PLATFORM) {
                report.faults.push(fault(manifest.as_str(), &way, *target));
            }
        }
    }
    Ok(report)
}

fn fault(manifest: &str, way: &[&str], target: Option<&str>) -> Fault {
    Fault {
        file: manifest.to_owned(),
        line: 1,
        what: format!("depends on the platform, on {}: {}", target.unwrap_or("this machine"), way.join(" -> ")),
        remedy: "take what the platform gives as an argument or a trait, or remove the feature that brings it in"
            .to_owned(),
    }
}

/// The output of `cargo tree` for one crate: on each line its distance from the crate, then its name and version.
fn tree(root: &Path, package: &str, target: Option<&str>) -> anyhow::Result<String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command
        .current_dir(root)
        .args([
            "tree",
            "--locked",
            "--edges",
            "normal,build",
            "--prefix",
            "depth",
            "--package",
            package,
        ])
        .args(target.map(|target| format!("--target={target}")));
    let output = command.output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!(
            "cargo tree fails: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// How the tree leads to forbidden crates: for each the first way to it that leads through no other of them.
fn ways<'a>(tree: &'a str, forbidden: &[&str]) -> Vec<Vec<&'a str>> {
    let mut found: Vec<Vec<&str>> = Vec::new();
    let mut way = Vec::new();
    for line in tree.lines() {
        let name = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let Some(Ok(depth)) = line.strip_suffix(name).map(str::parse::<usize>) else {
            continue;
        };
        let name = name.split(' ').next().unwrap_or(name);
        way.truncate(depth);
        let through_another = way.iter().any(|passed| forbidden.contains(passed));
        way.push(name);
        let known = found.iter().any(|way| way.last() == Some(&name));
        if forbidden.contains(&name) && !through_another && !known {
            found.push(way.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::repository::tests::repository;

    /// A workspace in which `rules` and `app` use `random`, which knows the platform with one of its features.
    fn workspace(rules: &str) -> tempfile::TempDir {
        let package = |name: &str, more: &str| {
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}")
        };
        let (folder, _) = repository(&[
            (
                "Cargo.toml",
                "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n",
            ),
            ("worker/Cargo.toml", &package("worker", "")),
            ("worker/src/lib.rs", ""),
            (
                "random/Cargo.toml",
                &package(
                    "random",
                    "[features]\njs = [\"dep:worker\"]\n\
                     [dependencies]\nworker = { path = \"../worker\", optional = true }\n",
                ),
            ),
            ("random/src/lib.rs", ""),
            ("rules/Cargo.toml", &package("rules", rules)),
            ("rules/src/lib.rs", ""),
            (
                "app/Cargo.toml",
                &package(
                    "app",
                    "[dependencies]\nrandom = { path = \"../random\", features = [\"js\"] }\n",
                ),
            ),
            ("app/src/lib.rs", ""),
        ]);
        let lock = Command::new("cargo")
            .current_dir(folder.path())
            .args(["generate-lockfile", "--offline"])
            .output()
            .unwrap();
        assert!(lock.status.success(), "{lock:?}");
        folder
    }

    /// How `rules` reaches the platform, for WebAssembly and for this machine.
    fn ways_of(rules: &str) -> [Vec<String>; 2] {
        let folder = workspace(rules);
        [Some("wasm32-unknown-unknown"), None].map(|target| {
            let tree = tree(folder.path(), "rules", target).unwrap();
            ways(&tree, PLATFORM)
                .iter()
                .map(|way| way.join(" -> "))
                .collect()
        })
    }

    #[test]
    fn a_dependency_through_another_is_found() {
        let [wasm, here] =
            ways_of("[dependencies]\nrandom = { path = \"../random\", features = [\"js\"] }\n");
        assert_eq!(wasm, ["rules -> random -> worker"]);
        assert_eq!(here, ["rules -> random -> worker"]);
    }

    #[test]
    fn a_feature_that_only_another_member_asks_for_is_not_held_against_a_crate() {
        let [wasm, here] = ways_of("[dependencies]\nrandom = { path = \"../random\" }\n");
        assert!(wasm.is_empty() && here.is_empty());
    }

    #[test]
    fn a_dependency_for_webassembly_alone_is_found() {
        let [wasm, here] = ways_of(
            "[target.'cfg(target_arch = \"wasm32\")'.dependencies]\nworker = { path = \"../worker\" }\n",
        );
        assert_eq!(wasm, ["rules -> worker"]);
        assert!(here.is_empty());
    }

    #[test]
    fn build_dependencies_count_and_development_dependencies_do_not() {
        let [wasm, _] = ways_of("[build-dependencies]\nworker = { path = \"../worker\" }\n");
        assert_eq!(wasm, ["rules -> worker"]);
        let [wasm, here] = ways_of("[dev-dependencies]\nworker = { path = \"../worker\" }\n");
        assert!(wasm.is_empty() && here.is_empty());
    }

    #[test]
    fn of_two_forbidden_crates_on_one_way_the_nearer_is_told() {
        let tree = "0rules v0.1.0 (/x)\n1web-sys v0.3.0\n2js-sys v0.3.0\n1shared v1.0.0\n2js-sys v0.3.0 (*)\n";
        assert_eq!(
            ways(tree, PLATFORM),
            [vec!["rules", "web-sys"], vec!["rules", "shared", "js-sys"]],
        );
    }

    #[test]
    fn a_fault_names_the_manifest_and_the_way() {
        let fault = fault(
            "crates/rules/Cargo.toml",
            &["rules", "worker"],
            Some("wasm32-unknown-unknown"),
        );
        assert_eq!(
            fault.to_string(),
            "crates/rules/Cargo.toml:1: depends on the platform, on wasm32-unknown-unknown: rules -> worker",
        );
    }
}
