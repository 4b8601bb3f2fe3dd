//! Modules import only what their row in ARCHITECTURE.md lists.
//!
//! [`rules`] reads the tables, [`modules`] the crates, [`comparison`] holds one against the other. A row stands for its
//! module with all inside it. Once one of the modules inside has a row too, its siblings need one as well, and the
//! outer row stands for the outer module's own file. Siblings that share a row may import each other, but not in a
//! circle. No other name than a module's is looked at: a type that comes through a function's result, unnamed, is
//! no import.

mod circles;
mod comparison;
mod modules;
mod references;
mod resolve;
mod rules;

use std::path::Path;

use anyhow::Context;
use cargo_metadata::{Metadata, Package, TargetKind};

use self::{
    comparison::Comparison,
    modules::Modules,
    rules::{MAP, Rules},
};
use crate::fault::{Fault, Report};

/// The crates that must have a table. Others may.
const REQUIRED: &[&str] = &["edge-core", "threescale", "threescale-edge"];

/// Checks the imports of all crates that have to have rules, and of those which have some.
pub(crate) fn check(metadata: &Metadata) -> anyhow::Result<Report> {
    let root = metadata.workspace_root.as_std_path();
    let text = std::fs::read_to_string(root.join(MAP)).unwrap_or_default();
    let (mut tables, mut faults) = Rules::read(&text);
    for package in REQUIRED {
        if !tables.iter().any(|rules| rules.package == *package) {
            tables.push(Rules {
                package: (*package).to_owned(),
                line: 1,
                rows: Vec::new(),
            });
        }
    }
    let mut imports = 0;
    for rules in &tables {
        let package = metadata
            .packages
            .iter()
            .find(|package| package.name == rules.package.as_str());
        let Some(package) = package else {
            faults.push(Fault {
                file: MAP.to_owned(),
                line: rules.line,
                what: format!("the workspace has no crate `{}`", rules.package),
                remedy: "correct the name in the table's header, or remove the table".to_owned(),
            });
            continue;
        };
        let file = root_of(package).with_context(|| format!("{} has no code", package.name))?;
        let modules = Modules::read(root, file)?;
        let comparison = Comparison::of(rules, &modules);
        imports += comparison.imports.len();
        faults.extend(comparison.faults());
    }
    Ok(Report {
        checked: format!("imports: {} tables, {imports} imports", tables.len()),
        faults,
    })
}

/// The file that a package's modules begin in: its library's, or its program's if it has no library.
fn root_of(package: &Package) -> Option<&Path> {
    let target = |wanted: &[TargetKind]| {
        package
            .targets
            .iter()
            .find(|target| target.kind.iter().any(|kind| wanted.contains(kind)))
    };
    let library = target(&[TargetKind::Lib, TargetKind::RLib, TargetKind::CDyLib]);
    library
        .or_else(|| target(&[TargetKind::Bin]))
        .map(|target| target.src_path.as_std_path())
}
