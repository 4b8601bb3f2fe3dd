//! The parts of a Markdown document that can be wrong: its links, its headings' anchors, its code.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::lines::{Lines, Place};

#[derive(Debug, Default)]
pub(crate) struct Document {
    /// The targets of links and images, as they are written.
    pub(crate) links: Vec<Place>,
    /// The anchors that a link to the document may end in, after `#`.
    pub(crate) anchors: BTreeSet<String>,
    /// Code in the running text.
    pub(crate) codes: Vec<Place>,
    /// The lines of blocks that show what one types in a shell.
    pub(crate) commands: Vec<Place>,
}

impl Document {
    pub(crate) fn read(markdown: &str) -> Self {
        let lines = Lines::of(markdown);
        let mut document = Self::default();
        let mut headings: BTreeMap<String, usize> = BTreeMap::new();
        // All text since the last heading began.
        let mut text = String::new();
        let mut within = Within::Text;
        let options =
            Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
        for (event, range) in Parser::new_ext(markdown, options).into_offset_iter() {
            let line = lines.at(range.start);
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(Place {
                        text: dest_url.to_string(),
                        line,
                    });
                }
                Event::Start(Tag::Heading { .. }) => text.clear(),
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&text);
                    let count = headings.entry(anchor.clone()).or_default();
                    document.anchors.insert(if *count == 0 {
                        anchor
                    } else {
                        format!("{anchor}-{count}")
                    });
                    *count += 1;
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language)))
                    if is_shell(&language) =>
                {
                    within = Within::Commands;
                }
                Event::End(TagEnd::CodeBlock) => within = Within::Text,
                Event::Text(commands) if within == Within::Commands => {
                    let commands = commands.lines().zip(line..);
                    document.commands.extend(commands.map(|(text, line)| Place {
                        text: text.to_owned(),
                        line,
                    }));
                }
                Event::Text(more) => text.push_str(&more),
                Event::Code(code) => {
                    text.push_str(&code);
                    document.codes.push(Place {
                        text: code.to_string(),
                        line,
                    });
                }
                _ => {}
            }
        }
        document
    }
}

#[derive(PartialEq, Eq)]
enum Within {
    Text,
    Commands,
}

fn is_shell(language: &str) -> bool {
    matches!(
        language.split([' ', ',']).next(),
        Some("sh" | "bash" | "shell" | "console")
    )
}

/// A heading's anchor, as GitHub makes it: lower case, dashes for spaces, and no other punctuation than `-` and `_`.
fn anchor(heading: &str) -> String {
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_of_github() {
        let document = Document::read(
            "# A `make x`: what, and why?\n\n## Same\n\n## Same\n\nÜber_uns & more\n---\n",
        );
        let anchors: Vec<_> = document.anchors.iter().map(String::as_str).collect();
        assert_eq!(
            anchors,
            ["a-make-x-what-and-why", "same", "same-1", "über_uns--more"]
        );
    }

    #[test]
    fn links_of_all_forms_are_found_and_code_is_none() {
        let document = Document::read("[a](b.md#c)\n![i](d.png) [r]\n`[x](no.md)`\n\n[r]: e.md\n");
        let links: Vec<_> = document
            .links
            .iter()
            .map(|link| (link.text.as_str(), link.line))
            .collect();
        assert_eq!(links, [("b.md#c", 1), ("d.png", 2), ("e.md", 2)]);
    }

    #[test]
    fn code_and_commands_keep_their_lines() {
        let document =
            Document::read("Run `make a`.\n\n```sh\nmake b\nmake c\n```\n\n```json\nmake d\n```\n");
        assert_eq!(
            document.codes,
            [Place {
                text: "make a".to_owned(),
                line: 1
            }]
        );
        let commands: Vec<_> = document
            .commands
            .iter()
            .map(|place| (place.text.as_str(), place.line))
            .collect();
        assert_eq!(commands, [("make b", 4), ("make c", 5)]);
    }
}
