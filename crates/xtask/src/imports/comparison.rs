//! Compares a crate's rules with its code.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    circles::{self, Graph},
    modules::{Module, Modules},
    rules::{MAP, Row, Rules},
};
use crate::fault::Fault;

/// The rules of a crate beside its code.
pub(crate) struct Comparison<'a> {
    rules: &'a Rules,
    modules: &'a Modules,
    /// The modules that need a row and have none, by what the row would be called.
    missing: BTreeMap<String, &'a Module>,
    /// From row to row, in which file, and where there first.
    pub(crate) imports: BTreeMap<(String, String, &'a str), usize>,
    /// Within a row: the imports among the children of a module.
    siblings: BTreeMap<&'a [String], Siblings<'a>>,
}

/// From one sibling to another, and the file and line of the first import.
type Siblings<'a> = BTreeMap<(&'a str, &'a str), (&'a str, usize)>;

impl<'a> Comparison<'a> {
    pub(crate) fn of(rules: &'a Rules, modules: &'a Modules) -> Self {
        let mut comparison = Self {
            rules,
            modules,
            missing: BTreeMap::new(),
            imports: BTreeMap::new(),
            siblings: BTreeMap::new(),
        };
        for (_, module) in modules.iter() {
            let name = comparison.name(&module.path);
            let sibling_has_row = |row: &Row| {
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
            for reference in &module.references {
                let target = modules.resolve(index, &reference.path);
                if let Some(target) = target.and_then(|index| modules.get(index)) {
                    comparison.add(module, target, reference.line);
                }
            }
        }
        comparison
    }

    fn add(&mut self, module: &'a Module, target: &'a Module, line: usize) {
        let (from, to) = (self.covering(&module.path), self.covering(&target.path));
        if from != to {
            let first = self.imports.entry((from, to, &module.file)).or_insert(line);
            *first = line.min(*first);
            return;
        }
        let shared = module
            .path
            .iter()
            .zip(&target.path)
            .take_while(|(one, other)| one == other)
            .count();
        if let (Some(around), Some(one), Some(other)) = (
            module.path.get(..shared),
            module.path.get(shared),
            target.path.get(shared),
        ) {
            self.siblings
                .entry(around)
                .or_default()
                .entry((one, other))
                .or_insert((&module.file, line));
        }
    }

    /// The name of a module's row: the module's path, or the root's file.
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

    pub(crate) fn faults(&self) -> Vec<Fault> {
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
        faults.extend(self.circles());
        faults
    }

    fn circles(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (around, imports) in &self.siblings {
            let mut graph = Graph::new();
            for (from, to) in imports.keys() {
                graph.entry(from).or_default().insert(to);
            }
            for circle in circles::find(graph) {
                let place = circles::arrows(&circle).find_map(|arrow| imports.get(&arrow));
                let (file, line) = place.copied().unwrap_or((MAP, self.rules.line));
                faults.push(Fault {
                    file: file.to_owned(),
                    line,
                    what: format!(
                        "modules of `{}` form a circle: {}",
                        around.join("::"),
                        circles::written(&circle)
                    ),
                    remedy: circles::REMEDY.to_owned(),
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

    #[test]
    fn siblings_that_share_a_row_form_no_circle() {
        let wire = ("src/inbox/wire.rs", "use super::store::row::Row;");
        let row = [
            ("src/inbox/store/row.rs", ""),
            ("src/inbox/store.rs", "mod row;\nuse super::wire::Message;"),
        ];
        let others = CRATE
            .iter()
            .copied()
            .filter(|(file, _)| !file.contains("inbox/store") && *file != wire.0);
        let files: Vec<_> = others.chain([wire]).chain(row).collect();
        assert_eq!(
            faults(&files, ROWS),
            ["src/inbox/store.rs:2: modules of `inbox` form a circle: store -> wire -> store"],
        );
    }
}
