//! Which events a destination wants: `*`, `account.*`, `*.deleted`, `user.created`.

use std::{collections::BTreeSet, fmt, str::FromStr};

use super::nearest::did_you_mean;
use threescale::KINDS;

/// One pattern over an event's type and action. `None` stands for any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    kind: Option<String>,
    action: Option<String>,
}

impl Pattern {
    /// The pattern that matches every event.
    pub const ANY: Self = Self {
        kind: None,
        action: None,
    };

    /// `true` if an event of this type and action is wanted.
    #[must_use]
    pub fn matches(&self, kind: &str, action: &str) -> bool {
        self.kind.as_deref().is_none_or(|k| k == kind)
            && self.action.as_deref().is_none_or(|a| a == action)
    }
}

/// Says that a pattern matches nothing that 3scale is known to send.
pub(super) struct Unmatched {
    /// The pattern that was perhaps meant, as the end of a message.
    pub(super) nearest: String,
}

impl Pattern {
    /// A misspelt pattern reads like any other, since types that we don't know are accepted.
    pub(super) fn unmatched(&self, text: &str) -> Option<Unmatched> {
        if KINDS
            .iter()
            .any(|(kind, action)| self.matches(kind, action))
        {
            return None;
        }
        let known: BTreeSet<String> = KINDS
            .iter()
            .flat_map(|(kind, action)| {
                [
                    format!("{kind}.*"),
                    format!("*.{action}"),
                    format!("{kind}.{action}"),
                ]
            })
            .collect();
        let nearest = did_you_mean(text, known.iter().map(String::as_str));
        Some(Unmatched { nearest })
    }
}

/// Says that a text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidPattern;

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pattern is `*` or `type.action`, where either side may be `*`")
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        if text == "*" {
            return Ok(Self::ANY);
        }
        let (kind, action) = text.split_once('.').ok_or(InvalidPattern)?;
        Ok(Self {
            kind: side(kind)?,
            action: side(action)?,
        })
    }
}

fn side(text: &str) -> Result<Option<String>, InvalidPattern> {
    match text {
        "*" => Ok(None),
        _ if !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') =>
        {
            Ok(Some(text.to_owned()))
        }
        _ => Err(InvalidPattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_by_type_by_action_or_by_both() {
        let matches = |pattern: &str| {
            pattern
                .parse::<Pattern>()
                .unwrap()
                .matches("account", "updated")
        };
        for pattern in ["*", "*.*", "account.*", "*.updated", "account.updated"] {
            assert!(matches(pattern), "{pattern}");
        }
        for pattern in ["user.*", "*.created", "account.created", "accounts.updated"] {
            assert!(!matches(pattern), "{pattern}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "", "account", "account.", ".created", "a.b.c", "acc*.x", "a b.c",
        ] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }
}
