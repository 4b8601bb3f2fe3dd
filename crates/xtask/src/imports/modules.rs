//! The modules of a crate, read from its root file along its `mod` declarations, as rustc does.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use syn::{Item, ItemMod};

use super::references::{self, Reference, plain};

/// One module, without what is compiled for tests alone.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Its path without `crate`: empty for the root.
    pub(crate) path: Vec<String>,
    /// Its file, relative to the repository's root.
    pub(crate) file: String,
    /// Where it begins in that file.
    pub(crate) line: usize,
    pub(super) parent: Option<usize>,
    pub(crate) children: BTreeMap<String, usize>,
    /// The names that its `use` declarations bring in, each with its path.
    pub(super) names: BTreeMap<String, Vec<String>>,
    /// The paths of its `use …::*`.
    pub(super) globs: Vec<Vec<String>>,
    /// All paths that are written in it.
    pub(crate) references: Vec<Reference>,
}

/// The modules of a crate; the first is its root.
#[derive(Debug, Default)]
pub(crate) struct Modules(Vec<Module>);

impl Modules {
    /// Reads the crate whose root is the file `root`. Files are named relative to `repository`.
    pub(crate) fn read(repository: &Path, root: &Path) -> anyhow::Result<Self> {
        let mut reader = Reader {
            repository,
            modules: Self::default(),
        };
        let module = Module {
            line: 1,
            ..Module::default()
        };
        reader.read_file(root, module, root.parent().unwrap_or(repository))?;
        Ok(reader.modules)
    }

    /// All modules, each with its index.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Module)> {
        self.0.iter().enumerate()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Module> {
        self.0.get(index)
    }
}

struct Reader<'a> {
    repository: &'a Path,
    modules: Modules,
}

impl Reader<'_> {
    fn read_file(
        &mut self,
        file: &Path,
        mut module: Module,
        folder: &Path,
    ) -> anyhow::Result<usize> {
        let name = file.strip_prefix(self.repository).unwrap_or(file);
        module.file = name.to_string_lossy().replace('\\', "/");
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", module.file))?;
        let syntax =
            syn::parse_file(&text).with_context(|| format!("cannot parse {}", module.file))?;
        self.read_items(&syntax.items, module, folder)
    }

    /// Adds a module with all that it contains; its children's files are in `folder`.
    fn read_items(
        &mut self,
        items: &[Item],
        mut module: Module,
        folder: &Path,
    ) -> anyhow::Result<usize> {
        let found = references::collect(items);
        module.names = found.names;
        module.globs = found.globs;
        module.references = found.references;
        let (file, path) = (module.file.clone(), module.path.clone());
        let index = self.modules.0.len();
        self.modules.0.push(module);
        if let (Some(root), false) = (self.modules.0.first_mut(), path.is_empty()) {
            // Exported macros are the root's, wherever they are written.
            for name in found.exported_macros {
                let written = [vec!["crate".to_owned()], path.clone(), vec![name.clone()]].concat();
                root.names.insert(name, written);
            }
        }
        for declared in found.modules {
            let name = plain(&declared.ident);
            let child = Module {
                path: [path.as_slice(), std::slice::from_ref(&name)].concat(),
                file: file.clone(),
                line: declared.ident.span().start().line,
                parent: Some(index),
                ..Module::default()
            };
            let below = folder.join(&name);
            let child = if let Some((_, items)) = &declared.content {
                self.read_items(items, child, &below)?
            } else {
                let place = format!("{file}:{}: `mod {name};`", child.line);
                let at = file_of(declared, folder).context(place)?;
                self.read_file(&at, Module { line: 1, ..child }, &below)?
            };
            if let Some(module) = self.modules.0.get_mut(index) {
                module.children.insert(name, child);
            }
        }
        Ok(index)
    }
}

fn file_of(declared: &ItemMod, folder: &Path) -> anyhow::Result<PathBuf> {
    if declared
        .attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("path"))
    {
        bail!(
            "#[path] hides where a module is: put the file where rustc looks for it, or make it a crate"
        );
    }
    let name = plain(&declared.ident);
    [
        folder.join(format!("{name}.rs")),
        folder.join(&name).join("mod.rs"),
    ]
    .into_iter()
    .find(|file| file.is_file())
    .context("there is no such file")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    use crate::repository::tests::repository;

    /// A crate of these files.
    pub(in crate::imports) fn read(files: &[(&str, &str)]) -> anyhow::Result<Modules> {
        let (folder, _) = repository(files);
        Modules::read(folder.path(), &folder.path().join("src/lib.rs"))
    }

    pub(in crate::imports) fn inbox() -> Modules {
        read(&[
            (
                "src/lib.rs",
                "mod inbox; mod name; pub use name::Name; pub use serde::Value; fn root() {}",
            ),
            ("src/name.rs", "pub struct Name;"),
            (
                "src/inbox/mod.rs",
                "mod store; mod wire { mod deep; } pub use self::store::Store; use super::name;",
            ),
            ("src/inbox/store.rs", "use super::*; mod row;"),
            ("src/inbox/store/row.rs", ""),
            ("src/inbox/wire/deep.rs", ""),
        ])
        .unwrap()
    }

    #[test]
    fn modules_are_found_where_rustc_finds_them() {
        let modules = inbox();
        let mut files: Vec<_> = modules
            .iter()
            .map(|(_, module)| (module.path.join("::"), module.file.as_str()))
            .collect();
        files.sort();
        let expected = [
            ("", "src/lib.rs"),
            ("inbox", "src/inbox/mod.rs"),
            ("inbox::store", "src/inbox/store.rs"),
            ("inbox::store::row", "src/inbox/store/row.rs"),
            ("inbox::wire", "src/inbox/mod.rs"),
            ("inbox::wire::deep", "src/inbox/wire/deep.rs"),
            ("name", "src/name.rs"),
        ];
        assert_eq!(files, expected.map(|(path, file)| (path.to_owned(), file)));
    }

    #[test]
    fn modules_for_tests_are_left_out() {
        let modules = read(&[(
            "src/lib.rs",
            "#[cfg(test)] mod tests; #[cfg(all(test, unix))] mod more {} #[cfg(not(test))] mod kept {}",
        )]);
        let modules = modules.unwrap();
        let paths: Vec<_> = modules
            .iter()
            .map(|(_, module)| module.path.join("::"))
            .collect();
        assert_eq!(paths, ["", "kept"]);
    }

    #[test]
    fn a_module_without_a_file_or_with_a_hidden_one_is_an_error() {
        let missing = read(&[("src/lib.rs", "mod missing;")]).unwrap_err();
        assert!(
            format!("{missing:#}").contains("`mod missing;`"),
            "{missing:#}"
        );
        let hidden = read(&[
            ("src/lib.rs", "#[path = \"b.rs\"] mod a;"),
            ("src/b.rs", ""),
        ])
        .unwrap_err();
        assert!(format!("{hidden:#}").contains("#[path]"), "{hidden:#}");
    }
}
