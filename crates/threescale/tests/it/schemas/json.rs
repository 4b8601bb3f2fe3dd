//! JSON whose members keep their order, laid out for people to read.

use std::fmt::Write as _;

pub(super) enum Json {
    Object(Vec<(String, Json)>),
    Array(Vec<Json>),
    /// A number, boolean or string, as JSON.
    Leaf(String),
}

impl Json {
    pub(super) fn text(text: &str) -> Self {
        Self::Leaf(serde_json::to_string(text).unwrap())
    }

    pub(super) fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(0, &mut out);
        out.push('\n');
        out
    }

    /// Puts each member or item on a line of its own, unless they fit on one.
    fn write(&self, depth: usize, out: &mut String) {
        let (open, close, lines): (char, char, Vec<String>) = match self {
            Self::Leaf(leaf) => return out.push_str(leaf),
            Self::Array(items) => (
                '[',
                ']',
                items.iter().map(|item| item.below(depth)).collect(),
            ),
            Self::Object(members) => {
                let member = |(name, value): &(String, Self)| {
                    format!("{}: {}", Self::text(name).below(0), value.below(depth))
                };
                ('{', '}', members.iter().map(member).collect())
            }
        };
        let short = lines.iter().map(String::len).sum::<usize>() < 60
            && !lines.iter().any(|line| line.contains('\n'));
        let (indent, end) = ("  ".repeat(depth + 1), "  ".repeat(depth));
        out.push(open);
        if short {
            let _ = write!(out, "{}", lines.join(", "));
        } else {
            let _ = write!(
                out,
                "\n{indent}{}\n{end}",
                lines.join(&format!(",\n{indent}"))
            );
        }
        out.push(close);
    }

    fn below(&self, depth: usize) -> String {
        let mut out = String::new();
        self.write(depth + 1, &mut out);
        out
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self::Leaf(number.to_string())
    }
}

impl From<bool> for Json {
    fn from(boolean: bool) -> Self {
        Self::Leaf(boolean.to_string())
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Self::Array(items)
    }
}

/// `object! { "type" => "string", "minLength" => 1 }`
macro_rules! object {
    ($($name:expr => $value:expr),* $(,)?) => {
        Json::Object(vec![$(($name.to_owned(), Json::from($value))),*])
    };
}

macro_rules! array {
    ($($item:expr),* $(,)?) => { Json::Array(vec![$(Json::from($item)),*]) };
}

pub(super) use {array, object};
