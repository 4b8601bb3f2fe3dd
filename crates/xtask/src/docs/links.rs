//! Links between documents lead to files and headings that are there.

use std::collections::BTreeMap;

use super::markdown::Document;
use crate::{
    fault::Fault,
    lines::Place,
    repository::{Repository, folder_of, join},
};

/// Checks the links of all documents, which come by their files' names.
pub(crate) fn check(repository: &Repository, documents: &BTreeMap<&str, Document>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (file, document) in documents {
        for link in document
            .links
            .iter()
            .filter(|link| !leads_elsewhere(&link.text))
        {
            if let Some(what) = broken(repository, documents, file, link) {
                faults.push(Fault {
                    file: (*file).to_owned(),
                    line: link.line,
                    what: format!("the link `{}` leads nowhere: {what}", link.text),
                    remedy: "correct the link, or remove it".to_owned(),
                });
            }
        }
    }
    faults
}

/// `true` if a link names its protocol: `https:`, `mailto:`.
fn leads_elsewhere(link: &str) -> bool {
    link.split_once(':')
        .is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()))
}

fn broken(
    repository: &Repository,
    documents: &BTreeMap<&str, Document>,
    file: &str,
    link: &Place,
) -> Option<String> {
    let (path, anchor) = link.text.split_once('#').unwrap_or((&link.text, ""));
    // As GitHub has it, `/` is the repository's root.
    let folder = if path.starts_with('/') {
        ""
    } else {
        folder_of(file)
    };
    let target = if path.is_empty() {
        Some(file.to_owned())
    } else {
        join(folder, path)
    };
    let Some(target) = target.filter(|target| repository.has(target)) else {
        return Some("there is no such file".to_owned());
    };
    match documents.get(target.as_str()) {
        Some(document) if !anchor.is_empty() && !document.anchors.contains(anchor) => {
            Some(format!("{target} has no heading #{anchor}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::repository::{extension, tests::repository};

    /// The faults in the links of a document.
    fn faults(text: &str) -> Vec<String> {
        let (_folder, repository) = repository(&[
            ("README.md", "# Top\n"),
            ("docs/a.md", text),
            ("docs/b.md", "# B\n\n## Two words\n"),
            ("src/lib.rs", ""),
        ]);
        let documents = repository
            .files()
            .filter(|file| extension(file) == "md")
            .map(|file| (file, Document::read(&repository.text(file).unwrap())))
            .collect();
        check(&repository, &documents)
            .into_iter()
            .map(|fault| format!("{} {}", fault.line, fault.what))
            .collect()
    }

    #[test]
    fn links_to_what_is_there_are_no_faults() {
        let text = "# Own\n[b](b.md) [c](b.md#two-words) [d](#own) [e](../README.md#top) [f](/src/lib.rs#L1) [g](../src/)\n\
                    [h](https://example.com/none.md) <mailto:a@example.com>\n";
        assert_eq!(faults(text), Vec::<String>::new());
    }

    #[test]
    fn a_missing_file_is_a_fault() {
        assert_eq!(
            faults("\n[b](c.md) [c](../../x.md)\n"),
            [
                "2 the link `c.md` leads nowhere: there is no such file",
                "2 the link `../../x.md` leads nowhere: there is no such file",
            ],
        );
    }

    #[test]
    fn a_missing_heading_is_a_fault() {
        assert_eq!(
            faults("[b](b.md#three) [c](#none)\n"),
            [
                "1 the link `b.md#three` leads nowhere: docs/b.md has no heading #three",
                "1 the link `#none` leads nowhere: docs/a.md has no heading #none",
            ],
        );
    }
}
