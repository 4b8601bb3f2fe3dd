//! Keeps our secrets out of third-party text that we record and log: an origin may echo the header that it was sent.
//!
//! A secret is recognized in any encoding, since texts are compared decoded: an echo of a header may be put into JSON,
//! HTML or a URL, or into one inside another.

mod decode;

use std::collections::BTreeSet;

use self::decode::{Decoded, readings};
use crate::secret::Secret;

/// The placeholder for a secret.
const MASK: &str = "[secret]";
/// How much of a response is recorded, in bytes.
const RECORDED: usize = 4096;
/// The most bytes that an escape takes for one: `&#x0000002F;`, `%26%2347%3B`.
const LONGEST_ESCAPE: usize = 12;

/// Every secret that is configured, in each reading that an echo may have.
#[derive(Default)]
pub struct Mask {
    values: BTreeSet<Vec<u8>>,
    longest: usize,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mask")
    }
}

impl Mask {
    /// Hides these: as they are, without `whsec_`, the credentials of an authorization without their scheme, and the
    /// path of a URL.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        let mut mask = Self::default();
        for secret in secrets {
            let value = secret.reveal();
            let parts = [
                Some(value),
                value.strip_prefix("whsec_"),
                value
                    .split_once(' ')
                    .map(|(_, credentials)| credentials.trim()),
                path(value),
            ];
            for part in parts.into_iter().flatten() {
                mask.add(part);
            }
        }
        mask
    }

    /// A secret may look like an escape itself, so it is looked for in each of its readings.
    fn add(&mut self, value: &str) {
        self.longest = self.longest.max(value.len());
        let readings = readings(value).into_iter().map(|reading| folded(&reading));
        self.values
            .extend(readings.filter(|value| !value.is_empty()));
    }

    /// How many bytes have to be read so that no secret in the first `limit` is cut short.
    #[must_use]
    pub fn window(&self, limit: usize) -> usize {
        // A character at the end may be cut, too: of four bytes at the most.
        limit + (self.longest * LONGEST_ESCAPE).max(4)
    }

    /// How many bytes of a response have to be read for [`recorded`](Self::recorded).
    #[must_use]
    pub fn recorded_window(&self) -> usize {
        self.window(RECORDED)
    }

    /// The part of a response that is recorded; `None` if it is empty.
    #[must_use]
    pub fn recorded(&self, answer: &str) -> Option<String> {
        Some(self.first(answer, RECORDED)).filter(|answer| !answer.is_empty())
    }

    /// The text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.first(text, usize::MAX)
    }

    /// The first `limit` bytes without secrets, or less: no character is cut. A secret that begins inside them is
    /// hidden as a whole, and so is one that overlaps another.
    #[must_use]
    pub fn first(&self, text: &str, limit: usize) -> String {
        let mut hidden = self.found(text).into_iter().peekable();
        let mut shown = String::new();
        let mut hidden_until = 0;
        for (at, character) in text.char_indices() {
            if at + character.len_utf8() > limit {
                break;
            }
            while let Some((start, end)) = hidden.next_if(|(start, _)| *start <= at) {
                if start >= hidden_until {
                    shown.push_str(MASK);
                }
                hidden_until = hidden_until.max(end);
            }
            if at >= hidden_until {
                shown.push(character);
            }
        }
        shown
    }

    /// The ranges of the secrets, in order.
    fn found(&self, text: &str) -> BTreeSet<(usize, usize)> {
        let mut found = BTreeSet::new();
        for reading in readings(text) {
            let bytes = folded(&reading);
            for value in &self.values {
                for at in (0..bytes.len()).filter(|at| starts_with(&bytes, *at, value)) {
                    let start = reading.spans.get(at);
                    let end = reading.spans.get(at + value.len() - 1);
                    found.extend(start.zip(end).map(|((start, _), (_, end))| (*start, *end)));
                }
            }
        }
        found
    }
}

fn starts_with(bytes: &[u8], at: usize, value: &[u8]) -> bool {
    bytes.get(at) == value.first() && bytes.get(at..).is_some_and(|rest| rest.starts_with(value))
}

/// In a form, a plus is a space.
fn folded(reading: &Decoded) -> Vec<u8> {
    let fold = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
    reading.bytes.iter().map(fold).collect()
}

/// The part after the host of a secret URL, which an origin may quote to report that the page does not exist.
fn path(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    // A short one is no secret, and hiding it would hide words.
    (path.len() >= 12).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secrets;

    fn mask(secrets: &str) -> Mask {
        Mask::new(Secrets::from_text(secrets).iter())
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let mask = mask("s3cret other");
        assert_eq!(mask.text("s3cret"), "[secret]");
        assert_eq!(
            mask.text("a s3cret, another s3cre"),
            "a [secret], an[secret] s3cre"
        );
        assert_eq!(mask.text("héllo"), "héllo");
        assert_eq!(Mask::default().text("all"), "all");
    }

    #[test]
    fn a_secret_url_is_hidden_and_so_is_its_path() {
        let url = Secret::whole("https://hooks.example.com/services/T0/B0/xyz").unwrap();
        let mask = Mask::new([&url]);
        assert_eq!(
            mask.text(
                "Cannot POST /services/T0/B0/xyz at https://hooks.example.com/services/T0/B0/xyz"
            ),
            "Cannot POST /[secret] at [secret]"
        );
        let plain = Secret::whole("https://example.com/hook").unwrap();
        assert_eq!(Mask::new([&plain]).text("no hook here"), "no hook here");
    }

    #[test]
    fn a_header_or_a_key_is_hidden_in_parts_too() {
        let authorization = Secret::whole("Bearer abc/\"def").unwrap();
        let mask = Mask::new([&authorization]);
        for echo in [
            "Bearer abc/\"def",
            "abc/\"def",
            r#"abc/\"def"#,
            r#"abc\/\"def"#,
            "abc%2F%22def",
        ] {
            assert_eq!(mask.text(&format!("<{echo}>")), "<[secret]>", "{echo}");
        }
        let mask = super::tests::mask("whsec_c2VjcmV0");
        assert_eq!(mask.text("whsec_c2VjcmV0 c2VjcmV0"), "[secret] [secret]");
    }

    #[test]
    fn overlapping_secrets_are_hidden_to_the_last_byte() {
        assert_eq!(mask("abcd cdef").text("xabcdefx"), "x[secret]x");
        assert_eq!(mask("aba").text("xababax"), "x[secret]x");
        assert_eq!(mask("ab abcd").text("abcde"), "[secret]e");
    }

    #[test]
    fn a_secret_across_the_cut_is_hidden_and_characters_are_not_cut() {
        let mask = mask("0123456789");
        let text = format!("{}0123456789 and more {}", "x".repeat(95), "y".repeat(500));
        assert!(text.len() > mask.window(100));
        let window = text.get(..mask.window(100)).unwrap();
        assert_eq!(
            mask.first(window, 100),
            format!("{}[secret]", "x".repeat(95))
        );
        assert_eq!(mask.first("aé", 2), "a");
        assert_eq!(mask.first("aé", 3), "aé");
        // Masking makes a text shorter, but what is beyond the limit stays unseen.
        let secrets = format!("{0} {0} 012345", "0123456789");
        assert_eq!(mask.first(&secrets, 23), "[secret] [secret] 0");
    }

    #[test]
    fn four_kilobytes_are_recorded_without_secrets_and_of_nothing_nothing() {
        let mask = mask("hush-hush");
        assert_eq!(mask.recorded(""), None);
        assert_eq!(
            mask.recorded("no hush-hush").as_deref(),
            Some("no [secret]")
        );
        let long = "é".repeat(5000);
        assert_eq!(mask.recorded(&long), Some("é".repeat(2048)));
    }

    /// An encoding of a text. The function decides, by a character's position, whether one that need not be escaped is.
    type Spelling = fn(&str, &dyn Fn(usize) -> bool) -> String;

    /// The encodings in which others may echo a text.
    fn spellings() -> Vec<Spelling> {
        fn each(text: &str, spell: impl Fn(usize, char) -> Option<String>) -> String {
            text.char_indices()
                .map(|(at, c)| spell(at, c).unwrap_or_else(|| c.to_string()))
                .collect()
        }
        vec![
            // RFC 3986, in capitals and not; Python's `quote` leaves the slash.
            |text, take| {
                each(text, |at, c| {
                    (!c.is_ascii_alphanumeric() && (c != '/' || take(at)))
                        .then(|| format!("%{:02X}", c as u32))
                })
            },
            |text, take| {
                each(text, |at, c| {
                    (c == '%' || take(at)).then(|| format!("%{:02x}", c as u32))
                })
            },
            // JSON and JavaScript.
            |text, take| {
                each(text, |at, c| match c {
                    '"' | '\\' => Some(format!("\\{c}")),
                    '/' if take(at) => Some("\\/".to_owned()),
                    _ => None,
                })
            },
            |text, take| {
                each(text, |at, c| {
                    ("\"\\".contains(c) || take(at)).then(|| format!("\\u{:04x}", c as u32))
                })
            },
            |text, take| {
                each(text, |at, c| {
                    ("\"\\".contains(c) || take(at)).then(|| format!("\\x{:02X}", c as u32))
                })
            },
            // HTML.
            |text, take| {
                each(text, |at, c| {
                    ("&<>\"'".contains(c) || take(at)).then(|| format!("&#{};", c as u32))
                })
            },
            |text, take| {
                each(text, |at, c| {
                    ("&<>\"'".contains(c) || take(at)).then(|| format!("&#X{:x};", c as u32))
                })
            },
            |text, take| {
                each(text, |at, c| match c {
                    '&' => Some("&amp;".to_owned()),
                    '<' => Some("&lt;".to_owned()),
                    '>' => Some("&gt;".to_owned()),
                    '"' => Some("&quot;".to_owned()),
                    '/' if take(at) => Some("&sol;".to_owned()),
                    '+' if take(at) => Some("&plus;".to_owned()),
                    _ => None,
                })
            },
        ]
    }

    proptest::proptest! {
        #[test]
        fn a_secret_is_hidden_in_any_spelling_and_in_spellings_of_spellings(
            secret in "[A-Za-z0-9+/=_.~!$*(),;:@?%&\"<>#'\\\\-]{8,40}",
            order in proptest::collection::vec(0_usize..8, 0..3),
            pattern in proptest::arbitrary::any::<u64>(),
        ) {
            let spellings = spellings();
            let echo = order.iter().fold(secret.clone(), |text, which| {
                spellings[*which](&text, &|at| pattern >> (at % 64) & 1 == 1)
            });
            proptest::prop_assert_eq!(mask(&secret).text(&format!("<{echo}>")), "<[secret]>", "{}", echo);
        }

        #[test]
        fn a_text_without_secrets_stays_as_it_is(text in "\\PC{0,200}") {
            proptest::prop_assert_eq!(mask("n0t-in-there-at-all").text(&text), text);
        }
    }

    #[test]
    fn the_spellings_of_an_origins_echo_are_hidden() {
        let mask = mask("a+b/c&d=e\"f");
        for echo in [
            "a%2bb%2fc%26d%3de%22f",
            "a%2Bb/c%26d%3De%22f",
            r#"a\u002bb\/c\u0026d\u003de\"f"#,
            "a+b&#47;c&amp;d=e&quot;f",
            "a&plus;b&#x2F;c&#38;d&equals;e&#34;f",
            "a%252Bb%252Fc%2526d%253De%2522f",
            "a%2Bb%2Fc%26amp%3Bd%3De%26quot%3Bf",
            r"a\x2bb\x2fc\x26d\x3de\x22f",
        ] {
            assert_eq!(mask.text(&format!("x {echo} y")), "x [secret] y", "{echo}");
        }
    }

    #[test]
    fn a_spelling_across_the_cut_is_hidden() {
        let mask = mask("aaaa/bbbb/cccc/dddd");
        let text = format!(
            "{}aaaa%252Fbbbb%252Fcccc%252Fdddd and more {}",
            "x".repeat(95),
            "y".repeat(500)
        );
        let window = text.get(..mask.window(100)).unwrap();
        assert_eq!(
            mask.first(window, 100),
            format!("{}[secret]", "x".repeat(95))
        );
    }

    #[test]
    fn as_much_is_read_as_a_secret_in_its_longest_spelling_takes() {
        let mask = mask("0123456789 short");
        assert_eq!(mask.window(100), 100 + 10 * 12);
        assert_eq!(mask.recorded_window(), 4096 + 10 * 12);
        assert_eq!(Mask::default().window(100), 104);
    }

    #[test]
    fn a_mask_is_not_printed() {
        assert_eq!(format!("{:?}", mask("hush")), "Mask");
    }
}
