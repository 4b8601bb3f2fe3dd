//! The files, headings and make targets that documents and comments name are there.
//!
//! Looked at are links, code in the running text and shell commands in Markdown, comments in sources, and the files that
//! the Makefile works with. There are tools that check links and headings, such as remark-validate-links for
//! npm; they don't look at names in code and comments, most of what gets stale here, and a hundred npm packages
//! for the third of it that pulldown-cmark makes short are too many.

mod comments;
mod exceptions;
mod links;
mod make;
mod markdown;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::Metadata;

use self::{
    exceptions::{EXCEPTIONS, Exception},
    markdown::Document,
};
use crate::{
    fault::{Fault, Report},
    lines::Place,
    repository::{Repository, extension},
};

/// Checks all documents, sources and makefiles of the repository.
pub(crate) fn check(metadata: &Metadata) -> anyhow::Result<Report> {
    check_files(
        &Repository::read(metadata.workspace_root.as_std_path())?,
        EXCEPTIONS,
    )
}

/// A file, folder or target of make that a text names.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mention {
    file: String,
    line: usize,
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    File,
    Target,
}

fn check_files(repository: &Repository, exceptions: &[Exception]) -> anyhow::Result<Report> {
    let (mut documents, mut targets) = (BTreeMap::new(), BTreeSet::new());
    let mut mentions = Mentions::default();
    for file in repository.files() {
        // Not every file is text; those which are not name nothing.
        let Ok(text) = repository.text(file) else {
            continue;
        };
        for comment in comments::read(file, &text)? {
            mentions.in_comment(file, &comment);
        }
        if is_makefile(file) {
            targets.append(&mut make::defined(&text));
            mentions.in_makefile(file, &text);
        }
        if extension(file) == "md" {
            let document = Document::read(&text);
            mentions.in_document(file, &document);
            documents.insert(file, document);
        }
    }
    let links: usize = documents
        .values()
        .map(|document| document.links.len())
        .sum();
    let checked = format!(
        "docs: {} documents, {links} links, {} names",
        documents.len(),
        mentions.0.len()
    );
    let mut faults = links::check(repository, &documents);
    faults.extend(missing(repository, &targets, &mentions.0, exceptions));
    Ok(Report { checked, faults })
}

fn is_makefile(file: &str) -> bool {
    file == "Makefile" || extension(file) == "mk"
}

fn missing(
    repository: &Repository,
    targets: &BTreeSet<String>,
    mentions: &BTreeSet<Mention>,
    exceptions: &[Exception],
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut needed = BTreeSet::new();
    for mention in mentions {
        let Mention {
            file,
            line,
            name,
            kind,
        } = mention;
        let there = match kind {
            Kind::File => names::exists(repository, file, name),
            Kind::Target => targets.contains(name),
        };
        if there {
            continue;
        }
        let exception = exceptions
            .iter()
            .position(|known| known.name == name && file.starts_with(known.place));
        if let Some(index) = exception {
            needed.insert(index);
            continue;
        }
        let what = match kind {
            Kind::File => format!("`{name}` is not there"),
            Kind::Target => format!("make has no target `{name}`"),
        };
        let remedy = "correct the name; one that must stand goes into crates/xtask/src/docs/exceptions.rs, with a reason";
        faults.push(Fault {
            file: file.clone(),
            line: *line,
            what,
            remedy: remedy.to_owned(),
        });
    }
    for (_, unneeded) in exceptions
        .iter()
        .enumerate()
        .filter(|(index, _)| !needed.contains(index))
    {
        faults.push(Fault {
            file: "crates/xtask/src/docs/exceptions.rs".to_owned(),
            line: 1,
            what: format!(
                "nothing needs the exception for `{}` in {}",
                unneeded.name, unneeded.place
            ),
            remedy: format!("remove it; it was for this: {}", unneeded.reason),
        });
    }
    faults
}

/// All that is named anywhere.
#[derive(Default)]
struct Mentions(BTreeSet<Mention>);

impl Mentions {
    fn add<'a>(
        &mut self,
        file: &str,
        line: usize,
        kind: Kind,
        names: impl IntoIterator<Item = &'a str>,
    ) {
        let mentions = names.into_iter().map(|name| Mention {
            file: file.to_owned(),
            line,
            name: name.to_owned(),
            kind,
        });
        self.0.extend(mentions);
    }

    fn in_comment(&mut self, file: &str, comment: &Place) {
        self.add(file, comment.line, Kind::File, names::named(&comment.text));
        for code in comment.text.split('`').skip(1).step_by(2) {
            self.add(file, comment.line, Kind::Target, make::typed(code));
        }
    }

    fn in_document(&mut self, file: &str, document: &Document) {
        for code in &document.codes {
            self.add(file, code.line, Kind::File, names::named(&code.text));
            self.add(file, code.line, Kind::Target, make::typed(&code.text));
        }
        for command in &document.commands {
            self.add(
                file,
                command.line,
                Kind::File,
                names::named_by_folder(&command.text),
            );
            self.add(file, command.line, Kind::Target, make::typed(&command.text));
        }
    }

    /// In a variable's value, the name of a folder alone means the folder too.
    fn in_makefile(&mut self, file: &str, text: &str) {
        let mut in_variable = false;
        for (line, number) in text.lines().zip(1..) {
            let code = line.split(" #").next().unwrap_or(line);
            if code.starts_with('#') {
                continue;
            }
            self.add(file, number, Kind::File, names::named_by_folder(code));
            in_variable |= code.contains(":=");
            if in_variable {
                self.add(
                    file,
                    number,
                    Kind::File,
                    code.split_whitespace()
                        .filter(|word| names::is_folder(word)),
                );
            }
            in_variable &= code.ends_with('\\');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::repository::tests::repository;

    /// The faults of a repository with these files beside a Makefile that has `dev`.
    fn faults(files: &[(&str, &str)], exceptions: &[Exception]) -> Vec<String> {
        let makefile = (
            "Makefile",
            "SOURCES := $(shell find src static) \\\n\tsrc/lib.rs\ndev:\n\tsrc/run static\n",
        );
        let (_folder, repository) = repository(
            &[
                files,
                &[
                    makefile,
                    ("src/lib.rs", ""),
                    ("src/run", ""),
                    ("static/a.css", ""),
                ],
            ]
            .concat(),
        );
        let report = check_files(&repository, exceptions).unwrap();
        report.faults.iter().map(Fault::to_string).collect()
    }

    #[test]
    fn what_is_there_may_be_named() {
        let files = [(
            "docs/a.md",
            "`src/lib.rs`, `make dev`\n\n```sh\nmake dev && cat src/lib.rs\n```\n",
        )];
        assert_eq!(faults(&files, &[]), Vec::<String>::new());
    }

    #[test]
    fn a_missing_file_is_found_in_code_commands_and_comments() {
        let files = [
            ("docs/a.md", "`src/none.rs`\n\n```sh\ncat src/no\n```\n"),
            (
                "src/b.rs",
                "//! By facts.md.\nfn f() {} // see tests/e2e/b.rs\n",
            ),
            ("Cargo.toml", "# as docs/none.md says\n"),
        ];
        assert_eq!(
            faults(&files, &[]),
            [
                "Cargo.toml:1: `docs/none.md` is not there",
                "docs/a.md:1: `src/none.rs` is not there",
                "docs/a.md:4: `src/no` is not there",
                "src/b.rs:1: `facts.md` is not there",
                "src/b.rs:2: `tests/e2e/b.rs` is not there",
            ],
        );
    }

    #[test]
    fn a_missing_target_is_found_in_code_commands_and_comments() {
        let files = [
            (
                "docs/a.md",
                "`make none`\n\n```sh\nx | make nothing X='make y'\n```\n",
            ),
            ("src/b.rs", "// `make never`, which would make sense\n"),
        ];
        assert_eq!(
            faults(&files, &[]),
            [
                "docs/a.md:1: make has no target `none`",
                "docs/a.md:4: make has no target `nothing`",
                "src/b.rs:1: make has no target `never`",
            ],
        );
    }

    #[test]
    fn a_makefile_works_with_what_is_there() {
        let files = [(
            "tools/setup.mk",
            "A := find src templates \\\n\tdocs/x.md\nall:\n\tcat tools/none templates\n",
        )];
        assert_eq!(
            faults(&files, &[]),
            [
                "tools/setup.mk:1: `templates` is not there",
                "tools/setup.mk:2: `docs/x.md` is not there",
                "tools/setup.mk:4: `tools/none` is not there",
            ],
        );
    }

    #[test]
    fn a_broken_link_is_found() {
        let files = [("README.md", "[a](docs/none.md)\n")];
        assert_eq!(
            faults(&files, &[]),
            ["README.md:1: the link `docs/none.md` leads nowhere: there is no such file"]
        );
    }

    #[test]
    fn an_exception_holds_where_it_is_made_and_only_while_it_is_needed() {
        let files = [
            ("docs/a.md", "`src/none.rs`\n"),
            ("README.md", "`src/none.rs`\n"),
        ];
        let exception = |name| Exception {
            place: "docs/",
            name,
            reason: "it is history",
        };
        assert_eq!(
            faults(&files, &[exception("src/none.rs"), exception("src/lib.rs")]),
            [
                "README.md:1: `src/none.rs` is not there",
                "crates/xtask/src/docs/exceptions.rs:1: nothing needs the exception for `src/lib.rs` in docs/",
            ],
        );
    }
}
