//! The beginnings of long texts. An object's id may have any length: bodies have it as it is, while headers, the log and
//! lines for people have as much of it as they can hold.

use std::borrow::Cow;

/// Of an attribute in a header, in bytes before it is encoded: servers take 8 KiB for all headers or for each.
pub const IN_HEADER: usize = 1024;
/// Of an id in a line of the log, or in one for people.
pub const IN_LINE: usize = 128;
/// What stands for the rest.
const MARK: &str = "…";

/// The text, or as much of its beginning as has `most` bytes together with the mark that there was more. No character is
/// cut.
#[must_use]
pub fn excerpt(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(most.saturating_sub(MARK.len()));
    let (beginning, _) = text.split_at(end);
    Cow::Owned(format!("{beginning}{MARK}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_text_stays_and_a_long_one_says_that_there_was_more() {
        assert_eq!(excerpt("", 8), "");
        assert_eq!(excerpt("12345678", 8), "12345678");
        assert_eq!(excerpt("123456789", 8), "12345…");
        // Four bytes each.
        assert_eq!(excerpt("\u{1F600}\u{1F600}\u{1F600}", 8), "\u{1F600}…");
    }

    proptest! {
        #[test]
        fn any_text_is_whole_or_within_its_bound_and_a_beginning(text in ".{0,80}", most in 3_usize..100) {
            let short = excerpt(&text, most);
            if text.len() <= most {
                prop_assert_eq!(&short, &text);
            } else {
                prop_assert!(short.len() <= most && short.len() + 4 > most - 3);
                prop_assert!(text.starts_with(short.strip_suffix(MARK).unwrap()));
            }
        }
    }
}
