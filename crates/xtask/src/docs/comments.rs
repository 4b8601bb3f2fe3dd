//! The comments of a source file.

use std::ops::Range;

use anyhow::{Context, anyhow};
use proc_macro2::{TokenStream, TokenTree};

use crate::{lines::Place, repository::extension};

/// The comments of a file, line by line; none where the language is not known.
pub(crate) fn read(file: &str, text: &str) -> anyhow::Result<Vec<Place>> {
    let comments = match extension(file) {
        "rs" => rust(text).with_context(|| format!("cannot parse {file}"))?,
        "js" => after_marks(text, "//"),
        "toml" | "mk" => after_marks(text, "#"),
        _ if file == "Makefile" || text.starts_with("#!") => after_marks(text, "#"),
        _ => String::new(),
    };
    let lines = comments
        .lines()
        .zip(1..)
        .filter(|(comment, _)| !comment.trim().is_empty());
    Ok(lines
        .map(|(comment, line)| Place {
            text: comment.to_owned(),
            line,
        })
        .collect())
}

/// On each line what follows a mark that begins it or stands after a space: elsewhere it is part of a word or a URL.
fn after_marks(text: &str, mark: &str) -> String {
    let comment = |line: &str| {
        let begins = |at: &usize| {
            line.get(..*at)
                .is_none_or(|before| !before.ends_with(|c: char| !c.is_whitespace()))
        };
        let at = line.match_indices(mark).map(|(at, _)| at).find(begins);
        at.and_then(|at| line.get(at..))
            .unwrap_or_default()
            .to_owned()
            + "\n"
    };
    text.lines().map(comment).collect()
}

/// A Rust file with blanks for all that is not a comment: comments are what no token covers, and the tokens that
/// documentation comments become.
fn rust(text: &str) -> anyhow::Result<String> {
    let tokens: TokenStream = text.parse().map_err(|error| anyhow!("{error}"))?;
    let mut rest = text.as_bytes().to_vec();
    blank_all(tokens, text, &mut rest);
    Ok(String::from_utf8_lossy(&rest).into_owned())
}

fn blank_all(tokens: TokenStream, text: &str, rest: &mut [u8]) {
    for token in tokens {
        let range = token.span().byte_range();
        let written = text.get(range.clone()).unwrap_or_default();
        if written.starts_with("//") || written.starts_with("/*") {
            continue;
        }
        if let TokenTree::Group(group) = token {
            blank(rest, group.span_open().byte_range());
            blank(rest, group.span_close().byte_range());
            blank_all(group.stream(), text, rest);
        } else {
            blank(rest, range);
        }
    }
}

fn blank(rest: &mut [u8], range: Range<usize>) {
    let bytes = rest.get_mut(range).unwrap_or_default();
    bytes
        .iter_mut()
        .filter(|byte| **byte != b'\n')
        .for_each(|byte| *byte = b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(file: &str, text: &str) -> Vec<String> {
        let places = read(file, text).unwrap();
        places
            .iter()
            .map(|place| format!("{} {}", place.line, place.text.trim()))
            .collect()
    }

    #[test]
    fn all_comments_of_rust_are_read_and_strings_are_not() {
        let text = "//! One.\n\n/// Two é.\nfn f() { g(\"// no\", 'x', r#\"/* no */\"#) } // three\n/* four\n  five */\n\
                    #[doc = \"no\"]\nstruct S<'a>(&'a str);\n";
        assert_eq!(
            comments("src/a.rs", text),
            [
                "1 //! One.",
                "3 /// Two é.",
                "4 // three",
                "5 /* four",
                "6 five */"
            ],
        );
    }

    #[test]
    fn other_languages_have_their_marks() {
        assert_eq!(
            comments("Makefile", "a: b ## one\n\tx '#no' $#\n"),
            ["1 ## one"]
        );
        assert_eq!(comments("Cargo.toml", "# one\na = \"b#c\"\n"), ["1 # one"]);
        assert_eq!(comments("a.js", "get('https://x') // one\n"), ["1 // one"]);
        assert_eq!(
            comments("tools/run", "#!/bin/sh\nx # two\n"),
            ["1 #!/bin/sh", "2 # two"]
        );
        assert_eq!(comments("a.json", "# no"), Vec::<String>::new());
    }
}
