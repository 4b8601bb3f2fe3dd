//! The order of the modules, which `src/lib.rs` lists, is kept: none imports from one below it.

use std::fs;
use std::path::{Path, PathBuf};

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules in the order in which the map in `src/lib.rs` lists them.
fn listed(lib: &str) -> Vec<&str> {
    lib.lines()
        .filter_map(|line| line.strip_prefix("//! - `")?.split_once("`: "))
        .map(|(module, _)| module)
        .collect()
}

/// The modules that a file imports from: the names after `crate::` in its code.
fn imports(code: &str) -> impl Iterator<Item = &str> {
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .filter_map(|path| {
            path.split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .next()
        })
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    fs::read_dir(path)
        .unwrap()
        .flat_map(|entry| files(&entry.unwrap().path()))
        .collect()
}

#[test]
fn the_map_lists_every_module() {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let mut declared: Vec<_> = lib
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "))
        .map(|module| module.trim_end_matches(';'))
        .collect();
    let mut listed = listed(&lib);
    declared.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, declared);
}

#[test]
fn a_module_imports_only_from_modules_above_it() {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let modules = listed(&lib);
    let mut count = 0;
    for (place, module) in modules.iter().enumerate() {
        let file = src().join(module).with_extension("rs");
        let folder = src().join(module);
        for path in files(if file.exists() { &file } else { &folder }) {
            for import in imports(&fs::read_to_string(&path).unwrap()) {
                count += 1;
                let is_above = modules[..=place].contains(&import);
                assert!(is_above, "{} imports {import}", path.display());
            }
        }
    }
    assert!(count > 30, "only {count} imports were found");
}
