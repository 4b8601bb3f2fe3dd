//! The repository's files: what a fresh clone has, and what is about to be added to it.

use std::{collections::BTreeSet, ffi::OsStr, fs, path::Path, path::PathBuf};

use anyhow::Context;
use ignore::WalkBuilder;

/// The names of all files and folders, relative to the root, with `/` between their parts.
pub(crate) struct Repository {
    root: PathBuf,
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl Repository {
    /// Reads the tree below `root`. What .gitignore names is left out, since a fresh clone does not have it;
    /// new files count before `git add`. Git itself is not needed.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut repository = Self {
            root: root.to_owned(),
            files: BTreeSet::new(),
            folders: BTreeSet::new(),
        };
        let walk = WalkBuilder::new(root)
            .hidden(false)
            .parents(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        for entry in walk {
            let entry = entry?;
            let name = entry
                .path()
                .strip_prefix(root)?
                .to_string_lossy()
                .replace('\\', "/");
            if entry.path().is_dir() {
                repository.folders.insert(name);
            } else {
                repository.files.insert(name);
            }
        }
        Ok(repository)
    }

    /// All files, in the order of their names.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// All files and folders.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().chain(&self.folders).map(String::as_str)
    }

    /// `true` if there is such a file or folder. The empty name is the root.
    pub(crate) fn has(&self, name: &str) -> bool {
        let name = name.trim_end_matches('/');
        self.files.contains(name) || self.folders.contains(name)
    }

    /// The text of a file.
    pub(crate) fn text(&self, file: &str) -> anyhow::Result<String> {
        fs::read_to_string(self.root.join(file)).with_context(|| format!("cannot read {file}"))
    }

    /// The folder of the package that a file belongs to: the nearest one above it with a manifest.
    pub(crate) fn package_of(&self, file: &str) -> &str {
        let mut folder = "";
        for (at, _) in file.match_indices('/') {
            let above = file.get(..at).unwrap_or_default();
            if self.has(&format!("{above}/Cargo.toml"))
                || self.has(&format!("{above}/package.json"))
            {
                folder = self.folders.get(above).map_or("", String::as_str);
            }
        }
        folder
    }
}

/// Leads from a folder along a relative path; `None` where that leaves the repository.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The folder that a file is in.
pub(crate) fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The end of a file's name, after its last dot.
pub(crate) fn extension(file: &str) -> &str {
    Path::new(file)
        .extension()
        .and_then(OsStr::to_str)
        .unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A repository of these files, in a folder that is removed at the end.
    pub(crate) fn repository(files: &[(&str, &str)]) -> (tempfile::TempDir, Repository) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let repository = Repository::read(folder.path()).unwrap();
        (folder, repository)
    }

    #[test]
    fn what_gitignore_names_is_not_in_the_repository() {
        let (_folder, repository) = repository(&[
            (".gitignore", "/build\n"),
            ("build/index.js", ""),
            ("src/lib.rs", ""),
        ]);
        assert!(repository.has("src/lib.rs") && repository.has("src/") && repository.has(""));
        assert!(!repository.has("build/index.js") && !repository.has("build"));
    }

    #[test]
    fn a_file_belongs_to_the_nearest_package_above_it() {
        let (_folder, repository) = repository(&[
            ("Cargo.toml", ""),
            ("src/lib.rs", ""),
            ("crates/a/Cargo.toml", ""),
            ("crates/a/src/lib.rs", ""),
        ]);
        assert_eq!(repository.package_of("crates/a/src/lib.rs"), "crates/a");
        assert_eq!(repository.package_of("src/lib.rs"), "");
    }

    #[test]
    fn a_path_may_go_up_but_not_out() {
        assert_eq!(join("docs/a", "../b.md").as_deref(), Some("docs/b.md"));
        assert_eq!(join("docs", "./../README.md").as_deref(), Some("README.md"));
        assert_eq!(join("docs", "../../x"), None);
    }
}
