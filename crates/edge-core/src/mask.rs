//! Keeping our secrets out of what others say to us, which is recorded and logged: an origin may echo
//! the header that it was sent.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::secret::Secret;

/// What stands in a secret's place.
const MASK: &str = "[secret]";
/// How much of an answer is recorded, in bytes.
const RECORDED: usize = 4096;
/// What `encodeURIComponent` leaves as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Every secret that is configured, in each dress that an echo may give it.
#[derive(Default)]
pub struct Mask {
    values: Vec<String>,
    longest: usize,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mask")
    }
}

impl Mask {
    /// Hides these: as they are, without `whsec_`, what follows an authorization's scheme, and the path of
    /// a URL.
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

    /// As it is, inside JSON with and without `\/`, and in a URL.
    fn add(&mut self, value: &str) {
        let json = value.replace('\\', "\\\\").replace('"', "\\\"");
        for dressed in [
            json.replace('/', "\\/"),
            json,
            utf8_percent_encode(value, ENCODED).to_string(),
            value.to_owned(),
        ] {
            if !dressed.is_empty() && !self.values.contains(&dressed) {
                self.longest = self.longest.max(dressed.len());
                self.values.push(dressed);
            }
        }
    }

    /// How many bytes have to be read so that no secret in the first `limit` is cut short.
    #[must_use]
    pub fn window(&self, limit: usize) -> usize {
        // A character at the end may be cut, too: of four bytes at the most.
        limit + self.longest.max(4)
    }

    /// How many bytes have to be read of an answer for [`recorded`](Self::recorded).
    #[must_use]
    pub fn recorded_window(&self) -> usize {
        self.window(RECORDED)
    }

    /// The part of an answer that is recorded; `None` if it is empty.
    #[must_use]
    pub fn recorded(&self, answer: &str) -> Option<String> {
        Some(self.first(answer, RECORDED)).filter(|answer| !answer.is_empty())
    }

    /// The text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.first(text, usize::MAX)
    }

    /// The same of the first `limit` bytes, or less: no character is cut. A secret that begins inside
    /// them is hidden as a whole, and so is one that overlaps another.
    #[must_use]
    pub fn first(&self, text: &str, limit: usize) -> String {
        let mut shown = String::new();
        let mut hidden_until = 0;
        for (at, character) in text.char_indices() {
            if at + character.len_utf8() > limit {
                break;
            }
            let rest = text.get(at..).unwrap_or_default();
            let secret = self.values.iter().filter(|value| rest.starts_with(*value));
            let end = secret.map(|value| at + value.len()).max().unwrap_or(0);
            if end > hidden_until {
                if at >= hidden_until {
                    shown.push_str(MASK);
                }
                hidden_until = end;
            }
            if at >= hidden_until {
                shown.push(character);
            }
        }
        shown
    }
}

/// What follows the host of a secret URL, as an origin says that it has no such page.
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
        let text = format!("{}0123456789 and more", "x".repeat(95));
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

    #[test]
    fn a_mask_is_not_printed() {
        assert_eq!(format!("{:?}", mask("hush")), "Mask");
    }
}
