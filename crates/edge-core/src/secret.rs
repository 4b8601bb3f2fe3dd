//! Secrets: held so that they cannot be printed by accident, compared in constant time.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// The values of `.dev.vars.example`, and of the documents: everybody knows them.
const EXAMPLES: &[&str] = &[
    "local-secret",
    "local-console-token",
    "local-access-token",
    "whsec_bG9jYWwtc2lnbmluZy1zZWNyZXQtMzItYnl0ZXMhIQ==",
    "whsec_c2VjcmV0LW9mLXRoZS1vcmlnaW4tMzItYnl0ZXM=",
];

/// Below this many characters, whoever may try a few thousand times a second finds it.
const GUESSABLE: usize = 8;
/// From this many characters on, nobody finds it.
const STRONG: usize = 16;

/// How weak a secret is: one rule for every secret that is of our own making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// It is no secret: fewer than 8 characters, not counting those that repeat what stands before.
    Guessable,
    /// It has fewer than 16.
    Short,
}

/// One secret value. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret that may contain spaces, trimmed. An empty text is none.
    #[must_use]
    pub fn whole(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// Tells in constant time whether it was presented.
    #[must_use]
    pub fn equals(&self, presented: &Presented) -> Choice {
        presented.0.iter().fold(Choice::from(0), |equal, hash| {
            equal | hash.ct_eq(&hashed(&self.0))
        })
    }

    /// `true` if it is one that the project publishes, for laptops.
    #[must_use]
    pub fn is_example(&self) -> bool {
        EXAMPLES.contains(&self.0.as_str())
    }

    /// How weak it is, if it is.
    #[must_use]
    pub fn weakness(&self) -> Option<Weakness> {
        // A key that signs holds fewer bytes than characters.
        let length = match self.0.strip_prefix("whsec_") {
            Some(base64) => base64.trim_end_matches('=').len() * 3 / 4,
            None => self.0.chars().count(),
        };
        match length.min(period(&self.0)) {
            ..GUESSABLE => Some(Weakness::Guessable),
            GUESSABLE..STRONG => Some(Weakness::Short),
            _ => None,
        }
    }

    /// The value itself: for the one place that sends or signs with it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The values of one secret that are valid at the same time, so that it can be rotated without a gap. The first is the
/// current one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// Several values in one variable are separated by whitespace.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(
            text.split_whitespace()
                .map(|s| Secret(s.to_owned()))
                .collect(),
        )
    }

    /// `true` if it has no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each value, the current one first.
    pub fn iter(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter()
    }

    /// Compares with every value, always: the time taken reveals neither the values' content nor which one matches.
    /// Both sides are hashed, so that their lengths are not revealed either.
    #[must_use]
    pub fn admit(&self, presented: &Presented) -> Choice {
        let Admitted { by_any, .. } = self.admitted(presented);
        by_any
    }

    /// The same, distinguishing the current value from old ones.
    #[must_use]
    pub fn admitted(&self, presented: &Presented) -> Admitted {
        let equals = |secret: &Secret| secret.equals(presented);
        let none = Choice::from(0);
        let by_current = self.0.first().map_or(none, equals);
        Admitted {
            by_any: self
                .0
                .iter()
                .skip(1)
                .fold(by_current, |any, secret| any | equals(secret)),
            by_current,
        }
    }
}

/// The values of a secret that match the presented one.
#[derive(Debug, Clone, Copy)]
pub struct Admitted {
    /// Any of them.
    pub by_any: Choice,
    /// The current one.
    pub by_current: Choice,
}

/// The secret that a caller presents, in each of its readings, hashed.
#[derive(Debug)]
pub struct Presented([[u8; 32]; 2]);

impl Presented {
    /// A value as it stands, in a header.
    #[must_use]
    pub fn value(value: &str) -> Self {
        Self([hashed(value), hashed(value)])
    }

    /// Looks for `param` in a raw query string. 3scale sends the query byte for byte as it was typed into its form
    /// (`app/workers/web_hook_worker.rb`), so a `+` may mean itself as well as a space: both readings are tried. A
    /// missing parameter presents a value that equals no secret.
    #[must_use]
    pub fn in_query(query: &str, param: &str) -> Self {
        let value = parameter(query, param).unwrap_or_default();
        Self([
            hash_bytes(&percent_decoded(value)),
            hash_bytes(&percent_decoded(&value.replace('+', " "))),
        ])
    }
}

/// `true` if the query has a value for this parameter.
#[must_use]
pub fn has_parameter(query: &str, param: &str) -> bool {
    parameter(query, param).is_some_and(|value| !value.is_empty())
}

fn parameter<'q>(query: &'q str, param: &str) -> Option<&'q str> {
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .find(|(name, _)| percent_decoded(name) == param.as_bytes())
        .map(|(_, value)| value)
}

/// A name or a value in a query that is no secret, where `+` is a space.
#[must_use]
pub fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&percent_decoded(&text.replace('+', " "))).into_owned()
}

/// The length of what a text repeats: 1 of `aaaa`, 3 of `abcabca`, all of it where nothing is repeated.
fn period(text: &str) -> usize {
    let characters: Vec<char> = text.chars().collect();
    let repeats = |length: &usize| {
        let shifted = characters.iter().skip(*length);
        characters
            .iter()
            .zip(shifted)
            .all(|(one, other)| one == other)
    };
    (1..=characters.len() / 2)
        .find(repeats)
        .unwrap_or(characters.len())
}

fn percent_decoded(text: &str) -> Vec<u8> {
    percent_encoding::percent_decode_str(text).collect()
}

fn hashed(text: &str) -> [u8; 32] {
    hash_bytes(text.as_bytes())
}

fn hash_bytes(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(secrets: &str, query: &str) -> bool {
        Secrets::from_text(secrets)
            .admit(&Presented::in_query(query, "token"))
            .into()
    }

    #[test]
    fn every_value_of_a_secret_is_accepted_and_no_other() {
        assert!(admits("new old", "token=new"));
        assert!(admits("new old", "token=old"));
        assert!(!admits("new old", "token=older"));
        assert!(!admits("new old", "token=new old"));
        assert!(!admits("new old", "token="));
        assert!(!admits("new old", "other=new"));
        assert!(!admits("", "token="));
    }

    #[test]
    fn the_current_value_is_distinguished_from_old_ones() {
        let secrets = Secrets::from_text("new old older");
        let by = |presented: &str| {
            let admitted = secrets.admitted(&Presented::value(presented));
            (bool::from(admitted.by_any), bool::from(admitted.by_current))
        };
        assert_eq!(by("new"), (true, true));
        assert_eq!((by("old"), by("older")), ((true, false), (true, false)));
        assert_eq!(by("other"), (false, false));
    }

    #[test]
    fn the_parameter_is_found_among_others_and_decoded() {
        assert!(admits("a/b", "token=a%2Fb&ping=3scale"));
        assert!(admits("s3cret", "x=1&token=s3cret"));
        assert!(admits("a+b", "token=a+b"));
        assert!(admits("a+b", "token=a%2Bb"));
    }

    #[test]
    fn one_rule_says_how_strong_a_secret_is() {
        let weakness = |text: &str| Secret::whole(text).unwrap().weakness();
        for guessable in [
            "x",
            "1234567",
            &"a".repeat(64),
            "abcabcabcabcabcabc",
            "whsec_c2VjcmV0",
        ] {
            assert_eq!(
                weakness(guessable),
                Some(Weakness::Guessable),
                "{guessable}"
            );
        }
        for short in [
            "12345678",
            "123456789012345",
            "passwordpassword",
            "whsec_c2VjcmV0LWtleQ==",
        ] {
            assert_eq!(weakness(short), Some(Weakness::Short), "{short}");
        }
        for strong in [
            "1234567890123456",
            "a-long-enough-secret",
            "whsec_c2VjcmV0LWtleS1vZi0xNg==",
        ] {
            assert_eq!(weakness(strong), None, "{strong}");
        }
    }

    #[test]
    fn every_value_of_the_example_file_is_known_to_be_one() {
        let file = include_str!("../../../.dev.vars.example");
        let mut examples = 0;
        for line in file.lines() {
            let Some((name, value)) = line.trim_start_matches("# ").split_once('=') else {
                continue;
            };
            if name.ends_with("_SECRET") || name.ends_with("_TOKEN") {
                let value = Secret::whole(value.trim_matches('"')).unwrap();
                assert!(value.is_example(), "{name}");
                examples += 1;
            }
        }
        assert_eq!(examples, 4);
        assert!(!Secret::whole("another").unwrap().is_example());
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(
            format!("{:?}", Secrets::from_text("hush")),
            "Secrets([Secret])"
        );
    }
}
