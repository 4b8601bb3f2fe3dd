//! From a path, as a module writes it, to the module that it leads to.

use super::modules::Modules;

impl Modules {
    /// The module that a path leads to, written in the module `from`; `None` for other crates, the prelude and what
    /// is local. A path to an item leads to the item's module.
    ///
    /// Names that a `use` gives are followed in `from` and in the modules that it is in, so that what lib.rs
    /// re-exports counts as what it is. Elsewhere they end the path: what `inbox` re-exports is `inbox` to those
    /// outside.
    pub(crate) fn resolve(&self, from: usize, path: &[String]) -> Option<usize> {
        self.follow(from, from, path, 0)
    }

    fn follow(
        &self,
        importer: usize,
        start: usize,
        path: &[String],
        steps: usize,
    ) -> Option<usize> {
        // Names can lead in a circle here, where rustc tells types, values and macros apart.
        if steps > 8 {
            return None;
        }
        let (mut at, mut rest) = match path.split_first() {
            Some((first, rest)) if first == "crate" => (0, rest),
            Some((first, rest)) if first == "self" => (start, rest),
            _ => (start, path),
        };
        // A first name that is not found is another crate's; a later one is an item of the module reached.
        let mut inside = rest.len() < path.len();
        while let Some((name, tail)) = rest.split_first() {
            let module = self.get(at)?;
            if name == "super" {
                at = module.parent?;
            } else if let Some(child) = module.children.get(name) {
                at = *child;
            } else {
                let followed = self.get(importer)?.path.starts_with(&module.path);
                if let Some(target) = module.names.get(name).filter(|_| followed) {
                    return self.follow(
                        importer,
                        at,
                        &[target.as_slice(), tail].concat(),
                        steps + 1,
                    );
                }
                let mut globs = module.globs.iter().filter(|_| followed);
                let found = globs.find_map(|glob| {
                    let there = self.follow(importer, at, glob, steps + 1)?;
                    self.follow(importer, there, rest, steps + 1)
                });
                return found.or(inside.then_some(at));
            }
            inside = true;
            rest = tail;
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::imports::modules::tests::{inbox, read};

    /// Where the path leads that is written in the module.
    fn leads(modules: &Modules, module: &str, path: &str) -> Option<String> {
        let names: Vec<String> = path.split("::").map(str::to_owned).collect();
        let (from, _) = modules
            .iter()
            .find(|(_, found)| found.path.join("::") == module)
            .unwrap();
        Some(modules.get(modules.resolve(from, &names)?)?.path.join("::"))
    }

    #[test]
    fn a_path_leads_to_the_module_of_its_item() {
        let modules = inbox();
        for (module, path, target) in [
            ("name", "crate::inbox::store::Store", "inbox::store"),
            (
                "inbox::store::row",
                "super::super::wire::Thing",
                "inbox::wire",
            ),
            ("inbox", "store::row::Row", "inbox::store::row"),
            ("inbox::store", "self::row", "inbox::store::row"),
            ("name", "crate::root", ""),
            ("name", "crate::inbox::Kind::First", "inbox"),
        ] {
            assert_eq!(
                leads(&modules, module, path).as_deref(),
                Some(target),
                "{path} in {module}"
            );
        }
    }

    #[test]
    fn other_crates_and_local_names_are_no_modules() {
        let modules = inbox();
        for path in ["serde::Value", "Self::new", "Kind::First", "crate::Value"] {
            assert_eq!(leads(&modules, "name", path), None, "{path}");
        }
    }

    #[test]
    fn a_name_that_an_ancestor_re_exports_counts_as_what_it_is() {
        let modules = inbox();
        assert_eq!(
            leads(&modules, "inbox::store", "crate::Name").as_deref(),
            Some("name")
        );
        assert_eq!(
            leads(&modules, "inbox::wire", "super::Store").as_deref(),
            Some("inbox::store")
        );
    }

    #[test]
    fn a_name_that_another_module_re_exports_counts_as_that_module() {
        assert_eq!(
            leads(&inbox(), "name", "crate::inbox::Store").as_deref(),
            Some("inbox")
        );
    }

    #[test]
    fn a_glob_brings_modules_and_names() {
        let modules = inbox();
        assert_eq!(
            leads(&modules, "inbox::store", "wire::Thing").as_deref(),
            Some("inbox::wire")
        );
        assert_eq!(
            leads(&modules, "inbox::store", "name::Name").as_deref(),
            Some("name")
        );
    }

    #[test]
    fn an_exported_macro_counts_as_the_module_that_it_is_written_in() {
        let modules = read(&[
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "#[macro_export] macro_rules! list { () => {} }"),
            ("src/b.rs", ""),
        ]);
        assert_eq!(
            leads(&modules.unwrap(), "b", "crate::list").as_deref(),
            Some("a")
        );
    }
}
