//! Files and folders that a text names.
//!
//! A word names a file when it begins with one of the repository's folders (`src/lib.rs`, `docs/`), or ends like a
//! source or a document (`name.rs`, `events.md`). The first kind is looked for from the root, from the package and
//! from the folder of the file that names it, since it says where it is; the second kind anywhere. A `*` in it stands
//! for a part of a name.

use globset::GlobBuilder;

use crate::repository::{Repository, folder_of, join};

/// The folders that this repository has, or could have: one that is removed is still looked for.
const FOLDERS: &[&str] = &[
    ".ci",
    "benches",
    "crates",
    "docs",
    "examples",
    "fuzz",
    "schemas",
    "src",
    "static",
    "templates",
    "tests",
    "tools",
];

/// A word that ends like this is a file wherever it stands.
const ENDINGS: &[&str] = &[".md", ".mk", ".rs", ".toml"];

/// The files and folders that a text names, as it names them.
pub(crate) fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "`\"'()[],;@=".contains(c))
        .filter_map(name)
}

/// Those of them that begin with a folder.
pub(crate) fn named_by_folder(text: &str) -> impl Iterator<Item = &str> {
    named(text).filter(|name| begins_with_folder(name))
}

/// `true` if a word is a folder's name alone.
pub(crate) fn is_folder(word: &str) -> bool {
    FOLDERS.contains(&word)
}

fn name(word: &str) -> Option<&str> {
    // `src/lib.rs:12`, `docs/errors.md#codes`
    let word = word
        .split([':', '#'])
        .next()?
        .trim_end_matches(['.', '?', '!']);
    let word = word.strip_prefix("./").unwrap_or(word);
    let plain = word
        .chars()
        .all(|c| c.is_alphanumeric() || "._-/*".contains(c));
    let file = word.rsplit('/').next()?;
    let ending = ENDINGS.iter().find_map(|ending| file.strip_suffix(ending));
    let is_file =
        ending.is_some_and(|stem| !stem.is_empty() && stem != "*") && !word.starts_with('/');
    (plain && (is_file || begins_with_folder(word))).then_some(word)
}

fn begins_with_folder(word: &str) -> bool {
    word.split_once('/')
        .is_some_and(|(folder, _)| FOLDERS.contains(&folder))
}

/// `true` if the thing that `file` calls `name` exists.
pub(crate) fn exists(repository: &Repository, file: &str, name: &str) -> bool {
    let bases = ["", repository.package_of(file), folder_of(file)];
    let paths = bases.iter().filter_map(|base| join(base, name));
    if name.contains('*') {
        return paths.into_iter().any(|path| matches(repository, &path));
    }
    let anywhere = || {
        let end = format!("/{name}");
        repository.names().any(|known| known.ends_with(&end))
    };
    paths.into_iter().any(|path| repository.has(&path)) || !begins_with_folder(name) && anywhere()
}

fn matches(repository: &Repository, pattern: &str) -> bool {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    glob.is_ok_and(|glob| {
        let matcher = glob.compile_matcher();
        repository.names().any(|known| matcher.is_match(known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::repository::tests::repository;

    fn all(text: &str) -> Vec<&str> {
        named(text).collect()
    }

    #[test]
    fn words_that_begin_with_a_folder_or_end_like_a_file_are_names() {
        assert_eq!(
            all(
                "See src/config/, (docs/errors.md#codes) and `lib.rs:12`; 'store/row.rs'. ./tools/run crates/*/src"
            ),
            [
                "src/config/",
                "docs/errors.md",
                "lib.rs",
                "store/row.rs",
                "tools/run",
                "crates/*/src"
            ],
        );
    }

    #[test]
    fn other_words_are_none() {
        for text in [
            "and/or a.b https://example.com/docs/x.md /schemas/account.json src *.md .rs",
            "config::target::check src/{a,b}/<name> schemas/{type}.json tests/… Node.js failures.xml",
        ] {
            assert_eq!(all(text), Vec::<&str>::new());
        }
    }

    #[test]
    fn a_name_is_looked_for_from_the_root_the_package_and_the_folder() {
        let (_folder, repository) = repository(&[
            ("Cargo.toml", ""),
            ("src/lib.rs", ""),
            ("docs/a.md", ""),
            ("crates/a/Cargo.toml", ""),
            ("crates/a/src/b/c.rs", ""),
        ]);
        for (file, name, there) in [
            ("docs/a.md", "src/lib.rs", true),
            ("docs/a.md", "src/b/c.rs", false),
            ("crates/a/src/b/c.rs", "src/b/c.rs", true),
            ("crates/a/src/b/c.rs", "src/b/", true),
            ("docs/a.md", "b/c.rs", true),
            ("docs/a.md", "c.rs", true),
            ("docs/a.md", "d.rs", false),
            ("docs/a.md", "../src/lib.rs", true),
            ("docs/a.md", "crates/*/src", true),
            ("docs/a.md", "crates/*/tests", false),
        ] {
            assert_eq!(exists(&repository, file, name), there, "{name} in {file}");
        }
    }
}
