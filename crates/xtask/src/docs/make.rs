//! Targets of make: those that there are, and those that a text tells people to type.

use std::collections::BTreeSet;

/// The targets that a makefile defines by name.
pub(crate) fn defined(makefile: &str) -> BTreeSet<String> {
    let rules = makefile.lines().filter_map(|line| line.split_once(':'));
    let rules = rules.filter(|(targets, rest)| {
        !rest.starts_with(['=', ':']) && !targets.starts_with(['\t', '#', ' '])
    });
    rules
        .flat_map(|(targets, _)| targets.split_whitespace())
        .filter(|target| is_name(target))
        .map(str::to_owned)
        .collect()
}

/// The targets that a command line gives to make: `x | make deploy dev ARGS=…` has two.
pub(crate) fn typed(line: &str) -> Vec<&str> {
    let line = line.split(" #").next().unwrap_or(line);
    let commands = line.split(['|', '&', ';']);
    commands.flat_map(targets).collect()
}

fn targets(command: &str) -> Vec<&str> {
    let mut words = command
        .split_whitespace()
        .skip_while(|word| *word == "$" || word.contains('='));
    if words.next() != Some("make") {
        return Vec::new();
    }
    // What follows a variable may be a part of its value.
    words
        .take_while(|word| !word.contains('='))
        .filter(|word| is_name(word))
        .collect()
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_names_before_a_colon() {
        let makefile = "SHELL := /bin/bash\n.PHONY: all\nall test: build ## x: y\n\techo: no\n\
                        build/index.js: x\n$(TOOLS): y\nhelp-me: ; @x\nURL ::=\n";
        assert_eq!(
            defined(makefile).into_iter().collect::<Vec<_>>(),
            ["all", "help-me", "test"]
        );
    }

    #[test]
    fn targets_are_the_names_after_make() {
        for (line, targets) in [
            ("make dev", vec!["dev"]),
            ("$ make clean test # both", vec!["clean", "test"]),
            (
                "echo x | make wrangler ARGS='secret put NAME'",
                vec!["wrangler"],
            ),
            (
                "TOKEN=a make register URL=https://x SOURCE=y",
                vec!["register"],
            ),
            ("make -j2 check && make test", vec!["check", "test"]),
            ("make", vec![]),
            ("remake all", vec![]),
            ("they make do", vec![]),
        ] {
            assert_eq!(typed(line), targets, "{line}");
        }
    }
}
