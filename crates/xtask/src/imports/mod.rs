//! Modules import only what their row in ARCHITECTURE.md lists.
//!
//! [`rules`] reads the tables, [`modules`] the crates; here the one is held against the other. A row stands for its
//! module with all inside it. Once one of the modules inside has a row too, its siblings need one as well, and the
//! outer row stands for the outer module's own file. No other name than a module's is looked at: a type that comes
//! through a function's result, unnamed, is no import.

mod modules;
mod references;
mod resolve;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use cargo_metadata::{Metadata, TargetKind};

use self::{
    modules::{Module, Modules},
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
        let library = |kind: &TargetKind| {
            matches!(
                kind,
                TargetKind::Lib | TargetKind::RLib | TargetKind::CDyLib | TargetKind::ProcMacro
            )
        };
        let target = package
            .targets
            .iter()
            .find(|target| target.kind.iter().any(library));
        let target = target
            .or_else(|| {
                package
                    .targets
                    .iter()
                    .find(|target| target.kind.contains(&TargetKind::Bin))
            })
            .with_context(|| format!("{} has neither a library nor a program", rules.package))?;
        let modules = Modules::read(root, target.src_path.as_std_path())?;
        let comparison = Comparison::of(rules, &modules);
        imports += comparison.imports.len();
        faults.extend(comparison.faults());
    }
    Ok(Report {
        checked: format!("imports: {} tables, {imports} imports", tables.len()),
        faults,
    })
}

/// The rules of a crate beside its code.
struct Comparison<'a> {
    rules: &'a Rules,
    modules: &'a Modules,
    /// The modules that need a row and have none, by what the row would be called.
    missing: BTreeMap<String, &'a Module>,
    /// From row to row, in which file, and where there first.
    imports: BTreeMap<(String, String, &'a str), usize>,
}

impl<'a> Comparison<'a> {
    fn of(rules: &'a Rules, modules: &'a Modules) -> Self {
        let mut comparison = Self {
            rules,
            modules,
            missing: BTreeMap::new(),
            imports: BTreeMap::new(),
        };
        for (_, module) in modules.iter() {
            let name = comparison.name(&module.path);
            let sibling_has_row = |row: &rules::Row| {
                module.path.split_last().is_some_and(|(_, parent)| {
                    let inside = row.module.strip_prefix(&format!("{}::", parent.join("::")));
                    !parent.is_empty() && inside.is_some()
                })
            };
            let needed = module.path.len() <= 1 || rules.rows.iter().any(sibling_has_row);
            if needed && rules.row(&name).is_none() {
                comparison.missing.insert(name, module);
            }
        }
        for (index, module) in modules.iter() {
            let from = comparison.covering(&module.path);
            for reference in &module.references {
                let Some(target) = modules
                    .resolve(index, &reference.path)
                    .and_then(|index| modules.get(index))
                else {
                    continue;
                };
                let to = comparison.covering(&target.path);
                if from != to {
                    let first = comparison
                        .imports
                        .entry((from.clone(), to, &module.file))
                        .or_insert(usize::MAX);
                    *first = reference.line.min(*first);
                }
            }
        }
        comparison
    }

    /// What a module's row is called: its path, or the root's file.
    fn name(&self, path: &[String]) -> String {
        let root = self.modules.get(0).map_or("", |root| &root.file);
        if path.is_empty() {
            root.rsplit('/').next().unwrap_or(root).to_owned()
        } else {
            path.join("::")
        }
    }

    /// The row that a module belongs to: its own, or that of the nearest module around it that has or needs one.
    fn covering(&self, path: &[String]) -> String {
        let name = self.name(path);
        match path.split_last() {
            Some((_, around))
                if self.rules.row(&name).is_none() && !self.missing.contains_key(&name) =>
            {
                self.covering(around)
            }
            _ => name,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        let package = &self.rules.package;
        let mut faults = Vec::new();
        for (name, module) in &self.missing {
            let imports: BTreeSet<&str> = self
                .imports
                .keys()
                .filter(|(from, ..)| from == name)
                .map(|(_, to, _)| to.as_str())
                .collect();
            let imports: Vec<String> = imports.iter().map(|name| format!("`{name}`")).collect();
            let imports = if imports.is_empty() {
                "nothing".to_owned()
            } else {
                imports.join(", ")
            };
            faults.push(Fault {
                file: module.file.clone(),
                line: module.line,
                what: format!("`{name}` of `{package}` has no row in {MAP}"),
                remedy: format!("add one; today it imports: | `{name}` | {imports} | what it is |"),
            });
        }
        let names: BTreeSet<String> = self
            .modules
            .iter()
            .map(|(_, module)| self.name(&module.path))
            .collect();
        for row in self
            .rules
            .rows
            .iter()
            .filter(|row| !names.contains(&row.module))
        {
            faults.push(Fault {
                file: MAP.to_owned(),
                line: row.line,
                what: format!("`{package}` has no module `{}`", row.module),
                remedy: "correct the row, or remove it".to_owned(),
            });
        }
        for ((from, to, file), line) in &self.imports {
            if self
                .rules
                .row(from)
                .is_some_and(|row| !row.may.contains(to))
            {
                faults.push(Fault {
                    file: (*file).to_owned(),
                    line: *line,
                    what: format!("`{from}` imports `{to}`, which its row does not list"),
                    remedy: format!("move the code, or add `{to}` to the row in {MAP} only if the arrow is meant"),
                });
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::repository::tests::repository;

    /// The faults of a crate of these files, by these rows.
    fn faults(files: &[(&str, &str)], rows: &[&str]) -> Vec<String> {
        let (folder, _) = repository(files);
        let modules = Modules::read(folder.path(), &folder.path().join("src/lib.rs")).unwrap();
        let table = format!(
            "| module of `a` | may import | what it is |\n|---|---|---|\n{}\n",
            rows.join("\n")
        );
        let (tables, faults) = Rules::read(&table);
        assert_eq!(faults, []);
        let faults = Comparison::of(tables.first().unwrap(), &modules).faults();
        faults.iter().map(Fault::to_string).collect()
    }

    const CRATE: &[(&str, &str)] = &[
        ("src/lib.rs", "mod inbox;\nmod name;\nmod event;"),
        ("src/name.rs", ""),
        (
            "src/event.rs",
            "\nuse crate::name::Name;\n#[cfg(test)]\nmod tests { use crate::inbox; }",
        ),
        (
            "src/inbox/mod.rs",
            "mod store;\nmod wire;\nuse self::wire::Message;",
        ),
        ("src/inbox/wire.rs", ""),
        (
            "src/inbox/store.rs",
            "fn f() {}\nfn g() { crate::event::write(super::wire::read()) }",
        ),
    ];

    const ROWS: &[&str] = &[
        "| `lib.rs` | nothing | |",
        "| `name` | nothing | |",
        "| `event` | `name` | |",
        "| `inbox` | `event` | |",
    ];

    #[test]
    fn code_that_keeps_to_its_rows_has_no_fault() {
        assert_eq!(faults(CRATE, ROWS), Vec::<String>::new());
    }

    #[test]
    fn an_import_that_its_row_does_not_list_is_a_fault() {
        let rows: Vec<_> = ROWS
            .iter()
            .map(|row| row.replace("| `event` | |", "| nothing | |"))
            .collect();
        let rows: Vec<_> = rows.iter().map(String::as_str).collect();
        assert_eq!(
            faults(CRATE, &rows),
            ["src/inbox/store.rs:2: `inbox` imports `event`, which its row does not list"],
        );
    }

    #[test]
    fn a_module_without_a_row_is_a_fault_and_says_what_it_imports() {
        let (folder, _) = repository(CRATE);
        let modules = Modules::read(folder.path(), &folder.path().join("src/lib.rs")).unwrap();
        let rules = Rules {
            package: "a".to_owned(),
            line: 1,
            rows: Vec::new(),
        };
        let faults = Comparison::of(&rules, &modules).faults();
        let event = faults
            .iter()
            .find(|fault| fault.file == "src/event.rs")
            .unwrap();
        assert_eq!(event.what, "`event` of `a` has no row in ARCHITECTURE.md");
        assert_eq!(
            event.remedy,
            "add one; today it imports: | `event` | `name` | what it is |"
        );
        assert_eq!(faults.len(), 4);
    }

    #[test]
    fn a_row_without_a_module_is_a_fault() {
        let rows = [ROWS, &["| `gone` | nothing | |"]].concat();
        assert_eq!(
            faults(CRATE, &rows),
            ["ARCHITECTURE.md:7: `a` has no module `gone`"]
        );
    }

    #[test]
    fn once_a_module_inside_another_has_a_row_its_siblings_need_one() {
        let rows = [ROWS, &["| `inbox::store` | `event` | |"]].concat();
        assert_eq!(
            faults(CRATE, &rows),
            [
                "src/inbox/wire.rs:1: `inbox::wire` of `a` has no row in ARCHITECTURE.md",
                "src/inbox/mod.rs:3: `inbox` imports `inbox::wire`, which its row does not list",
                "src/inbox/store.rs:2: `inbox::store` imports `inbox::wire`, which its row does not list",
            ],
        );
    }

    #[test]
    fn rows_inside_a_module_are_rules_among_siblings() {
        let [lib, name, event, _] = ROWS else {
            panic!()
        };
        let rows = [
            *lib,
            *name,
            *event,
            "| `inbox` | `inbox::*` | |",
            "| `inbox::wire` | nothing | |",
            "| `inbox::store` | `event`, `inbox::wire` | |",
        ];
        assert_eq!(faults(CRATE, &rows), Vec::<String>::new());
    }
}
