//! `.dev.vars`, as wrangler reads it: names and values, with or without quotes.

use std::collections::BTreeMap;

/// The variables in the file's text.
pub(crate) fn parse(text: &str) -> BTreeMap<String, String> {
    text.lines().filter_map(variable).collect()
}

fn variable(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    let name = name.trim().trim_start_matches("export ").trim();
    Some((name.to_owned(), unquoted(value.trim())))
}

/// A value without quotes ends at a comment.
fn unquoted(value: &str) -> String {
    for quote in ['"', '\'', '`'] {
        let rest = value.strip_prefix(quote);
        if let Some((inside, _)) = rest.and_then(|rest| rest.rsplit_once(quote)) {
            return match quote {
                '"' => inside.replace("\\n", "\n"),
                _ => inside.to_owned(),
            };
        }
    }
    let value = value.split_once('#').map_or(value, |(value, _)| value);
    value.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_and_without_quotes() {
        let text = r#"
            # a comment
            ONE="two words"
            export TWO=plain # a comment
            THREE='{"a":"b"}'
            SOURCES={"default":{"admin_url":"http://127.0.0.1:9100"}}
            EMPTY=
        "#;
        let read = parse(text);
        let value = |name: &str| read[name].as_str();
        assert_eq!((value("ONE"), value("TWO")), ("two words", "plain"));
        assert_eq!(value("THREE"), r#"{"a":"b"}"#);
        let sources = r#"{"default":{"admin_url":"http://127.0.0.1:9100"}}"#;
        assert_eq!((value("SOURCES"), value("EMPTY")), (sources, ""));
        assert_eq!(read.len(), 5);
    }
}
